/* Settings files, and the text that workers are given. */
#include "config/file.h"

#include "base/err.h"
#include "config/load.h"
#include "config/reader.h"

void reader_include(struct reader *r, cfg_t *cfg, const char *path)
{
  const struct source source = {.name = path, .above = r->source, .depth = r->source->depth + 1};
  struct buf text = BUF_INIT(2 * (size_t)SETTINGS_FILE_MAX);
  const char *words = "";
  int err = 0;
  if (source.depth >= SETTINGS_DEPTH_MAX || r->n_files >= SETTINGS_FILES_MAX) {
    if (reader_begin(r, (unsigned)cfg->line))
      buf_printf(r->why, "%s would be %s: does a file include itself?", path,
                 source.depth >= SETTINGS_DEPTH_MAX ? "the ninth file one within another" : "one file more than 100");
    return;
  }
  r->n_files++;
  err = load_file(path, &text, &words);
  if (err == ERR_NOMEM)
    (void)reader_fail(r, err);
  else if (err && reader_begin(r, (unsigned)cfg->line))
    buf_printf(r->why, "%s cannot be read: %s", path, words);
  if (err == 0)
    reader_parse(r, cfg, &source, buf_str(&text));
  buf_free(&text);
}

static int read_first(struct reader *r, const char *name, struct str text)
{
  const struct source source = {.name = name};
  settings_begin(r->settings);
  reader_read(r, &source, text);
  if (r->err == 0)
    settings_sort_authorities(r->settings);
  buf_free(&r->top);
  return r->err;
}

static int read_file(struct settings *s, const char *path, bool all, struct buf *why)
{
  struct reader r = {.settings = s, .all = all, .n_files = 1, .top = BUF_INIT(READER_PATH_ROOM), .why = why};
  struct buf text = BUF_INIT(2 * (size_t)SETTINGS_FILE_MAX);
  const char *words = "";
  int err = load_file(path, &text, &words);
  if (err)
    buf_printf(why, "%s cannot be read: %s", path, words);
  else
    err = read_first(&r, path, buf_str(&text));
  buf_free(&text);
  return err;
}

int settings_read_file(struct settings *s, const char *path, struct buf *why)
{
  return read_file(s, path, false, why);
}

int settings_check_file(struct settings *s, const char *path, struct buf *why)
{
  return read_file(s, path, true, why);
}

int settings_read_text(struct settings *s, struct str text, const char *name, struct buf *why)
{
  struct reader r = {.settings = s, .alone = true, .n_files = 1, .top = BUF_INIT(READER_PATH_ROOM), .why = why};
  return read_first(&r, name, text);
}
