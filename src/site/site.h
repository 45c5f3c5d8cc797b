/* A site: one capsule that answers requests. The core of the program; it knows no protocol and no socket. */
#ifndef NUNCIO_SITE_SITE_H
#define NUNCIO_SITE_SITE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "site/dot_rules.h"
#include "site/env.h"
#include "site/mime.h"
#include "site/pace.h"
#include "site/request.h"
#include "site/response.h"

/* A host that is served, for the maps that list them. */
struct site_host {
  const char *name;
  unsigned gemini_port; /* 0: it has no Gemini */
  unsigned gopher_port; /* of a listener where it is the site that answers; 0: none is */
  const char *path;     /* its root there, such as `/name`; NULL: the root of all */
};

/* What a site is made from. Borrowed during site_open only. */
struct site_config {
  struct pace *pace;        /* of visitors, shared with other sites and processes; borrowed until site_close; NULL: one
                             * of its own */
  const char *root;         /* the capsule's folder: the one that stands there now, whatever takes its name later */
  const char *const *names; /* host names it answers for, ASCII; the first one is the main name, later ones may
                             * be wildcards (base/host.h) */
  size_t n_names;           /* at least 1 */
  const char *homes;        /* the folder in which the users at `/~NAME/` have their homes, or NULL */
  const char *gopher_path;  /* where it stands on Gopher listeners that it shares, as `/name`; NULL: nowhere */
  const char *user_folder;  /* with `homes`: what they publish, relative to a home; "" for all of it */
  bool named; /* false where the name is only the default: then menus name the address that the client used (P19) */
  const char *lang;              /* language tag or tags for text/gemini, or NULL */
  bool dialect;                  /* gophermaps are of gophernicus' dialect */
  const struct site_host *hosts; /* all that are served, for that dialect; may be NULL */
  size_t n_hosts;
  size_t cache;                /* bytes for answers that are ready; 0: none are kept */
  const struct rules *rules;   /* what holds for some paths; NULL: nothing */
  struct dot_rules_kinds dots; /* which files of the capsule may set more */
};

struct site;

/* Opens a capsule. `env` and `mime` are borrowed until site_close. On failure *why holds a sentence that names the
 * thing (whatever memory allowed), to be freed by the caller. */
int site_open(const struct site_config *config, struct env *env, const struct mime *mime, struct site **out,
              struct buf *why) __attribute__((warn_unused_result));

/* Every answer must have come or been cancelled before; work in the pool may still be on its way: it keeps what it
 * needs. */
void site_close(struct site *site);

/* The capsule's folder, as an O_PATH descriptor that stays the site's. */
int site_folder(const struct site *site);

/* The same of the folder of homes; -1: its paths lead to no users. */
int site_homes(const struct site *site);

/* The main name; whether `host` (any case, with or without a trailing dot) is one of the names, or is meant by one that
 * is a wildcard (base/host.h); the i-th name or an empty span. */
struct str site_name(const struct site *site);
bool site_has_name(const struct site *site, struct str host);
bool site_has_wildcard(const struct site *site, struct str host);
struct str site_name_at(const struct site *site, size_t i);
bool site_named(const struct site *site);

/* Where it stands under the root that sites share on Gopher: an absolute path that needs no encoding, without a slash
 * at its end; empty: nowhere. */
struct str site_gopher_path(const struct site *site);

/* One request being answered. */
struct answer;

/* Starts to answer. `done` is called exactly once, unless the answer is cancelled first: with a response that it takes
 * over (response_move). It may be called before site_start returns, and then the value is NULL; else the value names
 * the answer until done is called. When memory is short done gets a 40. `request` and what it points to must stay until
 * then. */
struct answer *site_start(struct site *site, const struct request *request,
                          void (*done)(void *context, struct response *response), void *context);

/* The reader has left: done will not be called, and everything is given back. */
void site_cancel(struct answer *answer);

/* The Gopher item type (see text/menu.h) of what stands at a path in this capsule, by looking: a directory without its
 * slash is '1' whatever its name, a file without a suffix '0' where it holds text, and all else what its suffix says.
 * `path` is percent-encoded and may have a query. `page` (site/ready.h) is the page that links to it, or NULL: it knows
 * what it lists, and notes what had to be looked at. Never waits for a disk: where that would be needed the answer is
 * what the name suggests, and work in the pool sees to it that the next one is exact. NUL when memory is short: then no
 * type at all is better than a wrong one that a menu would keep. */
char site_item_type(struct site *site, struct ready *page, struct str path);

#endif
