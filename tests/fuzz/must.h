/* For fuzz targets: what must hold, or the run ends there and says what did not. */
#ifndef NUNCIO_TESTS_MUST_H
#define NUNCIO_TESTS_MUST_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static inline void must(bool holds, const char *what)
{
  if (holds)
    return;
  (void)fprintf(stderr, "does not hold: %s\n", what);
  abort();
}

#endif
