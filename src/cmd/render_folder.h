/* The two folders that `nuncio render -o` writes into: DIR, and DIR/NAME with the pages. */
#ifndef NUNCIO_CMD_RENDER_FOLDER_H
#define NUNCIO_CMD_RENDER_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

enum { RENDER_PATH = 512 };

/* Files are named by their path from the folder of pages: `1.gmi`, `../NAME.overview.txt`. Every function that fails
 * puts a sentence into *why that names the file. */
struct render_folder {
  const char *dir;      /* borrowed */
  struct str name;      /* borrowed: NAME, which fits RENDER_PATH */
  int dir_fd, pages_fd; /* -1: not there yet */
  struct buf *why;      /* borrowed */
};

/* Opens what there is of both. `parent` is the open folder that `document` is in: DIR must be neither that nor NAME in
 * there, where the files would hide the pages that the document has. A symbolic link at DIR/NAME is not followed.
 * render_folder_close in any case. */
int render_folder_open(struct render_folder *f, int parent, struct str document) __attribute__((warn_unused_result));
/* Makes what is missing, and removes the unfinished files of runs that were killed. */
int render_folder_make(struct render_folder *f) __attribute__((warn_unused_result));
void render_folder_close(struct render_folder *f);

/* Reads a regular file of `max` bytes at most into `out`, which is cleared. ERR_NOT_FOUND where nothing stands there,
 * ERR_SPECIAL, ERR_LIMIT, ERR_DENIED and so on, all without a sentence. */
int render_folder_read(struct render_folder *f, const char *path, size_t max, struct buf *out)
    __attribute__((warn_unused_result));

/* Writes a file beside and moves it into place: in the place of one that stands there (`over`), or where nothing does.
 */
int render_folder_put(struct render_folder *f, const char *path, struct str content, bool over)
    __attribute__((warn_unused_result));

int render_folder_remove(struct render_folder *f, const char *path) __attribute__((warn_unused_result));

/* Puts "DIR/NAME/path what" into *why and returns err. An empty path names the folder of pages. */
int render_folder_say(struct render_folder *f, int err, struct str path, const char *what);

#endif
