/* A response: a status, a word about it, and perhaps a body. Protocols encode it; nobody else looks inside a body. */
#ifndef NUNCIO_SITE_RESPONSE_H
#define NUNCIO_SITE_RESPONSE_H

#include <stdbool.h>

#include "base/buf.h"
#include "site/body.h"

/* The Gemini status codes (specification 0.24.1), which serve as the common vocabulary (G15). */
enum status {
  STATUS_INPUT = 10,
  STATUS_SENSITIVE_INPUT = 11,
  STATUS_SUCCESS = 20,
  STATUS_REDIRECT_TEMPORARY = 30,
  STATUS_REDIRECT_PERMANENT = 31,
  STATUS_TEMPORARY_FAILURE = 40,
  STATUS_SERVER_UNAVAILABLE = 41,
  STATUS_CGI_ERROR = 42,
  STATUS_PROXY_ERROR = 43,
  STATUS_SLOW_DOWN = 44,
  STATUS_PERMANENT_FAILURE = 50,
  STATUS_NOT_FOUND = 51,
  STATUS_GONE = 52,
  STATUS_PROXY_REFUSED = 53,
  STATUS_BAD_REQUEST = 59,
  STATUS_CERTIFICATE_REQUIRED = 60,
  STATUS_CERTIFICATE_NOT_AUTHORISED = 61,
  STATUS_CERTIFICATE_NOT_VALID = 62,
};

/* What the body's bytes are, for a protocol that has to turn them into its own form. */
enum format {
  FORMAT_PLAIN,     /* sent as they are */
  FORMAT_GEMTEXT,   /* gemtext: on Gopher a menu is made of it */
  FORMAT_GOPHERMAP, /* a gophermap, for REPR_MENU only */
  FORMAT_GPH,       /* the same as geomyidae writes it (text/gph.h) */
};

struct ready;

enum { META_MAX = 1024 };

/* Owned by whoever holds it; response_free frees what is inside. */
struct response {
  enum status status;
  struct buf meta; /* 20: the MIME type with its parameters; 3x: the target, percent-encoded; else a sentence for a
                      person. UTF-8, no control bytes, META_MAX at most */
  enum format format;
  struct buf base;     /* for all formats but FORMAT_PLAIN: the page's own path, percent-encoded, that relative links
                          start from */
  unsigned columns;    /* menus made of it are wrapped at; 0: the protocol's own width */
  bool terminate;      /* a text for those who read line by line: it ends as the protocol ends one (P14) */
  struct body *body;   /* after 20 only; owned; NULL: empty */
  struct ready *ready; /* the same body with what is known of it (site/ready.h), for a protocol that gives it another
                          form; one reference, or NULL */
};

/* Empty, and a 40 until something better is set. */
void response_init(struct response *r);
void response_free(struct response *r);

/* Sets status and meta, dropping what was there; any status but 20 drops the body, and what is
 * known of it, and makes the format plain too.
 * Control characters and invalid bytes in the text become spaces and U+FFFD, and it is cut to META_MAX between
 * characters. When memory is short `meta` carries the error. */
void response_set(struct response *r, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Moves *from into *to, which is overwritten; *from is empty (initialised) afterwards. */
void response_move(struct response *to, struct response *from);

#endif
