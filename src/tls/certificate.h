/* Certificates: making, renewing, showing (G6). Files only; no connection knows this header. */
#ifndef NUNCIO_TLS_CERTIFICATE_H
#define NUNCIO_TLS_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/buf.h"
#include "base/str.h"
#include "tls/digest.h"
#include "tls/files.h"

enum { CERTIFICATE_YEARS = 20, CLIENT_DAYS_MOST = 36500, FINGERPRINT_BYTES = DIGEST_BYTES };

/* What a new certificate says. */
struct certificate_names {
  const char *const
      *names; /* DNS names, the first one is the common name; at least one. An IP literal becomes an IP entry. */
  size_t n_names;
  const char *const *addresses; /* IP literals besides 127.0.0.1 and ::1, which are always there: the bound addresses.
                                   Wildcard addresses (0.0.0.0, ::) are left out. */
  size_t n_addresses;
  bool further; /* KEY_KEEP and KEY_REPLACE: added to those of the old certificate, which must be there */
};

enum certificate_key {
  KEY_NEW,     /* neither file may be there: ERR_EXISTS */
  KEY_KEEP,    /* the key stays, a new certificate is made on it; the old certificate need not be there where names are
                  given */
  KEY_REPLACE, /* both are new; the old pair, or what there is of it, is kept beside as NAME.crt.DATE and NAME.key.DATE
                  (a number is added where that is taken) */
};

/* Makes DIR/NAME.crt and DIR/NAME.key (PEM): self-signed, X.509 v3, ECDSA P-256 with SHA-256, a random serial, SAN for
 * every name and address, valid from a day ago for CERTIFICATE_YEARS. DIR is made where it is missing (mode 0700). The
 * key file is made with mode 0600 and each file is written beside and moved into place, so that no reader sees half of
 * one. NAME is the first of names; one that could leave DIR (a slash, a leading dot) is ERR_SYNTAX. On failure *why
 * holds a sentence that names the file and the mend. With KEY_REPLACE, what the old pair is called now is appended to
 * *kept. Where `names` is NULL (KEY_KEEP and KEY_REPLACE only) the names of the old certificate stay. Any number of
 * processes may do this at once in one folder: all but the first get ERR_EXISTS from KEY_NEW, and find a whole pair. */
int certificate_make(const char *dir, const char *name, const struct certificate_names *names, enum certificate_key key,
                     struct buf *kept, struct buf *why) __attribute__((warn_unused_result));

/* Makes a certificate that a visitor shows, for so many days from now (1 to CLIENT_DAYS_MOST), and its key, in DIR in
 * files that are called what certificate_client_file says. As above but that NAME, the common name, may be any UTF-8 of
 * CLIENT_NAME_MAX bytes (RFC 5280, appendix A.1) that can be in a file's name, and that neither file may be there. */
enum { CLIENT_NAME_MAX = 64 };
int certificate_make_client(const char *dir, const char *name, unsigned days, struct buf *why)
    __attribute__((warn_unused_result));

/* Appends it, without a suffix. */
void certificate_client_file(const char *name, struct buf *out);

/* What `nuncio cert show` prints. */
struct certificate_info {
  struct buf subject;                               /* common name */
  struct buf names;                                 /* SAN entries, separated by ", " */
  struct buf key;                                   /* such as "ECDSA P-256", "RSA 2048" */
  struct tm not_before, not_after;                  /* UTC */
  unsigned char fingerprint[FINGERPRINT_BYTES];     /* SHA-256 of the certificate, DER */
  unsigned char key_fingerprint[FINGERPRINT_BYTES]; /* SHA-256 of the SubjectPublicKeyInfo, DER */
  bool self_signed;
  bool client;      /* for a visitor to show, and not for a server */
  bool server;      /* it names a host; one that names none was made for a visitor, or for an authority */
  bool key_matches; /* NAME.key is there, readable and the certificate's */
};

/* Reads DIR/NAME.crt. ERR_NOT_FOUND, ERR_DENIED, ERR_SYNTAX with *why as above. Free with certificate_info_free in any
 * case. */
int certificate_read(const char *dir, const char *name, struct certificate_info *out, struct buf *why)
    __attribute__((warn_unused_result));
void certificate_info_free(struct certificate_info *info);

/* Looks at a pair as a server of those names would, and appends a sentence and a LF to *faults
 * for each fault: one that keeps it from serving (missing, unreadable, of two pairs), or each that readers' browsers
 * will not like (expired, not valid yet, a name that it lacks). */
void certificate_check(const struct tls_files *files, const char *const *names, size_t n_names, struct buf *faults);

/* Whether DIR/NAME.crt (the `key` false) or DIR/NAME.key is there at all. */
bool certificate_exists(const char *dir, const char *name, bool key);

#endif
