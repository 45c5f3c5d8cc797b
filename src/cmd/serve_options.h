/* The command line of `nuncio serve`. */
#ifndef NUNCIO_CMD_SERVE_OPTIONS_H
#define NUNCIO_CMD_SERVE_OPTIONS_H

#include "config/settings.h"

/* Fills settings (from settings_init) from the arguments, of which argv[0] is the command's name, and from the file
 * that they name, over which they win. -1 where it may go on; else the exit_status to leave with: what there is to
 * complain of is in *why, unless it was said already, as help and version are. */
int serve_options(struct settings *s, int argc, char **argv, struct buf *why) __attribute__((warn_unused_result));

/* The settings file that the arguments name, or NULL. ERR_SYNTAX where they name two; *why says so. */
int serve_options_file(int argc, char **argv, const char **file, struct buf *why) __attribute__((warn_unused_result));

#endif
