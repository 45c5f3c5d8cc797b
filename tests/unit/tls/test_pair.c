/* Pairs that are brought from elsewhere: the forms that are used, and the faults that are named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "../../support/fill.h"
#include "../../support/tls_world.h"
#include "base/err.h"
#include "base/log.h"
#include "tls/certificate.h"

static void write_key(const struct rig_world *w, const char *file, EVP_PKEY *key, bool traditional,
                      const EVP_CIPHER *cipher)
{
  unsigned char pass[] = "secret";
  BIO *out = BIO_new_file(rig_path(w->folder, file), "wb");
  assert_non_null(out);
  if (traditional)
    assert_int_equal(PEM_write_bio_PrivateKey_traditional(out, key, cipher, cipher ? pass : NULL, 6, NULL, NULL), 1);
  else
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(out, key, cipher, (char *)pass, cipher ? 6 : 0, NULL, NULL), 1);
  BIO_free(out);
}

static EVP_PKEY *generate(const char *kind)
{
  if (strcmp(kind, "RSA") == 0)
    return EVP_RSA_gen(2048);
  if (strcmp(kind, "RSA 1024") == 0)
    return EVP_RSA_gen(1024);
  return EVP_EC_gen(kind);
}

static void pairs_of_every_usual_form_are_used(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *kind;
    bool traditional; /* PKCS#1 and SEC1, else PKCS#8 */
  } rows[] = {
      {__LINE__, "RSA", false},  {__LINE__, "RSA", true},    {__LINE__, "P-256", false},
      {__LINE__, "P-256", true}, {__LINE__, "P-384", false}, {__LINE__, "P-521", true},
  };
  static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rig_world w;
    unsigned char seen[FINGERPRINT_BYTES], wanted[FINGERPRINT_BYTES];
    rig_world_init(&w);
    EVP_PKEY *key = generate(rows[i].kind);
    rig_pair_of(w.folder, "own", key, -1, 100);
    write_key(&w, "own.key", key, rows[i].traditional, NULL);
    EVP_PKEY_free(key);
    log_open(LOG_ERROR); /* the pair names nobody, which would be a warning */
    if (rig_add(&w, "own", 0) < 0)
      fail_msg("row at line %d: %.*s", rows[i].line, STR_ARG(buf_str(&w.why)));
    log_open(LOG_WARNING);
    rig_fingerprint(&w, "own", wanted);
    for (size_t v = 0; v < 2; v++) {
      assert_int_equal(rig_visit(&w, "own", versions[v], seen), 0);
      assert_memory_equal(seen, wanted, sizeof seen);
    }
    rig_world_free(&w);
  }
}

/* `openssl ecparam -genkey` puts the curve's parameters in front; some put the certificate into the key's file too. */
static void other_blocks_around_a_key_do_no_harm(void **state)
{
  (void)state;
  static const char parameters[] = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
  struct rig_world w;
  struct buf text = BUF_INIT(1 << 16);
  rig_world_init(&w);
  EVP_PKEY *key = EVP_EC_gen("P-256");
  rig_pair_of(w.folder, "own", key, -1, 100);
  write_key(&w, "own.key", key, true, NULL);
  buf_put_str(&text, STR("a note of the owner's\n"));
  buf_put_str(&text, str_from(parameters));
  rig_read(rig_path(w.folder, "own.crt"), &text);
  rig_read(rig_path(w.folder, "own.key"), &text);
  folder_write(&w.top, "own.key", buf_str(&text));
  folder_write(&w.top, "own.crt", buf_str(&text));
  log_open(LOG_ERROR);
  if (rig_add(&w, "own", 0) < 0)
    fail_msg("%.*s", STR_ARG(buf_str(&w.why)));
  log_open(LOG_WARNING);
  EVP_PKEY_free(key);
  buf_free(&text);
  rig_world_free(&w);
}

static void a_chain_is_sent_with_its_leaf(void **state)
{
  (void)state;
  struct rig_world w;
  struct buf chain = BUF_INIT(1 << 16);
  struct rig_client client;
  rig_world_init(&w);
  rig_pair(w.folder, "one.example");
  rig_pair(w.folder, "two.example");
  rig_read(rig_path(w.folder, "one.example.crt"), &chain);
  rig_read(rig_path(w.folder, "two.example.crt"), &chain);
  folder_write(&w.top, "one.example.crt", buf_str(&chain));
  assert_int_equal(rig_add(&w, "one.example", 0), 0);
  rig_client_init(&client, "one.example", 0);
  struct tls_session *s = tls_session_new(w.server);
  assert_int_equal(rig_pump(&client, s, 0, NULL), TLS_OPEN);
  assert_int_equal(sk_X509_num(SSL_get_peer_cert_chain(client.ssl)), 2);
  tls_session_free(s);
  rig_client_free(&client);

  for (int i = 0; i < 20; i++)
    rig_read(rig_path(w.folder, "two.example.crt"), &chain);
  folder_write(&w.top, "one.example.crt", buf_str(&chain));
  assert_true(rig_add(&w, "one.example", 1) < 0);
  assert_true(w.why.n > 0);
  buf_free(&chain);
  rig_world_free(&w);
}

static void spoil(struct rig_world *w, const char *how)
{
  const char *key_file = rig_path(w->folder, "x.key"), *crt_file = rig_path(w->folder, "x.crt");
  EVP_PKEY *key = NULL;
  if (strcmp(how, "no certificate") == 0) {
    assert_int_equal(unlink(crt_file), 0);
  } else if (strcmp(how, "no pair") == 0) {
    assert_true(unlink(crt_file) == 0 && unlink(key_file) == 0);
  } else if (strcmp(how, "dangling link") == 0) {
    assert_int_equal(unlink(crt_file), 0);
    folder_link(&w->top, "x.crt", "nowhere");
  } else if (strcmp(how, "no key") == 0) {
    assert_int_equal(unlink(key_file), 0);
  } else if (strcmp(how, "not PEM") == 0) {
    folder_write(&w->top, "x.crt", STR("0\x82\x01\x02 DER perhaps"));
  } else if (strcmp(how, "empty") == 0) {
    folder_write(&w->top, "x.crt", STR(""));
  } else if (strcmp(how, "key not PEM") == 0) {
    folder_write(&w->top, "x.key", STR("-----BEGIN PRIVATE KEY-----\nrubbish\n-----END PRIVATE KEY-----\n"));
  } else if (strcmp(how, "wrong key") == 0) {
    key = EVP_EC_gen("P-256");
    write_key(w, "x.key", key, false, NULL);
  } else if (strcmp(how, "encrypted") == 0 || strcmp(how, "encrypted traditional") == 0) {
    key = EVP_EC_gen("P-256");
    write_key(w, "x.key", key, strcmp(how, "encrypted") != 0, EVP_aes_128_cbc());
  } else if (strcmp(how, "folder") == 0) {
    assert_int_equal(unlink(crt_file), 0);
    assert_int_equal(mkdir(crt_file, 0700), 0);
  } else if (strcmp(how, "fifo") == 0) {
    assert_int_equal(unlink(key_file), 0);
    assert_int_equal(mkfifo(key_file, 0600), 0);
  } else if (strcmp(how, "huge") == 0) {
    assert_int_equal(truncate(crt_file, 1 << 30), 0);
  } else if (strcmp(how, "damaged chain") == 0) {
    struct buf text = BUF_INIT(1 << 16);
    rig_read(crt_file, &text);
    buf_put_str(&text, STR("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"));
    folder_write(&w->top, "x.crt", buf_str(&text));
    buf_free(&text);
  } else if (strcmp(how, "weak") == 0 || strcmp(how, "odd curve") == 0) {
    key = generate(strcmp(how, "weak") == 0 ? "RSA 1024" : "secp256k1");
    rig_pair_of(w->folder, "x", key, -1, 100);
  } else {
    fail_msg("%s is no way to spoil a pair", how);
  }
  EVP_PKEY_free(key);
}

/* Whether `text` holds `wanted`, in which each @ stands for `folder`. */
static bool says(const char *text, const char *wanted, const char *folder)
{
  struct buf full = BUF_INIT(1 << 14);
  for (const char *p = wanted; *p; p++)
    buf_put_str(&full, *p == '@' ? str_from(folder) : str_make(p, 1));
  buf_put_c(&full, '\0');
  bool found = strstr(text, full.p) != NULL;
  buf_free(&full);
  return found;
}

static void a_bad_pair_is_one_sentence_that_names_file_and_mend(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *how;
    int err;
    const char *file, *says; /* @ for the folder */
  } rows[] = {
      {__LINE__, "no certificate", ERR_NOT_FOUND, "x.crt", "`nuncio cert renew x --certs @` makes one on the key"},
      {__LINE__, "no pair", ERR_NOT_FOUND, "x.crt", "`nuncio cert new x --certs @` makes a pair"},
      {__LINE__, "dangling link", ERR_NOT_FOUND, "x.crt", "is a link that leads nowhere"},
      {__LINE__, "no key", ERR_NOT_FOUND, "x.key",
       "put the key back, or make a new pair with `nuncio cert new x --certs @ --new-key`"},
      {__LINE__, "not PEM", ERR_SYNTAX, "x.crt", "holds no PEM certificate"},
      {__LINE__, "empty", ERR_SYNTAX, "x.crt", "holds no PEM certificate"},
      {__LINE__, "key not PEM", ERR_SYNTAX, "x.key",
       "holds no PEM private key that can be read: put the key back, or make a new pair with `nuncio cert new x "
       "--certs @ --new-key`"},
      {__LINE__, "wrong key", ERR_TLS, "x.key", "is not the key of"},
      {__LINE__, "encrypted", ERR_DENIED, "x.key", "is encrypted"},
      {__LINE__, "encrypted traditional", ERR_DENIED, "x.key", "is encrypted"},
      {__LINE__, "folder", ERR_SPECIAL, "x.crt", "put a PEM file there"},
      {__LINE__, "fifo", ERR_SPECIAL, "x.key", "put a PEM file there"},
      {__LINE__, "huge", ERR_LIMIT, "x.crt", "put a PEM file there"},
      {__LINE__, "damaged chain", ERR_SYNTAX, "x.crt", "is damaged after"},
      {__LINE__, "weak", ERR_TLS, "x.crt", "too small): make a new pair with `nuncio cert new x --certs @ --new-key`"},
      {__LINE__, "odd curve", ERR_TLS, "x.key", "or make a pair with `nuncio cert new x --certs @ --new-key`"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rig_world w;
    rig_world_init(&w);
    rig_pair(w.folder, "x");
    spoil(&w, rows[i].how);
    int err = rig_add(&w, "x", 0);
    buf_put_c(&w.why, '\0');
    if (err != rows[i].err || !strstr(w.why.p, rows[i].file) || !says(w.why.p, rows[i].says, w.folder) ||
        strchr(w.why.p, '\n'))
      fail_msg("row at line %d: %s: %s", rows[i].line, err_text(err), w.why.p);
    /* Nothing was added: there is no certificate for anybody, and the session breaks with words. */
    struct rig_client client;
    rig_client_init(&client, "x", 0);
    struct tls_session *s = tls_session_new(w.server);
    assert_int_equal(rig_pump(&client, s, 0, NULL), TLS_BROKEN);
    assert_true(strlen(tls_session_fault(s)) > 0);
    ERR_clear_error(); /* the client's */
    tls_session_free(s);
    rig_client_free(&client);
    rig_world_free(&w);
  }
}

static void a_missing_folder_is_named(void **state)
{
  (void)state;
  struct rig_world w;
  const char *const names[] = {"x"};
  rig_world_init(&w);
  assert_int_equal(
      tls_server_add(w.server, names, 1, &(struct tls_files){.dir = "/nonexistent/certs", .file = "x"}, 0, &w.why),
      ERR_NOT_FOUND);
  buf_put_c(&w.why, '\0');
  assert_non_null(strstr(w.why.p, "/nonexistent/certs"));
  rig_world_free(&w);
}

/* What the log says while f is at work. */
static void log_of(struct rig_world *w, struct buf *out, int (*f)(struct rig_world *))
{
  const char *file = rig_path(w->folder, "log");
  (void)fflush(stderr);
  int kept = dup(STDERR_FILENO);
  FILE *to = fopen(file, "wb");
  assert_true(kept >= 0 && to);
  assert_true(dup2(fileno(to), STDERR_FILENO) >= 0);
  int err = f(w);
  assert_true(dup2(kept, STDERR_FILENO) >= 0);
  close(kept);
  (void)fclose(to);
  assert_int_equal(err, 0);
  rig_read(file, out);
  buf_put_c(out, '\0');
}

static int add_old(struct rig_world *w)
{
  return rig_add(w, "old", 0);
}

static void an_expired_or_misnamed_pair_is_used_with_a_warning(void **state)
{
  (void)state;
  static const struct {
    int line, from, to;
    bool foreign;
    const char *says;
  } rows[] = {
      {__LINE__, -100, -1, false,
       "old.crt has expired: readers are warned or turned away; `nuncio cert renew old --certs @` makes"},
      {__LINE__, -100, -1, true,
       "old.crt has expired: readers are warned or turned away; renew it where it was signed"},
      {__LINE__, 2, 100, false, "old.crt is not valid yet"},
      /* The common name is not enough for today's clients. */
      {__LINE__, -1, 100, false,
       "old.crt does not name old: browsers that check names refuse it there; "
       "`nuncio cert renew old old --certs @` adds it"},
      {__LINE__, -1, 100, true, "old.crt does not name old: browsers that check names refuse it there\n"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rig_world w;
    struct buf log = BUF_INIT(1 << 16);
    unsigned char seen[FINGERPRINT_BYTES];
    rig_world_init(&w);
    EVP_PKEY *key = EVP_EC_gen("P-256"), *authority = EVP_EC_gen("P-256");
    if (rows[i].foreign)
      rig_pair_signed(w.folder, "old", key, authority, rows[i].from, rows[i].to);
    else
      rig_pair_of(w.folder, "old", key, rows[i].from, rows[i].to);
    EVP_PKEY_free(key);
    EVP_PKEY_free(authority);
    log_of(&w, &log, add_old);
    if (!says(log.p, rows[i].says, w.folder))
      fail_msg("row at line %d: %s", rows[i].line, log.p);
    assert_int_equal(rig_visit(&w, "old", 0, seen), 0);
    buf_free(&log);
    rig_world_free(&w);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pairs_of_every_usual_form_are_used),
      cmocka_unit_test(other_blocks_around_a_key_do_no_harm),
      cmocka_unit_test(a_chain_is_sent_with_its_leaf),
      cmocka_unit_test(a_bad_pair_is_one_sentence_that_names_file_and_mend),
      cmocka_unit_test(a_missing_folder_is_named),
      cmocka_unit_test(an_expired_or_misnamed_pair_is_used_with_a_warning),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
