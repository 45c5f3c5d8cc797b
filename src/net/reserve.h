/* One descriptor kept back, so that somebody can still be told when all others are in use. */
#ifndef NUNCIO_NET_RESERVE_H
#define NUNCIO_NET_RESERVE_H

#include <stdbool.h>

/* All zero: none is kept. */
struct reserve {
  bool held;
  int fd;
};

/* Keeps a descriptor back where none is: another one of what `like` is, which stays open. Nothing is opened for it, as
 * a worker in its sandbox cannot. Where none is free there is none, and the next call tries again. */
void reserve_keep(struct reserve *r, int like);

/* Gives it up, so that the next one to ask the system for a descriptor finds one. False where there is none. */
bool reserve_spend(struct reserve *r);

/* Closes `fd`, and in the same moment keeps its number back where none is: no thread can take it in between. */
void reserve_close_into(struct reserve *r, int fd, int like);

void reserve_end(struct reserve *r);

#endif
