/* Authorities: those whose signature lets visitors in. */
#ifndef NUNCIO_TLS_AUTHORITY_H
#define NUNCIO_TLS_AUTHORITY_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

enum { AUTHORITY_CERTIFICATES = 64, AUTHORITY_TEXT_MAX = 1 << 20 };

/* Reads a PEM file with the certificates of an authority, AUTHORITY_CERTIFICATES at the most, and appends them as PEM
 * to `pem`, and nothing else that the file holds (such as a key): what comes out is public, and may be kept and handed
 * on as text, so that a worker needs neither the file nor the right to read it. ERR_NOT_FOUND, ERR_DENIED, ERR_SPECIAL,
 * ERR_LIMIT, ERR_SYNTAX (no certificate, a damaged one, or one by which no visitor could enter), ERR_NOMEM, ERR_IO,
 * with a sentence in *why that names the file and the mend. Nothing blocks. */
int authority_read(const char *path, struct buf *pem, struct buf *why) __attribute__((warn_unused_result));

/* Appends a sentence and a LF for each certificate in a text of authority_read that has expired: it lets people in all
 * the same, since it may be the visitors' own dates that its owner counts on. `path` is for the sentences. */
void authority_doubts(struct str pem, const char *path, struct buf *lines);

/* Copies of what authority_read makes of several files, one after the other, in a sealed memfd (close-on-exec, the
 * caller's): whoever starts workers hands it on. Any error of authority_read, and then there is none: whoever reads the
 * files says what is wrong with them. */
int authority_copy(char *const *paths, size_t n, int *fd) __attribute__((warn_unused_result));

/* Appends the i-th text that is in such a copy. Others may read it at the same time. ERR_SYNTAX where there is none,
 * ERR_NOMEM, ERR_IO. */
int authority_paste(int fd, size_t i, struct buf *pem) __attribute__((warn_unused_result));

#endif
