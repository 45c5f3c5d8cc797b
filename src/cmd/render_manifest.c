/* The note of what `nuncio render -o` wrote. */
#include "cmd/render_manifest.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

enum { HEX = 2 * DIGEST_BYTES };

static int digit(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_line(struct str line, struct manifest_entry *entry)
{
  if (line.n <= HEX + 2 || line.p[HEX] != ' ' || line.p[HEX + 1] != ' ')
    return false;
  for (size_t i = 0; i < DIGEST_BYTES; i++) {
    int high = digit(line.p[2 * i]), low = digit(line.p[2 * i + 1]);
    if (high < 0 || low < 0)
      return false;
    entry->hash[i] = (unsigned char)(high * 16 + low);
  }
  entry->path = str_skip(line, HEX + 2);
  return true;
}

static int by_path(const void *a, const void *b)
{
  return str_cmp(((const struct manifest_entry *)a)->path, ((const struct manifest_entry *)b)->path);
}

int manifest_read(struct manifest *m, struct buf *text, bool (*known)(void *context, struct str path), void *context)
{
  m->text = *text;
  buf_init(text, text->max);
  size_t lines = 0;
  struct str rest = buf_str(&m->text), line;
  while (str_line(&rest, &line))
    lines++;
  if (lines == 0)
    return 0;
  m->entries = calloc(lines, sizeof *m->entries);
  if (!m->entries)
    return ERR_NOMEM;
  rest = buf_str(&m->text);
  while (str_line(&rest, &line)) {
    struct manifest_entry *entry = &m->entries[m->n];
    if (!parse_line(line, entry) || !known(context, entry->path))
      return ERR_SYNTAX;
    m->n++;
  }
  qsort(m->entries, m->n, sizeof *m->entries, by_path);
  return 0;
}

void manifest_free(struct manifest *m)
{
  buf_free(&m->text);
  free(m->entries);
  *m = (struct manifest){.entries = NULL};
}

bool manifest_has(const struct manifest *m, struct str path, const unsigned char hash[DIGEST_BYTES])
{
  size_t low = 0, high = m->n;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (str_cmp(m->entries[middle].path, path) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  for (; low < m->n && str_eq(m->entries[low].path, path); low++)
    if (memcmp(m->entries[low].hash, hash, DIGEST_BYTES) == 0)
      return true;
  return false;
}

void manifest_put(struct buf *out, struct str path, const unsigned char hash[DIGEST_BYTES])
{
  for (size_t i = 0; i < DIGEST_BYTES; i++)
    buf_printf(out, "%02x", hash[i]);
  buf_put_str(out, STR("  "));
  buf_put_str(out, path);
  buf_put_c(out, '\n');
}
