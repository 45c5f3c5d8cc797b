/* Settings kept in sealed memory: what passed stays to be had, whatever becomes of the file that it stood in. */
#ifndef NUNCIO_PROC_KEPT_H
#define NUNCIO_PROC_KEPT_H

#include "base/buf.h"
#include "config/settings.h"

/* The descriptor of an empty memory that somebody may write settings into, close-on-exec; -1 with errno set. */
int kept_empty(void);

/* Writes settings into it (config/file.h says how), and nobody can change it any more. Errors as of
 * settings_write_text, and ERR_IO; *why says so. */
int kept_write(int fd, struct settings *s, struct buf *why) __attribute__((warn_unused_result));

/* The two in one: the descriptor, the caller's; or a negative error. */
int kept_make(struct settings *s, struct buf *why) __attribute__((warn_unused_result));

/* Reads what kept_write wrote, any number of times, into *s, which this makes: to be freed by the caller, unless it
 * fails. ERR_SYNTAX (another version's words, or no such memory), ERR_NOMEM, ERR_IO; *why says so. */
int kept_read(int fd, struct settings *s, struct buf *why) __attribute__((warn_unused_result));

#endif
