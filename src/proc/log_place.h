/* Where requests are logged: opened by the supervisor, since workers are locked in and may be another user. */
#ifndef NUNCIO_PROC_LOG_PLACE_H
#define NUNCIO_PROC_LOG_PLACE_H

#include "base/buf.h"
#include "base/log_entry.h"

/* Opens the file, or a socket that is connected to syslog's; close-on-exec, and no write to it waits. `to` is not
 * LOG_TO_STDERR. The descriptor is the caller's. Or a negative error with a sentence in *why.
 *
 * A file is opened for appending, and made where it is missing, readable by owner and group alone (0640). It may be a
 * regular file, a FIFO that somebody reads, or a device such as a terminal. A symbolic link is refused: whoever may
 * write to a folder could otherwise have us write to any file of ours. (Links on the way to the folder are followed.)
 */
int log_place_open(enum log_to to, const char *path, struct buf *why) __attribute__((warn_unused_result));

#endif
