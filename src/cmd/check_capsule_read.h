/* Reading the texts of a capsule through a proofreader, in pieces. */
#ifndef NUNCIO_CMD_CHECK_CAPSULE_READ_H
#define NUNCIO_CMD_CHECK_CAPSULE_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/check_capsule.h"
#include "text/proof.h"

/* As what the file at a raw path is proofread. `guess` is what its content suggests where its name tells nothing, or
 * empty. False where it is no text that could be. */
bool read_form(const struct capsule *c, struct str path, struct str guess, enum proof_form *form);

/* Reads `size` bytes of an open file, or what there is of them: a file that grows is not followed. 0, ERR_NOMEM, or
 * what keeps it from being read. */
int read_proof(int fd, uint64_t size, enum proof_form form,
               void (*tell)(void *context, const struct proof_event *event), void *context)
    __attribute__((warn_unused_result));

#endif
