/* The keys of session tickets: one ring in shared memory for every worker of a server, so that a returning client
 * resumes with whichever worker it meets, before and after a reload or an upgrade (RFC 5077, section 4; RFC 8446,
 * section 4.6.1).
 *
 * The supervisor makes the ring and is the only one that writes to it, once a day; the descriptor goes to each worker,
 * and to the program that takes the supervisor's place. */
#ifndef NUNCIO_TLS_TICKETS_H
#define NUNCIO_TLS_TICKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* How long a key is the current one, and what tickets promise: a ticket lives as long as a client is told (RFC 8446:
 * seven days at most), since its key is accepted for this long again after it stopped being the current one. */
enum { TICKETS_SECONDS = 24 * 60 * 60 };

/* A mapping of the ring. */
struct tickets;

/* Makes a ring with a first key, as a sealed memfd without a name in any file system. *fd is the caller's to close or
 * to hand over; it has FD_CLOEXEC, to be cleared for a child that gets it. `now` as tickets_now. ERR_NOMEM, ERR_IO or
 * ERR_TLS (no random bytes), with a sentence in *why. */
int tickets_create(int *fd, uint64_t now, struct buf *why) __attribute__((warn_unused_result));

/* Maps the ring behind `fd`, which may be closed afterwards: for a worker (writer: false) to read, for the supervisor
 * to rotate. ERR_SYNTAX where the descriptor is none of a ring of this layout, else as above; *why holds a sentence. */
int tickets_map(int fd, bool writer, struct tickets **out, struct buf *why) __attribute__((warn_unused_result));
void tickets_unmap(struct tickets *t);

/* The clock of the ring: seconds since the machine started. CLOCK_BOOTTIME, as the memory lives no longer than that;
 * it counts the time that the machine sleeps, and nobody sets it, unlike CLOCK_REALTIME. */
uint64_t tickets_now(void);

/* Whether it is time for a new key. Waits of most system calls do not count the machine's sleep, so ask every few
 * minutes rather than once a day. */
bool tickets_due(const struct tickets *t, uint64_t now);

/* Puts a new key in front; the one before is still accepted. Where that one is older than two days (the machine slept)
 * its tickets have ended and it is not accepted any more, from the same moment on. Only one writer at a time; readers
 * need no lock. The keys that were accepted until now stay in memory until tickets_tidy, for readers who are at
 * it. ERR_TLS: there were no random bytes, and everything is as it was. */
int tickets_rotate(struct tickets *t, uint64_t now) __attribute__((warn_unused_result));

/* Wipes the keys that are not accepted any more. The writer only (else nothing happens), some minutes after a rotation:
 * no reader is at it that long. */
void tickets_tidy(struct tickets *t);

/* Lets a context seal and open its tickets with the ring, which must outlive it and its sessions; all of them in one
 * thread and one process, since random bytes for later tickets wait in there. Inside tls/ only (the type is OpenSSL's
 * SSL_CTX). 0 or ERR_TLS. */
struct ssl_ctx_st;
int tickets_use(struct tickets *t, struct ssl_ctx_st *ctx) __attribute__((warn_unused_result));

#endif
