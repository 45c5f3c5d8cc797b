/* From a visitor's certificate to what the rest of the house knows of it. Inside tls/ only. */
#ifndef NUNCIO_TLS_IDENTIFY_H
#define NUNCIO_TLS_IDENTIFY_H

#include "base/identity.h"
#include "tls/authorities.h"

/* Fills *out. `chain`: what the client sent besides, or NULL. Dates that are none become a time that is never. On
 * ERR_NOMEM and ERR_SYNTAX nothing was presented. */
int identify(X509 *leaf, STACK_OF(X509) * chain, const struct authorities *authorities, struct identity *out)
    __attribute__((warn_unused_result));

#endif
