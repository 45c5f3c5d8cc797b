/* The MIME types that the program brings along. For mime.c only. */
#ifndef NUNCIO_SITE_MIME_BUILTIN_H
#define NUNCIO_SITE_MIME_BUILTIN_H

#include <stddef.h>

/* One type and its suffixes, without their dots, in lower case, separated by single spaces. */
struct mime_row {
  const char *type;
  const char *suffixes;
};

/* Those that go above the system's tables. */
extern const struct mime_row mime_ours[];
extern const size_t mime_n_ours;

/* Those for a machine that has no tables. */
extern const struct mime_row mime_fallback[];
extern const size_t mime_n_fallback;

#endif
