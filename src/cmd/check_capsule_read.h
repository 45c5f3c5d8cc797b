/* Reading the texts of a capsule through a proofreader, in pieces. */
#ifndef NUNCIO_CMD_CHECK_CAPSULE_READ_H
#define NUNCIO_CMD_CHECK_CAPSULE_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/check_capsule.h"
#include "text/proof.h"

/* As what a text is proofread. */
struct read_as {
  enum proof_form form;
  size_t width; /* columns of the menus that it is shown in */
  bool in_utf8; /* else its author has named another character set, and knows better */
};

/* As what the file at a raw path is proofread, where `ruled` holds for it. `guess` is what its content suggests where
 * its name tells nothing, or empty. False where it is no text that could be. */
bool read_form(const struct capsule *c, struct str path, struct str guess, const struct ruled *ruled,
               struct read_as *as);

/* Reads `size` bytes of an open file, or what there is of them: a file that grows is not followed. 0, ERR_NOMEM, or
 * what keeps it from being read. */
int read_proof(int fd, uint64_t size, const struct read_as *as,
               void (*tell)(void *context, const struct proof_event *event), void *context)
    __attribute__((warn_unused_result));

/* The same of a text in memory. 0 or ERR_NOMEM. */
int read_proof_text(struct str text, const struct read_as *as,
                    void (*tell)(void *context, const struct proof_event *event), void *context)
    __attribute__((warn_unused_result));

#endif
