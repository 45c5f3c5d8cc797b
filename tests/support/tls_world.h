/* For tests of tls/: a server of its own for each test, and visits to it. */
#ifndef NUNCIO_TESTS_SUPPORT_TLS_WORLD_H
#define NUNCIO_TESTS_SUPPORT_TLS_WORLD_H

#include "base/buf.h"
#include "folder.h"
#include "tls/certificate.h"
#include "tls/context.h"
#include "tls_rig.h"

/* A server and the folder with its pairs. */
struct rig_world {
  struct folder top;
  const char *folder; /* where the pairs are looked for: `top`, until a test says otherwise */
  struct tls_server *server;
  struct buf why;
};

/* Empty, or with one.example (index 0, the default) and two.example (index 1). rig_world_free also fails the test where
 * OpenSSL's error queue is not empty. */
void rig_world_init(struct rig_world *w);
void rig_world_of_two(struct rig_world *w);
void rig_world_free(struct rig_world *w);

/* tls_server_add for the pair NAME of the folder. */
int rig_add(struct rig_world *w, const char *name, size_t index);

/* The fingerprint of the certificate that the folder holds now. */
void rig_fingerprint(const struct rig_world *w, const char *name, unsigned char out[FINGERPRINT_BYTES]);

/* One whole connection: returns the site that was chosen, and leaves the fingerprint of what the client saw in `seen`.
 */
long rig_visit(struct rig_world *w, const char *sni, int version, unsigned char seen[FINGERPRINT_BYTES]);

#endif
