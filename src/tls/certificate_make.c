/* Makes, renews and replaces a pair of files (G6); nothing of the owner's is ever lost. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/err.h"
#include "base/utf8.h"
#include "tls/advice.h"
#include "tls/certdir.h"
#include "tls/certificate.h"
#include "tls/pair.h"
#include "tls/selfsigned.h"

enum { SUFFIX_ROOM = 32, KEPT_A_DAY = 1000, PATH_ROOM = 2 * PATH_MAX };

/* One pair in the making. */
struct making {
  const char *dir, *name;
  struct certdir folder;
  char crt[FILE_NAME_MAX + 1], key[FILE_NAME_MAX + 1];               /* the files' names */
  char crt_beside[FILE_NAME_MAX + 1], key_beside[FILE_NAME_MAX + 1]; /* what was written and has no name yet, or "" */
  struct pair pair;
  struct subject subject;                  /* empty: as the old certificate has it */
  const struct certificate_names *further; /* to be added to that; or NULL */
};

static bool is_file_name(const char *name)
{
  struct str s = str_from(name);
  return s.n > 0 && s.n <= FILE_NAME_MAX - SUFFIX_ROOM && s.p[0] != '.' && str_find(s, '/') == s.n &&
         !str_has_control(s);
}

static void advise(const struct making *m, const char *action, bool new_key, const char *then, struct buf *why)
{
  advice_cert(why, action, m->dir, m->name, new_key);
  buf_put_str(why, str_from(then));
}

/* Whose the certificate that is there is. */
static void look(const struct making *m, bool *foreign, bool *client)
{
  struct pair old = PAIR_INIT;
  struct buf ignored = BUF_INIT(PATH_ROOM);
  bool there = pair_read_certificate(m->dir, m->name, &old, &ignored) == 0;
  *foreign = there && !pair_self_signed(old.leaf);
  *client = there && pair_for_client(old.leaf);
  buf_free(&ignored);
  pair_free(&old);
}

/* What helps depends on what is there: renewing needs a key, and a certificate of our own or none. */
static int refuse_new(const struct making *m, bool crt, bool key, struct buf *why)
{
  const char *file = key ? m->key : m->crt;
  bool foreign, client;
  look(m, &foreign, &client);
  if (m->subject.client_days || client) {
    buf_printf(why, "%s/%s is there already: take another name, or move it away", m->dir, file);
  } else if (!key) {
    buf_printf(why, "%s/%s is there already, without its key: put the key back, or make a new pair with ", m->dir,
               file);
    advise(m, "new", true, "", why);
  } else if (!crt) {
    buf_printf(why, "%s/%s is there already: ", m->dir, file);
    advise(m, "renew", false, " makes a certificate on it, ", why);
    advise(m, "new", true, " a new pair", why);
  } else if (foreign) {
    buf_printf(why, "%s/%s is there already, for a certificate that was signed by somebody else: renew it there, or ",
               m->dir, file);
    advise(m, "new", true, " makes a pair of your own", why);
  } else {
    buf_printf(why, "%s/%s is there already: ", m->dir, file);
    advise(m, "renew", false, " makes a new certificate on the same key, ", why);
    advise(m, "new", true, " a new pair", why);
  }
  return ERR_EXISTS;
}

static int check_files(const struct making *m, enum certificate_key key, struct buf *why)
{
  bool crt = certdir_has(&m->folder, m->crt), old_key = certdir_has(&m->folder, m->key);
  switch (key) {
  case KEY_NEW:
    return crt || old_key ? refuse_new(m, crt, old_key, why) : 0;
  case KEY_KEEP:
    if (old_key)
      return 0;
    if (!crt) {
      buf_printf(why, "%s/%s is not there: ", m->dir, m->crt);
      advise(m, "new", false, " makes a pair", why);
      return ERR_NOT_FOUND;
    }
    buf_printf(why, "%s/%s is not there: put the key back, or make a new pair with ", m->dir, m->key);
    advise(m, "renew", true, "", why);
    return ERR_NOT_FOUND;
  case KEY_REPLACE:
    return 0;
  }
  return ERR_SYNTAX;
}

/* Whom the new certificate is for where nobody said it: as the old one has it. */
static int take_subject(struct making *m, struct buf *why)
{
  const char *const only[] = {m->name};
  const struct certificate_names fallback = {.names = only, .n_names = 1};
  int err = pair_read_certificate(m->dir, m->name, &m->pair, why);
  if (err)
    return err;
  err = subject_copy(m->pair.leaf, &m->subject);
  if (err == ERR_NOT_FOUND)
    err = subject_make(&fallback, &m->subject, why);
  return err == 0 && m->further ? subject_add(&m->subject, m->further, why) : err;
}

static int choose_key(struct making *m, enum certificate_key key, struct buf *why)
{
  if (key == KEY_KEEP)
    return pair_read_key(m->dir, m->name, &m->pair, why);
  m->pair.key = selfsigned_key();
  return m->pair.key ? 0 : ERR_NOMEM;
}

/* ---------------------------------------------------------------- files */

static int write_pem(struct making *m, BIO *pem, bool written, mode_t mode, char beside[FILE_NAME_MAX + 1],
                     struct buf *why)
{
  char *bytes = NULL;
  long n = written ? BIO_get_mem_data(pem, &bytes) : 0;
  return n > 0 ? certdir_write(&m->folder, str_make(bytes, (size_t)n), mode, beside, why) : ERR_NOMEM;
}

static int write_files(struct making *m, X509 *certificate, enum certificate_key key, struct buf *why)
{
  BIO *crt = BIO_new(BIO_s_mem());
  BIO *secret = BIO_new(BIO_s_mem()); /* wiped when it is freed */
  int err = crt && secret ? 0 : ERR_NOMEM;
  if (err == 0)
    err = write_pem(m, crt, PEM_write_bio_X509(crt, certificate) == 1, 0644, m->crt_beside, why);
  if (err == 0 && key != KEY_KEEP)
    err = write_pem(m, secret, PEM_write_bio_PKCS8PrivateKey(secret, m->pair.key, NULL, NULL, 0, NULL, NULL) == 1, 0600,
                    m->key_beside, why);
  BIO_free(crt);
  BIO_free(secret);
  return err;
}

/* Both parts of the old pair under one suffix that neither name has yet. */
static int keep_under(struct making *m, const char *suffix, struct buf *kept, struct buf *why)
{
  const char *const files[] = {m->crt, m->key};
  struct buf names[] = {BUF_INIT(FILE_NAME_MAX + 1), BUF_INIT(FILE_NAME_MAX + 1)};
  int err = 0;
  for (size_t i = 0; i < 2; i++) {
    buf_printf(&names[i], "%s%s", files[i], suffix);
    buf_put_c(&names[i], '\0');
    if (buf_error(&names[i]))
      err = buf_error(&names[i]);
    else if (certdir_has(&m->folder, names[i].p))
      err = ERR_EXISTS;
  }
  for (size_t i = 0; i < 2 && err == 0; i++) {
    if (!certdir_has(&m->folder, files[i]))
      continue;
    err = certdir_keep(&m->folder, files[i], names[i].p, why);
    if (err == 0)
      buf_printf(kept, "%s%s/%s", kept->n ? " and " : "", m->dir, names[i].p);
  }
  buf_free(&names[0]);
  buf_free(&names[1]);
  return err;
}

static int keep_old(struct making *m, struct buf *kept, struct buf *why)
{
  char date[16], suffix[SUFFIX_ROOM];
  struct tm today;
  time_t now = time(NULL);
  if (!gmtime_r(&now, &today) || strftime(date, sizeof date, ".%Y-%m-%d", &today) == 0)
    return ERR_SYNTAX;
  int err = ERR_EXISTS;
  for (int number = 1; err == ERR_EXISTS && number <= KEPT_A_DAY; number++) {
    if (number == 1)
      (void)snprintf(suffix, sizeof suffix, "%s", date);
    else
      (void)snprintf(suffix, sizeof suffix, "%s-%d", date, number);
    buf_clear(kept);
    err = keep_under(m, suffix, kept, why);
  }
  return err;
}

/* The key first: a server that looks in between sees a pair that does not match and keeps the one it has. */
static int place_files(struct making *m, enum certificate_key key, struct buf *why)
{
  int err = 0;
  if (key != KEY_KEEP)
    err = certdir_place(&m->folder, m->key_beside, m->key, key == KEY_REPLACE, why);
  if (err)
    return err;
  m->key_beside[0] = '\0';
  err = certdir_place(&m->folder, m->crt_beside, m->crt, key != KEY_NEW, why);
  if (err == 0)
    m->crt_beside[0] = '\0';
  else if (key == KEY_NEW)
    certdir_remove(&m->folder, m->key); /* as it was before: nobody has seen a certificate on this key */
  return err;
}

/* ---------------------------------------------------------------- the whole */

static int make(struct making *m, enum certificate_key key, struct buf *kept, struct buf *why)
{
  X509 *certificate = NULL;
  int err = check_files(m, key, why);
  if (err == 0 && !m->subject.name)
    err = take_subject(m, why);
  if (err == 0)
    err = choose_key(m, key, why);
  if (err == 0)
    err = selfsigned_make(m->pair.key, &m->subject, time(NULL), &certificate, why);
  if (err == 0)
    err = write_files(m, certificate, key, why);
  if (err == 0 && key == KEY_REPLACE)
    err = keep_old(m, kept, why);
  if (err == 0)
    err = place_files(m, key, why);
  X509_free(certificate);
  return err;
}

/* The subject goes to the pair in the making, which is over afterwards. */
static int make_named(struct making *m, enum certificate_key key, struct buf *kept, struct buf *why)
{
  size_t said = why->n;
  (void)snprintf(m->crt, sizeof m->crt, "%s.crt", m->name);
  (void)snprintf(m->key, sizeof m->key, "%s.key", m->name);
  int err = certdir_open(&m->folder, m->dir, why);
  if (err == 0)
    err = make(m, key, kept, why);
  if (m->crt_beside[0])
    certdir_remove(&m->folder, m->crt_beside);
  if (m->key_beside[0])
    certdir_remove(&m->folder, m->key_beside);
  certdir_close(&m->folder);
  pair_free(&m->pair);
  ERR_clear_error();
  if (err && why->n == said)
    buf_printf(why, "%s/%s could not be made: %s", m->dir, m->crt, err_text(err));
  return err;
}

int certificate_make(const char *dir, const char *name, const struct certificate_names *names, enum certificate_key key,
                     struct buf *kept, struct buf *why)
{
  struct making m = {.dir = dir, .name = name, .folder = CERTDIR_INIT, .pair = PAIR_INIT, .subject = SUBJECT_INIT};
  if (!is_file_name(name)) {
    buf_printf(why, "\"%s\" cannot be the name of a certificate's file: use a host name", name);
    return ERR_SYNTAX;
  }
  /* Before the folder, so that a name that cannot be leaves none behind. */
  int err = names ? subject_make(names, &m.subject, why) : 0;
  if (err == 0 && names && names->further) {
    subject_free(&m.subject);
    m.further = names;
  }
  if (err == 0)
    err = make_named(&m, key, kept, why);
  else if (err == ERR_NOMEM)
    buf_printf(why, "%s/%s.crt could not be made: %s", dir, name, err_text(err));
  subject_free(&m.subject);
  ERR_clear_error();
  return err;
}

void certificate_client_file(const char *name, struct buf *out)
{
  buf_printf(out, "client-%s", name);
}

int certificate_make_client(const char *dir, const char *name, unsigned days, struct buf *why)
{
  struct making m = {.dir = dir, .folder = CERTDIR_INIT, .pair = PAIR_INIT, .subject = SUBJECT_INIT};
  struct buf file = BUF_INIT(FILE_NAME_MAX + 1);
  struct str text = str_from(name);
  certificate_client_file(name, &file);
  buf_put_c(&file, '\0');
  int err = 0;
  if (text.n == 0 || text.n > CLIENT_NAME_MAX || !utf8_valid(text) || buf_error(&file) || !is_file_name(file.p)) {
    buf_printf(why,
               "\"%s\" cannot be a client's name: expected 1 to %d bytes of UTF-8 without slashes and control "
               "characters",
               name, CLIENT_NAME_MAX);
    err = ERR_SYNTAX;
  }
  m.name = file.p;
  if (err == 0)
    err = subject_make_client(name, days, &m.subject);
  if (err == 0)
    err = make_named(&m, KEY_NEW, NULL, why);
  else if (err == ERR_NOMEM)
    buf_printf(why, "the certificate could not be made: %s", err_text(err));
  subject_free(&m.subject);
  buf_free(&file);
  ERR_clear_error();
  return err;
}

bool certificate_exists(const char *dir, const char *name, bool key)
{
  struct buf path = BUF_INIT(PATH_ROOM);
  struct stat st;
  buf_printf(&path, "%s/%s%s", dir, name, key ? ".key" : ".crt");
  buf_put_c(&path, '\0');
  bool there = buf_error(&path) == 0 && lstat(path.p, &st) == 0;
  buf_free(&path);
  return there;
}
