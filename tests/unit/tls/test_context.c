/* Which certificate a client gets, tickets, and pairs that are swapped while the server runs. */
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

#include "../../support/tls_rig.h"
#include "base/err.h"
#include "base/log.h"
#include "tls/certificate.h"

/* A server of its own for each test, with one.example (index 0) and two.example (index 1) where asked for. */
struct world {
  char folder[RIG_PATH_MAX];
  struct tls_server *server;
  struct buf why;
};

static int add(struct world *w, const char *name, size_t index)
{
  const char *const names[] = {name};
  return tls_server_add(w->server, names, 1, w->folder, name, index, &w->why);
}

static void world_init(struct world *w)
{
  rig_folder(w->folder);
  buf_init(&w->why, 1 << 16);
  assert_int_equal(tls_server_new(&w->server), 0);
}

static void world_of_two(struct world *w)
{
  world_init(w);
  rig_pair(w->folder, "one.example");
  rig_pair(w->folder, "two.example");
  assert_int_equal(add(w, "one.example", 0), 0);
  assert_int_equal(add(w, "two.example", 1), 0);
}

static void world_free(struct world *w)
{
  tls_server_free(w->server);
  buf_free(&w->why);
  rig_folder_free(w->folder);
  assert_int_equal(ERR_peek_error(), 0);
}

static void fingerprint(const struct world *w, const char *name, unsigned char out[FINGERPRINT_BYTES])
{
  struct certificate_info info;
  struct buf why = BUF_INIT(4096);
  if (certificate_read(w->folder, name, &info, &why) < 0)
    fail_msg("%.*s", STR_ARG(buf_str(&why)));
  memcpy(out, info.fingerprint, FINGERPRINT_BYTES);
  certificate_info_free(&info);
  buf_free(&why);
}

/* One whole connection: says which site was chosen, and leaves what the client saw in `seen`. */
static long visit(struct world *w, const char *sni, int version, unsigned char seen[FINGERPRINT_BYTES])
{
  struct rig_client client;
  rig_client_init(&client, sni, version);
  struct tls_session *s = tls_session_new(w->server);
  assert_non_null(s);
  if (rig_pump(&client, s, 0, NULL) != TLS_OPEN)
    fail_msg("%s", tls_session_fault(s));
  rig_client_saw(&client, seen);
  long site = tls_session_site(s);
  assert_true(str_eq(tls_session_sni(s), str_from(sni)));
  tls_session_free(s);
  rig_client_free(&client);
  return site;
}

static void sni_chooses_the_certificate_G2_G12(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *sni, *certificate;
    long site;
  } rows[] = {
      {__LINE__, "one.example", "one.example", 0},
      {__LINE__, "two.example", "two.example", 1},
      {__LINE__, "TWO.exAMPLE", "two.example", 1},
      {__LINE__, "two.example.", "two.example", 1},
      {__LINE__, NULL, "one.example", -1},
      {__LINE__, "three.example", "one.example", -1},
      {__LINE__, "two.example..", "one.example", -1},
      {__LINE__, "wo.example", "one.example", -1},
      {__LINE__, ".", "one.example", -1},
  };
  static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
  struct world w;
  unsigned char seen[FINGERPRINT_BYTES], wanted[FINGERPRINT_BYTES];
  world_of_two(&w);
  for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++) {
    size_t row = i / 2;
    long site = visit(&w, rows[row].sni, versions[i % 2], seen);
    fingerprint(&w, rows[row].certificate, wanted);
    if (site != rows[row].site || memcmp(seen, wanted, sizeof seen) != 0)
      fail_msg("row at line %d, version %x: site %ld", rows[row].line, (unsigned)versions[i % 2], site);
  }
  world_free(&w);
}

static void x25519_comes_first_and_hello_retry_works(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *groups;
    int negotiated;
  } rows[] = {
      {__LINE__, "X25519:P-256", NID_X25519},
      {__LINE__, "P-384", NID_secp384r1},
      /* The client's first share is of a group that we do not take: a HelloRetryRequest, and the site stays. */
      {__LINE__, "P-521:X25519", NID_X25519},
  };
  struct world w;
  world_of_two(&w);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rig_client client;
    char groups[64];
    (void)snprintf(groups, sizeof groups, "%s", rows[i].groups);
    rig_client_init(&client, "two.example", TLS1_3_VERSION);
    assert_int_equal(SSL_set1_groups_list(client.ssl, groups), 1);
    struct tls_session *s = tls_session_new(w.server);
    if (rig_pump(&client, s, 0, NULL) != TLS_OPEN || SSL_get_negotiated_group(client.ssl) != rows[i].negotiated ||
        tls_session_site(s) != 1)
      fail_msg("row at line %d: %s", rows[i].line, tls_session_fault(s));
    tls_session_free(s);
    rig_client_free(&client);
  }
  world_free(&w);
}

/* ---------------------------------------------------------------- tickets */

static bool resumes(struct world *w, struct rig_client *client, const char *sni)
{
  rig_client_again(client, sni);
  struct tls_session *s = tls_session_new(w->server);
  if (rig_pump(client, s, 0, NULL) != TLS_OPEN)
    fail_msg("%s", tls_session_fault(s));
  bool resumed = tls_session_resumed(s);
  assert_int_equal(SSL_session_reused(client->ssl), resumed);
  tls_session_free(s);
  return resumed;
}

static void tickets_resume_within_their_site_only_G5(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *first, *second;
    bool resumed;
  } rows[] = {
      {__LINE__, "one.example", "one.example", true},
      {__LINE__, "two.example", "two.example", true},
      {__LINE__, "one.example", "two.example", false},
      {__LINE__, "two.example", "one.example", false},
      {__LINE__, "two.example", NULL, false},
      {__LINE__, NULL, "one.example", true}, /* both the default site */
      {__LINE__, NULL, "two.example", false},
      {__LINE__, "two.example", "three.example", false},
  };
  struct world w;
  world_of_two(&w);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct rig_client client;
    rig_client_init(&client, rows[i].first, TLS1_3_VERSION);
    assert_false(resumes(&w, &client, rows[i].first)); /* the first visit: there is no ticket yet */
    assert_non_null(client.ticket);
    if (resumes(&w, &client, rows[i].second) != rows[i].resumed)
      fail_msg("row at line %d", rows[i].line);
    rig_client_free(&client);
  }
  world_free(&w);
}

static void one_ticket_without_early_data_G4(void **state)
{
  (void)state;
  struct world w;
  struct rig_client client;
  world_of_two(&w);
  rig_client_init(&client, NULL, TLS1_3_VERSION);
  assert_false(resumes(&w, &client, NULL));
  assert_int_equal(SSL_SESSION_get_max_early_data(client.ticket), 0);
  rig_client_free(&client);

  /* What the server says after the client's Finished is one record: one ticket. */
  struct buf wire = BUF_INIT(1 << 16);
  rig_client_init(&client, NULL, TLS1_3_VERSION);
  struct tls_session *s = tls_session_new(w.server);
  for (enum tls_state now = TLS_HANDSHAKE; now == TLS_HANDSHAKE;) {
    rig_client_input(&client, tls_session_output(s));
    tls_session_sent(s, tls_session_output(s).n);
    buf_clear(&wire);
    rig_client_output(&client, &wire);
    now = tls_session_feed(s, buf_str(&wire), NULL);
  }
  struct str out = tls_session_output(s);
  assert_true(out.n > 5);
  assert_int_equal(out.n, 5 + ((size_t)(unsigned char)out.p[3] << 8) + (unsigned char)out.p[4]);
  tls_session_free(s);
  rig_client_free(&client);
  buf_free(&wire);
  world_free(&w);
}

/* A TLS 1.2 ticket would put the keys of past sessions under one key of ours. */
static void tls12_has_no_tickets_G1(void **state)
{
  (void)state;
  struct world w;
  struct rig_client client;
  world_of_two(&w);
  rig_client_init(&client, "one.example", TLS1_2_VERSION);
  assert_false(resumes(&w, &client, "one.example"));
  assert_true(client.ticket == NULL || !SSL_SESSION_has_ticket(client.ticket));
  assert_false(resumes(&w, &client, "one.example"));
  rig_client_free(&client);
  world_free(&w);
}

static void tickets_outlive_a_renewed_certificate(void **state)
{
  (void)state;
  struct world w;
  struct rig_client client;
  world_of_two(&w);
  rig_client_init(&client, "one.example", TLS1_3_VERSION);
  assert_false(resumes(&w, &client, "one.example"));
  assert_int_equal(certificate_make(w.folder, "one.example", NULL, KEY_KEEP, NULL, &w.why), 0);
  assert_int_equal(tls_server_refresh(w.server, &w.why), 1);
  assert_true(resumes(&w, &client, "one.example"));
  rig_client_free(&client);
  world_free(&w);
}

/* ---------------------------------------------------------------- pairs that are brought */

static void write_key(const struct world *w, const char *file, EVP_PKEY *key, bool traditional,
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
    struct world w;
    unsigned char seen[FINGERPRINT_BYTES], wanted[FINGERPRINT_BYTES];
    world_init(&w);
    EVP_PKEY *key = generate(rows[i].kind);
    rig_pair_of(w.folder, "own", key, -1, 100);
    write_key(&w, "own.key", key, rows[i].traditional, NULL);
    EVP_PKEY_free(key);
    log_open(LOG_ERROR); /* the pair names nobody, which would be a warning */
    if (add(&w, "own", 0) < 0)
      fail_msg("row at line %d: %.*s", rows[i].line, STR_ARG(buf_str(&w.why)));
    log_open(LOG_WARNING);
    fingerprint(&w, "own", wanted);
    for (size_t v = 0; v < 2; v++) {
      assert_int_equal(visit(&w, "own", versions[v], seen), 0);
      assert_memory_equal(seen, wanted, sizeof seen);
    }
    world_free(&w);
  }
}

/* `openssl ecparam -genkey` puts the curve's parameters in front; some put the certificate into the key's file too. */
static void other_blocks_around_a_key_do_no_harm(void **state)
{
  (void)state;
  static const char parameters[] = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
  struct world w;
  struct buf text = BUF_INIT(1 << 16);
  world_init(&w);
  EVP_PKEY *key = EVP_EC_gen("P-256");
  rig_pair_of(w.folder, "own", key, -1, 100);
  write_key(&w, "own.key", key, true, NULL);
  buf_put_str(&text, STR("a note of the owner's\n"));
  buf_put_str(&text, str_from(parameters));
  rig_read(rig_path(w.folder, "own.crt"), &text);
  rig_read(rig_path(w.folder, "own.key"), &text);
  rig_write(rig_path(w.folder, "own.key"), buf_str(&text));
  rig_write(rig_path(w.folder, "own.crt"), buf_str(&text));
  log_open(LOG_ERROR);
  if (add(&w, "own", 0) < 0)
    fail_msg("%.*s", STR_ARG(buf_str(&w.why)));
  log_open(LOG_WARNING);
  EVP_PKEY_free(key);
  buf_free(&text);
  world_free(&w);
}

static void a_chain_is_sent_with_its_leaf(void **state)
{
  (void)state;
  struct world w;
  struct buf chain = BUF_INIT(1 << 16);
  struct rig_client client;
  world_of_two(&w);
  rig_read(rig_path(w.folder, "one.example.crt"), &chain);
  rig_read(rig_path(w.folder, "two.example.crt"), &chain);
  rig_write(rig_path(w.folder, "one.example.crt"), buf_str(&chain));
  assert_int_equal(tls_server_refresh(w.server, &w.why), 1); /* a chain that grew is news */
  assert_int_equal(w.why.n, 0);
  rig_client_init(&client, "one.example", 0);
  struct tls_session *s = tls_session_new(w.server);
  assert_int_equal(rig_pump(&client, s, 0, NULL), TLS_OPEN);
  assert_int_equal(sk_X509_num(SSL_get_peer_cert_chain(client.ssl)), 2);
  tls_session_free(s);
  rig_client_free(&client);

  for (int i = 0; i < 20; i++)
    rig_read(rig_path(w.folder, "two.example.crt"), &chain);
  rig_write(rig_path(w.folder, "one.example.crt"), buf_str(&chain));
  assert_int_equal(tls_server_refresh(w.server, &w.why), 0);
  assert_true(w.why.n > 0);
  buf_free(&chain);
  world_free(&w);
}

static void spoil(struct world *w, const char *how)
{
  const char *key_file = rig_path(w->folder, "x.key"), *crt_file = rig_path(w->folder, "x.crt");
  EVP_PKEY *key = NULL;
  if (strcmp(how, "no certificate") == 0) {
    assert_int_equal(unlink(crt_file), 0);
  } else if (strcmp(how, "no key") == 0) {
    assert_int_equal(unlink(key_file), 0);
  } else if (strcmp(how, "not PEM") == 0) {
    rig_write(crt_file, STR("0\x82\x01\x02 DER perhaps"));
  } else if (strcmp(how, "empty") == 0) {
    rig_write(crt_file, STR(""));
  } else if (strcmp(how, "key not PEM") == 0) {
    rig_write(key_file, STR("-----BEGIN PRIVATE KEY-----\nrubbish\n-----END PRIVATE KEY-----\n"));
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
    rig_write(crt_file, buf_str(&text));
    buf_free(&text);
  } else if (strcmp(how, "weak") == 0 || strcmp(how, "odd curve") == 0) {
    key = generate(strcmp(how, "weak") == 0 ? "RSA 1024" : "secp256k1");
    rig_pair_of(w->folder, "x", key, -1, 100);
  } else {
    fail_msg("%s is no way to spoil a pair", how);
  }
  EVP_PKEY_free(key);
}

static void a_bad_pair_is_one_sentence_that_names_file_and_mend(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *how;
    int err;
    const char *file, *says;
  } rows[] = {
      {__LINE__, "no certificate", ERR_NOT_FOUND, "x.crt", "nuncio cert new x"},
      {__LINE__, "no key", ERR_NOT_FOUND, "x.key", "nuncio cert new x"},
      {__LINE__, "not PEM", ERR_SYNTAX, "x.crt", "holds no PEM certificate"},
      {__LINE__, "empty", ERR_SYNTAX, "x.crt", "holds no PEM certificate"},
      {__LINE__, "key not PEM", ERR_SYNTAX, "x.key", "holds no PEM private key"},
      {__LINE__, "wrong key", ERR_TLS, "x.key", "is not the key of"},
      {__LINE__, "encrypted", ERR_DENIED, "x.key", "is encrypted"},
      {__LINE__, "encrypted traditional", ERR_DENIED, "x.key", "is encrypted"},
      {__LINE__, "folder", ERR_SPECIAL, "x.crt", "put a PEM file there"},
      {__LINE__, "fifo", ERR_SPECIAL, "x.key", "put a PEM file there"},
      {__LINE__, "huge", ERR_LIMIT, "x.crt", "put a PEM file there"},
      {__LINE__, "damaged chain", ERR_SYNTAX, "x.crt", "is damaged after"},
      {__LINE__, "weak", ERR_TLS, "x.crt", "too small"},
      {__LINE__, "odd curve", ERR_TLS, "x.key", "use ECDSA on P-256"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct world w;
    world_init(&w);
    rig_pair(w.folder, "x");
    spoil(&w, rows[i].how);
    int err = add(&w, "x", 0);
    buf_put_c(&w.why, '\0');
    if (err != rows[i].err || !strstr(w.why.p, rows[i].file) || !strstr(w.why.p, rows[i].says) || strchr(w.why.p, '\n'))
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
    world_free(&w);
  }
}

static void a_missing_folder_is_named(void **state)
{
  (void)state;
  struct world w;
  const char *const names[] = {"x"};
  world_init(&w);
  assert_int_equal(tls_server_add(w.server, names, 1, "/nonexistent/certs", "x", 0, &w.why), ERR_NOT_FOUND);
  buf_put_c(&w.why, '\0');
  assert_non_null(strstr(w.why.p, "/nonexistent/certs"));
  world_free(&w);
}

/* What the log says while f is at work. */
static void log_of(struct world *w, struct buf *out, int (*f)(struct world *))
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

static int add_old(struct world *w)
{
  return add(w, "old", 0);
}

static void an_expired_or_misnamed_pair_is_used_with_a_warning(void **state)
{
  (void)state;
  static const struct {
    int line, from, to;
    const char *says;
  } rows[] = {
      {__LINE__, -100, -1, "old.crt has expired"},
      {__LINE__, 2, 100, "old.crt is not valid yet"},
      {__LINE__, -1, 100, "old.crt does not name old"}, /* the common name is not enough for today's clients */
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct world w;
    struct buf log = BUF_INIT(1 << 16);
    unsigned char seen[FINGERPRINT_BYTES];
    world_init(&w);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    rig_pair_of(w.folder, "old", key, rows[i].from, rows[i].to);
    EVP_PKEY_free(key);
    log_of(&w, &log, add_old);
    if (!strstr(log.p, rows[i].says))
      fail_msg("row at line %d: %s", rows[i].line, log.p);
    assert_int_equal(visit(&w, "old", 0, seen), 0);
    buf_free(&log);
    world_free(&w);
  }
}

/* ---------------------------------------------------------------- pairs that are swapped */

static void expect_shown(struct world *w, const unsigned char wanted[FINGERPRINT_BYTES], int line)
{
  unsigned char seen[FINGERPRINT_BYTES];
  visit(w, "one.example", 0, seen);
  if (memcmp(seen, wanted, sizeof seen) != 0)
    fail_msg("line %d: another certificate was shown", line);
}

static void a_swapped_pair_is_picked_up(void **state)
{
  (void)state;
  struct world w;
  unsigned char old[FINGERPRINT_BYTES], fresh[FINGERPRINT_BYTES];
  struct buf kept = BUF_INIT(4096);
  world_of_two(&w);
  fingerprint(&w, "one.example", old);
  assert_int_equal(tls_server_refresh(w.server, &w.why), 0);
  expect_shown(&w, old, __LINE__);

  /* A session that is open while the pair changes goes on with what it has. */
  struct rig_client client;
  rig_client_init(&client, "one.example", 0);
  struct tls_session *s = tls_session_new(w.server);
  assert_int_equal(rig_pump(&client, s, 0, NULL), TLS_OPEN);
  assert_int_equal(certificate_make(w.folder, "one.example", NULL, KEY_REPLACE, &kept, &w.why), 0);
  assert_int_equal(tls_server_refresh(w.server, &w.why), 1);
  assert_int_equal(tls_server_refresh(w.server, &w.why), 0);
  assert_int_equal(w.why.n, 0);
  assert_int_equal(tls_session_write(s, STR("still open")), 0);
  tls_session_free(s);
  rig_client_free(&client);

  fingerprint(&w, "one.example", fresh);
  assert_memory_not_equal(old, fresh, sizeof old);
  expect_shown(&w, fresh, __LINE__);
  buf_free(&kept);
  world_free(&w);
}

static void touched_files_are_no_news(void **state)
{
  (void)state;
  struct world w;
  world_of_two(&w);
  rig_copy(rig_path(w.folder, "one.example.crt"), rig_path(w.folder, "copy"));
  assert_int_equal(rename(rig_path(w.folder, "copy"), rig_path(w.folder, "one.example.crt")), 0);
  assert_int_equal(tls_server_refresh(w.server, &w.why), 0);
  assert_int_equal(w.why.n, 0);
  world_free(&w);
}

static void half_a_swap_keeps_the_old_pair_and_says_so_once(void **state)
{
  (void)state;
  struct world w;
  unsigned char old[FINGERPRINT_BYTES], fresh[FINGERPRINT_BYTES];
  world_of_two(&w);
  rig_pair(w.folder, "next");
  fingerprint(&w, "one.example", old);
  fingerprint(&w, "next", fresh);

  rig_copy(rig_path(w.folder, "next.crt"), rig_path(w.folder, "one.example.crt"));
  assert_int_equal(tls_server_refresh(w.server, &w.why), 0);
  size_t said = w.why.n;
  assert_true(said > 0 && w.why.p[said - 1] == '\n');
  assert_int_equal(tls_server_refresh(w.server, &w.why), 0);
  assert_int_equal(w.why.n, said); /* once per change, not per look */
  expect_shown(&w, old, __LINE__);

  rig_copy(rig_path(w.folder, "next.key"), rig_path(w.folder, "one.example.key"));
  log_open(LOG_ERROR);
  assert_int_equal(tls_server_refresh(w.server, &w.why), 1);
  log_open(LOG_WARNING);
  assert_int_equal(w.why.n, said);
  expect_shown(&w, fresh, __LINE__);
  world_free(&w);
}

static void a_file_that_goes_missing_keeps_the_old_pair(void **state)
{
  (void)state;
  struct world w;
  unsigned char old[FINGERPRINT_BYTES];
  world_of_two(&w);
  fingerprint(&w, "one.example", old);
  assert_int_equal(rename(rig_path(w.folder, "one.example.key"), rig_path(w.folder, "away")), 0);
  assert_int_equal(tls_server_refresh(w.server, &w.why), 0);
  size_t said = w.why.n;
  assert_true(said > 0);
  assert_int_equal(tls_server_refresh(w.server, &w.why), 0);
  assert_int_equal(w.why.n, said);
  expect_shown(&w, old, __LINE__);

  /* Rubbish is another change, and another sentence; the right file again is none. */
  rig_write(rig_path(w.folder, "one.example.key"), STR("rubbish"));
  assert_int_equal(tls_server_refresh(w.server, &w.why), 0);
  assert_true(w.why.n > said);
  said = w.why.n;
  assert_int_equal(rename(rig_path(w.folder, "away"), rig_path(w.folder, "one.example.key")), 0);
  assert_int_equal(tls_server_refresh(w.server, &w.why), 0);
  assert_int_equal(w.why.n, said);
  expect_shown(&w, old, __LINE__);
  world_free(&w);
}

static void a_folder_that_is_a_moved_symbolic_link_is_followed(void **state)
{
  (void)state;
  struct world w;
  unsigned char first[FINGERPRINT_BYTES], second[FINGERPRINT_BYTES];
  char top[RIG_PATH_MAX];
  world_init(&w);
  memcpy(top, w.folder, sizeof top);
  rig_pair(rig_path(top, "release-1"), "one.example");
  rig_pair(rig_path(top, "release-2"), "one.example");
  assert_int_equal(symlink("release-1", rig_path(top, "certs")), 0);
  (void)snprintf(w.folder, sizeof w.folder, "%s", rig_path(top, "certs"));
  assert_int_equal(add(&w, "one.example", 0), 0);
  fingerprint(&w, "one.example", first);
  expect_shown(&w, first, __LINE__);

  assert_int_equal(symlink("release-2", rig_path(top, "next")), 0);
  assert_int_equal(rename(rig_path(top, "next"), rig_path(top, "certs")), 0);
  assert_int_equal(tls_server_refresh(w.server, &w.why), 1);
  assert_int_equal(w.why.n, 0);
  fingerprint(&w, "one.example", second);
  assert_memory_not_equal(first, second, sizeof first);
  expect_shown(&w, second, __LINE__);
  memcpy(w.folder, top, sizeof top);
  world_free(&w);
}

/* ---------------------------------------------------------------- lifetimes */

static void a_session_outlives_its_server(void **state)
{
  (void)state;
  struct world w;
  struct rig_client client;
  world_of_two(&w);
  rig_client_init(&client, "two.example", 0);
  struct tls_session *s = tls_session_new(w.server);
  tls_server_free(w.server);
  w.server = NULL;
  assert_int_equal(rig_pump(&client, s, 0, NULL), TLS_OPEN);
  assert_int_equal(tls_session_site(s), 1);
  tls_session_free(s);
  rig_client_free(&client);
  world_free(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sni_chooses_the_certificate_G2_G12),
      cmocka_unit_test(x25519_comes_first_and_hello_retry_works),
      cmocka_unit_test(tickets_resume_within_their_site_only_G5),
      cmocka_unit_test(one_ticket_without_early_data_G4),
      cmocka_unit_test(tls12_has_no_tickets_G1),
      cmocka_unit_test(tickets_outlive_a_renewed_certificate),
      cmocka_unit_test(pairs_of_every_usual_form_are_used),
      cmocka_unit_test(other_blocks_around_a_key_do_no_harm),
      cmocka_unit_test(a_chain_is_sent_with_its_leaf),
      cmocka_unit_test(a_bad_pair_is_one_sentence_that_names_file_and_mend),
      cmocka_unit_test(a_missing_folder_is_named),
      cmocka_unit_test(an_expired_or_misnamed_pair_is_used_with_a_warning),
      cmocka_unit_test(a_swapped_pair_is_picked_up),
      cmocka_unit_test(touched_files_are_no_news),
      cmocka_unit_test(half_a_swap_keeps_the_old_pair_and_says_so_once),
      cmocka_unit_test(a_file_that_goes_missing_keeps_the_old_pair),
      cmocka_unit_test(a_folder_that_is_a_moved_symbolic_link_is_followed),
      cmocka_unit_test(a_session_outlives_its_server),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
