/* Whether what `path` sections name is there: by the site's own look. */
#include "cmd/check_settings_paths.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "site/look.h"
#include "site/resolve.h"
#include "text/uri.h"
#include "tls/authority.h"

enum { PATH_ROOM = 8192 };

void check_authorities(const struct settings *s, struct buf *faults)
{
  struct buf pem = BUF_INIT((size_t)2 * AUTHORITY_TEXT_MAX), why = BUF_INIT(PATH_ROOM);
  for (size_t i = 0; i < s->n_authorities; i++) {
    buf_clear(&pem);
    buf_clear(&why);
    if (authority_read(s->authorities[i], &pem, &why) < 0)
      buf_printf(faults, "%.*s\n", STR_ARG(buf_str(&why)));
    else
      authority_doubts(buf_str(&pem), s->authorities[i], faults);
  }
  buf_free(&pem);
  buf_free(&why);
}

struct paths {
  const struct settings *settings;
  const struct site_settings *site;
  struct root root;
  struct buf *faults;
};

/* Begins a line, with the pattern as its author wrote it. */
static void begin(struct paths *p, const struct rule *rule)
{
  if (p->settings->sections)
    buf_printf(p->faults, "site %s: ", p->site->names[0]);
  buf_printf(p->faults, "path %s: ", rule->pattern + (rule->names ? rule->under : 0));
}

/* ------------------------------------------------------------------ listings */

static bool is_there(const struct root *root, struct str path, mode_t type)
{
  struct stat st;
  return resolve_stat(root, path, 0, &st) == 0 && (st.st_mode & S_IFMT) == type;
}

/* From the capsule's root, or in the directory that the pattern means; where it means several, and in what lies
 * beneath, the file need not be. A slash alone is how an owner says all directories: those that have it, have it. */
static void check_file(struct paths *p, const struct rule *rule, const char *name, const char *file)
{
  struct buf path = BUF_INIT(PATH_ROOM);
  bool one = !rule->names && strcmp(rule->pattern, "/") != 0 && !strpbrk(rule->pattern, "*?[\\") &&
             is_there(&p->root, str_from(rule->pattern), S_IFDIR);
  if (file && file[0] == '/')
    buf_put_str(&path, str_from(file));
  else if (file && file[0] && one)
    buf_printf(&path, "%s%s%s", rule->pattern, str_ends(str_from(rule->pattern), STR("/")) ? "" : "/", file);
  if (path.n && buf_error(&path) == 0 && !is_there(&p->root, buf_str(&path), S_IFREG)) {
    begin(p, rule);
    buf_printf(p->faults, "%s = %s: there is no such file in the capsule\n", name, file);
  }
  buf_free(&path);
}

/* ------------------------------------------------------------------ redirects */

static bool is_page(const struct root *root, struct str path, enum representation representation)
{
  struct found f;
  look_init(&f);
  int err = look_at(root, path, representation, 0, &f);
  look_free(&f);
  return err == 0 || (err != ERR_NOT_FOUND && err != ERR_OUTSIDE && err != ERR_FULL);
}

/* It may be led on, or be gone as its owner says. */
static bool is_answered(const struct rules *rules, struct str path)
{
  struct ruled ruled = {.lang = NULL};
  rules_lay(rules, path, path, &ruled);
  return ruled.answer != NULL;
}

/* The homes of users are no part of the capsule. */
static void check_redirect(struct paths *p, const struct rule *rule)
{
  struct buf path = BUF_INIT(PATH_ROOM);
  int err = rule_put_destination(rule, &path);
  struct str raw = buf_str(&path);
  if (err == 0 && raw.n && !str_starts(raw, STR("/~")) && !is_answered(&p->site->rules, raw) &&
      !is_page(&p->root, raw, REPR_GEMTEXT) && !is_page(&p->root, raw, REPR_MENU)) {
    begin(p, rule);
    buf_printf(p->faults, "it leads to %s, which is not in the capsule\n", rule->meta);
  }
  buf_free(&path);
}

/* Other servers have regular expressions there. */
static void check_expression(struct paths *p, const struct rule *rule)
{
  struct str pattern = str_skip(str_from(rule->pattern), rule->under);
  bool looks = str_starts(pattern, STR("^")) || str_ends(pattern, STR("$")) || strstr(rule->pattern, "(.*)") ||
               (rule->meta && strstr(rule->meta, "$1"));
  if (!rule_redirects(rule) || !looks)
    return;
  begin(p, rule);
  buf_put_str(p->faults, STR("patterns are no regular expressions: write redirect = \"/new/*\" for all that is beneath "
                             "the path\n"));
}

static void check_reason(struct paths *p, const struct rule *rule)
{
  if (!rule->gate_reason || !rule->gate_reason[0] || rule->gate.set)
    return;
  begin(p, rule);
  buf_put_str(p->faults, STR("client-reason: nobody is asked for a certificate by this section: it wants clients or "
                             "client-ca\n"));
}

void check_paths(const struct settings *s, const struct site_settings *site, struct buf *faults)
{
  int folder = open(site->capsule, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    return;
  struct paths p = {.settings = s, .site = site, .root = root_of(folder), .faults = faults};
  for (size_t i = 0; i < site->rules.n; i++) {
    const struct rule *rule = &site->rules.rule[i];
    check_file(&p, rule, "listing-header", rule->header);
    check_file(&p, rule, "listing-footer", rule->footer);
    check_expression(&p, rule);
    check_reason(&p, rule);
    check_redirect(&p, rule);
  }
  close(folder);
}
