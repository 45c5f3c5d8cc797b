/* Reads a pair of PEM files; every failure becomes a sentence that names the file and the mend. */
#include "tls/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/err.h"
#include "tls/advice.h"

enum { CHAIN_MAX = 16, GROUP_NAME_MAX = 64, PATH_ROOM = 2 * PATH_MAX };

static const char CERTIFICATE[] = ".crt", KEY[] = ".key";

void pair_free(struct pair *pair)
{
  X509_free(pair->leaf);
  sk_X509_pop_free(pair->chain, X509_free);
  EVP_PKEY_free(pair->key);
  *pair = PAIR_INIT;
}

/* One file of a pair, as it is looked for. */
struct part {
  int copy;   /* it is read from there, from its beginning on; or -1 */
  int folder; /* where it is looked for else */
  const char *dir, *name, *suffix;
  const char *named; /* where the file is, with a name of its own; NULL: DIR/NAME and the suffix */
  const char *path;  /* for messages */
};

/* ---------------------------------------------------------------- files */

/* The directory is opened first and both files are looked up in it, so that both come from the same release. */
static int open_directory(const char *dir, int *out, struct buf *why)
{
  *out = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (*out >= 0)
    return 0;
  int err = err_from_errno(errno);
  buf_printf(why, "%s cannot be opened (%s): name the certificates' folder with --certs", dir, strerror(errno));
  return err;
}

static bool is_there(const struct part *part, const char *suffix, struct stat *st)
{
  struct buf file = BUF_INIT(PATH_ROOM);
  buf_printf(&file, "%s%s", part->name, suffix);
  buf_put_c(&file, '\0');
  bool there = buf_error(&file) == 0 && fstatat(part->folder, file.p, st, AT_SYMLINK_NOFOLLOW) == 0;
  buf_free(&file);
  return there;
}

/* What helps depends on what else is there: `cert new` does not touch half a pair, nor a link that leads nowhere. */
static void say_missing(const struct part *part, struct buf *why)
{
  struct stat st;
  if (part->named) {
    buf_printf(why, "%s is not there: put it back, or name another one", part->path);
  } else if (is_there(part, part->suffix, &st)) {
    buf_printf(why, "%s is a link that leads nowhere: point it at the file, or remove it", part->path);
  } else if (strcmp(part->suffix, KEY) == 0) {
    buf_printf(why, "%s is not there: put the key back, or make a new pair with ", part->path);
    advice_cert(why, "new", part->dir, part->name, true);
  } else if (is_there(part, KEY, &st)) {
    buf_printf(why, "%s is not there: ", part->path);
    advice_cert(why, "renew", part->dir, part->name, false);
    buf_put_str(why, STR(" makes one on the key that is"));
  } else {
    buf_printf(why, "%s is not there: ", part->path);
    advice_cert(why, "new", part->dir, part->name, false);
    buf_put_str(why, STR(" makes a pair"));
  }
}

static int refuse_file(int number, const struct part *part, struct buf *why)
{
  int err = err_from_errno(number);
  if (err == ERR_NOT_FOUND)
    say_missing(part, why);
  else if (err == ERR_DENIED)
    buf_printf(why, "%s cannot be read (%s): let the user who runs nuncio read it", part->path, strerror(number));
  else
    buf_printf(why, "%s cannot be read: %s", part->path, strerror(number));
  return err;
}

static int read_all(int fd, off_t size, struct buf *out)
{
  /* Room for all of it at once: a buffer that grows would leave copies of a key behind in freed memory. */
  if (!buf_room(out, (size_t)size + 1))
    return buf_error(out);
  for (;;) {
    char *room = buf_room(out, 1);
    if (!room)
      return buf_error(out) == ERR_FULL ? ERR_LIMIT : buf_error(out);
    ssize_t n = pread(fd, room, out->cap - out->n, (off_t)out->n); /* a copy's offset is shared by all workers */
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return err_from_errno(errno);
    if (n == 0)
      return 0;
    buf_added(out, (size_t)n);
  }
}

/* A descriptor to read it from, or a negative error. */
static int open_part(const struct part *part, struct buf *why)
{
  struct buf path = BUF_INIT(PATH_ROOM);
  if (part->named)
    buf_put_str(&path, str_from(part->named));
  else
    buf_printf(&path, "%s%s", part->name, part->suffix);
  buf_put_c(&path, '\0');
  if (buf_error(&path)) {
    buf_free(&path);
    return refuse_file(ENAMETOOLONG, part, why);
  }
  /* O_NONBLOCK: opening a FIFO for reading would wait for a writer. */
  int fd = openat(part->folder, path.p, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  int number = errno;
  buf_free(&path);
  return fd < 0 ? refuse_file(number, part, why) : fd;
}

static int read_file(const struct part *part, struct buf *out, struct buf *why)
{
  int fd = part->copy >= 0 ? part->copy : open_part(part, why);
  if (fd < 0)
    return fd;
  struct stat st;
  int err = fstat(fd, &st) < 0 ? err_from_errno(errno) : 0;
  if (err == 0 && !S_ISREG(st.st_mode))
    err = ERR_SPECIAL;
  else if (err == 0 && st.st_size >= PAIR_FILE_MAX)
    err = ERR_LIMIT;
  if (err == 0)
    err = read_all(fd, st.st_size, out);
  if (fd != part->copy)
    close(fd);
  if (err)
    buf_printf(why, "%s cannot be used (%s): put a PEM file there", part->path, err_text(err));
  return err;
}

int pair_read_file(const char *path, struct buf *out, struct buf *why)
{
  const struct part part = {.copy = -1, .folder = AT_FDCWD, .suffix = CERTIFICATE, .named = path, .path = path};
  return read_file(&part, out, why);
}

/* ---------------------------------------------------------------- PEM */

/* OpenSSL would ask on the terminal; a server must not wait for anybody. */
static int refuse_passphrase(char *out, int size, int writing, void *asked)
{
  (void)out;
  (void)size;
  (void)writing;
  *(bool *)asked = true;
  return -1;
}

static int parse_certificates(BIO *pem, const struct part *part, struct pair *pair, struct buf *why)
{
  pair->leaf = PEM_read_bio_X509(pem, NULL, refuse_passphrase, &(bool){false});
  if (!pair->leaf) {
    buf_printf(why, "%s holds no PEM certificate: put one there, the site's own first, then its chain", part->path);
    return ERR_SYNTAX;
  }
  for (;;) {
    ERR_clear_error();
    X509 *next = PEM_read_bio_X509(pem, NULL, refuse_passphrase, &(bool){false});
    if (!next)
      break;
    if (!pair->chain)
      pair->chain = sk_X509_new_null();
    if (!pair->chain || sk_X509_num(pair->chain) >= CHAIN_MAX || !sk_X509_push(pair->chain, next)) {
      int err = pair->chain && sk_X509_num(pair->chain) >= CHAIN_MAX ? ERR_LIMIT : ERR_NOMEM;
      X509_free(next);
      buf_printf(why, "%s: the chain of certificates is not usable (%s): leave at most %d in it", part->path,
                 err_text(err), CHAIN_MAX);
      return err;
    }
  }
  /* The end of the file reads as "no more start lines"; anything else is a certificate that is damaged. */
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
    buf_printf(why, "%s is damaged after its first certificate: write the file anew", part->path);
    return ERR_SYNTAX;
  }
  return 0;
}

static int parse_key(BIO *pem, const struct part *part, struct pair *pair, struct buf *why)
{
  bool asked = false;
  pair->key = PEM_read_bio_PrivateKey(pem, NULL, refuse_passphrase, &asked);
  if (pair->key)
    return 0;
  if (asked) {
    buf_printf(why, "%s is encrypted: write it without its passphrase (openssl pkey -in OLD -out NEW)", part->path);
    return ERR_DENIED;
  }
  buf_printf(why, "%s holds no PEM private key that can be read: put the key back", part->path);
  if (!part->named) {
    buf_put_str(why, STR(", or make a new pair with "));
    advice_cert(why, "new", part->dir, part->name, true);
  }
  return ERR_SYNTAX;
}

typedef int parse_fn(BIO *pem, const struct part *part, struct pair *pair, struct buf *why);

static int read_part(struct part part, parse_fn *parse, struct pair *pair, struct buf *why)
{
  struct buf bytes = BUF_INIT(PAIR_FILE_MAX), path = BUF_INIT(PATH_ROOM);
  BIO *pem = NULL;
  int err;
  if (part.named)
    buf_put_str(&path, str_from(part.named));
  else
    buf_printf(&path, "%s/%s%s", part.dir, part.name, part.suffix);
  buf_put_c(&path, '\0');
  part.path = buf_error(&path) ? part.suffix : path.p;
  err = read_file(&part, &bytes, why);
  if (err)
    goto out;
  pem = BIO_new_mem_buf(bytes.p, (int)bytes.n);
  if (pem) {
    err = parse(pem, &part, pair, why);
  } else {
    err = ERR_NOMEM;
    buf_printf(why, "%s cannot be read: %s", part.path, err_text(err));
  }
out:
  BIO_free(pem);
  if (bytes.p)
    OPENSSL_cleanse(bytes.p, bytes.cap);
  buf_free(&bytes);
  buf_free(&path);
  ERR_clear_error();
  return err;
}

static int read_certificate(int folder, const char *dir, const char *name, struct pair *pair, struct buf *why)
{
  const struct part part = {.copy = -1, .folder = folder, .dir = dir, .name = name, .suffix = CERTIFICATE};
  return read_part(part, parse_certificates, pair, why);
}

static int read_key(int folder, const char *dir, const char *name, struct pair *pair, struct buf *why)
{
  const struct part part = {.copy = -1, .folder = folder, .dir = dir, .name = name, .suffix = KEY};
  return read_part(part, parse_key, pair, why);
}

int pair_read_certificate(const char *dir, const char *name, struct pair *pair, struct buf *why)
{
  int folder;
  int err = open_directory(dir, &folder, why);
  if (err)
    return err;
  err = read_certificate(folder, dir, name, pair, why);
  close(folder);
  return err;
}

int pair_read_key(const char *dir, const char *name, struct pair *pair, struct buf *why)
{
  int folder;
  int err = open_directory(dir, &folder, why);
  if (err)
    return err;
  err = read_key(folder, dir, name, pair, why);
  close(folder);
  return err;
}

/* ---------------------------------------------------------------- checks */

bool pair_matches(const struct pair *pair)
{
  bool matches = pair->leaf && pair->key && X509_check_private_key(pair->leaf, pair->key) == 1;
  ERR_clear_error();
  return matches;
}

bool pair_self_signed(X509 *leaf)
{
  EVP_PKEY *key = X509_get0_pubkey(leaf);
  bool own =
      X509_NAME_cmp(X509_get_subject_name(leaf), X509_get_issuer_name(leaf)) == 0 && key && X509_verify(leaf, key) == 1;
  ERR_clear_error();
  return own;
}

bool pair_for_client(X509 *leaf)
{
  uint32_t usage = X509_get_extended_key_usage(leaf); /* UINT32_MAX: none is named, and any is meant */
  return (usage & XKU_SSL_CLIENT) && !(usage & XKU_SSL_SERVER);
}

/* Kinds of key that OpenSSL reads and that no TLS client could talk to: each handshake would fail later. */
static bool usable(const EVP_PKEY *key)
{
  static const char *const curves[] = {"prime256v1", "secp384r1", "secp521r1"};
  char group[GROUP_NAME_MAX];
  if (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS") || EVP_PKEY_is_a(key, "ED25519") ||
      EVP_PKEY_is_a(key, "ED448"))
    return true;
  if (!EVP_PKEY_is_a(key, "EC") || EVP_PKEY_get_group_name(key, group, sizeof group, NULL) != 1)
    return false;
  for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
    if (strcmp(group, curves[i]) == 0)
      return true;
  return false;
}

static int read_copies(const struct tls_files *f, struct pair *pair, struct buf *why)
{
  const struct part certificate = {.copy = f->copies->certificate,
                                   .folder = -1,
                                   .dir = f->dir,
                                   .name = f->file,
                                   .suffix = CERTIFICATE,
                                   .named = f->certificate};
  const struct part key = {
      .copy = f->copies->key, .folder = -1, .dir = f->dir, .name = f->file, .suffix = KEY, .named = f->key};
  int err = read_part(certificate, parse_certificates, pair, why);
  return err ? err : read_part(key, parse_key, pair, why);
}

static int read_named(const struct tls_files *f, struct pair *pair, struct buf *why)
{
  const struct part certificate = {.copy = -1, .folder = AT_FDCWD, .suffix = CERTIFICATE, .named = f->certificate};
  const struct part key = {.copy = -1, .folder = AT_FDCWD, .suffix = KEY, .named = f->key};
  int err = read_part(certificate, parse_certificates, pair, why);
  return err ? err : read_part(key, parse_key, pair, why);
}

static int read_both(const struct tls_files *files, struct pair *pair, struct buf *why)
{
  if (copies_there(files->copies))
    return read_copies(files, pair, why);
  if (files->certificate)
    return read_named(files, pair, why);
  int folder;
  int err = open_directory(files->dir, &folder, why);
  if (err)
    return err;
  err = read_certificate(folder, files->dir, files->file, pair, why);
  if (err == 0)
    err = read_key(folder, files->dir, files->file, pair, why);
  close(folder);
  return err;
}

int pair_read(const struct tls_files *files, struct pair *pair, struct buf *why)
{
  int err = read_both(files, pair, why);
  if (err == 0 && !pair_matches(pair)) {
    files_path(files, true, why);
    buf_put_str(why, STR(" is not the key of the first certificate in "));
    files_path(files, false, why);
    buf_put_str(why, STR(": put the right two side by side"));
    err = ERR_TLS;
  }
  if (err == 0 && !usable(pair->key)) {
    files_path(files, true, why);
    buf_put_str(why, STR(" is of a kind that TLS clients do not know: use ECDSA on P-256, or RSA"));
    if (!files->certificate) {
      buf_put_str(why, STR(", or make a pair with "));
      advice_cert(why, "new", files->dir, files->file, true);
    }
    err = ERR_TLS;
  }
  if (err)
    pair_free(pair);
  ERR_clear_error();
  return err;
}
