/* libConfuse: what it is told of our names, and what it calls. It knows the grammar, the setters know the values. */
#include "config/reader.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"
#include "config/file.h"
#include "config/scan.h"

enum { OPTIONS_MAX = 64 };

/* libConfuse hands nothing of its caller's through to what it calls, and its scanner is one for the process: so is
 * this. Set while a text is being read, by whoever has the lock: a worker's threads read `.nuncio` files at any time.
 * None of them waits long, since a text has a bound and nothing in here waits for anything. */
static struct reader *reading;
static pthread_mutex_t scanner = PTHREAD_MUTEX_INITIALIZER;

int reader_fail(struct reader *r, int err)
{
  if (r->err == 0)
    r->err = err;
  r->ended = true;
  return -1;
}

bool reader_begin(struct reader *r, unsigned line)
{
  if (r->ended)
    return false;
  buf_printf(r->why, "%s%s%s%u: ", r->err ? "\n" : "", r->source->name, r->source->name[0] ? ":" : "", line);
  r->err = ERR_SYNTAX;
  r->ended = true;
  return true;
}

enum place reader_place(const struct reader *r, cfg_t *section)
{
  if (!r->settings)
    return PLACE_LOCAL;
  for (enum place p = PLACE_TOP + 1; p < PLACE_LOCAL; p++)
    if (strcmp(cfg_name(section), place_word(p)) == 0)
      return p;
  return PLACE_TOP;
}

void reader_put_path(const struct reader *r, struct buf *out, struct str value)
{
  struct str file = str_from(r->source->name);
  size_t slash = str_rfind(file, '/');
  if (!str_starts(value, STR("/")) && slash < file.n)
    buf_put_str(out, str_head(file, slash + 1));
  buf_put_str(out, value);
}

/* ------------------------------------------------------------------ what libConfuse calls */

static void say_unknown(struct reader *r, cfg_t *section, const char *name)
{
  buf_printf(r->why, "there is no setting `%s`", name);
  if (section != r->root)
    buf_printf(r->why, " within %s { }", cfg_name(section));
  buf_put_str(r->why, STR("; "));
  /* In an author's file the settings are the same within a path and outside; only paths are not. */
  bool nested = section != r->root && strcmp(name, place_word(PLACE_PATH)) == 0;
  vocabulary_advise(r->why, nested ? PLACE_PATH : reader_place(r, section), str_from(name));
}

/* `timeout|request`, which libConfuse takes for a way to a name, is none of the section's. */
static bool is_own(const cfg_t *section, const cfg_opt_t *opt)
{
  for (const cfg_opt_t *own = section->opts; own->name; own++)
    if (own == opt)
      return true;
  return false;
}

enum { SHOWN_COLUMNS = 100 };

/* As much of a value as tells which one it is: what is expected stands behind it. */
static void say_value(struct reader *r, const struct entry *entry, struct str value, struct str expected)
{
  size_t n = utf8_fit(value, SHOWN_COLUMNS);
  buf_printf(r->why, "%s = %.*s%s: %.*s", entry->name, STR_ARG(str_head(value, n)), n < value.n ? "..." : "",
             STR_ARG(expected));
}

static void take(struct reader *r, cfg_t *section, const struct entry *entry, cfg_opt_t *opt, const char *value)
{
  struct buf expected = BUF_INIT(1024);
  if (entry->of_site && entry->kind != KIND_LANG)
    section_note_top(r, section, entry->name);
  int err = value_set(r, section, entry, str_from(value), cfg_opt_size(opt) <= 1, &expected);
  if (err == ERR_NOMEM)
    (void)reader_fail(r, err);
  else if (err && reader_begin(r, (unsigned)section->line))
    say_value(r, entry, str_from(value), expected.n ? buf_str(&expected) : str_from(err_text(err)));
  if (err && err != ERR_NOMEM && r->all)
    r->ended = false;
  buf_free(&expected);
}

/* One value has been read: of `opt`, whose values since the last `=` are counted, this one too. */
static int on_value(cfg_t *section, cfg_opt_t *opt, const char *value, void *result)
{
  struct reader *r = reading;
  const struct entry *entry =
      is_own(section, opt) ? vocabulary_find(reader_place(r, section), cfg_opt_name(opt)) : NULL;
  *(const char **)result = value;
  if (entry && section_enter(r, section) < 0)
    return -1;
  if (entry)
    take(r, section, entry, opt, value);
  else if (reader_begin(r, (unsigned)section->line))
    say_unknown(r, section, cfg_opt_name(opt));
  return r->ended ? -1 : 0;
}

static int on_site(cfg_t *cfg, cfg_opt_t *opt)
{
  return section_site_ended(reading, cfg, cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1));
}

static int on_path(cfg_t *cfg, cfg_opt_t *opt)
{
  (void)cfg;
  return section_path_ended(reading, cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1));
}

/* Its sentences, in our words: each is about one word at the most. */
static const struct {
  const char *theirs, *before, *after;
} sentences[] = {
    {"missing equal sign after option '%s'", "expected `=` after `", "`"},
    {"attempt to append to non-list option '%s'", "`", "` has one value: expected `=`, not `+=`"},
    {"missing opening brace for section '%s'", "expected `{` after `", "`"},
    {"missing title for section '%s'", "expected a name in quotes after `", "`"},
    {"missing parenthesis for function '%s'", "expected (\"FILE\") after `", "`"},
    {"syntax error in call of function '%s'", "expected (\"FILE\") after `", "`"},
    {"unexpected token '%s'", "did not expect `", "` here: a setting is NAME = VALUE, or NAME = {VALUE, VALUE}"},
    {"premature end of file", "the file ends where a value is expected", NULL},
};

static void say_duplicate(struct reader *r, cfg_t *section, const char *title)
{
  bool path = cfg_gettsec(section, place_word(PLACE_PATH), title) != NULL;
  buf_printf(r->why, "there is a %s `%s` already", place_word(path ? PLACE_PATH : PLACE_SITE), title);
}

/* The sentences of libConfuse are given to it as a format, with what belongs to it. */
__attribute__((format(printf, 2, 0))) static void on_error(cfg_t *section, const char *format, va_list arguments)
{
  struct reader *r = reading;
  char words[512];
  if (!reader_begin(r, (unsigned)section->line))
    return;
  if (strcmp(format, "no such option '%s'") == 0) {
    say_unknown(r, section, va_arg(arguments, const char *));
    return;
  }
  if (strcmp(format, "found duplicate title '%s'") == 0) {
    say_duplicate(r, section, va_arg(arguments, const char *));
    return;
  }
  for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
    if (strcmp(format, sentences[i].theirs) == 0) {
      const char *word = sentences[i].after ? va_arg(arguments, const char *) : "";
      buf_printf(r->why, "%s%s%s", sentences[i].before, word, sentences[i].after ? sentences[i].after : "");
      return;
    }
  (void)vsnprintf(words, sizeof words, format, arguments);
  buf_put_str(r->why, str_from(words));
}

static int on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
  struct reader *r = reading;
  struct buf path = BUF_INIT(READER_PATH_ROOM);
  unsigned line = (unsigned)cfg->line;
  (void)opt;
  if (argc != 1 || r->alone) {
    if (reader_begin(r, line))
      buf_put_str(r->why, argc == 1 ? STR("nothing can be included here") : STR("expected include(\"FILE\")"));
    return -1;
  }
  reader_put_path(r, &path, str_from(argv[0]));
  buf_put_c(&path, '\0');
  if (buf_error(&path))
    (void)reader_fail(r, buf_error(&path));
  else
    reader_include(r, cfg, path.p);
  buf_free(&path);
  cfg->line = (int)line;
  return r->ended ? -1 : 0;
}

/* ------------------------------------------------------------------ the grammar */

/* The options of a place, which end at its n-th. */
struct options {
  cfg_opt_t at[OPTIONS_MAX];
  size_t n;
};

static void put_option(struct options *o, cfg_opt_t option)
{
  static const cfg_opt_t end = CFG_END();
  if (o->n + 1 == OPTIONS_MAX)
    return;
  o->at[o->n++] = option;
  o->at[o->n] = end;
}

static void put_names(struct options *o, enum place place)
{
  for (size_t i = 0; i < vocabulary_size; i++) {
    if (!entry_stands(&vocabulary[i], place))
      continue;
    const cfg_opt_t one = CFG_STR_CB(vocabulary[i].name, NULL, CFGF_NODEFAULT, on_value);
    const cfg_opt_t list = CFG_STR_LIST_CB(vocabulary[i].name, NULL, CFGF_NODEFAULT, on_value);
    put_option(o, entry_is_list(&vocabulary[i]) ? list : one);
  }
}

static void put_section(struct options *o, enum place place, struct options *inner)
{
  const cfg_flag_t flags = place_has_title(place) ? CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES : CFGF_NODEFAULT;
  cfg_opt_t section = CFG_SEC(place_word(place), inner->at, flags);
  section.validcb = place == PLACE_SITE ? on_site : place == PLACE_PATH ? on_path : NULL;
  put_option(o, section);
}

/* What libConfuse is told of our names; it makes copies. */
static cfg_t *grammar_of_file(void)
{
  const cfg_opt_t include = CFG_FUNC("include", on_include);
  struct options options[PLACE_LOCAL] = {0};
  for (enum place p = PLACE_TOP; p < PLACE_LOCAL; p++)
    put_names(&options[p], p);
  put_section(&options[PLACE_SITE], PLACE_PATH, &options[PLACE_PATH]);
  for (enum place p = PLACE_TOP + 1; p < PLACE_LOCAL; p++)
    put_section(&options[PLACE_TOP], p, &options[p]);
  put_option(&options[PLACE_TOP], include);
  return cfg_init(options[PLACE_TOP].at, CFGF_NONE);
}

static cfg_t *grammar_of_local(void)
{
  struct options outer = {0}, inner = {0};
  put_names(&outer, PLACE_LOCAL);
  put_names(&inner, PLACE_LOCAL);
  put_section(&outer, PLACE_PATH, &inner);
  return cfg_init(outer.at, CFGF_NONE);
}

/* ------------------------------------------------------------------ a text */

void reader_parse(struct reader *r, cfg_t *cfg, const struct source *source, struct str text)
{
  struct buf clean = BUF_INIT(2 * (size_t)SETTINGS_FILE_MAX), why = BUF_INIT(1024);
  const struct source *above = r->source;
  unsigned line = 0;
  FILE *stream = NULL;
  r->source = source;
  int err = scan_text(text, &clean, &line, &why);
  buf_put_c(&clean, '\n'); /* and a stream of no bytes is refused */
  if (err == 0)
    err = buf_error(&clean);
  if (err == ERR_SYNTAX && reader_begin(r, line))
    buf_put_str(r->why, buf_str(&why));
  else if (err)
    (void)reader_fail(r, err);
  if (err == 0)
    stream = fmemopen(clean.p, clean.n, "r");
  if (err == 0 && !stream)
    (void)reader_fail(r, ERR_NOMEM);
  if (stream && cfg_parse_fp(cfg, stream) != CFG_SUCCESS)
    (void)reader_fail(r, ERR_NOMEM); /* where it is anything else it was said */
  if (stream)
    (void)fclose(stream);
  r->source = above;
  buf_free(&clean);
  buf_free(&why);
}

void reader_read(struct reader *r, const struct source *source, struct str text)
{
  (void)pthread_mutex_lock(&scanner);
  r->root = r->settings ? grammar_of_file() : grammar_of_local();
  if (r->root) {
    reading = r;
    (void)cfg_set_error_function(r->root, on_error);
    reader_parse(r, r->root, source, text);
    section_settle(r);
    reading = NULL;
    (void)cfg_free(r->root);
    r->root = NULL;
  } else {
    (void)reader_fail(r, ERR_NOMEM);
  }
  (void)pthread_mutex_unlock(&scanner);
  if (r->err == ERR_NOMEM)
    buf_put_str(r->why, STR("out of memory"));
}
