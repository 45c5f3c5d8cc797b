/* What `nuncio check CAPSULE` tells: one finding after the other, by file, for a person or for a machine. */
#ifndef NUNCIO_CMD_CHECK_CAPSULE_FINDINGS_H
#define NUNCIO_CMD_CHECK_CAPSULE_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum finding_level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_NOTE };
enum { LEVELS = 3 };

/* The names that machines read are in the table of check_capsule_findings.c. */
enum finding_kind {
  FINDING_DEAD_LINK,
  FINDING_WRONG_CASE,
  FINDING_BAD_LINK,
  FINDING_UNSAFE_LINK,
  FINDING_OWN_HOST,
  FINDING_UNREACHABLE,
  FINDING_ONE_PROTOCOL,
  FINDING_NOT_UTF8,
  FINDING_NO_TARGET,
  FINDING_NO_HEADING,
  FINDING_NO_ALT,
  FINDING_NOT_CLOSED,
  FINDING_NO_TITLE,
  FINDING_WIDE,
  FINDING_OVERVIEW,
  FINDING_MAP_FIELDS,
  FINDING_MAP_TYPE,
  FINDING_UNREADABLE,
  FINDING_NOT_SERVED,
  FINDING_RULES,
  FINDING_REDIRECTS,
  FINDING_MAP,
};
enum { FINDINGS = FINDING_MAP + 1 };

/* Of one kind no more than this are shown to a person for each file; and, of what nothing leads to, for each folder.
 * How many more there are is said. */
enum { FINDINGS_SHOWN = 10 };

struct findings {
  size_t under;       /* so many bytes of each path are that of the folder, its slashes included */
  const char *folder; /* the capsule as it was given, put before every path for a person; borrowed */
  bool json;
  bool terminal;  /* standard error is one: a line there tells how far it is */
  bool failed;    /* something could not be written; `number` is why */
  int number;     /* an errno */
  int64_t shown;  /* when the line of progress was written, in milliseconds; 0: it is not there */
  struct buf out; /* the finding that is being put together */

  struct str file;          /* raw path of the file at hand; borrowed */
  size_t of_kind[FINDINGS]; /* for that file */
  bool told;                /* something was shown of it */
  struct str alike_in;      /* the folder where what nothing leads to was told of last; borrowed */
  size_t alike;             /* how many of it there were in a row */
  size_t level[LEVELS];     /* so far, in all */
};

void findings_init(struct findings *f, const char *folder, bool json);
void findings_free(struct findings *f);

/* What follows is about the file of this raw path (with its slash). An empty path ends the last file; until then all
 * paths are borrowed. */
void findings_file(struct findings *f, struct str path);

/* Tells a finding. line 0: it concerns the file as a whole. `mend` says what the author can do about it. The message
 * may hold anything; it is made safe. */
void findings_tell(struct findings *f, enum finding_level level, enum finding_kind kind, size_t line, struct str mend,
                   const char *format, ...) __attribute__((format(printf, 6, 7)));

/* The last line for a person: how many of what; `n` files were looked at. */
void findings_sum_up(struct findings *f, size_t n);

/* A line on a terminal says how far it is: `n` files, `of` so many (0: not known yet). Cheap to call often. */
void findings_progress(struct findings *f, const char *doing, size_t n, size_t of);

/* Takes that line away. */
void findings_quiet(struct findings *f);

#endif
