/* What a URL of `nuncio bench` means: whom to connect to, and what to send. */
#ifndef NUNCIO_LOAD_TARGET_H
#define NUNCIO_LOAD_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/str.h"

enum { TARGET_ADDRESSES = 8 };

enum target_kind { TARGET_GEMINI, TARGET_GOPHER, TARGET_GOPHERS };

struct target {
  struct str url; /* as it was given: borrowed, lives as long as the target */
  enum target_kind kind;
  char *host;                                          /* owned; without the brackets of an IPv6 literal */
  bool host_is_ip;                                     /* then no SNI is sent (G2) */
  unsigned port;                                       /* never 0 */
  struct buf request;                                  /* the very bytes to send */
  struct sockaddr_storage addresses[TARGET_ADDRESSES]; /* filled in by target_resolve, in its order of preference */
  socklen_t lengths[TARGET_ADDRESSES];
  size_t n_addresses;
};

/* Reads gemini://HOST[:PORT]/PATH[?QUERY], gopher:// or gophers://HOST[:PORT]/TSELECTOR, where T is the item type
 * (RFC 4266): it is not sent, and the selector is percent-decoded. A fragment is not sent either. Pure. ERR_SYNTAX with
 * a sentence in *why that does not repeat the URL, or ERR_NOMEM; target_free in any case. */
int target_parse(struct str url, struct target *out, struct buf *why) __attribute__((warn_unused_result));
void target_free(struct target *target);

/* Finds the addresses of the host; blocks. ERR_NOT_FOUND with a sentence in *why. */
int target_resolve(struct target *target, struct buf *why) __attribute__((warn_unused_result));

/* The first address that is none of this machine's loopback ones (base/address.h), or NULL. */
const struct sockaddr_storage *target_stranger(const struct target *target);

/* Whether a connection to it speaks TLS. */
bool target_tls(const struct target *target);

#endif
