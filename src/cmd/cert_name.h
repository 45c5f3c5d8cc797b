/* The names on the command line of `nuncio cert`, and the files they stand for. */
#ifndef NUNCIO_CMD_CERT_NAME_H
#define NUNCIO_CMD_CERT_NAME_H

#include <stdbool.h>

#include "base/buf.h"

/* Each returns ERR_SYNTAX with a sentence in *why, ERR_NOMEM, or 0 and what was made in *out: the caller's to free. */

/* The name under which `serve --host GIVEN` looks for its pair: checked and written as the settings do it. A path is
 * answered with the command that was meant, for `action` and `new_key`. */
int cert_name_new(const char *action, bool new_key, const char *given, char **out, struct buf *why)
    __attribute__((warn_unused_result));

/* A further name for a certificate: as above, or one with a leading `*.`. */
int cert_name_further(const char *given, char **out, struct buf *why) __attribute__((warn_unused_result));

/* The name of a pair that may be there, whatever it is called: as it was given where either file stands under that,
 * else as cert_name_new has it. */
int cert_name_old(const char *action, bool new_key, const char *certs, const char *given, char **out, struct buf *why)
    __attribute__((warn_unused_result));

#endif
