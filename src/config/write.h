/* Writing settings, in pieces. Inside config/ only. */
#ifndef NUNCIO_CONFIG_WRITE_H
#define NUNCIO_CONFIG_WRITE_H

#include "base/buf.h"
#include "base/str.h"
#include "config/settings.h"
#include "config/vocabulary.h"

/* write.c */

/* Appends a value (without control characters) in quotes. */
void write_quoted(struct buf *out, struct str value);
/* The same for a path or another value that may hold anything: ERR_SYNTAX with a sentence about the setting `name`
 * where there is a control character in it, of which the file that was read lets only a tab through. */
int write_name(struct buf *out, const char *name, const char *value, struct buf *why)
    __attribute__((warn_unused_result));
/* Appends a path with the working directory in front where it is relative. ERR_IO with a sentence about the setting
 * `name`; ERR_NOMEM, ERR_FULL. */
int write_absolute(struct buf *out, const char *name, const char *path, struct buf *why)
    __attribute__((warn_unused_result));

/* write_rules.c */

/* Appends `NAME = VALUE` and a LF where a rule has a value of that entry (of KIND_RULE). */
void write_rule_value(struct buf *out, const struct entry *entry, const struct rule *rule);
/* Appends a site's `path` sections. As settings_write_text. */
int write_rules(struct buf *out, const struct settings *s, const struct site_settings *site, struct buf *why)
    __attribute__((warn_unused_result));

#endif
