/* Who may enter: a gate's answer to a visitor (specification 0.24.1, 60 to 62). */
#ifndef NUNCIO_SITE_GATE_H
#define NUNCIO_SITE_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/identity.h"
#include "base/str.h"
#include "site/response.h"
#include "text/rules.h"

/* Whether a visitor may pass the gate of a rule (NULL: everybody may). Else *r is the answer: 60 with the owner's
 * reason or ours, which names `host`; 62 for a certificate that is not in its time at `now_s` (seconds since 1970); 61
 * with the fingerprint that the owner would have to list. `identity` may be NULL: no certificate came. */
bool gate_admits(const struct rule *rule, const struct identity *identity, int64_t now_s, struct str host,
                 struct response *r);

#endif
