/* The settings file: read by way of libConfuse, which no other folder knows; and written. */
#ifndef NUNCIO_CONFIG_FILE_H
#define NUNCIO_CONFIG_FILE_H

#include "base/buf.h"
#include "base/str.h"
#include "config/settings.h"

/* A file is no larger than this; it may include others, these again others, so deep and so many in all. */
enum { SETTINGS_FILE_MAX = 1 << 20, SETTINGS_DEPTH_MAX = 8, SETTINGS_FILES_MAX = 100 };

/* Reads a settings file into *s (from settings_init): each value goes through the setter that the command line's goes
 * through. Relative paths in it, and the files that it includes, begin at the folder of the file in which they are
 * written. Nothing blocks: what is no regular file is refused unread. On failure *why holds one sentence, and *s what
 * came before: a mistake in a file is ERR_SYNTAX, and the sentence begins with `FILE:LINE: `; a file that cannot be
 * read is ERR_NOT_FOUND, ERR_DENIED, ERR_SPECIAL, ERR_LIMIT or ERR_IO (one that is included: ERR_SYNTAX). ERR_NOMEM. */
int settings_read_file(struct settings *s, const char *path, struct buf *why) __attribute__((warn_unused_result));

/* The same, but it goes on after a value that makes no sense: *why has a line for each mistake, without a LF behind the
 * last. (What is no setting at all, or breaks the form of a file, ends it.) */
int settings_check_file(struct settings *s, const char *path, struct buf *why) __attribute__((warn_unused_result));

/* The same as settings_read_file for a text that stands in no file and includes none; `name` is what is said in the
 * file's place. */
int settings_read_text(struct settings *s, struct str text, const char *name, struct buf *why)
    __attribute__((warn_unused_result));

/* Appends settings as such a text, which says all that differs from nothing being said, with absolute paths: read into
 * settings that were just made, it gives the same ones. ERR_SYNTAX where a value cannot stand in a file (a path with a
 * control character in it), ERR_FULL, ERR_NOMEM or ERR_IO (the working directory is gone), with a sentence in *why. */
int settings_write_text(struct settings *s, struct buf *out, struct buf *why) __attribute__((warn_unused_result));

#endif
