/* For tests of tls/: pairs, and a client that talks to a session over memory. */
#include "tls_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tls/certificate.h"

/* ---------------------------------------------------------------- files */

int rig_desk_set_up(void **state)
{
  static struct rig_desk desk;
  folder_make(&desk.top);
  desk.folder = desk.top.path;
  desk.why = BUF_INIT(1 << 16);
  desk.kept = BUF_INIT(1 << 16);
  *state = &desk;
  return 0;
}

int rig_desk_tear_down(void **state)
{
  struct rig_desk *desk = *state;
  buf_free(&desk->why);
  buf_free(&desk->kept);
  folder_remove(&desk->top);
  return ERR_peek_error() == 0 ? 0 : -1;
}

const char *rig_path(const char *folder, const char *name)
{
  static char paths[6][RIG_PATH_MAX];
  static unsigned next;
  char *path = paths[next++ % 6];
  assert_true(snprintf(path, sizeof *paths, "%s/%s", folder, name) < (int)sizeof *paths);
  return path;
}

void rig_read(const char *path, struct buf *out)
{
  char piece[4096];
  size_t n;
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  while ((n = fread(piece, 1, sizeof piece, file)) > 0)
    buf_put(out, piece, n);
  assert_int_equal(fclose(file), 0);
  assert_int_equal(buf_error(out), 0);
}

void rig_copy(const char *from, const char *to)
{
  struct buf bytes = BUF_INIT(1 << 20);
  rig_read(from, &bytes);
  FILE *file = fopen(to, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes.p, 1, bytes.n, file), bytes.n);
  assert_int_equal(fclose(file), 0);
  buf_free(&bytes);
}

/* ---------------------------------------------------------------- pairs */

void rig_pair(const char *folder, const char *name)
{
  const char *const names[] = {name};
  const struct certificate_names wanted = {.names = names, .n_names = 1};
  struct buf why = BUF_INIT(4096);
  if (certificate_make(folder, name, &wanted, KEY_NEW, NULL, &why) < 0)
    fail_msg("%.*s", STR_ARG(buf_str(&why)));
  buf_free(&why);
}

void rig_names_are(const char *folder, const char *name, const char *wanted)
{
  struct certificate_info info;
  struct buf why = BUF_INIT(4096);
  if (certificate_read(folder, name, &info, &why) < 0)
    fail_msg("%.*s", STR_ARG(buf_str(&why)));
  buf_put_c(&info.names, '\0');
  assert_string_equal(info.names.p, wanted);
  certificate_info_free(&info);
  buf_free(&why);
}

static void write_pair(const char *folder, const char *name, EVP_PKEY *key, EVP_PKEY *signer, int from_day, int to_day)
{
  char file[NAME_MAX + 1];
  X509 *made = X509_new();
  assert_non_null(made);
  X509_NAME *subject = X509_get_subject_name(made);
  assert_int_equal(X509_set_version(made, X509_VERSION_3), 1);
  assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(made), 7), 1);
  assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0), 1);
  assert_int_equal(X509_set_issuer_name(made, subject), 1);
  assert_non_null(X509_time_adj_ex(X509_getm_notBefore(made), from_day, 0, NULL));
  assert_non_null(X509_time_adj_ex(X509_getm_notAfter(made), to_day, 0, NULL));
  assert_int_equal(X509_set_pubkey(made, key), 1);
  /* Ed25519 brings its own digest. */
  assert_true(X509_sign(made, signer, EVP_PKEY_is_a(signer, "ED25519") ? NULL : EVP_sha256()) > 0);

  (void)snprintf(file, sizeof file, "%s.crt", name);
  BIO *out = BIO_new_file(rig_path(folder, file), "wb");
  assert_non_null(out);
  assert_int_equal(PEM_write_bio_X509(out, made), 1);
  BIO_free(out);
  (void)snprintf(file, sizeof file, "%s.key", name);
  out = BIO_new_file(rig_path(folder, file), "wb");
  assert_non_null(out);
  assert_int_equal(PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL), 1);
  BIO_free(out);
  X509_free(made);
}

void rig_pair_of(const char *folder, const char *name, EVP_PKEY *key, int from_day, int to_day)
{
  write_pair(folder, name, key, key, from_day, to_day);
}

void rig_pair_signed(const char *folder, const char *name, EVP_PKEY *key, EVP_PKEY *authority, int from_day, int to_day)
{
  write_pair(folder, name, key, authority, from_day, to_day);
}

/* ---------------------------------------------------------------- the client */

static int keep_ticket(SSL *ssl, SSL_SESSION *ticket)
{
  struct rig_client *client = SSL_get_app_data(ssl);
  SSL_SESSION_free(client->ticket);
  client->ticket = ticket;
  return 1;
}

static void connect_client(struct rig_client *client, const char *sni)
{
  client->ssl = SSL_new(client->ctx);
  BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
  assert_true(client->ssl && in && out);
  BIO_set_mem_eof_return(in, -1);
  SSL_set_bio(client->ssl, in, out);
  SSL_set_app_data(client->ssl, client);
  if (sni) {
    char name[256]; /* not const: OpenSSL's macro casts that away */
    assert_true(snprintf(name, sizeof name, "%s", sni) < (int)sizeof name);
    assert_int_equal(SSL_set_tlsext_host_name(client->ssl, name), 1);
  }
  if (client->ticket)
    assert_int_equal(SSL_set_session(client->ssl, client->ticket), 1);
  SSL_set_connect_state(client->ssl);
}

void rig_client_init(struct rig_client *client, const char *sni, int version)
{
  *client = (struct rig_client){.ctx = SSL_CTX_new(TLS_client_method())};
  assert_non_null(client->ctx);
  SSL_CTX_set_session_cache_mode(client->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
  SSL_CTX_sess_set_new_cb(client->ctx, keep_ticket);
  if (version) {
    /* TLS 1.1 exists at the lowest security level only. */
    if (version < TLS1_2_VERSION)
      SSL_CTX_set_security_level(client->ctx, 0);
    assert_int_equal(SSL_CTX_set_min_proto_version(client->ctx, version), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(client->ctx, version), 1);
  }
  connect_client(client, sni);
}

void rig_client_again(struct rig_client *client, const char *sni)
{
  /* A connection that ends without close_notify would take its ticket with it. */
  SSL_set_shutdown(client->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(client->ssl);
  connect_client(client, sni);
}

void rig_client_free(struct rig_client *client)
{
  SSL_free(client->ssl);
  SSL_CTX_free(client->ctx);
  SSL_SESSION_free(client->ticket);
}

void rig_client_output(struct rig_client *client, struct buf *out)
{
  BIO *bio = SSL_get_wbio(client->ssl);
  char piece[4096];
  int n;
  if (!SSL_is_init_finished(client->ssl))
    (void)SSL_do_handshake(client->ssl);
  while ((n = BIO_read(bio, piece, sizeof piece)) > 0)
    buf_put(out, piece, (size_t)n);
  assert_int_equal(buf_error(out), 0);
}

void rig_client_input(struct rig_client *client, struct str bytes)
{
  if (bytes.n)
    assert_int_equal(BIO_write(SSL_get_rbio(client->ssl), bytes.p, (int)bytes.n), bytes.n);
}

enum tls_state rig_pump(struct rig_client *client, struct tls_session *s, size_t piece, struct buf *plain)
{
  struct buf wire = BUF_INIT(1 << 24);
  enum tls_state state = TLS_HANDSHAKE;
  bool moved = true;
  while (moved) {
    buf_clear(&wire);
    rig_client_output(client, &wire);
    struct str rest = buf_str(&wire);
    moved = rest.n > 0;
    do {
      struct str part = piece ? str_head(rest, piece) : rest;
      state = tls_session_feed(s, part, plain);
      rest = str_skip(rest, part.n);
    } while (rest.n);
    struct str answer = tls_session_output(s);
    if (piece)
      answer = str_head(answer, piece);
    moved = moved || answer.n > 0;
    rig_client_input(client, answer);
    tls_session_sent(s, answer.n);
  }
  /* Tickets come after the handshake: a read lets the client see them. */
  char byte;
  (void)SSL_peek(client->ssl, &byte, 1);
  buf_free(&wire);
  return state;
}

void rig_client_saw(const struct rig_client *client, unsigned char out[32])
{
  X509 *leaf = SSL_get1_peer_certificate(client->ssl);
  assert_non_null(leaf);
  assert_int_equal(X509_digest(leaf, EVP_sha256(), out, NULL), 1);
  X509_free(leaf);
}
