/* The folder of certificates while a pair is being written: locked, every file beside first. Inside tls/ only. */
#ifndef NUNCIO_TLS_CERTDIR_H
#define NUNCIO_TLS_CERTDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/str.h"

enum { FILE_NAME_MAX = 255 };

struct certdir {
  int fd;           /* -1: not open */
  const char *path; /* borrowed, for messages */
};
#define CERTDIR_INIT ((struct certdir){.fd = -1, .path = NULL})

/* Opens PATH, made with mode 0700 where it is missing, and waits until no other process of ours writes there. */
int certdir_open(struct certdir *folder, const char *path, struct buf *why) __attribute__((warn_unused_result));
/* Lets the next one in. Harmless where it is not open. */
void certdir_close(struct certdir *folder);

/* Whether anything stands under that name, a dangling link too. */
bool certdir_has(const struct certdir *folder, const char *file);

/* Writes bytes to a new file beside, on disk when it returns; its name is in `beside`. */
int certdir_write(const struct certdir *folder, struct str bytes, mode_t mode, char beside[FILE_NAME_MAX + 1],
                  struct buf *why) __attribute__((warn_unused_result));

/* Gives the file its name: replacing what is there, or ERR_EXISTS where something is and `replace` is false. */
int certdir_place(const struct certdir *folder, const char *beside, const char *file, bool replace, struct buf *why)
    __attribute__((warn_unused_result));

/* Gives a file that is to be replaced another name, which nothing may have yet: ERR_EXISTS otherwise, without *why. It
 * keeps the old name as well where the file system has links, so that there is no moment without it. */
int certdir_keep(const struct certdir *folder, const char *file, const char *as, struct buf *why)
    __attribute__((warn_unused_result));

void certdir_remove(const struct certdir *folder, const char *file);

#endif
