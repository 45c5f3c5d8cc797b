/* TLS from the client's side, over memory: for the load generator and for `nuncio check`, which believe any
 * certificate. */
#ifndef NUNCIO_TLS_CLIENT_H
#define NUNCIO_TLS_CLIENT_H

#include <stdbool.h>

#include "base/str.h"
#include "tls/certificate.h"
#include "tls/session.h"

/* What all calls of a process share. Loop thread only; calls that are still open keep what they use. */
struct tls_client;

/* One connection to a server, as struct tls_session is one to a client. */
struct tls_call;

/* What a server gave so that the next handshake may be a short one. Good for that server only, and for one call. */
struct tls_ticket;

/* Offers TLS 1.3 and 1.2, in OpenSSL's own order, with one key share (X25519). No certificate is checked and none is
 * shown. `tickets`: whether tickets are to be kept for the caller. ERR_NOMEM or ERR_TLS. */
int tls_client_new(bool tickets, struct tls_client **out) __attribute__((warn_unused_result));
void tls_client_free(struct tls_client *client);

/* Which versions are offered. TLS_OFFER_OLD are those that a server must refuse (G1): 1.1 and 1.0, with the weak
 * signatures that they need. */
enum tls_offer { TLS_OFFER_USUAL, TLS_OFFER_13, TLS_OFFER_12, TLS_OFFER_OLD, TLS_OFFERS };

/* The same with these versions only. ERR_TLS also where OpenSSL was built without them. */
int tls_client_new_offering(enum tls_offer offer, bool tickets, struct tls_client **out)
    __attribute__((warn_unused_result));

/* Makes a call with its ClientHello in the output. `sni` (copied) is the host name, NULL for an IP literal (RFC 6066,
 * section 3). `ticket` is taken, also on failure; NULL for a full handshake. NULL when memory is short or the name is
 * longer than 255 bytes. */
struct tls_call *tls_call_new(struct tls_client *client, const char *sni, struct tls_ticket *ticket);
/* The output that was not sent is dropped, the tickets that were not taken as well. */
void tls_call_free(struct tls_call *c);

/* Takes ciphertext that arrived and does what can be done with it. Plain text is handed to `take` piece by piece, with
 * `context`; the bytes are valid during that call only. The states are tls/session.h's: TLS_OPEN once a request can be
 * written, TLS_CLOSED once the server's close_notify came, TLS_BROKEN with the reason in tls_call_fault. */
enum tls_state tls_call_feed(struct tls_call *c, struct str ciphertext, void (*take)(void *context, struct str plain),
                             void *context);

/* Encrypts plain text into the output. 0, ERR_NOMEM, or ERR_TLS before the handshake's end and after tls_call_close. */
int tls_call_write(struct tls_call *c, struct str plain) __attribute__((warn_unused_result));

/* Puts close_notify into the output, once. Harmless before the handshake's end and in a broken call. */
void tls_call_close(struct tls_call *c);

/* The output, as tls_session_output and tls_session_sent have it. */
struct str tls_call_output(const struct tls_call *c);
void tls_call_sent(struct tls_call *c, size_t n);

/* A ticket that came and was not taken yet: the caller's, for tls_call_new or tls_ticket_free. NULL where none is left
 * (or none are kept). They may come at any time after the handshake, several of them. */
struct tls_ticket *tls_call_ticket(struct tls_call *c);
void tls_ticket_free(struct tls_ticket *ticket);

/* After the handshake: whether the server took the ticket. */
bool tls_call_resumed(const struct tls_call *c);

/* Whether it came with leave to send early data (G4). */
bool tls_ticket_early_data(const struct tls_ticket *ticket);

/* After the handshake: its version (such as "TLSv1.3", static storage), and whether the server asked for a client's
 * certificate (G5). */
const char *tls_call_version(const struct tls_call *c);
bool tls_call_wants_certificate(const struct tls_call *c);

/* After the handshake: describes the server's certificate; key_matches stays false. ERR_NOT_FOUND where it showed none,
 * ERR_SYNTAX, ERR_NOMEM. certificate_info_free in any case. */
int tls_call_certificate(const struct tls_call *c, struct certificate_info *out) __attribute__((warn_unused_result));

/* Whether that certificate is for this host name or IP literal. */
bool tls_call_names(const struct tls_call *c, const char *host, bool is_ip);

/* What broke the call, such as "the server does not speak TLS"; the call's own. */
const char *tls_call_fault(const struct tls_call *c);

#endif
