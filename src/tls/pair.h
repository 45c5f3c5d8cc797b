/* A pair of PEM files, DIR/NAME.crt and DIR/NAME.key: found, read whole, checked. Inside tls/ only. */
#ifndef NUNCIO_TLS_PAIR_H
#define NUNCIO_TLS_PAIR_H

#include <stdbool.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "tls/files.h"

/* Far above any real chain or key, so that a wrong file is not read into memory for long. */
enum { PAIR_FILE_MAX = 1 << 20 };

/* What a pair holds once it is read. Start it as PAIR_INIT; pair_free is safe at any time. */
struct pair {
  X509 *leaf;
  STACK_OF(X509) * chain; /* what follows the leaf in its file, in that order; NULL where nothing does */
  EVP_PKEY *key;
};
#define PAIR_INIT ((struct pair){NULL, NULL, NULL})

void pair_free(struct pair *pair);

/* Each reads one file into its place in *pair. ERR_NOT_FOUND, ERR_DENIED, ERR_SPECIAL, ERR_LIMIT, ERR_SYNTAX,
 * ERR_NOMEM, ERR_IO; *why then holds a sentence that names the file and the mend. Nothing blocks (a FIFO is refused
 * unread) and nothing asks for a passphrase: an encrypted key is ERR_DENIED. */
int pair_read_certificate(const char *dir, const char *name, struct pair *pair, struct buf *why)
    __attribute__((warn_unused_result));
int pair_read_key(const char *dir, const char *name, struct pair *pair, struct buf *why)
    __attribute__((warn_unused_result));

/* Appends what a file of any name holds, whatever that is, with the same bounds, errors and sentences. */
int pair_read_file(const char *path, struct buf *out, struct buf *why) __attribute__((warn_unused_result));

/* Reads both, from one directory where they are named by it, also while DIR (a symbolic link) is moved over, and checks
 * that they belong together and that TLS can use them; from the copies where there are any, with the files' names in
 * what is said. On failure *pair is empty. */
int pair_read(const struct tls_files *files, struct pair *pair, struct buf *why) __attribute__((warn_unused_result));

/* Whether the key is the certificate's. */
bool pair_matches(const struct pair *pair);

/* Whether a certificate is signed by the name that it carries and with the key that it carries. Another one is for
 * whoever signed it to renew. */
bool pair_self_signed(X509 *leaf);

/* Whether it says that it is for clients, and not for servers. */
bool pair_for_client(X509 *leaf);

#endif
