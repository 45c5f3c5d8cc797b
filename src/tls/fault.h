/* OpenSSL's errors as words for the log. Inside tls/ only. */
#ifndef NUNCIO_TLS_FAULT_H
#define NUNCIO_TLS_FAULT_H

#include <stdbool.h>
#include <stddef.h>

enum { FAULT_MAX = 128 };

/* Writes what the first error in the queue says, as a phrase for tls_session_fault and tls_call_fault, and empties the
 * queue. `peer` is what the phrase calls the other side: "client", "server". `alerted`: whether OpenSSL answered the
 * error with an alert. False where the peer's first bytes are no TLS at all, which it does not answer. */
bool fault_take(char out[FAULT_MAX], const char *peer, bool alerted);

#endif
