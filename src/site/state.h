/* The inside of a site: what its files share. Nobody outside this folder includes it. */
#ifndef NUNCIO_SITE_STATE_H
#define NUNCIO_SITE_STATE_H

#include "site/cache.h"
#include "site/failure.h"
#include "site/once.h"
#include "site/pace.h"
#include "site/resolve.h"
#include "site/site.h"
#include "site/types.h"

struct build;

/* Used in the loop's thread only. One reference is the owner's, one each is held by every answer and build in flight:
 * work that comes back from the pool after site_close finds its site still there, and closed. */
struct site {
  unsigned refs;
  bool closed; /* env and mime are not ours to use any more */
  struct env *env;
  const struct mime *mime;
  char *folder; /* the path of root.folder, for its name */
  char **names; /* lower case, without a trailing dot */
  size_t n_names;
  bool named;
  char *hosts_menu, *hosts_gemtext; /* what a map's `%` gives: lines of a plain gophermap */
  struct rules rules;               /* immutable, so that the pool may read them */
  struct dot_rules_kinds dots;
  struct dot_shelf shelf; /* what the pool has parsed of them */
  bool reads_dots;        /* there may be files that set more */
  bool reads_nuncio;      /* and some of them may say who is let in */
  struct pace *pace;      /* of visitors who are to ask slowly: `own_pace`, or everybody's */
  struct pace own_pace;
  char *lang;        /* of gemtext: a tag, or several; "" where there is none */
  char *gopher_path; /* or NULL */
  char *user_folder; /* what root.user_folder is */
  struct root root;  /* everything is looked up from here, by any thread whose owner holds a reference */
  struct cache *cache;
  struct build *builds; /* under way */
  unsigned long built;  /* how many were started so far: asked by tests */
  struct once warned;
  struct log_limit warnings; /* about documents */
  struct types types;
  struct failures failures; /* what of them the log has been told */
};

struct site *site_ref(struct site *site);
void site_unref(struct site *site);

/* How it reads the files of the capsule that set rules, by the wall time. In any thread, as what it names may be used.
 */
struct dot_rules_order site_dot_rules(struct site *site, int64_t now_ns);

/* What a listing of the root is headed with. */
struct str site_title(const struct site *site);

#endif
