/* `.nuncio` files: the settings file's grammar, with fewer words. */
#include "config/local.h"

#include "base/err.h"
#include "base/utf8.h"
#include "config/reader.h"

enum { SENTENCE_ROOM = 256 * 1024 };

/* The sentence may quote anything that the file holds, and readers are told it in a header (G15). */
static void put_sentence(struct buf *why, struct str sentence)
{
  int32_t point;
  size_t most = why->n + LOCAL_WHY_MAX - STR("...").n;
  while (sentence.n > 0) {
    size_t n = utf8_decode(sentence, &point);
    bool good = point >= ' ' && point != 0x7f && !utf8_disturbs(point);
    if (why->n + n > most) {
      buf_put_str(why, STR("..."));
      return;
    }
    buf_put_str(why, good ? str_head(sentence, n) : STR("?"));
    sentence = str_skip(sentence, n);
  }
}

int local_read(struct str text, struct str under, struct rules *out, struct buf *why)
{
  const struct source source = {.name = ""};
  struct buf sentence = BUF_INIT(SENTENCE_ROOM);
  struct reader r = {.rules = out, .under = under, .alone = true, .why = &sentence};
  rules_init(out);
  if (text.n > LOCAL_TEXT_MAX) {
    buf_put_str(why, STR("1: this file is larger than 64 KiB"));
    return ERR_LIMIT;
  }
  reader_read(&r, &source, text);
  if (r.err) {
    rules_free(out);
    put_sentence(why, buf_str(&sentence));
  }
  buf_free(&sentence);
  return r.err;
}
