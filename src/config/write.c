/* Writes settings as a text that config/file.c reads. */
#include "config/write.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "config/file.h"
#include "config/vocabulary.h"

/* In single quotes everything but a quote and a backslash is itself; of lines there is one. */
void write_quoted(struct buf *out, struct str value)
{
  buf_put_c(out, '\'');
  for (size_t i = 0; i < value.n; i++) {
    if (value.p[i] == '\'' || value.p[i] == '\\')
      buf_put_c(out, '\\');
    buf_put_c(out, value.p[i]);
  }
  buf_put_c(out, '\'');
}

int write_name(struct buf *out, const char *name, const char *value, struct buf *why)
{
  for (const char *p = value; *p; p++)
    if (str_is_control(*p) && *p != '\t') {
      buf_printf(why, "%s: there is a control character in %s: give it another name", name, value);
      return ERR_SYNTAX;
    }
  write_quoted(out, str_from(value));
  return 0;
}

static int put_string(struct buf *out, const char *name, const char *value, struct buf *why)
{
  if (!value)
    return 0;
  buf_printf(out, "%s = ", name);
  int err = write_name(out, name, value, why);
  buf_put_c(out, '\n');
  return err;
}

int write_absolute(struct buf *out, const char *name, const char *path, struct buf *why)
{
  char here[PATH_MAX];
  if (path[0] != '/') {
    if (!getcwd(here, sizeof here)) {
      buf_printf(why, "%s %s: the working directory is not known: %s", name, path, strerror(errno));
      return ERR_IO;
    }
    buf_printf(out, "%s/", here);
  }
  buf_put_str(out, str_from(path));
  return buf_error(out);
}

static int put_path(struct buf *out, const char *name, const char *path, struct buf *why)
{
  struct buf whole = BUF_INIT((size_t)4 * PATH_MAX);
  int err = path ? write_absolute(&whole, name, path, why) : 0;
  buf_put_c(&whole, '\0');
  if (err == 0)
    err = buf_error(&whole);
  if (err == 0 && path)
    err = put_string(out, name, whole.p, why);
  buf_free(&whole);
  return err;
}

static int put_user_dirs(struct buf *out, const char *name, const struct site_settings *site, struct buf *why)
{
  if (!site->homes)
    return 0;
  struct buf whole = BUF_INIT((size_t)4 * PATH_MAX);
  buf_printf(&whole, "%s/*%s%s", site->homes, *site->user_folder ? "/" : "", site->user_folder);
  buf_put_c(&whole, '\0');
  int err = buf_error(&whole) ? buf_error(&whole) : put_string(out, name, whole.p, why);
  buf_free(&whole);
  return err;
}

static int put_log(struct buf *out, const char *name, const struct settings *s, struct buf *why)
{
  if (s->log_to == LOG_TO_FILE)
    return put_path(out, name, s->log_path, why);
  struct buf socket = BUF_INIT((size_t)4 * PATH_MAX);
  buf_printf(&socket, "syslog:%s", s->log_path ? s->log_path : "");
  buf_put_c(&socket, '\0');
  int err = buf_error(&socket);
  if (err == 0)
    err = put_string(out, name, s->log_to == LOG_TO_STDERR ? "stderr" : socket.p, why);
  buf_free(&socket);
  return err;
}

/* A pair for both families was one value (see settings_listen), and the machine may lack one of them. */
static void put_listen(struct buf *out, const char *name, const struct listen_list *list)
{
  if (!list->given)
    return;
  buf_printf(out, "%s = {", name);
  if (list->off)
    buf_put_str(out, STR("off"));
  for (size_t i = 0; i < list->n; i++) {
    const struct listen_address *a = &list->at[i];
    const char *comma = i ? ", " : "";
    if (a->optional) {
      buf_printf(out, "%s'%s%u'", comma, strcmp(a->text, "::1") == 0 ? "localhost:" : "", a->port);
      i++; /* the other family's */
    } else {
      buf_printf(out, a->ipv6 ? "%s'[%s]:%u'" : "%s'%s:%u'", comma, a->text, a->port);
    }
  }
  buf_put_str(out, STR("}\n"));
}

/* From the i-th on. */
static void put_names(struct buf *out, const char *name, const struct site_settings *site, size_t i)
{
  if (!site->named || i >= site->n_names)
    return;
  buf_printf(out, "%s = {'%s'", name, site->names[i]);
  while (++i < site->n_names)
    buf_printf(out, ", '%s'", site->names[i]);
  buf_put_str(out, STR("}\n"));
}

/* 0 is what is meant where nothing was said; it cannot be written, and where it could it is said all the same. */
static void put_number(struct buf *out, const struct entry *entry, unsigned n)
{
  if (n > 0 || entry->kind == KIND_CACHE)
    buf_printf(out, "%s = %u\n", entry->name, n);
}

static int put_entry(struct buf *out, const struct entry *entry, struct settings *s, struct site_settings *site,
                     struct buf *why)
{
  if (entry->kind == KIND_RULE) {
    if (site->whole)
      write_rule_value(out, entry, &site->rules.rule[0]);
    return 0;
  }
  const void *member = entry_member(entry, s, site);
  switch (entry->kind) {
  case KIND_LISTEN:
    put_listen(out, entry->name, member);
    break;
  case KIND_NAME:
    put_names(out, entry->name, site, 0);
    break;
  case KIND_ALIAS:
    put_names(out, entry->name, site, 1);
    break;
  case KIND_FOLDER:
  case KIND_FILE:
    return put_path(out, entry->name, *(char *const *)member, why);
  case KIND_USER_DIRS:
    return put_user_dirs(out, entry->name, site, why);
  case KIND_GOPHER_PATH:
  case KIND_LANG:
  case KIND_USER:
    return put_string(out, entry->name, *(char *const *)member, why);
  case KIND_GOPHERMAPS:
    if (site->gophermaps != GOPHERMAPS_PLAIN)
      buf_printf(out, "%s = %s\n", entry->name, settings_gophermaps_word(site->gophermaps));
    break;
  case KIND_PORT:
  case KIND_WORKERS:
  case KIND_CACHE:
    put_number(out, entry, *(const unsigned *)member);
    break;
  case KIND_SWITCH:
    if (!entry->of_site || *(const bool *)member) /* what a site says nothing of is off */
      buf_printf(out, "%s = %s\n", entry->name, *(const bool *)member ? "true" : "false");
    break;
  case KIND_LEVEL:
    buf_printf(out, "%s = %s\n", entry->name, log_level_name(s->log_level));
    break;
  case KIND_LOG_REQUESTS:
    return put_log(out, entry->name, s, why);
  case KIND_LOG_FORMAT:
    buf_printf(out, "%s = %s\n", entry->name, settings_log_format_word(s->log_format));
    break;
  case KIND_LOG_ADDRESS:
    buf_printf(out, "%s = %s\n", entry->name, settings_log_address_word(s->log_address));
    break;
  case KIND_TIMEOUT:
    buf_printf(out, "%s = %lu.%03lu\n", entry->name, s->timeout_ms[entry->at] / 1000, s->timeout_ms[entry->at] % 1000);
    break;
  case KIND_LIMIT:
    put_number(out, entry, s->limits[entry->at]);
    break;
  case KIND_RULE:
  case KIND_AUTHORITY:
    break;
  }
  return 0;
}

static int put_entries(struct buf *out, enum place place, struct settings *s, struct site_settings *site,
                       struct buf *why)
{
  int err = 0;
  for (size_t i = 0; i < vocabulary_size && err == 0; i++) {
    const struct entry *entry = &vocabulary[i];
    bool of_section = place == PLACE_TOP && entry->of_site && s->sections;
    if (entry->place == place && !of_section)
      err = put_entry(out, entry, s, site, why);
  }
  return err;
}

static int put_sites(struct buf *out, struct settings *s, struct buf *why)
{
  int err = 0;
  for (size_t i = 0; i < s->n_sites && err == 0; i++) {
    buf_printf(out, "site '%s' {\n", s->sites[i].names[0]);
    err = put_entries(out, PLACE_SITE, s, &s->sites[i], why);
    if (err == 0)
      err = write_rules(out, s, &s->sites[i], why);
    buf_put_str(out, STR("}\n"));
  }
  return err;
}

int settings_write_text(struct settings *s, struct buf *out, struct buf *why)
{
  int err = put_entries(out, PLACE_TOP, s, &s->sites[0], why);
  for (enum place p = PLACE_TOP + 1; p < PLACE_SITE && err == 0; p++) {
    buf_printf(out, "%s {\n", place_word(p));
    err = put_entries(out, p, s, &s->sites[0], why);
    buf_put_str(out, STR("}\n"));
  }
  if (err == 0)
    err = s->sections ? put_sites(out, s, why) : write_rules(out, s, &s->sites[0], why);
  return err ? err : buf_error(out);
}
