/* Options of a command's line, as getopt_long(3) reads them, with complaints of our own. */
#ifndef NUNCIO_CMD_OPTION_H
#define NUNCIO_CMD_OPTION_H

#include <getopt.h>

enum { OPTION_END = -1, OPTION_WRONG = -2 };

/* The next option: its code, with its value in optarg; OPTION_END; or OPTION_WRONG, which was complained about as
 * `nuncio COMMAND` does. `letters` begin with a colon; *index, which may be NULL, is where a long one stands among
 * `options`. Whoever begins sets optind. */
int option_next(const char *command, int argc, char **argv, const char *letters, const struct option *options,
                int *index);

/* The value of `option` as a number from 1 to `most`. -1; or EXIT_USAGE after a complaint. */
int option_number(const char *command, const char *option, unsigned most, unsigned *out);

#endif
