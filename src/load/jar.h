/* The tickets of one server that wait to be offered, each of them once. Inside load/ only. */
#ifndef NUNCIO_LOAD_JAR_H
#define NUNCIO_LOAD_JAR_H

#include "tls/client.h"

/* Made of zeros, it has room for none. */
struct jar {
  struct jar_place {
    struct tls_ticket *ticket; /* owned, where the place is one of the first n */
  } * places;                  /* owned */
  unsigned n, room;
};

/* Room for so many. ERR_NOMEM; jar_free in any case. */
int jar_init(struct jar *jar, unsigned room) __attribute__((warn_unused_result));
void jar_free(struct jar *jar);

/* Takes all that the call has; what the jar has no room for is freed. */
void jar_fill(struct jar *jar, struct tls_call *call);

/* The newest one, the caller's from then on; NULL where there is none. */
struct tls_ticket *jar_take(struct jar *jar);

#endif
