/* The load generator: many clients at once, each of them one request per connection, every answer checked. */
#ifndef NUNCIO_LOAD_LOAD_H
#define NUNCIO_LOAD_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load/fault.h"
#include "load/histogram.h"
#include "load/target.h"

/* What the first whole answer of a target was; the others must equal it. */
struct load_first {
  bool known;
  int status;    /* Gemini's; 0 on Gopher */
  uint64_t body; /* bytes */
};

/* What the speed is taken from: until the plan's duration was over or a signal came, else until the last end. One
 * request that hangs afterwards is no time in which the server was under load. */
struct load_window {
  uint64_t ns;       /* since the first connect(); 0: nothing ended */
  uint64_t answered; /* well */
  uint64_t bytes;
  uint64_t cpu_us; /* of this process meanwhile, user and system */
};

struct load_result {
  uint64_t requests; /* that came to an end, well or not */
  uint64_t failed;
  uint64_t bytes;               /* of answers, headers included, as they are without TLS */
  uint64_t full, resumed;       /* TLS handshakes that succeeded */
  uint64_t faults[LOAD_FAULTS]; /* by kind; that of LOAD_OK stays 0 */
  uint64_t elapsed_ns;          /* from the first connect() to the last end */
  uint64_t cpu_us;              /* of this process meanwhile, user and system */
  struct load_window window;    /* the part of all that which is the load itself */
  bool interrupted;             /* by SIGINT or SIGTERM */
  bool gave_up;                 /* none of the first requests was answered */
  char tls_fault[128];          /* of the first LOAD_TLS, or empty */
  struct load_first *firsts;    /* one for each target; owned: load_result_free */
  struct histogram latency;     /* nanoseconds, of the requests that did not fail: from connect() to close_notify, or
                                   to the FIN where there is no TLS */
};

struct load_plan {
  const struct target *targets; /* parsed and resolved; asked in turn; borrowed */
  size_t n_targets;             /* at least one */
  unsigned concurrency;         /* connections at a time, at least one */
  uint64_t requests;            /* how many in all; 0: no such end */
  uint64_t duration_ms;         /* none is begun afterwards; 0: no such end */
  uint64_t timeout_ms;          /* for each request, from connect() to the end */
  bool resume;                  /* offer tickets, each of them once */
  /* Called twice a second while it runs; may be NULL. */
  void (*progress)(void *context, const struct load_result *so_far);
  void *context;
};

/* Descriptors that a load needs besides one for each connection. */
enum { LOAD_DESCRIPTORS = 32 };

/* Runs the plan in a loop of its own until its end, or until SIGINT or SIGTERM: then those that are under way are cut
 * off and not counted. Requests that fail are counted, and are no failure of the load; a client whose request failed
 * rests for ten milliseconds. *out is to be freed by load_result_free, also on failure: ERR_NOMEM, ERR_TLS or ERR_BUSY
 * (the loop could not be made). */
int load_run(const struct load_plan *plan, struct load_result *out) __attribute__((warn_unused_result));
void load_result_free(struct load_result *result);

#endif
