/* A key for each day, in memory that processes share: by it an address is hashed in the log, so that visits of one day
 * can be told to be of one client, and those of two days cannot.
 *
 * The supervisor makes the memory and is the only one that writes to it; the descriptor goes to each worker, and to the
 * program that takes the supervisor's place. A key is in memory only, made the day before it is used, and wiped after
 * its day: nobody can find the addresses of yesterday's log by trying them all. */
#ifndef NUNCIO_BASE_DAY_KEYS_H
#define NUNCIO_BASE_DAY_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/buf.h"
#include "base/siphash.h"

/* A mapping of the memory. */
struct day_keys;

/* A day is a UTC one, counted from 1970. */
uint64_t day_of(time_t now);

/* Makes the memory, with keys for `day` and the one after it, behind a sealed descriptor (base/sealed.h), which is the
 * caller's. ERR_NOMEM or ERR_IO with a sentence in *why. */
int day_keys_create(int *fd, uint64_t day, struct buf *why) __attribute__((warn_unused_result));

/* Maps it: for a worker (writer: false) to read, for the supervisor to write. `fd` may be closed afterwards. ERR_SYNTAX
 * where it is none of this layout, else as above; *why holds a sentence. */
int day_keys_map(int fd, bool writer, struct day_keys **out, struct buf *why) __attribute__((warn_unused_result));
void day_keys_unmap(struct day_keys *k);

/* The writer's look, a few times an hour: makes the keys of `day` and the next one where they are missing, and wipes
 * all others. The change of keys at midnight needs no look at midnight: tomorrow's is there already. ERR_IO: there are
 * no random bytes. */
int day_keys_look(struct day_keys *k, uint64_t day) __attribute__((warn_unused_result));

/* The day's key; false where there is none: the clock was set to another day, and the writer has not looked since. */
bool day_keys_get(const struct day_keys *k, uint64_t day, unsigned char key[SIPHASH_KEY_BYTES]);

#endif
