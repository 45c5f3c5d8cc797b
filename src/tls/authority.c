/* Reads the certificates of an authority. */
#include "tls/authority.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/err.h"
#include "tls/authorities.h"
#include "tls/pair.h"

static int no_passphrase(char *out, int size, int writing, void *unused)
{
  (void)out;
  (void)size;
  (void)writing;
  (void)unused;
  return -1;
}

/* Whether a visitor's certificate that it signed could pass the check (authorities.c). Where none could, its owner must
 * hear of it: readers are told only that they are not known. */
static bool lets_somebody_in(X509 *authority, const char *path, unsigned number, struct buf *why)
{
  if (X509_check_ca(authority) == 0)
    buf_printf(why,
               "%s: its certificate %u is no authority's (it may not sign others): put the one there that signed "
               "the visitors' (openssl makes one with basicConstraints=CA:TRUE)",
               path, number);
  else if (X509_check_purpose(authority, X509_PURPOSE_SSL_CLIENT, 1) <= 0)
    buf_printf(why,
               "%s: its certificate %u is of an authority for other things than clients: put one there without "
               "extendedKeyUsage, or with clientAuth in it",
               path, number);
  else if (EVP_PKEY_get_security_bits(X509_get0_pubkey(authority)) < AUTHORITY_BITS_LEAST)
    buf_printf(why,
               "%s: the key of its certificate %u is so weak that signatures could be forged: put one there with RSA "
               "of 2048 bits or more, or P-256",
               path, number);
  else
    return true;
  return false;
}

/* The next certificate; NULL with *err 0: there is no other. */
static X509 *next_certificate(BIO *text, const char *path, unsigned number, int *err, struct buf *why)
{
  ERR_clear_error();
  X509 *found = PEM_read_bio_X509(text, NULL, no_passphrase, NULL);
  *err = 0;
  if (!found && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE && number > 1)
    return NULL;
  if (!found && number == 1)
    buf_printf(why, "%s holds no PEM certificate: put the authority's there", path);
  else if (!found)
    buf_printf(why, "%s is damaged after its certificate %u: write the file anew", path, number - 1);
  else if (number > AUTHORITY_CERTIFICATES)
    buf_printf(why, "%s holds too many certificates: leave at most %d in it", path, AUTHORITY_CERTIFICATES);
  else if (lets_somebody_in(found, path, number, why))
    return found;
  *err = found && number > AUTHORITY_CERTIFICATES ? ERR_LIMIT : ERR_SYNTAX;
  X509_free(found);
  return NULL;
}

int authority_each(struct str pem, const char *path, bool (*take)(X509 *certificate, void *to), void *to,
                   struct buf *why)
{
  BIO *text = pem.n <= AUTHORITY_TEXT_MAX ? BIO_new_mem_buf(pem.n ? pem.p : "", (int)pem.n) : NULL;
  int err = text ? 0 : ERR_NOMEM;
  for (unsigned number = 1; err == 0; number++) {
    X509 *certificate = next_certificate(text, path, number, &err, why);
    if (!certificate)
      break;
    if (!take(certificate, to))
      err = ERR_NOMEM;
    X509_free(certificate);
  }
  if (err == ERR_NOMEM)
    buf_printf(why, "%s cannot be loaded: %s", path, err_text(err));
  BIO_free(text);
  ERR_clear_error();
  return err;
}

struct doubts {
  const char *path;
  struct buf *lines;
  unsigned number;
};

static bool doubt(X509 *certificate, void *context)
{
  struct doubts *d = context;
  d->number++;
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
    buf_printf(d->lines,
               "%s: its certificate %u has expired, and still lets in whom it signed: put a new one there, or take it "
               "out\n",
               d->path, d->number);
  return true;
}

void authority_doubts(struct str pem, const char *path, struct buf *lines)
{
  struct doubts d = {.path = path, .lines = lines};
  struct buf ignored = BUF_INIT(AUTHORITY_TEXT_MAX);
  /* Whoever takes the text in says what is wrong with it. */
  int err = authority_each(pem, path, doubt, &d, &ignored);
  (void)err;
  buf_free(&ignored);
}

static bool write_to(X509 *certificate, void *to)
{
  return PEM_write_bio_X509(to, certificate) == 1;
}

int authority_read(const char *path, struct buf *pem, struct buf *why)
{
  struct buf file = BUF_INIT(PAIR_FILE_MAX);
  BIO *made = BIO_new(BIO_s_mem());
  char *bytes = NULL;
  int err = pair_read_file(path, &file, why);
  if (err == 0)
    err = authority_each(buf_str(&file), path, write_to, made, why);
  if (err == 0) {
    long n = BIO_get_mem_data(made, &bytes);
    buf_put(pem, bytes, n > 0 ? (size_t)n : 0);
    err = buf_error(pem);
    if (err)
      buf_printf(why, "%s cannot be used: %s", path, err_text(err));
  }
  if (file.p)
    OPENSSL_cleanse(file.p, file.cap); /* a key may have been in it */
  buf_free(&file);
  BIO_free(made);
  ERR_clear_error();
  return err;
}
