/* One TLS session over memory: what arrived is fed in, what is to be sent is drained out. No sockets and no loop in
 * here. */
#ifndef NUNCIO_TLS_SESSION_H
#define NUNCIO_TLS_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/identity.h"
#include "base/str.h"
#include "tls/context.h"

struct tls_session;

/* Makes the server side of a session. NULL when memory is short. */
struct tls_session *tls_session_new(struct tls_server *server);
void tls_session_free(struct tls_session *s);

/* Before anything is fed: those who name no site that is known (SNI) get the certificate of the one at this place, and
 * are asked for theirs as it asks; without this call, the first one's. */
void tls_session_prefer(struct tls_session *s, size_t site);

enum tls_state {
  TLS_HANDSHAKE, /* goes on: drain, send, feed more */
  TLS_OPEN,      /* established */
  TLS_CLOSED,    /* the peer sent close_notify: no more input will come */
  TLS_BROKEN,    /* a fatal error; an alert may be waiting in the output; see tls_session_fault */
};

/* Takes ciphertext that arrived (copied) and does what can be done with it: handshake, then decryption. Plain text that
 * came out is appended to `plain`, which may be NULL once the caller does not care any more; at most what plain->max
 * leaves room for is taken out now, the rest is dropped (one request per connection: bytes after it are ignored, G10).
 * Never blocks. */
enum tls_state tls_session_feed(struct tls_session *s, struct str ciphertext, struct buf *plain);

/* Encrypts plain text into the output. 0, ERR_NOMEM (also where more than 64 MiB would wait), ERR_TLS (before the
 * handshake's end, after tls_session_close, or broken). The whole is taken; the caller bounds memory by writing small
 * pieces and draining between them. The output's memory goes when all of it was sent. */
int tls_session_write(struct tls_session *s, struct str plain) __attribute__((warn_unused_result));

/* Puts close_notify into the output, once; nothing can be written afterwards (G3). Harmless in a broken session or
 * before the handshake's end. */
void tls_session_close(struct tls_session *s);

/* The output: ciphertext ready to be sent. The span is valid until the next call on the session; tls_session_sent drops
 * its first n bytes. */
struct str tls_session_output(struct tls_session *s);
void tls_session_sent(struct tls_session *s, size_t n);

/* Which site's name the client asked for by SNI (the index given to tls_server_add), or -1 where it asked for none or
 * for one we do not serve. After the handshake. */
long tls_session_site(const struct tls_session *s);

/* The SNI that the client sent, as it came, or an empty span. */
struct str tls_session_sni(const struct tls_session *s);

/* Who the client is, by the certificate that it showed, here or in the session that this one resumes; all zero where it
 * showed none, or before the handshake's end. Computed anew at each call: fingerprints, and a check of signatures for
 * each authority. 0, or ERR_NOMEM or ERR_SYNTAX, and *out is all zero. */
int tls_session_identity(const struct tls_session *s, struct identity *out) __attribute__((warn_unused_result));

/* What broke the session, for the log: static storage or the session's own. Such as "no shared protocol version" or
 * "the client refused our certificate (alert 48)". */
const char *tls_session_fault(const struct tls_session *s);

/* `TLSv1.3` and the cipher's name, for the log with --verbose. */
const char *tls_session_version(const struct tls_session *s);
const char *tls_session_cipher(const struct tls_session *s);
bool tls_session_resumed(const struct tls_session *s);

#endif
