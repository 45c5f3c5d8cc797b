/* The inside of a worker, shared by worker.c (its life) and worker_make.c (its making and its end). */
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
  struct site *site;   /* one for now: `sites` is what the rest sees */
  struct site **sites; /* points at `site` */
  struct tls_server *tls;
  struct server server;
  struct tickets *tickets; /* NULL: keys of our own */
  struct visitors *visitors;
  struct entry *entries;
  size_t n_entries;
  unsigned *gemini_ports;
  uv_signal_t on_term;
  uv_poll_t on_control; /* the supervisor's word */
  int control;
  unsigned slot;
  uv_timer_t drain;
  struct reclaim reclaim;
  bool draining;  /* no newcomers: ends with the last connection */
  bool stopping;  /* and that soon */
  bool abandoned; /* the pool was left at work: nothing that it may touch can be freed */
};

/* What the parts call while it runs. */
void worker_on_gone(struct server *server);
void worker_on_signal(uv_signal_t *handle, int number);
void worker_on_control(uv_poll_t *poll, int status, int events);

#endif
