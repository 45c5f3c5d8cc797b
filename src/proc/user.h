/* The user that workers serve as, where the server is started as root. */
#ifndef NUNCIO_PROC_USER_H
#define NUNCIO_PROC_USER_H

#include <stdbool.h>

#include "base/buf.h"

/* Whether this process can become the user `name`: there must be such a user, who is not root; and who is not root
 * cannot become another one. ERR_NOT_FOUND, ERR_DENIED or ERR_IO, and *why holds a sentence that says what to do. */
int user_check(const char *name, struct buf *why) __attribute__((warn_unused_result));

/* Whether there is such a user, and it is root. */
bool user_is_root(const char *name);

/* Becomes that user for good: groups, then all three group ids, then all three user ids, and tries whether it can come
 * back. Nothing to do where this process is that user already and not root. Errors as above: then the process is
 * neither one nor the other, and must end. Before any thread starts. */
int user_become(const char *name, struct buf *why) __attribute__((warn_unused_result));

#endif
