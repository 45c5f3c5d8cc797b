/* TLS contexts: certificates, and which of them a client gets (G1, G2, G4, G5). */
#ifndef NUNCIO_TLS_CONTEXT_H
#define NUNCIO_TLS_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "tls/files.h"
#include "tls/tickets.h"

/* All the sites of a process as TLS sees them. Loop thread only. TLS 1.2 at least, forward secrecy only; TLS 1.3
 * clients get one ticket, which is good for the site that gave it and for no other (G5). */
struct tls_server;

/* Makes a set without certificates. `tickets` are borrowed and must outlive the server and its sessions; NULL: tickets
 * are good in this process only, and for as long as it runs. ERR_NOMEM or ERR_TLS. */
int tls_server_new(struct tickets *tickets, struct tls_server **out) __attribute__((warn_unused_result));
/* Sessions that are still open keep what they use. */
void tls_server_free(struct tls_server *server);

/* Adds a site: its names (copied; SNI is compared without regard to case and to a trailing dot; wildcards as in
 * base/host.h, after the names of all sites) and its pair: PEM,
 * ECDSA or RSA, a chain too, the leaf first. `index` is what tls_session_site reports, and the session id context is
 * made from it. The first site added is the default. On failure *why holds a sentence that names the file and the mend
 * (an unreadable key, a key that is not the certificate's, no PEM, expired is only a warning there: returns 0). */
int tls_server_add(struct tls_server *server, const char *const *names, size_t n_names, const struct tls_files *files,
                   size_t index, struct buf *why) __attribute__((warn_unused_result));

/* Lets the site that was added with this index ask its clients for a certificate in every handshake from now on (G5).
 * None need show one, and any will do: self-signed, expired, on a key of any kind and any curve that TLS 1.3 knows;
 * only RSA keys of more than 8192 bits and lists of more than 8 KiB are refused, since they cost too much. At such a
 * site only who showed a certificate gets a ticket, and none who sent intermediate ones with it. ERR_NOT_FOUND. */
int tls_server_ask(struct tls_server *server, size_t index) __attribute__((warn_unused_result));

/* Gives the authority at place `index` (less than IDENTITY_AUTHORITIES, base/identity.h) its certificates: PEM, of
 * which only certificates are taken, such as authority_read makes. No file is read here: who starts workers reads it
 * once and hands the text on, so that a worker that takes a dead one's place needs neither the file nor the right to
 * read it. `path` is what *why calls it. A place that was given before gets the new ones, for sessions that are still
 * open too. ERR_SYNTAX, ERR_LIMIT or ERR_NOMEM with a sentence in *why; then all is as it was. */
int tls_server_authority(struct tls_server *server, struct str pem, const char *path, size_t index, struct buf *why)
    __attribute__((warn_unused_result));

#endif
