/* For tests of tls/: pairs of files, and a TLS client over memory. */
#ifndef NUNCIO_TESTS_SUPPORT_TLS_RIG_H
#define NUNCIO_TESTS_SUPPORT_TLS_RIG_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#include "base/buf.h"
#include "base/str.h"
#include "folder.h"
#include "tls/session.h"

enum { RIG_PATH_MAX = PATH_MAX };

/* What a test of files needs: a folder, the words for what failed, the names of what was kept. For cmocka's set-up and
 * tear-down, which put it into *state and also fail where OpenSSL's error queue is not empty at the end. */
struct rig_desk {
  struct folder top;
  const char *folder; /* its path */
  struct buf why, kept;
};
int rig_desk_set_up(void **state);
int rig_desk_tear_down(void **state);

/* FOLDER/NAME, valid until the sixth call after it. */
const char *rig_path(const char *folder, const char *name);
/* Appends what the file holds. */
void rig_read(const char *path, struct buf *out);
void rig_copy(const char *from, const char *to);

/* A self-signed pair FOLDER/NAME.crt and .key for NAME; fails the test where that cannot be. */
void rig_pair(const char *folder, const char *name);

/* Fails the test unless the certificate names exactly these, separated by ", ". */
void rig_names_are(const char *folder, const char *name, const char *wanted);

/* What the pair of rig_pair would be with any key and times in days from now: signs with `key` (kept by the caller). */
void rig_pair_of(const char *folder, const char *name, EVP_PKEY *key, int from_day, int to_day);
/* The same with a signature by another key, as an authority's would be. */
void rig_pair_signed(const char *folder, const char *name, EVP_PKEY *key, EVP_PKEY *authority, int from_day,
                     int to_day);

/* A client that believes any certificate. `version` is the only one it offers, or 0 for what OpenSSL offers. */
struct rig_client {
  SSL_CTX *ctx;
  SSL *ssl;
  SSL_SESSION *ticket; /* the last one that came; owned */
};
void rig_client_init(struct rig_client *client, const char *sni, int version);
/* A second connection of the same client, which shows the ticket of the first. */
void rig_client_again(struct rig_client *client, const char *sni);
void rig_client_free(struct rig_client *client);

/* Carries bytes to and fro, at most `piece` at a time (0: all at once), until nobody has more to say. Returns the
 * session's state; `plain` as for tls_session_feed. */
enum tls_state rig_pump(struct rig_client *client, struct tls_session *s, size_t piece, struct buf *plain);

/* What the client has to send now, taken out of it; and giving it what a server sent. */
void rig_client_output(struct rig_client *client, struct buf *out);
void rig_client_input(struct rig_client *client, struct str bytes);

/* The SHA-256 of the certificate that the server showed. */
void rig_client_saw(const struct rig_client *client, unsigned char out[32]);

#endif
