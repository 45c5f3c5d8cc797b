/* The command line of `nuncio serve`. */
#ifndef NUNCIO_CMD_SERVE_OPTIONS_H
#define NUNCIO_CMD_SERVE_OPTIONS_H

#include "config/settings.h"

/* Fills settings (from settings_init) from the arguments, of which argv[0] is the command's name, and from the file
 * that they name, over which they win. -1 where it may go on; else the exit_status to leave with: help or a version was
 * printed, or a complaint. */
int serve_options(struct settings *s, int argc, char **argv) __attribute__((warn_unused_result));

#endif
