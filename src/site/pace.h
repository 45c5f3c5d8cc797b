/* Pace: who asks again too soon is told to wait (44). Several processes may have one in shared memory. */
#ifndef NUNCIO_SITE_PACE_H
#define NUNCIO_SITE_PACE_H

#include <stdatomic.h>
#include <stdint.h>

enum { PACE_PLACES = 1024 };

/* When visitors were last answered somewhere. All zero: nobody was. Bounded: of two who share a place the earlier one
 * is forgotten, and may ask again at once; so may one of two at the very same time. */
struct pace {
  struct {
    _Atomic uint64_t key;
    _Atomic uint64_t until; /* on the env's clock, which all of the machine's processes share */
  } at[PACE_PLACES];
};

/* How many seconds, at least 1, a visitor has still to wait before asking there again; 0: none, and from now on it is
 * `seconds`. Who asks too soon does not wait longer for it. `key` is the same for the same visitor and place, and not
 * 0; `now` is the env's clock in milliseconds. */
unsigned pace_wait(struct pace *p, uint64_t key, uint64_t now, unsigned seconds);

#endif
