/* MIME types by file name: the system's table where there is one, a small table of our own beneath it (G20). */
#ifndef NUNCIO_SITE_MIME_H
#define NUNCIO_SITE_MIME_H

#include "base/str.h"

struct mime;

/* Reads the system's tables (shared-mime-info's globs2, then mime.types); what is missing or malformed is passed over.
 * NULL only when memory is short. Immutable afterwards. */
struct mime *mime_load(void);
/* The same from given files, for tests; either may be NULL. */
struct mime *mime_load_from(const char *globs2, const char *mime_types);
void mime_free(struct mime *m);

/* For work that may outlive whoever has the table: it stays until the last of these is given back. In one thread. */
const struct mime *mime_ref(const struct mime *m);
void mime_unref(const struct mime *m); /* NULL is fine */

/* The type of a file called `name` (the last segment of a path) by its suffix, in any case, the longest one first (and
 * by the whole name for the likes of `makefile`): ours for gmi, gemini, txt, md and other texts that the system names
 * badly, then the system's, then our small table. An empty span where no suffix is known: then mime_guess may look at
 * the content. Lives as long as the table. */
struct str mime_type(const struct mime *m, struct str name);

/* For a file without a suffix: text/plain where `head` (its first 4 KiB; may end inside a character) is UTF-8 without
 * control characters (U+0000 to U+001F, ESC among them, and U+007F to U+009F) other than TAB, LF, CR, FF; else
 * application/octet-stream. Static. */
struct str mime_guess(struct str head);

/* Whether the name has a suffix at all: a dot that is not its first character, with something after it. */
bool mime_has_suffix(struct str name);

/* The Gopher item type for a MIME type, parameters or not: text/gemini 1, HTML h, image/gif g, other images I, audio s,
 * text 0 (and what is text under another name: JSON, XML and the like), all else 9. */
char mime_item_type(struct str type);

#endif
