/* What whole connections run in and that lasts as long as the process: two capsules, a TLS server, a list of requests.
 */
#ifndef NUNCIO_TESTS_CONN_WORLD_H
#define NUNCIO_TESTS_CONN_WORLD_H

#include <limits.h>
#include <stdbool.h>

#include <uv.h>

#include "base/str.h"
#include "site/mime.h"
#include "site/site.h"
#include "tls/context.h"

enum { WORLD_SITES = 2, WORLD_BIG = 300 * 1024, WORLD_CUT_TO = 70 * 1024 };

struct conn_world {
  char root[WORLD_SITES][PATH_MAX];
  struct mime *mime;
  struct tls_server *tls;
  uv_loop_t loop; /* never run */
  bool cut;       /* cut.bin has been cut short */
};

/* Made at the first call, removed at the process's end. */
struct conn_world *conn_world(void);

/* The sites' capsules, with work handed to `env`. */
void conn_world_open(struct env *env, struct site *sites[WORLD_SITES]);

/* Cuts the file cut.bin short; makes it whole again where that was done. */
void conn_world_cut(void);
void conn_world_mend(void);

/* Lines that real clients and scanners send; the same one for any number, modulo how many there are. */
struct str conn_world_request(unsigned i);
unsigned conn_world_requests(void);

/* Whether these bytes are a file of a capsule: of cut.bin what it was or is. */
bool conn_world_holds(struct str bytes);

/* Whether they hold what lies beside the capsules. */
bool conn_world_leaks(struct str bytes);

#endif
