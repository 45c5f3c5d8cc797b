/* A self-signed certificate as a value: key, names, dates, signature; no files. Inside tls/ only (G6). */
#ifndef NUNCIO_TLS_SELFSIGNED_H
#define NUNCIO_TLS_SELFSIGNED_H

#include <time.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "tls/certificate.h"

/* Whom a certificate is for. Start it as SUBJECT_INIT. */
struct subject {
  X509_NAME *name;
  GENERAL_NAMES *alternatives; /* NULL: none */
  unsigned client_days;        /* a visitor, for so many days; 0: a server */
};
#define SUBJECT_INIT ((struct subject){.name = NULL, .alternatives = NULL, .client_days = 0})

void subject_free(struct subject *subject);

/* From what the owner asked for: ERR_SYNTAX with *why for a name that no certificate can hold. 127.0.0.1 and ::1 are
 * added, wildcard addresses left out, and nothing is there twice. */
int subject_make(const struct certificate_names *names, struct subject *out, struct buf *why)
    __attribute__((warn_unused_result));

/* Adds names to one that is made: as above, and on failure some may have been added. */
int subject_add(struct subject *subject, const struct certificate_names *names, struct buf *why)
    __attribute__((warn_unused_result));

/* A visitor by that common name. ERR_NOMEM. */
int subject_make_client(const char *name, unsigned days, struct subject *out) __attribute__((warn_unused_result));

/* As an older certificate has it. ERR_NOT_FOUND where that one has no alternative names at all. */
int subject_copy(const X509 *old, struct subject *out) __attribute__((warn_unused_result));

/* A new P-256 key, or NULL. */
EVP_PKEY *selfsigned_key(void);

/* The certificate, valid from a day before `now` for CERTIFICATE_YEARS, or until so many days after it. ERR_NOMEM, or
 * ERR_TLS with *why (a key that cannot sign, a clock past the year 9979). */
int selfsigned_make(EVP_PKEY *key, const struct subject *subject, time_t now, X509 **out, struct buf *why)
    __attribute__((warn_unused_result));

#endif
