/* Takes a settings file into memory. Inside config/ only. */
#ifndef NUNCIO_CONFIG_LOAD_H
#define NUNCIO_CONFIG_LOAD_H

#include "base/buf.h"

/* Appends all bytes of a regular file to *out, up to SETTINGS_FILE_MAX. Nothing blocks: a FIFO or a device is refused
 * unread. ERR_NOT_FOUND, ERR_DENIED, ERR_SPECIAL, ERR_LIMIT, ERR_IO or ERR_NOMEM, and *words are the reason. */
int load_file(const char *path, struct buf *out, const char **words) __attribute__((warn_unused_result));

#endif
