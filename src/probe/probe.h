/* `nuncio check URL`: asks a running server, and judges by every rule that can be seen from outside. */
#ifndef NUNCIO_PROBE_PROBE_H
#define NUNCIO_PROBE_PROBE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "load/target.h"
#include "probe/question.h"

/* One rule's line of the report; all borrowed, for the time of the call. The bytes are as they are on the wire. */
struct probe_line {
  const char *rule, *what;
  enum verdict verdict;
  struct str words;
  bool asked; /* there was an exchange: the rest is of that */
  bool again; /* it is the one of the line before */
  struct str sent, received;
  struct str ended;
};

struct probe_plan {
  const struct target *target; /* gemini:// or gopher://, resolved */
  unsigned timeout_ms;         /* for each connection */
  void (*report)(void *context, const struct probe_line *line);
  void *context;
};

struct probe_result {
  unsigned passes, fails, notes;
  const char *gave_up; /* why the rest was not asked, as a phrase (static storage), or NULL */
};

/* Asks, one connection at a time, about sixty of them at most, and blocks for as long. It gives up where the first
 * page cannot be had, and where three connections in a row ran into the time limit. 0; ERR_NOT_FOUND where the server
 * cannot be reached, with a sentence in *why; ERR_NOMEM or ERR_TLS. */
int probe_run(const struct probe_plan *plan, struct probe_result *out, struct buf *why)
    __attribute__((warn_unused_result));

#endif
