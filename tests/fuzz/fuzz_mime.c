/* MIME: tables of any content give types that fit into a header, and what is guessed to be text is text. The first byte
 * says whether the rest is a globs2 or a mime.types. */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/utf8.h"
#include "must.h"
#include "site/mime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_type(struct str type)
{
  size_t slash = str_find(type, '/');
  must(type.n < 512 && slash > 0 && slash + 1 < type.n, "a type and a subtype");
  for (size_t i = 0; i < type.n; i++)
    must(type.p[i] > ' ' && type.p[i] < 0x7f && type.p[i] != ';', "a type is one word (G15)");
  must(strchr("019gIsh", mime_item_type(type)) != NULL, "an item type that clients know (P10)");
}

/* Every word of the table, taken for a file's name. */
static void check_names(const struct mime *mime, struct str table)
{
  struct str line, word;
  while (str_line(&table, &line))
    while (str_split(&line, ':', &word)) {
      struct str name = str_starts(word, STR("*")) ? str_skip(word, 1) : word;
      struct str type = mime_type(mime, name);
      if (type.n)
        check_type(type);
    }
}

static void check_guess(struct str head)
{
  struct str guess = mime_guess(head);
  check_type(guess);
  if (!str_eq(guess, STR("text/plain")))
    return;
  while (head.n) {
    int32_t point;
    size_t n = utf8_decode(head, &point);
    must(point >= 0 || head.n < 4, "text is UTF-8, but for the character that the head ends in");
    must(point < 0 || (point >= 0x20 && !(point >= 0x7f && point < 0xa0)) || strchr("\t\n\r\f", (int)point),
         "text holds no control characters");
    head = str_skip(head, n);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size == 0)
    return 0;
  struct str table = str_make((const char *)data + 1, size - 1);
  int fd = memfd_create("table", MFD_CLOEXEC);
  char path[64];
  must(fd >= 0 && write(fd, table.p, table.n) == (ssize_t)table.n, "a file");
  must(snprintf(path, sizeof path, "/proc/self/fd/%d", fd) > 0, "its path");
  struct mime *mime = data[0] & 1 ? mime_load_from(path, NULL) : mime_load_from(NULL, path);
  must(mime != NULL, "whatever the table holds, there is one");
  must(str_eq(mime_type(mime, STR("a.gmi")), STR("text/gemini")), "ours wins (G20)");
  must(str_starts(mime_type(mime, STR("a.txt")), STR("text/plain")), "ours wins (G20)");
  check_names(mime, table);
  check_guess(table);
  mime_free(mime);
  close(fd);
  return 0;
}
