/* TLS 1.3's key schedule without OpenSSL's detours: a provider of our own for `TLS13-KDF` and `HMAC`.
 *
 * OpenSSL 3.0 derives about twenty secrets in a handshake, and for each of them it looks up the function, the HMAC and
 * the digest by name, and allocates and frees a dozen objects; the hashing itself is the smallest part. The provider
 * answers the same two names straight on the SHA functions. Only contexts that ask for it by their property query get
 * it; everything else in the process goes on with OpenSSL's own. */
#ifndef NUNCIO_TLS_KDF_PROVIDER_H
#define NUNCIO_TLS_KDF_PROVIDER_H

#include <stdbool.h>

#include "base/buf.h"

/* Adds the provider to OpenSSL's default library context, and compares it with OpenSSL's own answers on random input;
 * contexts that are made from now on use it. Before the first tls_server_new, once in a process. 0, or not in use:
 * ERR_ABSENT (OpenSSL is not the 3.0 that this was made for), ERR_TLS (it does not take it) or ERR_WRONG (the answers
 * differ, which nobody should overlook), with the reason as a sentence in *why. */
int kdf_provider_load(struct buf *why) __attribute__((warn_unused_result));

/* Takes it away again; contexts that were made with it go on with OpenSSL's own. Not while a handshake is under way. */
void kdf_provider_unload(void);

/* The rest is for inside tls/ only. */

/* The property query for contexts: a wish for the provider where it is in use, else NULL. Static storage. */
const char *kdf_provider_query(void);

/* Whether the functions that the query `ours` chooses answer as those that `theirs` chooses: on every length that
 * matters, on random input. */
bool kdf_check(const char *ours, const char *theirs);

#endif
