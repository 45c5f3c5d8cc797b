/* What a rule for some paths can be told: each value as its author wrote it, checked. Inside config/ only. */
#ifndef NUNCIO_CONFIG_RULE_H
#define NUNCIO_CONFIG_RULE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "text/rules.h"

/* In one word each: what config/vocabulary.c has names for. */
enum rule_value {
  VALUE_LANG,
  VALUE_CHARSET,
  VALUE_TYPE,
  VALUE_REDIRECT,
  VALUE_REDIRECT_PERMANENT,
  VALUE_GONE,
  VALUE_SLOW_DOWN,
  VALUE_LISTING,
  VALUE_LISTING_ORDER,
  VALUE_LISTING_HEADER,
  VALUE_LISTING_FOOTER,
  VALUE_GOPHER_WIDTH,
  VALUE_TERMINATE_TEXT,
  VALUE_CLIENTS,
  VALUE_CLIENT_REASON,
  VALUE_LOCAL_SETTINGS,
};

/* So many bytes a pattern, a file's name and a sentence may have: no META is longer (G15). */
enum { RULE_TEXT_MOST = 1024 };

/* Sets one value. `first` is for VALUE_CLIENTS, which is a list: the value takes the place of those that are there.
 * ERR_SYNTAX, ERR_LIMIT: *why says what was expected. ERR_NOMEM. */
int rule_set(struct rule *rule, enum rule_value which, bool first, struct str value, struct buf *why)
    __attribute__((warn_unused_result));

/* Adds the authority of that bit to those whose visitors may enter. As above. */
int rule_set_authority(struct rule *rule, bool first, unsigned bit, struct buf *why)
    __attribute__((warn_unused_result));

/* What rule_set takes for an order of listings; empty for none. */
const char *rule_order_word(enum listing_order order);

#endif
