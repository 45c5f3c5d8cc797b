/* The folder of certificates while a pair is being written: locked, every file beside first. Inside tls/ only. */
#ifndef NUNCIO_TLS_FOLDER_H
#define NUNCIO_TLS_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/str.h"

enum { FILE_NAME_MAX = 255 };

struct folder {
  int fd;           /* -1: not open */
  const char *path; /* borrowed, for messages */
};
#define FOLDER_INIT ((struct folder){.fd = -1, .path = NULL})

/* Opens PATH, made with mode 0700 where it is missing, and waits until no other process of ours writes there. */
int folder_open(struct folder *folder, const char *path, struct buf *why) __attribute__((warn_unused_result));
/* Lets the next one in. Harmless where it is not open. */
void folder_close(struct folder *folder);

/* Whether anything stands under that name, a dangling link too. */
bool folder_has(const struct folder *folder, const char *file);

/* Writes bytes to a new file beside, on disk when it returns; its name is in `beside`. */
int folder_write(const struct folder *folder, struct str bytes, mode_t mode, char beside[FILE_NAME_MAX + 1],
                 struct buf *why) __attribute__((warn_unused_result));

/* Gives the file its name: replacing what is there, or ERR_EXISTS where something is and `replace` is false. */
int folder_place(const struct folder *folder, const char *beside, const char *file, bool replace, struct buf *why)
    __attribute__((warn_unused_result));

/* Gives a file that is to be replaced another name, which nothing may have yet: ERR_EXISTS otherwise, without *why. It
 * keeps the old name as well where the file system has links, so that there is no moment without it. */
int folder_keep(const struct folder *folder, const char *file, const char *as, struct buf *why)
    __attribute__((warn_unused_result));

void folder_delete(const struct folder *folder, const char *file);

#endif
