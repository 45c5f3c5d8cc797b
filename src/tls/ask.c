/* Takes any certificate of a client, and sees to it that tickets tell who it is. */
#include "tls/ask.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/x509.h>

#include "tls/choice.h"
#include "tls/offer.h"

enum {
  /* The signature of the handshake is checked with a key that a stranger chose. At these limits that takes as long as
   * with ECDSA on P-384, 1.5 ms; the worst that OpenSSL takes (3072 bits, and an exponent as long), 9 ms. */
  RSA_BITS_MOST = 8192,
  RSA_EXPONENT_BITS_MOST = 64,
  /* A ticket holds the certificate, and comes back in a ClientHello, of which HELLO_MAX bytes are taken. */
  TICKET_CERTIFICATE_MAX = 4096,
};

static bool costs_too_much(const EVP_PKEY *key)
{
  BIGNUM *exponent = NULL;
  if (!key || !(EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS")))
    return false;
  if (EVP_PKEY_get_bits(key) > RSA_BITS_MOST)
    return true;
  bool long_one = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1 ||
                  BN_num_bits(exponent) > RSA_EXPONENT_BITS_MOST;
  BN_free(exponent);
  return long_one;
}

/* In the place of OpenSSL's check of the chain: who may enter is decided per path, once that is known. A ticket holds
 * the certificate but not what came with it: who needs intermediate ones to prove who signed it gets none. */
static int take_any(X509_STORE_CTX *store, void *unused)
{
  SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
  struct tls_choice *choice = SSL_get_app_data(ssl);
  X509 *leaf = X509_STORE_CTX_get0_cert(store);
  (void)unused;
  if (costs_too_much(X509_get0_pubkey(leaf))) {
    choice->refused = "the RSA key of the client's certificate is too large";
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
  }
  bool alone = sk_X509_num(X509_STORE_CTX_get0_untrusted(store)) <= 1;
  bool small = i2d_X509(leaf, NULL) <= TICKET_CERTIFICATE_MAX;
  (void)SSL_set_num_tickets(ssl, alone && small ? 1 : 0);
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

/* A ticket was opened. A resumed session asks for no certificate (RFC 8446, section 4.3.2), so where certificates are
 * asked for a ticket without one would keep those out who have got one since. */
static SSL_TICKET_RETURN weigh_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *name, size_t n,
                                      SSL_TICKET_STATUS status, void *unused)
{
  const struct tls_choice *choice = SSL_get_app_data(ssl);
  (void)name;
  (void)n;
  (void)unused;
  if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  if (choice->asks && !SSL_SESSION_get0_peer(session))
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  if (choice->asks)
    (void)SSL_set_num_tickets(ssl, 1);
  return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

void ask_prepare(SSL_CTX *ctx)
{
  SSL_CTX_set_max_cert_list(ctx, ASK_LIST_MAX);
  SSL_CTX_set_cert_verify_callback(ctx, take_any, NULL);
  (void)SSL_CTX_set_session_ticket_cb(ctx, NULL, weigh_ticket, NULL); /* cannot fail */
}

/* No ticket until a certificate has come. The list of authorities in the request stays empty: any will do. */
bool ask_client(SSL *ssl, bool tls13)
{
  SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
  return SSL_set_num_tickets(ssl, 0) == 1 && (tls13 || offer_more_groups(ssl));
}
