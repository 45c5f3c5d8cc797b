/* The watch: which files stand under some names at the moment, and whether others have taken their place. */
#ifndef NUNCIO_PROC_WATCH_H
#define NUNCIO_PROC_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* The supervisor looks on behalf of its workers, which are locked in and cannot look anything up by name. It never
 * opens what it watches: a new worker reads it, and tells whether it is good. */

enum watch_kind {
  WATCH_FOLDER, /* whether it is another folder; what is in it is live without anybody's watching */
  WATCH_FILE,   /* size and times count too: a key that becomes readable by chmod is news */
};

/* What stood under a name, through symbolic links. */
struct watch_identity {
  int error; /* errno of stat, else 0; the rest is 0 where there is an error */
  dev_t device;
  ino_t inode;
  off_t size; /* of a file; else 0, as are the times */
  struct timespec modified, changed;
};

struct watch_entry {
  char *path; /* owned */
  enum watch_kind kind;
  struct watch_identity known; /* what the workers were last started with, or were told of */
  struct watch_identity last;  /* what the last look has seen */
};

struct watch {
  struct watch_entry *at; /* owned */
  size_t n;
  uint64_t next_ms; /* when the next look is due */
};
#define WATCH_INIT ((struct watch){.n = 0})

/* Adds a name, a copy of which it keeps; one that is there already stays as it is. ERR_NOMEM. */
int watch_add(struct watch *w, const char *path, enum watch_kind kind) __attribute__((warn_unused_result));

/* Forgets all names that are not in `names` too. */
void watch_keep(struct watch *w, const struct watch *names);

/* Leaves WATCH_INIT. */
void watch_free(struct watch *w);

/* Takes what stands there now as known: somebody is about to read it. */
void watch_know(struct watch *w, uint64_t now_ms);

/* Looks, where a look is due. A name whose file is another one than the known one, and was the same at two looks in a
 * row (half a pair, or a link that is being moved, is given the time to become whole), becomes known and is returned;
 * else NULL; the name is the watch's. Each change is returned once. Looks are WATCH_MS apart, WATCH_CHANGING_MS while
 * something changes. */
const char *watch_look(struct watch *w, uint64_t now_ms);
enum { WATCH_MS = 1000, WATCH_CHANGING_MS = 250 };

#endif
