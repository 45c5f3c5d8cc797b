/* The names that a settings file may use, and what each of them stands for. Inside config/ only. */
#ifndef NUNCIO_CONFIG_VOCABULARY_H
#define NUNCIO_CONFIG_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"
#include "config/settings.h"

/* Where in a file a name stands. PLACE_LOCAL is anywhere in a `.nuncio`: of what a path can be told it takes all but
 * the host's. */
enum place { PLACE_TOP, PLACE_TIMEOUT, PLACE_LIMIT, PLACE_SITE, PLACE_PATH, PLACE_LOCAL, PLACES };

enum kind {
  KIND_LISTEN,      /* a list of addresses */
  KIND_NAME,        /* a list of host names */
  KIND_ALIAS,       /* the same, besides the one in a site's title */
  KIND_FOLDER,      /* a path: relative ones begin at the file's folder */
  KIND_FILE,        /* the same of a file */
  KIND_GOPHER_PATH, /* a site's path under the root that all have on Gopher */
  KIND_USER_DIRS,   /* a folder with a `*` for the name of a user */
  KIND_LANG,
  KIND_GOPHERMAPS,
  KIND_USER,
  KIND_PORT,
  KIND_WORKERS,
  KIND_CACHE,
  KIND_SWITCH,
  KIND_LEVEL,
  KIND_LOG_REQUESTS, /* where they are logged; the path of a file begins at the settings file's folder */
  KIND_LOG_FORMAT,
  KIND_LOG_ADDRESS,
  KIND_TIMEOUT,
  KIND_LIMIT,
  KIND_RULE,      /* a value of the rule for some paths, or for a site's all (config/rule.h) */
  KIND_AUTHORITY, /* a list of CAs' files, of such a rule */
};

struct entry {
  const char *name;
  enum place place;
  enum kind kind;
  bool of_site; /* it is a member of a site, not of the settings */
  size_t at;    /* the member's offset; for KIND_TIMEOUT, KIND_LIMIT and KIND_RULE, which of them */
};

/* Sorted as a file would have them: first what most owners set. */
extern const struct entry vocabulary[];
extern const size_t vocabulary_size;

/* The word before a place's braces; empty for PLACE_TOP and PLACE_LOCAL. */
const char *place_word(enum place place);
/* Whether its braces can stand at the other place, and have a title before them. */
bool place_within(enum place place, enum place outer);
bool place_has_title(enum place place);

/* Whether it is one of the names there. */
bool entry_stands(const struct entry *entry, enum place place);
/* The entry of that name; NULL where there is none. */
const struct entry *vocabulary_find(enum place place, const char *name);

bool entry_is_list(const struct entry *entry);
/* The member that an entry stands for. */
void *entry_member(const struct entry *entry, struct settings *s, struct site_settings *site);

/* Appends what to say of a name that is not known at that place: the nearest one there, or where else it stands, or all
 * there are. */
void vocabulary_advise(struct buf *out, enum place place, struct str name);

#endif
