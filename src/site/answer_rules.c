/* What rules say of an answer: who is let in, who is led elsewhere, who has to wait. */
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "site/answer_internal.h"
#include "site/failure.h"
#include "site/gate.h"
#include "site/hash.h"
#include "text/uri.h"

enum { LEAD_MAX = 3 * 8192, NS_PER_S = 1000000000 };

static int64_t wall_seconds(const struct site *site)
{
  return site->env->wall(site->env) / NS_PER_S;
}

/* A redirect: what the path has beyond the pattern goes along, and so does the query where the target has none. */
static void lead(const struct rule *rule, const struct target *target, struct response *r)
{
  struct buf to = BUF_INIT(LEAD_MAX);
  struct str meta = str_from(rule->meta);
  rule_put_target(rule, target->path, &to);
  if (target->has_query && str_find(meta, '?') == meta.n) {
    buf_put_c(&to, '?');
    buf_put_str(&to, target->query);
  }
  int err = buf_error(&to);
  if (err == 0 && to.n <= META_MAX)
    response_set(r, (enum status)rule->status, "%.*s", STR_ARG(buf_str(&to)));
  else if (err == 0 || err == ERR_FULL)
    response_set(r, STATUS_NOT_FOUND, "This page has moved, and its new address is too long to be told");
  else
    failure_response(r, err, target->path);
  buf_free(&to);
}

static void answer_by(const struct rule *rule, const struct target *target, struct response *r)
{
  if (rule_redirects(rule))
    lead(rule, target, r);
  else if (rule->meta && rule->meta[0])
    response_set(r, (enum status)rule->status, "%s", rule->meta);
  else
    response_set(r, (enum status)rule->status, "%s",
                 rule->status == STATUS_GONE ? "This page is gone for good" : "The owner says no more about this page");
}

/* Whether the visitor asks too soon. Where they are not known they need not wait. */
static bool too_soon(struct site *site, const struct rule *rule, struct asked *by, struct response *r)
{
  if (!rule || by->visitor == 0)
    return false;
  uint64_t key = hash_str(hash_str(HASH_START, site_name(site)), str_from(rule->pattern));
  key = hash_bytes(key, &by->visitor, sizeof by->visitor);
  key = hash_bytes(key, &rule->slow_seconds, sizeof rule->slow_seconds);
  if (by->paced == key)
    return false;
  by->paced = key;
  unsigned wait = pace_wait(site->pace, key, site->env->now(site->env), rule->slow_seconds);
  if (wait == 0)
    return false;
  response_set(r, STATUS_SLOW_DOWN, "Please wait %u second%s before you ask for this again", wait,
               wait == 1 ? "" : "s");
  return true;
}

/* Who may not enter learns nothing of where things have moved; who is led elsewhere need not wait. */
static bool answered(struct site *site, const struct rule *gate, const struct ruled *ruled, const struct target *target,
                     struct asked *by, struct response *r)
{
  if (!gate_admits(gate, by->identity, wall_seconds(site), site_name(site), r))
    return true;
  if (ruled->answer) {
    answer_by(ruled->answer, target, r);
    return true;
  }
  return too_soon(site, ruled->slow, by, r);
}

bool answer_rules_first(struct site *site, const struct target *target, struct asked *by, const struct rule **door,
                        struct response *r)
{
  struct ruled ruled = {.lang = NULL};
  *door = NULL;
  if (site->rules.n == 0)
    return false;
  rules_lay(&site->rules, target->path, target->path, &ruled);
  *door = ruled.gate;
  return answered(site, ruled.gate, &ruled, target, by, r);
}

/* Rules that cannot be read may have said who is let in: nobody is, and the author, who is likely the next reader, sees
 * why. */
static void refuse(struct answer *a, struct response *r)
{
  struct env *env = a->site->env;
  if (a->dots_err != ERR_SYNTAX) {
    failure_response(r, a->dots_err, a->target[a->at].path);
    failure_log(&a->site->failures, env->now(env), a->dots_err, a->target[a->at].path);
    return;
  }
  response_set(r, STATUS_TEMPORARY_FAILURE, "%.*s", STR_ARG(buf_str(&a->dots_why)));
  failure_tell(&a->site->failures, env->now(env), buf_str(&a->dots_why));
}

void answer_rules_lay(struct answer *a)
{
  const struct site *site = a->site;
  struct str path = a->target[a->at].path, file = a->err == 0 ? buf_str(&a->found.file) : path;
  struct ruled ruled = {.lang = NULL};
  if (site->rules.n)
    rules_lay(&site->rules, path, file, &ruled);
  a->gate = ruled.gate;
  /* These have been answered by before the look. */
  ruled.gate = ruled.slow = ruled.answer = NULL;
  const char *header = ruled.header, *footer = ruled.footer;
  if (a->dots)
    rules_lay(&a->dots->rules, path, file, &ruled);
  ruled.authors_header = ruled.header != header;
  ruled.authors_footer = ruled.footer != footer;
  a->ruled = ruled;
}

bool answer_rules_then(struct answer *a, struct response *r)
{
  struct site *site = a->site;
  const struct ruled *ruled = &a->ruled;
  if (a->dots_err) {
    refuse(a, r);
    return true;
  }
  if (a->dots_why.n)
    failure_tell(&site->failures, site->env->now(site->env), buf_str(&a->dots_why));
  a->guarded = a->gate != a->door || ruled->gate || ruled->slow;
  if (a->gate != a->door && !gate_admits(a->gate, a->asked_by.identity, wall_seconds(site), site_name(site), r))
    return true;
  return answered(site, ruled->gate, ruled, &a->target[a->at], &a->asked_by, r);
}
