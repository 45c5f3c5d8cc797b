/* What a command says on standard output. */
#ifndef NUNCIO_CMD_SAY_H
#define NUNCIO_CMD_SAY_H

#include "base/str.h"

/* Prints a text of any bytes, escaped as in the log: names in certificates, folders and files are strangers' bytes, and
 * nothing in them may steer the terminal or look like a second line. Where memory is short a part may be missing. */
void say(struct str text);
/* The same, and the end of the line. */
void say_line(struct str text);

#endif
