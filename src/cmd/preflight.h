/* Looked at before anything is served: what settings name must be there. */
#ifndef NUNCIO_CMD_PREFLIGHT_H
#define NUNCIO_CMD_PREFLIGHT_H

#include "base/buf.h"

/* Whether the capsule is a folder that this process may enter. ERR_NOT_FOUND, and *why says what to do. */
int preflight_capsule(const char *path, struct buf *why) __attribute__((warn_unused_result));

#endif
