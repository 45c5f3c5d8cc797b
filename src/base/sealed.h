/* Memory behind a descriptor, of a size that nobody can change any more: what processes share. */
#ifndef NUNCIO_BASE_SEALED_H
#define NUNCIO_BASE_SEALED_H

#include <stddef.h>

/* Makes size bytes of zeros, maps them at *map for reading and writing, and seals their size (memfd_create(2),
 * fcntl(2): F_ADD_SEALS): a mapping that lost its end would be SIGBUS in whoever has it. Returns the descriptor, which
 * is closed on exec; it and the mapping are the caller's, to close and to munmap. -1 with errno set where it fails. */
int sealed_create(const char *name, size_t size, void **map);

/* Why the descriptor is not of such a memory of that size, in words; NULL where it is. It does not look inside. */
const char *sealed_fault(int fd, size_t size);

#endif
