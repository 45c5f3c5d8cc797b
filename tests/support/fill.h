/* For tests: a temporary folder filled from a table, and changed while a site serves it. */
#ifndef NUNCIO_TESTS_FILL_H
#define NUNCIO_TESTS_FILL_H

#include "base/str.h"
#include "folder.h"

/* One thing in the folder. Directories on the way to a file are made. */
struct fill {
  const char *path; /* relative; one that ends in a slash is a directory */
  const char *text; /* a file's content, or NULL */
  const char *link; /* where a symbolic link leads, or NULL */
};

/* Puts in what a table says that ends with an item without a path (NULL: nothing), and makes everything an hour old. */
void folder_fill(const struct folder *f, const struct fill *items);

void folder_write(const struct folder *f, const char *path, struct str content);
void folder_delete(const struct folder *f, const char *path);

/* Sets a file's or directory's modification time to so many seconds ago. (When that was done is its change time.) */
void folder_age(const struct folder *f, const char *path, long seconds);

/* The absolute path of something in it; static, until the next call. */
const char *folder_path(const struct folder *f, const char *path);

#endif
