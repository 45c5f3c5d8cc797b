/* For tests: a temporary folder, filled by hand and removed whole. Every failure ends the test. */
#ifndef NUNCIO_TESTS_FOLDER_H
#define NUNCIO_TESTS_FOLDER_H

#include <limits.h>
#include <stddef.h>

struct folder {
  char path[PATH_MAX / 2];
  int fd; /* the folder, O_PATH */
};

/* Makes an empty one, readable by everybody. */
void folder_make(struct folder *f);
/* Removes it with everything inside. */
void folder_remove(struct folder *f);

/* What to put in: `name` is relative to the folder; the directories on its way are made. */
void folder_dir(const struct folder *f, const char *name);
void folder_file(const struct folder *f, const char *name, const char *text);
void folder_bytes(const struct folder *f, const char *name, const void *bytes, size_t n);
void folder_link(const struct folder *f, const char *name, const char *target);
void folder_fifo(const struct folder *f, const char *name);

#endif
