/* The sandbox: what a worker cannot do any more once it serves, whatever a stranger's bytes have made of it. */
#ifndef NUNCIO_PROC_SANDBOX_H
#define NUNCIO_PROC_SANDBOX_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* The order matters. Landlock binds the thread that asks for it and those that it starts later, so it comes while there
 * is one thread; the thread pool is started next; then seccomp binds all threads at once, and none can be started any
 * more:
 *
 *   sandbox_no_dumps, keys are read, root is dropped, sandbox_files, the pool is started, sandbox_calls
 *
 * Each of these returns 0; ERR_ABSENT where the kernel lacks it, or whoever started us forbids us to ask for it, which
 * is no reason not to serve; or another negative error with a sentence in *why. */

/* No core dumps, and no other process of this user may read this one's memory. To be said again after a change of user.
 * For processes that hold keys. */
void sandbox_no_dumps(void);

/* No new privileges from here on, and Landlock (Linux 5.13): of all files and folders, reading those beneath the
 * folders `roots` (descriptors, O_PATH will do) is left, and what is open already; nothing can be written, made,
 * removed, or executed. No TCP socket can be bound or connected (Linux 6.7); no abstract socket of other processes be
 * spoken to, and no signal be sent to them (6.12). Looking at names and attributes (stat) is not restricted by
 * Landlock. ERR_BUSY where a thread was started already. */
int sandbox_files(const int *roots, size_t n_roots, struct buf *why) __attribute__((warn_unused_result));

/* seccomp: only the system calls of the table in sandbox_seccomp.c, in all threads. Another one ends the process with
 * SANDBOX_STATUS, after a line in the log that names it; those of io_uring, and those that are younger than the table,
 * fail with ENOSYS. */
int sandbox_calls(struct buf *why) __attribute__((warn_unused_result));
enum { SANDBOX_STATUS = 159 };

/* The filter that sandbox_calls puts in place; filter->filter is to be freed. What another C library does under it is
 * tried by tests. ERR_NOMEM, ERR_IO. */
int sandbox_filter(struct sock_fprog *filter) __attribute__((warn_unused_result));

/* Makes SIGSYS say which call was refused, and end the process. */
int sandbox_trap(void) __attribute__((warn_unused_result));

#endif
