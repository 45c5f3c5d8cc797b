/* The note of what `render -o` wrote, which decides what is removed and may have been tampered with: only lines of its
 * form are taken, only with paths that its reader knows, and they are found again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cmd/render_manifest.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINE_LEAST = 2 * DIGEST_BYTES + 3 };

static bool known(void *context, struct str path)
{
  *(size_t *)context += 1;
  return path.n > 0 && path.p[0] != '/' && !memmem(path.p, path.n, "..", 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct manifest m = {.entries = NULL};
  struct buf text = BUF_INIT(size + 16), again = BUF_INIT(4 * size + 16);
  size_t asked = 0, lines = 0;
  struct str rest = str_make((const char *)data, size), line;
  buf_put_str(&text, rest);
  int err = manifest_read(&m, &text, known, &asked);
  must(err == 0 || err == ERR_SYNTAX, "a note's error");
  must(text.n == 0, "its text was taken");
  while (str_line(&rest, &line))
    lines++;
  must(m.n <= asked && (err || (m.n == lines && asked == lines)), "every path was asked about");
  for (size_t i = 0; i < m.n; i++) {
    const struct manifest_entry *e = &m.entries[i];
    size_t n = 0;
    must(known(&n, e->path), "no path is taken that its reader does not know");
    must(err || manifest_has(&m, e->path, e->hash), "what was read is found");
    manifest_put(&again, e->path, e->hash);
  }
  /* Written again, in order, it reads the same. */
  if (err == 0) {
    struct manifest second = {.entries = NULL};
    must(again.n >= m.n * LINE_LEAST && manifest_read(&second, &again, known, &asked) == 0 && second.n == m.n,
         "what we write is a note");
    for (size_t i = 0; i < m.n; i++)
      must(manifest_has(&second, m.entries[i].path, m.entries[i].hash), "with the same paths");
    manifest_free(&second);
  }
  manifest_free(&m);
  buf_free(&text);
  buf_free(&again);
  return 0;
}
