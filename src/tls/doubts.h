/* Doubts: what readers' browsers will not like about a certificate. Inside tls/ only. */
#ifndef NUNCIO_TLS_DOUBTS_H
#define NUNCIO_TLS_DOUBTS_H

#include <stddef.h>

#include <openssl/x509.h>

#include "base/buf.h"
#include "tls/files.h"

/* Appends a sentence and a LF for each: it has expired, is not valid yet, does not name one of the names (a trailing
 * dot is left out). The pair is good to serve with all the same: its owner may have reasons. `files` are for the
 * sentences. */
void doubts_find(X509 *leaf, const char *const *names, size_t n_names, const struct tls_files *files,
                 struct buf *lines);

#endif
