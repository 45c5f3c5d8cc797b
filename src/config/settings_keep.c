/* Settings that a server keeps which reads all others anew. */
#include "config/settings.h"

#include <stdlib.h>
#include <string.h>

static bool same_list(const struct listen_list *a, const struct listen_list *b)
{
  bool same = a->given == b->given && a->off == b->off && (!a->given || a->n == b->n);
  for (size_t i = 0; same && a->given && i < a->n; i++)
    same = strcmp(a->at[i].text, b->at[i].text) == 0 && a->at[i].port == b->at[i].port &&
           a->at[i].optional == b->at[i].optional;
  return same;
}

static bool same_text(const char *a, const char *b)
{
  return a && b ? strcmp(a, b) == 0 : a == b;
}

static void name_if(struct buf *names, bool differs, const char *name)
{
  if (differs)
    buf_printf(names, "%s%s", names->n ? ", " : "", name);
}

static const struct site_settings *find_named(const struct settings *s, const char *name)
{
  for (size_t i = 0; i < s->n_sites; i++)
    if (strcmp(s->sites[i].names[0], name) == 0)
      return &s->sites[i];
  return NULL;
}

/* A site's own listeners go with its main name. */
static void keep_listeners(struct settings *s, const struct settings *used, struct buf *names)
{
  static const struct listen_list none;
  for (size_t i = 0; i < s->n_sites; i++) {
    const struct site_settings *before = find_named(used, s->sites[i].names[0]);
    const struct listen_list *list = before ? &before->gopher : &none;
    if (!same_list(list, &s->sites[i].gopher))
      buf_printf(names, "%sgopher of %s", names->n ? ", " : "", s->sites[i].names[0]);
    s->sites[i].gopher = *list;
  }
  for (size_t i = 0; i < used->n_sites; i++)
    if (used->sites[i].gopher.n && !find_named(s, used->sites[i].names[0]))
      buf_printf(names, "%sgopher of %s", names->n ? ", " : "", used->sites[i].names[0]);
}

/* The place in use is known by its whole path; the arguments may name it from the working directory on. */
static bool same_place(const struct settings *s, const struct settings *used)
{
  if (s->log_to != used->log_to)
    return false;
  struct str path = str_from(s->log_path ? s->log_path : ""), whole = str_from(used->log_path ? used->log_path : "");
  return str_eq(path, whole) || (s->log_to == LOG_TO_FILE && !str_starts(path, STR("/")) && str_ends(whole, path));
}

/* Copies what owned strings are, whatever comes of it. */
static int keep_string(char **at, const char *used)
{
  if (used)
    return settings_string(at, str_from(used));
  free(*at);
  *at = NULL;
  return 0;
}

int settings_keep(struct settings *s, const struct settings *used, struct buf *names)
{
  name_if(names, !same_list(&s->gemini, &used->gemini), "gemini");
  name_if(names, !same_list(&s->gopher, &used->gopher), "gopher");
  name_if(names, s->workers != used->workers, "workers");
  name_if(names, !same_text(s->user, used->user), "user");
  name_if(names, !same_place(s, used), "log-requests");
  keep_listeners(s, used, names);
  s->gemini = used->gemini;
  s->gopher = used->gopher;
  s->workers = used->workers;
  s->log_to = used->log_to;
  int err = keep_string(&s->user, used->user);
  return err ? err : keep_string(&s->log_path, used->log_path);
}
