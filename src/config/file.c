/* Reads settings with libConfuse: it knows the grammar, the setters know the values. */
#include "config/file.h"

#include <confuse.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "config/load.h"
#include "config/scan.h"
#include "config/vocabulary.h"

enum { OPTIONS_MAX = 64, PATH_ROOM = 8192 };

/* One file being read; those that include it are above. */
struct source {
  const char *name;           /* as it is shown */
  const struct source *above; /* NULL: the first one */
  unsigned depth;
};

struct reader {
  struct settings *settings;
  const struct source *source; /* the one being read */
  bool alone;                  /* a text that includes nothing */
  bool all;                    /* to go on after a value that makes no sense */
  unsigned n_files;
  const cfg_t *section; /* the site whose section is being read; NULL: none */
  struct buf top;       /* what is wrong where there are such sections: something of a site outside of them */
  int err;              /* the first failure; *why says so */
  bool ended;           /* nothing more is said */
  struct buf *why;
};

/* libConfuse hands nothing of its caller's through to what it calls, and its scanner is one for the process: so is
 * this. Set while a text is being read. */
static struct reader *reading;

static int fail(struct reader *r, int err)
{
  if (r->err == 0)
    r->err = err;
  r->ended = true;
  return -1;
}

/* Begins a sentence, unless the last one was said: what libConfuse says after a failure of ours is not heard. */
static bool begin(struct reader *r, unsigned line)
{
  if (r->ended)
    return false;
  buf_printf(r->why, "%s%s:%u: ", r->err ? "\n" : "", r->source->name, line);
  r->err = ERR_SYNTAX;
  r->ended = true;
  return true;
}

/* ------------------------------------------------------------------ values */

/* What is relative begins at the folder of the file in which it stands. */
static void put_path(struct buf *out, struct str file, struct str value)
{
  size_t slash = str_rfind(file, '/');
  if (!str_starts(value, STR("/")) && slash < file.n)
    buf_put_str(out, str_head(file, slash + 1));
  buf_put_str(out, value);
}

static int set_path(const struct reader *r, char **at, struct str value, const char *what, struct buf *why)
{
  struct buf path = BUF_INIT(PATH_ROOM);
  if (value.n == 0) {
    buf_printf(why, "expected the path of a %s", what);
    return ERR_SYNTAX;
  }
  put_path(&path, str_from(r->source->name), value);
  int err = buf_error(&path) ? buf_error(&path) : settings_string(at, buf_str(&path));
  buf_free(&path);
  return err;
}

/* A word of the setter's, or the path of a file. */
static int set_log(const struct reader *r, struct str value, struct buf *why)
{
  struct buf path = BUF_INIT(PATH_ROOM);
  bool word = str_eq(value, STR("stderr")) || str_eq(value, STR("syslog")) || str_starts(value, STR("syslog:"));
  if (word || value.n == 0)
    return settings_log_requests(r->settings, value, why);
  put_path(&path, str_from(r->source->name), value);
  int err = buf_error(&path) ? buf_error(&path) : settings_log_requests(r->settings, buf_str(&path), why);
  buf_free(&path);
  return err;
}

static int set_user(char **user, struct str value, struct buf *why)
{
  if (value.n)
    return settings_string(user, value);
  buf_put_str(why, STR("expected the name of a user"));
  return ERR_SYNTAX;
}

/* As the command line has them: NAME=VALUE. */
static int set_named(struct settings *s, const struct entry *entry, struct str value, struct buf *why)
{
  struct buf text = BUF_INIT(256);
  buf_printf(&text, "%s=%.*s", entry->name, STR_ARG(str_head(value, 100)));
  int err = buf_error(&text);
  if (err == 0)
    err =
        entry->kind == KIND_TIMEOUT ? settings_timeout(s, buf_str(&text), why) : settings_limit(s, buf_str(&text), why);
  buf_free(&text);
  return err;
}

/* The site that is meant; of those in sections, the last one is being read. */
static struct site_settings *site_of(const struct settings *s, const struct entry *entry)
{
  return &s->sites[entry->place == PLACE_SITE ? s->n_sites - 1 : 0];
}

static int set_value(struct reader *r, const struct entry *entry, struct str value, bool first, struct buf *why)
{
  struct settings *s = r->settings;
  struct site_settings *site = site_of(s, entry);
  void *member = entry_member(entry, s, site);
  switch (entry->kind) {
  case KIND_LISTEN:
    if (first)
      ((struct listen_list *)member)->more = false;
    return settings_listen(member, value, why);
  case KIND_NAME:
    if (first)
      site->more = false;
    return settings_name(site, value, why);
  case KIND_ALIAS:
    return settings_alias(site, first, value, why);
  case KIND_FOLDER:
    return set_path(r, member, value, "folder", why);
  case KIND_FILE:
    return set_path(r, member, value, "file", why);
  case KIND_USER_DIRS:
    return settings_user_dirs(site, value, why);
  case KIND_LANG:
    return settings_lang(site, value, why);
  case KIND_USER:
    return set_user(member, value, why);
  case KIND_PORT:
    return settings_port(member, value, why);
  case KIND_WORKERS:
    return settings_workers(s, value, why);
  case KIND_CACHE:
    return settings_cache(s, value, why);
  case KIND_SWITCH:
    return settings_switch(member, value, why);
  case KIND_LEVEL:
    return settings_log_level(s, value, why);
  case KIND_LOG_REQUESTS:
    return set_log(r, value, why);
  case KIND_LOG_FORMAT:
    return settings_log_format(s, value, why);
  case KIND_LOG_ADDRESS:
    return settings_log_address(s, value, why);
  case KIND_TIMEOUT:
  case KIND_LIMIT:
    return set_named(s, entry, value, why);
  }
  return ERR_SYNTAX;
}

/* ------------------------------------------------------------------ what libConfuse calls */

static enum place place_of(cfg_t *section)
{
  for (enum place p = PLACE_TOP + 1; p < PLACES; p++)
    if (strcmp(cfg_name(section), place_word(p)) == 0)
      return p;
  return PLACE_TOP;
}

static void say_unknown(struct reader *r, cfg_t *section, const char *name)
{
  buf_printf(r->why, "there is no setting `%s`", name);
  if (place_of(section) != PLACE_TOP)
    buf_printf(r->why, " within %s { }", place_word(place_of(section)));
  buf_put_str(r->why, STR("; "));
  vocabulary_advise(r->why, place_of(section), str_from(name));
}

/* ---- sites */

/* Whether another site has one of the names of the last one. */
static const char *name_taken(const struct settings *s)
{
  const struct site_settings *last = &s->sites[s->n_sites - 1];
  for (size_t i = 1; i + 1 < s->n_sites; i++)
    for (size_t k = 0; k < s->sites[i].n_names; k++)
      for (size_t l = 0; l < last->n_names; l++)
        if (strcmp(s->sites[i].names[k], last->names[l]) == 0)
          return last->names[l];
  return NULL;
}

/* A section's first value, or its end: a site begins. */
static int enter_site(struct reader *r, cfg_t *section)
{
  struct buf expected = BUF_INIT(1024);
  const char *title = cfg_title(section);
  int err = 0;
  if (r->section == section)
    return 0;
  r->section = section;
  r->settings->sections = true;
  err = settings_add_site(r->settings, str_from(title), &expected);
  if (err == ERR_NOMEM)
    (void)fail(r, err);
  else if (err && begin(r, (unsigned)section->line))
    buf_printf(r->why, "site %s: %.*s", title, STR_ARG(buf_str(&expected)));
  buf_free(&expected);
  return err ? -1 : 0;
}

/* A section has ended. */
static int on_site(cfg_t *cfg, cfg_opt_t *opt)
{
  struct reader *r = reading;
  cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
  if (enter_site(r, section) < 0)
    return -1;
  r->section = NULL;
  const struct site_settings *site = &r->settings->sites[r->settings->n_sites - 1];
  const char *taken = name_taken(r->settings);
  if (!site->capsule && begin(r, (unsigned)cfg->line))
    buf_printf(r->why, "site %s: expected root = FOLDER before this brace", site->names[0]);
  if (!site->certificate != !site->key && begin(r, (unsigned)cfg->line))
    buf_printf(r->why, "site %s: expected both, certificate = FILE and key = FILE, or neither", site->names[0]);
  if (taken && begin(r, (unsigned)cfg->line))
    buf_printf(r->why, "site %s: another site has the name %s", site->names[0], taken);
  return r->ended ? -1 : 0;
}

/* What is said outside of all sections is about the only site there is, or else about none. */
static void note_top(struct reader *r, cfg_t *section, const struct entry *entry)
{
  if (entry->place != PLACE_TOP || !entry->of_site || entry->kind == KIND_LANG || r->top.n)
    return;
  buf_printf(&r->top, "%s:%u: where there are `site` sections, `%s` has no place outside of them", r->source->name,
             (unsigned)section->line, entry->name);
}

/* Makes the sites in sections all there are; their language is the one that was said outside, if they have none. */
static void settle_sites(struct reader *r)
{
  struct settings *s = r->settings;
  if (r->err || !s->sections)
    return;
  if (r->top.n) {
    buf_put_str(r->why, buf_str(&r->top));
    r->err = ERR_SYNTAX;
    return;
  }
  for (size_t i = 1; i < s->n_sites && s->sites[0].lang; i++)
    if (!s->sites[i].lang && settings_string(&s->sites[i].lang, str_from(s->sites[0].lang)) < 0)
      (void)fail(r, ERR_NOMEM);
  settings_drop_site(s, 0);
}

/* ---- */

/* One value has been read: of `opt`, whose values since the last `=` are counted, this one too. */
static int on_value(cfg_t *section, cfg_opt_t *opt, const char *value, void *result)
{
  struct reader *r = reading;
  const struct entry *entry = vocabulary_find(place_of(section), cfg_opt_name(opt));
  struct buf expected = BUF_INIT(1024);
  int err = 0;
  *(const char **)result = value;
  if (entry && entry->place == PLACE_SITE && enter_site(r, section) < 0)
    entry = NULL;
  if (entry) {
    note_top(r, section, entry);
    err = set_value(r, entry, str_from(value), cfg_opt_size(opt) <= 1, &expected);
    if (err == ERR_NOMEM)
      (void)fail(r, err);
    else if (err && begin(r, (unsigned)section->line))
      buf_printf(r->why, "%s = %s: %.*s", entry->name, value,
                 STR_ARG(expected.n ? buf_str(&expected) : str_from(err_text(err))));
    if (err && err != ERR_NOMEM && r->all)
      r->ended = false;
  } else if (begin(r, (unsigned)section->line)) { /* `timeout|request`, which libConfuse takes for a way to a name */
    say_unknown(r, section, cfg_opt_name(opt));
  }
  buf_free(&expected);
  return r->ended ? -1 : 0;
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
    {"found duplicate title '%s'", "there is a site `", "` already"},
    {"premature end of file", "the file ends where a value is expected", NULL},
};

/* The sentences of libConfuse are given to it as a format, with what belongs to it. */
__attribute__((format(printf, 2, 0))) static void on_error(cfg_t *section, const char *format, va_list arguments)
{
  struct reader *r = reading;
  char words[512];
  if (!begin(r, (unsigned)section->line))
    return;
  if (strcmp(format, "no such option '%s'") == 0) {
    say_unknown(r, section, va_arg(arguments, const char *));
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

static void read_included(struct reader *r, cfg_t *cfg, const char *path);

static int on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
  struct reader *r = reading;
  struct buf path = BUF_INIT(PATH_ROOM);
  unsigned line = (unsigned)cfg->line;
  (void)opt;
  if (argc != 1 || r->alone) {
    if (begin(r, line))
      buf_put_str(r->why, argc == 1 ? STR("nothing can be included here") : STR("expected include(\"FILE\")"));
    return -1;
  }
  put_path(&path, str_from(r->source->name), str_from(argv[0]));
  buf_put_c(&path, '\0');
  if (buf_error(&path))
    (void)fail(r, buf_error(&path));
  else
    read_included(r, cfg, path.p);
  buf_free(&path);
  cfg->line = (int)line;
  return r->ended ? -1 : 0;
}

/* ------------------------------------------------------------------ a text */

static void add_options(cfg_opt_t options[], enum place place)
{
  size_t n = 0;
  for (size_t i = 0; i < vocabulary_size && n < OPTIONS_MAX - PLACES - 2; i++) {
    if (vocabulary[i].place != place)
      continue;
    const cfg_opt_t one = CFG_STR_CB(vocabulary[i].name, NULL, CFGF_NODEFAULT, on_value);
    const cfg_opt_t list = CFG_STR_LIST_CB(vocabulary[i].name, NULL, CFGF_NODEFAULT, on_value);
    options[n++] = entry_is_list(&vocabulary[i]) ? list : one;
  }
  const cfg_opt_t end = CFG_END();
  options[n] = end;
}

static size_t count(const cfg_opt_t options[])
{
  size_t n = 0;
  while (options[n].name)
    n++;
  return n;
}

/* What libConfuse is told of our names; it makes copies. */
static cfg_t *grammar(void)
{
  cfg_opt_t options[PLACES][OPTIONS_MAX];
  for (enum place p = PLACE_TOP; p < PLACES; p++)
    add_options(options[p], p);
  size_t n = count(options[PLACE_TOP]);
  for (enum place p = PLACE_TOP + 1; p < PLACES; p++) {
    const cfg_flag_t flags = p == PLACE_SITE ? CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES : CFGF_NODEFAULT;
    const cfg_opt_t section = CFG_SEC(place_word(p), options[p], flags);
    options[PLACE_TOP][n++] = section;
  }
  const cfg_opt_t include = CFG_FUNC("include", on_include), end = CFG_END();
  options[PLACE_TOP][n++] = include;
  options[PLACE_TOP][n] = end;
  cfg_t *cfg = cfg_init(options[PLACE_TOP], CFGF_NONE);
  if (cfg) {
    (void)cfg_set_error_function(cfg, on_error);
    (void)cfg_set_validate_func(cfg, "site", on_site);
  }
  return cfg;
}

/* Errors are in r->err. */
static void parse(struct reader *r, cfg_t *cfg, const struct source *source, struct str text)
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
  if (err == ERR_SYNTAX && begin(r, line))
    buf_put_str(r->why, buf_str(&why));
  else if (err)
    (void)fail(r, err);
  if (err == 0)
    stream = fmemopen(clean.p, clean.n, "r");
  if (err == 0 && !stream)
    (void)fail(r, ERR_NOMEM);
  if (stream && cfg_parse_fp(cfg, stream) != CFG_SUCCESS)
    (void)fail(r, ERR_NOMEM); /* where it is anything else it was said */
  if (stream)
    (void)fclose(stream);
  r->source = above;
  buf_free(&clean);
  buf_free(&why);
}

static void read_included(struct reader *r, cfg_t *cfg, const char *path)
{
  const struct source source = {.name = path, .above = r->source, .depth = r->source->depth + 1};
  struct buf text = BUF_INIT(2 * (size_t)SETTINGS_FILE_MAX);
  const char *words = "";
  int err = 0;
  if (source.depth >= SETTINGS_DEPTH_MAX || r->n_files >= SETTINGS_FILES_MAX) {
    if (begin(r, (unsigned)cfg->line))
      buf_printf(r->why, "%s would be %s: does a file include itself?", path,
                 source.depth >= SETTINGS_DEPTH_MAX ? "the ninth file one within another" : "one file more than 100");
    return;
  }
  r->n_files++;
  err = load_file(path, &text, &words);
  if (err == ERR_NOMEM)
    (void)fail(r, err);
  else if (err && begin(r, (unsigned)cfg->line))
    buf_printf(r->why, "%s cannot be read: %s", path, words);
  if (err == 0)
    parse(r, cfg, &source, buf_str(&text));
  buf_free(&text);
}

static int read_first(struct reader *r, const char *name, struct str text)
{
  const struct source source = {.name = name};
  cfg_t *cfg = grammar();
  settings_begin(r->settings);
  if (cfg) {
    reading = r;
    parse(r, cfg, &source, text);
    settle_sites(r);
    reading = NULL;
    (void)cfg_free(cfg);
  } else {
    (void)fail(r, ERR_NOMEM);
  }
  buf_free(&r->top);
  if (r->err == ERR_NOMEM)
    buf_put_str(r->why, STR("out of memory"));
  return r->err;
}

static int read_file(struct settings *s, const char *path, bool all, struct buf *why)
{
  struct reader r = {.settings = s, .all = all, .n_files = 1, .top = BUF_INIT(PATH_ROOM), .why = why};
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
  struct reader r = {.settings = s, .alone = true, .n_files = 1, .top = BUF_INIT(PATH_ROOM), .why = why};
  return read_first(&r, name, text);
}
