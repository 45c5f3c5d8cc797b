/* `.meta` files as agate reads them, as rules (text/rules.h). Pure. */
#ifndef NUNCIO_TEXT_AGATE_META_H
#define NUNCIO_TEXT_AGATE_META_H

#include "base/buf.h"
#include "base/str.h"
#include "text/rules.h"

#define AGATE_META ".meta"

/* The grammar (agate's README, "Meta-Presets"), by lines; what follows a `#` is a comment:
 *   line     = empty / section / path (":" / "=") metadata
 *   section  = "[" name "]"                ; only what stands before the first one, and in `[mime]`, is read
 *   path     = the path of a file beneath the directory, with the wildcards * ** ? [...]
 *   metadata = empty                       ; gemtext without the site's language
 *            / ";" parameters              ; in the language's place
 *            / status [SP meta]            ; answered instead, whether the file is there or not
 *            / MIME type [";" parameters]
 * Of the lines that mean a file the last one counts. They mean files, not what is beneath a directory; in names that
 * begin with a dot the dot must be written. (Of those we serve `.well-known` alone, whatever a line says.)
 *
 * Appends a rule for each line (`agate` is set, and `line`), in their order: for the empty metadata, and for a type,
 * `parameters` is "". `under` is the raw path of the directory that holds the file, with its slash; lines reach what is
 * beneath it too, and a `.meta` further down has the last word on what is beneath that, if its rules are joined behind.
 *
 * What is wrong is said in *why: `line 3: ...`, the first few such sentences, and how many more there are. All the
 * other lines hold. 0, with *why empty or not; ERR_SYNTAX where there is something wrong and no line that holds;
 * ERR_NOMEM, and then *out is as far as it came. More than RULES_MAX rules are not read. */
int agate_meta_read(struct str text, struct str under, struct rules *out, struct buf *why)
    __attribute__((warn_unused_result));

#endif
