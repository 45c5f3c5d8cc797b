/* The `.nuncio` of a directory, and its `.meta`. */
#include "cmd/check_capsule_rules.h"

#include "base/err.h"
#include "cmd/check_capsule_ask.h"
#include "cmd/check_capsule_dead.h"
#include "cmd/check_capsule_pattern.h"
#include "cmd/check_capsule_ruling.h"
#include "config/local.h"
#include "site/read.h"
#include "site/resolve.h"
#include "text/agate_meta.h"
#include "text/uri.h"

enum { PATH_ROOM = 8192, WHY_MAX = 2048 };

/* What was said of it: `LINE: what`. */
static void tell(struct findings *f, enum finding_level level, struct str why, struct str mend)
{
  unsigned line = 0;
  size_t colon = str_find(why, ':');
  if (str_number(str_head(why, colon), &line) == 0)
    why = str_trim(str_skip(why, colon + 1));
  findings_tell(f, level, FINDING_RULES, line, mend, "%.*s", STR_ARG(why));
}

/* A redirect is to lead into the author's own part of the site most likely, where there is what it names. */
static int examine_redirect(struct capsule *c, const struct rule *rule)
{
  struct buf path = BUF_INIT(PATH_ROOM), inside = BUF_INIT(PATH_ROOM), mend = BUF_INIT(PATH_ROOM);
  struct lead lead = {.err = 0};
  int err = rule_put_destination(rule, &path);
  if (err == 0 && path.n)
    err = ask_path(c, buf_str(&path), REPR_GEMTEXT, &lead);
  if (err == 0 && path.n && (c->root.at.n || lead.err))
    err = dead_put_inside(c, buf_str(&path), &inside);
  if (err == 0 && inside.n) {
    buf_put_str(&mend, STR("did you mean "));
    uri_put_path(&mend, buf_str(&inside));
    buf_put_c(&mend, '?');
    findings_tell(&c->findings, LEVEL_WARNING, FINDING_RULES, rule->line, buf_str(&mend),
                  "the redirect to %s leads out of %.*s", rule->meta, STR_ARG(buf_str(&c->start)));
  }
  buf_free(&path);
  buf_free(&inside);
  buf_free(&mend);
  return err == ERR_NOMEM ? err : 0;
}

/* Whether a directory beneath has a file of that name: a name alone holds for all of them, and those that have it, show
 * it. */
static bool is_somewhere(const struct capsule *c, struct str directory, const char *file)
{
  struct stat st;
  for (uint32_t i = 0; i < c->places.n; i++) {
    struct str path = places_path(&c->places, i);
    struct buf whole = BUF_INIT(PATH_ROOM);
    if (c->places.at[i].kind != PLACE_DIRECTORY || !str_starts(path, directory))
      continue;
    buf_put_str(&whole, path);
    buf_put_str(&whole, str_from(file));
    bool good = buf_error(&whole) == 0 && resolve_stat(&c->root, buf_str(&whole), 0, &st) == 0 && S_ISREG(st.st_mode);
    buf_free(&whole);
    if (good)
      return true;
  }
  return false;
}

/* A rule knows where it begins; the setting stands there, or on a line further down. */
static unsigned line_of(struct str text, unsigned begin, const char *name)
{
  struct str line;
  for (unsigned n = 1; str_line(&text, &line); n++) {
    bool said = false;
    for (size_t i = 0; n >= begin && i < line.n && line.p[i] != '#' && !said; i++)
      said = str_starts(str_skip(line, i), str_from(name));
    if (said)
      return n;
  }
  return begin;
}

/* A listing's header or footer. */
static void examine_frame(struct capsule *c, struct str directory, struct str text, const struct rule *rule,
                          const char *name, const char *file)
{
  struct stat st;
  bool whole = file && file[0] == '/';
  if (!file || !file[0] || (whole && c->root.at.n && !str_starts(str_from(file), buf_str(&c->start))))
    return;
  if (whole ? resolve_stat(&c->root, str_from(file), 0, &st) == 0 && S_ISREG(st.st_mode)
            : is_somewhere(c, directory, file))
    return;
  findings_tell(&c->findings, LEVEL_ERROR, FINDING_RULES, line_of(text, rule->line, name),
                STR("write the file, or remove the line (a slash in front means the root of the site)"),
                "%s = %s: there is no such file", name, file);
}

#define CLOSED "mend it: until then nobody is let into this directory (see nuncio.conf(5))"

static int examine_nuncio(struct capsule *c, struct str directory, struct str text)
{
  struct rules rules;
  struct buf why = BUF_INIT(WHY_MAX);
  int err = local_read(text, directory, &rules, &why);
  if (err && err != ERR_NOMEM)
    tell(&c->findings, LEVEL_ERROR, buf_str(&why), STR(CLOSED));
  for (size_t i = 0; i < rules.n && err == 0; i++) {
    const struct rule *rule = &rules.rule[i];
    examine_frame(c, directory, text, rule, "listing-header", rule->header);
    examine_frame(c, directory, text, rule, "listing-footer", rule->footer);
    pattern_examine(c, rule, rule->line);
    err = examine_redirect(c, rule);
  }
  rules_free(&rules);
  buf_free(&why);
  return err == ERR_NOMEM ? err : 0;
}

/* Lines of agate's that make no sense take nothing from the others. */
static int examine_meta(struct capsule *c, struct str directory, struct str text)
{
  struct rules rules;
  struct buf why = BUF_INIT(WHY_MAX);
  rules_init(&rules);
  int err = agate_meta_read(text, directory, &rules, &why);
  struct str said = buf_str(&why);
  if (str_starts(said, STR("line ")))
    said = str_skip(said, STR("line ").n);
  if (said.n)
    tell(&c->findings, LEVEL_WARNING, said, STR("mend the line: until then it does not count"));
  rules_free(&rules);
  buf_free(&why);
  return err == ERR_NOMEM ? err : 0;
}

static void tell_not_let(struct findings *f)
{
  findings_tell(f, LEVEL_WARNING, FINDING_RULES, 0, STR("ask the host for local-settings = true, or remove the file"),
                "nothing in here holds: the site's settings do not let this directory have any of its own");
}

/* The file of that name in the directory, if there is one; `let` is false where it does not count. */
static int examine(struct capsule *c, struct str directory, struct str name, bool let,
                   int (*examine_text)(struct capsule *, struct str, struct str))
{
  struct buf path = BUF_INIT(PATH_ROOM), text = BUF_INIT(LOCAL_TEXT_MAX + 1);
  struct file_id id;
  struct stat st;
  buf_put_str(&path, directory);
  buf_put_str(&path, name);
  int err = buf_error(&path);
  if (err == 0)
    err = read_file(&c->root, buf_str(&path), LOCAL_TEXT_MAX, &text, &id);
  bool astray = err == ERR_NOT_FOUND && resolve_stat(&c->root, buf_str(&path), RESOLVE_LINK_ITSELF, &st) == 0;
  if ((err == ERR_NOT_FOUND && !astray) || err == ERR_NOMEM)
    goto out;
  findings_file(&c->findings, buf_str(&path));
  if (!let) {
    tell_not_let(&c->findings);
    err = 0;
  } else if (err == 0) {
    err = examine_text(c, directory, buf_str(&text));
  } else {
    findings_tell(&c->findings, LEVEL_ERROR, FINDING_RULES, 0, STR(CLOSED), "%s",
                  astray             ? "this is a symbolic link that leads nowhere"
                  : err == ERR_LIMIT ? "this is larger than 64 KiB"
                                     : err_text(err));
    err = 0;
  }
  findings_file(&c->findings, directory);

out:
  buf_free(&path);
  buf_free(&text);
  return err == ERR_NOT_FOUND ? 0 : err;
}

int rules_examine(struct capsule *c, struct str directory)
{
  bool let = !c->by_settings || ruling_lets_nuncio(c, directory);
  int err = examine(c, directory, STR(".nuncio"), let, examine_nuncio);
  if (err == 0 && c->dots.meta)
    err = examine(c, directory, STR(AGATE_META), true, examine_meta);
  return err;
}
