/* Values to their setters. */
#include <stdlib.h>

#include "base/err.h"
#include "config/reader.h"
#include "config/rule.h"
#include "config/write.h"

static int set_path(const struct reader *r, char **at, struct str value, const char *what, struct buf *why)
{
  struct buf path = BUF_INIT(READER_PATH_ROOM);
  if (value.n == 0) {
    buf_printf(why, "expected the path of a %s", what);
    return ERR_SYNTAX;
  }
  reader_put_path(r, &path, value);
  int err = buf_error(&path) ? buf_error(&path) : settings_string(at, buf_str(&path));
  buf_free(&path);
  return err;
}

/* A word of the setter's, or the path of a file. */
static int set_log(const struct reader *r, struct str value, struct buf *why)
{
  struct buf path = BUF_INIT(READER_PATH_ROOM);
  bool word = str_eq(value, STR("stderr")) || str_eq(value, STR("syslog")) || str_starts(value, STR("syslog:"));
  if (word || value.n == 0)
    return settings_log_requests(r->settings, value, why);
  reader_put_path(r, &path, value);
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

/* By its whole path: what workers are given has these only, and a file that was written in two ways must not have two
 * numbers here and one there. */
static int set_authority(struct reader *r, struct rule *rule, struct str value, bool first, struct buf *why)
{
  struct buf whole = BUF_INIT((size_t)2 * READER_PATH_ROOM);
  char *path = NULL;
  unsigned number = 0;
  int err = set_path(r, &path, value, "file", why);
  if (err == 0)
    err = write_absolute(&whole, "client-ca", path, why);
  if (err == 0)
    err = settings_authority(r->settings, buf_str(&whole), &number, why);
  if (err == 0)
    err = rule_set_authority(rule, first, number, why);
  free(path);
  buf_free(&whole);
  return err;
}

static int set_in_rule(struct reader *r, cfg_t *section, const struct entry *entry, struct str value, bool first,
                       struct buf *why)
{
  struct rule *rule = NULL;
  int err = section_rule(r, section, &rule, why);
  if (err)
    return err;
  return entry->kind == KIND_AUTHORITY ? set_authority(r, rule, value, first, why)
                                       : rule_set(rule, (enum rule_value)entry->at, first, value, why);
}

/* The site that is meant; of those in sections, the last one is being read. */
static struct site_settings *site_of(const struct settings *s, const struct entry *entry)
{
  return &s->sites[entry->place == PLACE_SITE ? s->n_sites - 1 : 0];
}

int value_set(struct reader *r, cfg_t *section, const struct entry *entry, struct str value, bool first,
              struct buf *why)
{
  if (entry->kind == KIND_RULE || entry->kind == KIND_AUTHORITY) /* the only ones that a `.nuncio` has */
    return set_in_rule(r, section, entry, value, first, why);
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
  case KIND_GOPHER_PATH:
    return settings_gopher_path(site, value, why);
  case KIND_USER_DIRS:
    return settings_user_dirs(site, value, why);
  case KIND_LANG:
    return settings_lang(site, value, why);
  case KIND_GOPHERMAPS:
    return settings_gophermaps(site, value, why);
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
  case KIND_RULE:
  case KIND_AUTHORITY:
    break;
  }
  return ERR_SYNTAX;
}
