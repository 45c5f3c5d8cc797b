/* A request, as a protocol hands it to a site: what is wanted, and in which representation. */
#ifndef NUNCIO_SITE_REQUEST_H
#define NUNCIO_SITE_REQUEST_H

#include <stdint.h>

#include "base/identity.h"
#include "base/str.h"

/* What the reader's side can show best. It decides which of two files answers (a gophermap or an index.gmi) and whether
 * a directory without its slash is answered or redirected; never ask which protocol it was. */
enum representation {
  REPR_GEMTEXT, /* pages as gemtext; a directory without its slash is a redirect (G16) */
  REPR_MENU,    /* a gophermap where there is one; a directory without its slash answers itself */
};

/* One reading of what was asked for. The path is raw bytes as uri_path makes them: decoded, begins with `/`, no dot
 * segments. */
struct target {
  struct str path;
  struct str query; /* percent-encoded as it came, without `?` */
  bool has_query;
};

enum { REQUEST_TARGETS = 3 };

/* Everything is borrowed from whoever parsed it and must stay until the answer came or was cancelled. The targets are
 * tried in order: the next one only where those before lead to nothing (P2: a selector as it stands, then decoded). */
struct request {
  struct target target[REQUEST_TARGETS];
  unsigned targets; /* 1 at least */
  enum representation representation;
  const struct identity *identity; /* of the visitor; NULL where no certificate came */
  uint64_t visitor; /* the same for requests of one client's network, at all workers; 0: not known. A keyed hash of
                     * the address, which it does not tell */
};

#endif
