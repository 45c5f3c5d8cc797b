/* What can become of a request. */
#ifndef NUNCIO_LOAD_FAULT_H
#define NUNCIO_LOAD_FAULT_H

/* How a request ended. */
enum load_fault {
  LOAD_OK,
  LOAD_REFUSED,
  LOAD_UNREACHABLE,
  LOAD_CONNECT_TIMEOUT,
  LOAD_NO_PORT, /* this machine has no free port left for another connection to that address */
  LOAD_LOCAL,   /* this machine is short of memory or descriptors */
  LOAD_RESET,
  LOAD_TIMEOUT,
  LOAD_TLS,      /* the handshake failed, or a record was wrong */
  LOAD_EMPTY,    /* not a byte came, and it is no empty document of Gopher */
  LOAD_HEADER,   /* no Gemini header, or a body after one that has none */
  LOAD_STATUS,   /* another status than the first answer of this URL */
  LOAD_LENGTH,   /* another length of the body */
  LOAD_NO_CLOSE, /* TLS without close_notify: it may be cut short (G3) */
  LOAD_FAULTS,
};

/* The kind's name for a table, such as "connection refused"; static storage. */
const char *load_fault_name(enum load_fault fault);

#endif
