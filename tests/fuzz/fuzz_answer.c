/* Answers of hostile servers: cut into pieces anywhere they read the same, and what is judged sound is of the form that
 * the Gemini specification gives. The first byte chooses the protocol and the cut. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "load/answer.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { META_MOST = 1024 };

static struct answer read_pieces(bool gemini, struct str text, size_t piece)
{
  struct answer answer;
  answer_init(&answer, gemini);
  while (text.n) {
    struct str part = str_head(text, piece);
    answer_feed(&answer, part);
    text = str_skip(text, part.n);
  }
  return answer;
}

/* Judged anew, from the whole text. */
static bool is_sound(struct str text)
{
  size_t end = str_find(text, '\r');
  struct str header = str_head(text, end), meta = str_skip(header, 3);
  if (end + 1 >= text.n || text.p[end + 1] != '\n' || header.n < 2)
    return false;
  if (header.p[0] < '1' || header.p[0] > '6' || header.p[1] < '0' || header.p[1] > '9')
    return false;
  if ((header.n > 2 && header.p[2] != ' ') || meta.n > META_MOST || str_has_control(meta))
    return false;
  return (meta.n > 0 || header.p[0] >= '4') && (header.p[0] == '2' || end + 2 == text.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size == 0)
    return 0;
  bool gemini = data[0] & 1;
  struct str text = str_make((const char *)data + 1, size - 1);
  struct answer whole = read_pieces(gemini, text, text.n), bytes = read_pieces(gemini, text, 1),
                pieces = read_pieces(gemini, text, 1 + data[0] / 2U);
  const struct answer *others[] = {&bytes, &pieces};
  for (size_t i = 0; i < 2; i++)
    must(answer_sound(&whole) == answer_sound(others[i]) && whole.status == others[i]->status &&
             whole.meta == others[i]->meta && whole.bytes == others[i]->bytes &&
             (!answer_sound(&whole) || whole.body == others[i]->body),
         "pieces read as the whole");
  must(whole.bytes == text.n && whole.body <= whole.bytes && whole.meta <= META_MOST, "bytes are counted");
  must(answer_sound(&whole) == (!gemini || is_sound(text)), "sound is what is of the right form");
  if (gemini && answer_sound(&whole))
    must(whole.status == (text.p[0] - '0') * 10 + text.p[1] - '0' && whole.body + str_find(text, '\r') + 2 == text.n,
         "status and body are those of the text");
  if (!gemini)
    must(whole.status == 0 && whole.body == text.n, "Gopher is all body");
  return 0;
}
