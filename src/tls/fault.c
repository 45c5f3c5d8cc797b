/* Turns OpenSSL's error queue into a phrase that says what the peer did. */
#include "tls/fault.h"

#include <stdio.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

/* An alert from the peer is reported as a reason of 1000 and the alert's number. */
enum { ALERT_LAST = 255 };

static void write_alert(char out[FAULT_MAX], const char *peer, int alert)
{
  bool refused = (alert >= SSL_AD_BAD_CERTIFICATE && alert <= SSL_AD_CERTIFICATE_UNKNOWN) || alert == SSL_AD_UNKNOWN_CA;
  (void)snprintf(out, FAULT_MAX, "the %s %s (alert %d, %s)", peer, refused ? "refused our certificate" : "broke it off",
                 alert, SSL_alert_desc_string_long(alert));
}

static void write_words(char out[FAULT_MAX], const char *words)
{
  (void)snprintf(out, FAULT_MAX, "%s", words ? words : "TLS failed");
}

bool fault_take(char out[FAULT_MAX], const char *peer, bool alerted)
{
  unsigned long error = ERR_peek_error();
  int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
  bool tls = true;
  if (reason > SSL_AD_REASON_OFFSET && reason <= SSL_AD_REASON_OFFSET + ALERT_LAST) {
    write_alert(out, peer, reason - SSL_AD_REASON_OFFSET);
  } else if (!alerted && (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
                          reason == SSL_R_HTTPS_PROXY_REQUEST)) {
    (void)snprintf(out, FAULT_MAX, "the %s does not speak TLS", peer);
    tls = false;
  } else if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_VERSION_TOO_LOW) {
    (void)snprintf(out, FAULT_MAX, "no shared protocol version (the %s offers nothing as new as TLS 1.2)", peer);
  } else if (reason == SSL_R_NO_SHARED_CIPHER) {
    write_words(out, "no shared cipher");
  } else {
    write_words(out, ERR_reason_error_string(error));
  }
  ERR_clear_error();
  return tls;
}
