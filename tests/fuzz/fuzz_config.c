/* A settings file, whatever bytes it holds: it is read, and then what is written of it reads the same; or the line of
 * the mistake is told. A file before changes nothing for one that comes after: libConfuse's scanner is one for all. */
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "config/file.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 4 << 20 };

static unsigned lines(struct str text)
{
  unsigned n = 1;
  for (size_t i = 0; i < text.n; i++)
    n += text.p[i] == '\n';
  return n;
}

/* `fuzz:LINE: something`; what the end of the text lacks is told with the line after. */
static void check_sentence(struct str text, struct str why)
{
  unsigned line = 0;
  must(str_starts(why, STR("fuzz:")), "the file is named");
  why = str_skip(why, 5);
  size_t colon = str_find(why, ':');
  must(str_number(str_head(why, colon), &line) == 0 && line >= 1 && line <= lines(text) + 1, "a line of the text");
  must(why.n > colon + 2, "something is said");
}

static void check_round(struct settings *s)
{
  struct settings again;
  struct buf first = BUF_INIT(TEXT_MAX), second = BUF_INIT(TEXT_MAX), why = BUF_INIT(TEXT_MAX);
  int err = settings_write_text(s, &first, &why);
  must(err == 0 || (err == ERR_SYNTAX && why.n > 0), "it can be written");
  if (err == 0) {
    must(settings_init(&again) == 0, "memory");
    must(settings_read_text(&again, buf_str(&first), "written", &why) == 0, "what is written can be read");
    must(settings_write_text(&again, &second, &why) == 0 && str_eq(buf_str(&first), buf_str(&second)),
         "it is the same");
    settings_free(&again);
  }
  buf_free(&first);
  buf_free(&second);
  buf_free(&why);
}

static void check_simple(void)
{
  struct settings s;
  struct buf why = BUF_INIT(TEXT_MAX);
  must(settings_init(&s) == 0, "memory");
  must(settings_read_text(&s, STR("workers = 7 # seven\n"), "simple", &why) == 0 && s.workers == 7, "a simple one");
  settings_free(&s);
  buf_free(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct settings s;
  struct str text = str_make((const char *)data, size);
  struct buf why = BUF_INIT(TEXT_MAX);
  must(settings_init(&s) == 0, "memory");
  int err = settings_read_text(&s, text, "fuzz", &why);
  if (err == 0)
    check_round(&s);
  else if (err == ERR_SYNTAX)
    check_sentence(text, buf_str(&why));
  settings_free(&s);
  buf_free(&why);
  check_simple();
  return 0;
}
