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
  else if (X509_check_ca(found) == 0)
    buf_printf(why,
               "%s: its certificate %u is no authority's (it may not sign others): put the one there that signed "
               "the visitors' (openssl makes one with basicConstraints=CA:TRUE)",
               path, number);
  else
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
