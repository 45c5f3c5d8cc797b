/* The note of what `nuncio render -o` wrote: a path and a SHA-256 a line. */
#ifndef NUNCIO_CMD_RENDER_MANIFEST_H
#define NUNCIO_CMD_RENDER_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"
#include "tls/digest.h"

struct manifest_entry {
  struct str path; /* relative to the folder of pages; a span into the manifest's text */
  unsigned char hash[DIGEST_BYTES];
};

/* Made of zeros, it is empty. A path may stand in it several times: its file is ours with each of the contents. */
struct manifest {
  struct buf text;
  struct manifest_entry *entries; /* owned; by path */
  size_t n;
};

/* Takes what `text` holds (it is empty afterwards) and reads it.
 *
 *   manifest = *( 64HEXDIG 2SP path LF )
 *
 * ERR_SYNTAX where it is anything else, ERR_NOMEM; manifest_free in any case. `known` says which paths it may name: it
 * decides what is removed, and may have been tampered with. */
int manifest_read(struct manifest *m, struct buf *text, bool (*known)(void *context, struct str path), void *context)
    __attribute__((warn_unused_result));
void manifest_free(struct manifest *m);

/* Whether a file with this path and content was written by us. */
bool manifest_has(const struct manifest *m, struct str path, const unsigned char hash[DIGEST_BYTES]);

/* Appends a line. */
void manifest_put(struct buf *out, struct str path, const unsigned char hash[DIGEST_BYTES]);

#endif
