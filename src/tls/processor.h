/* What the processor does for ciphers. Inside tls/ only. */
#ifndef NUNCIO_TLS_PROCESSOR_H
#define NUNCIO_TLS_PROCESSOR_H

#include <stdbool.h>

/* Whether it has instructions for AES, and OpenSSL uses them. */
bool processor_has_aes(void);

/* The same of a text in the form of OPENSSL_info(OPENSSL_INFO_CPU_SETTINGS); NULL: unknown, so no. */
bool processor_has_aes_by(const char *settings);

#endif
