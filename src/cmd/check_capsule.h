/* `nuncio check CAPSULE`: what its parts share. */
#ifndef NUNCIO_CMD_CHECK_CAPSULE_H
#define NUNCIO_CMD_CHECK_CAPSULE_H

#include <stdint.h>

#include "cmd/check_capsule_findings.h"
#include "cmd/check_capsule_places.h"
#include "config/settings.h"
#include "site/dot_rules.h"
#include "site/mime.h"
#include "site/once.h"
#include "site/resolve.h"
#include "text/overview.h"

/* A capsule that is being checked. What happens in this order: capsule_walk finds the places, capsule_reach follows the
 * links from the front page, capsule_examine reads one file after the other and tells. */
struct capsule {
  struct root root;                 /* every path is looked up beneath it */
  struct buf start;                 /* the raw path that readers begin at, with its slashes: `/`, or where an author's
                                     * part of a site is. Only what is beneath it is looked at */
  const struct site_settings *site; /* the names that the capsule is served under, and what holds for its paths */
  bool by_settings;                 /* the site is one of a settings file */
  struct dot_rules_kinds dots;      /* which files of the capsule may say more of it, and whether any is asked for */
  bool reads_dots, reads_nuncio;
  struct dot_shelf *shelf; /* what was read of them; its content changes */
  const struct mime *mime;
  struct places places;
  struct findings findings;
  struct overview *document; /* the one that was parsed last, or NULL: several links in a row often ask for its pages */
  struct buf document_path;  /* its raw path */
  struct once complained;    /* of what was told already of a map that several pages have put in */
};

/* With what `nuncio check CAPSULE` was called: argv[0] is `check`. Returns an exit_status. */
int check_capsule(int argc, char **argv);

#endif
