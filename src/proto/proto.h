/* What every protocol looks like from outside: two pure functions, bytes to request and response to bytes. */
#ifndef NUNCIO_PROTO_PROTO_H
#define NUNCIO_PROTO_PROTO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"
#include "site/request.h"
#include "site/response.h"
#include "site/site.h"
#include "text/menu.h"

/* Where a connection came in. Borrowed; lives as long as the connection. */
struct proto_context {
  struct site *const *sites; /* the first one is the default */
  size_t n_sites;
  struct site *entry_site; /* whose listener it came in by; NULL: one of all sites */
  struct site *sni_site;   /* whose certificate the client asked for by name; NULL: none or unknown */
  struct str local_host;   /* the address that the client connected to, as text, `localhost` on loopback (P19) */
  unsigned port;           /* the listener's */
  unsigned
      gemini_port; /* as readers see them, for this site's links: public port or the first listener's; 0: not offered */
  unsigned gopher_port;
  const unsigned *gemini_ports; /* every port that Gemini is served on here: all of them are ours (G12) */
  size_t n_gemini_ports;
  bool from_loopback;   /* the client is on this machine */
  bool courtesies;      /* answer HTTP with a page (P5) */
  bool gophers;         /* the Gopher port answers TLS too (P6): caps.txt says so */
  unsigned request_max; /* bytes of a request: at most what the protocol has, which is meant by 0 */
};

/* What a request may have here: `own` bytes as the protocol has it, or less. */
static inline size_t proto_request_max(const struct proto_context *context, size_t own)
{
  return context->request_max && context->request_max < own ? context->request_max : own;
}

enum parsed {
  PARSED_MORE,    /* not whole yet: feed more */
  PARSED_REQUEST, /* `site` and `request` are set: start it */
  PARSED_ANSWER,  /* no site is needed: `answer` is ready (a refusal, a page of the protocol's own) */
};

/* What a protocol keeps between parse and encode. Embedded in the connection; proto_request_init before,
 * proto_request_free after. */
struct proto_request {
  const struct proto_context *context; /* borrowed, from the parse */
  struct site *site;                   /* borrowed */
  struct request request;              /* spans into `text` */
  struct response answer;              /* for PARSED_ANSWER */
  struct buf text;                     /* owns the decoded paths and whatever else the spans point to */
  struct buf log_target;               /* what was asked for, for the log line, raw */
  unsigned form;                       /* the protocol's own note to itself (a Gopher+ form) */
  struct str item_path;                /* Gopher: the selector as a percent-encoded path, for `!` and for a prompt */
  struct ready *page;                  /* Gopher: the page that a menu is being made of; one reference, or NULL */
  struct menu_place place; /* Gopher: filled at parse; the filter in the body borrows it, and it points back to this
                              struct, which must not be moved afterwards */
};

void proto_request_init(struct proto_request *r);
void proto_request_free(struct proto_request *r);

/* For the protocols: forgets an earlier parse of fewer bytes, so that every parse starts from nothing. */
void proto_request_reset(struct proto_request *r, const struct proto_context *context);

struct proto {
  const char *name;     /* `gemini`, `gopher`: as in URLs and in the log */
  const char *name_tls; /* the same over TLS: `gemini`, `gophers` */
  size_t input_max;     /* a parse is called with at most this many bytes; with that many it never says PARSED_MORE */
  bool tls_required;    /* G1 */

  /* Looks at all bytes received so far. Pure, but for asking the sites for what they know at once: their names, and the
   * item type that the page for a web browser shows (site_item_type). Never waits. */
  enum parsed (*parse)(struct str input, const struct proto_context *context, struct proto_request *out);

  /* Turns a response into bytes to send: a head, and the body to send after it (taken out of the response, perhaps with
   * a filter around it; may end up NULL). Takes *response, and frees what it does not use, but for its status: that is
   * what was answered, for the log. 0, or ERR_NOMEM: then nothing can be answered. The body may borrow from `r`, which
   * outlives it. */
  int (*encode)(struct proto_request *r, const struct proto_context *context, struct response *response,
                struct buf *head, struct body **body);
};

extern const struct proto proto_gemini;
extern const struct proto proto_gopher;

#endif
