/* Where a site's pair of PEM files is. */
#ifndef NUNCIO_TLS_FILES_H
#define NUNCIO_TLS_FILES_H

#include <stdbool.h>

#include "base/buf.h"
#include "tls/copies.h"

/* DIR/FILE.crt and DIR/FILE.key; or, where `certificate` is given, that one and `key`, whose names mean nothing. All
 * borrowed. */
struct tls_files {
  const char *dir, *file;
  const struct copies *copies; /* which are read in their place where there are any; or NULL */
  const char *certificate, *key;
  bool quiet; /* the owner has been told by another worker what readers may complain about */
};

/* Appends the path of one of the two. */
void files_path(const struct tls_files *files, bool key, struct buf *out);

/* Appends how to get another pair, or another certificate on the same key, as a part of a sentence. */
void files_advise_pair(const struct tls_files *files, struct buf *out);
void files_advise_certificate(const struct tls_files *files, struct buf *out);

/* The same for how to add a name to the certificate; nothing where it is from elsewhere. */
void files_advise_name(const struct tls_files *files, const char *name, struct buf *out);

#endif
