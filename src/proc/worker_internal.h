/* The inside of a worker, shared by worker.c (its life), worker_make.c (its making and its end) and worker_sites.c
 * (what it serves). */
#ifndef NUNCIO_PROC_WORKER_INTERNAL_H
#define NUNCIO_PROC_WORKER_INTERNAL_H

#include "net/listener.h"
#include "proc/pool.h"
#include "proc/reclaim.h"
#include "proc/worker.h"

/* A listener, and the slot whose socket it is. */
struct entry {
  struct listener listener;
  unsigned slot;
  bool given; /* the socket is shared with somebody else, who goes on listening */
};

struct worker {
  uv_loop_t loop;
  bool loop_ready;
  struct pool pool;
  struct mime *mime;
  struct site **sites; /* owned */
  size_t n_sites;
  struct site_host *hosts; /* owned; while the sites are opened */
  size_t n_hosts;
  struct tls_server *tls;
  struct server server;
  struct tickets *tickets; /* NULL: keys of our own */
  struct visitors *visitors;
  struct day_keys *day_keys; /* NULL: none were handed over, or none are needed */
  struct entry *entries;
  size_t n_entries;
  unsigned *gemini_ports;
  uv_signal_t on_term;
  uv_poll_t on_control; /* the supervisor's word */
  int control;
  unsigned slot;
  uv_timer_t drain;
  uv_timer_t log_timer; /* lines of the log of requests wait */
  uint64_t log_pause;   /* until the next try, in milliseconds */
  struct reclaim reclaim;
  bool draining;  /* no newcomers: ends with the last connection */
  bool stopping;  /* and that soon */
  bool abandoned; /* the pool was left at work: nothing that it may touch can be freed */
};

/* Opens all sites, after the table of visitors; what was opened is for worker_free to close. On failure *why holds a
 * sentence. */
int worker_open_sites(struct worker *w, const struct worker_parts *parts, struct buf *why)
    __attribute__((warn_unused_result));

/* What the parts call while it runs. */
void worker_on_gone(struct server *server);
void worker_on_signal(uv_signal_t *handle, int number);
void worker_on_log_lost(void *owner);
void worker_on_log_waiting(void *owner);
void worker_on_control(uv_poll_t *poll, int status, int events);

#endif
