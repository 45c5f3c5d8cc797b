/* What is said of a page's content: its MIME type with what belongs to it (G20). */
#ifndef NUNCIO_SITE_CONTENT_H
#define NUNCIO_SITE_CONTENT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"
#include "text/rules.h"

/* Whether a type, parameters or not, is that of gemtext. */
bool content_is_gemtext(struct str type);

/* Appends the type with its parameters: of gemtext the language (the rules' or else the site's `lang`; several tags are
 * quoted) or the parameters that rules set in its place, which a line of agate's gives a file of any type; of a file
 * that is text the character set that rules set. What the type says itself stays as it is. `from_file`: the content is
 * a file's, and not of our own making, which is UTF-8. */
void content_put_type(struct buf *out, struct str type, struct str lang, bool from_file, const struct ruled *ruled);

#endif
