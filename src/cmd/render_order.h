/* What `nuncio render` was asked to do: its command line, and what FILE is. */
#ifndef NUNCIO_CMD_RENDER_ORDER_H
#define NUNCIO_CMD_RENDER_ORDER_H

#include <stdbool.h>

#include "config/settings.h"

struct render_order {
  const char *file; /* as it was given */
  const char *out;  /* -o */
  const char *point;
  bool gopher, help;
  struct settings settings; /* --host is its names, --port its public_gopher_port; nothing else of it is used */
  char *root; /* owned: the capsule, which is FILE as it was given where that is a folder, else the folder it is in */
  char *name; /* owned: a file's name in there; empty for a folder */
  bool index; /* a gophermap that readers see as its folder's page */
  bool overview; /* it has pages: an overview that is not too large */
};

/* Reads the command line, which must outlive the order. EXIT_OK, or the status to leave with after a line on standard
 * error. render_order_free in any case. */
int render_order_parse(struct render_order *order, int argc, char **argv);

/* Finds FILE, and what it is. EXIT_OK, or EXIT_FAULT after a line on standard error. */
int render_order_find(struct render_order *order);

void render_order_free(struct render_order *order);

/* For --help. */
extern const char render_usage[];

#endif
