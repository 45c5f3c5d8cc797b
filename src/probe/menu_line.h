/* A Gopher menu that another server sent, line by line, with what is wrong with it (P7). Pure. */
#ifndef NUNCIO_PROBE_MENU_LINE_H
#define NUNCIO_PROBE_MENU_LINE_H

#include <stdbool.h>

#include "base/str.h"

struct menu_line {
  char type; /* NUL in an empty line */
  struct str display, selector, host;
  unsigned port;     /* 0: none that can be used */
  const char *fault; /* what is wrong, as a phrase (static storage), or NULL */
  bool is_end;       /* the line is a lone dot (P8) */
};

/* Cuts the next line off *rest. False where there is none. A fifth field (`+` of Gopher+) is no fault. */
bool menu_line_next(struct str *rest, struct menu_line *out);

/* Whether an item leads to a server at this host and port. `localhost` and the loopback's addresses are one. */
bool menu_line_leads_to(const struct menu_line *line, struct str host, unsigned port);

#endif
