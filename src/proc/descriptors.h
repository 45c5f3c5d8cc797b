/* How many descriptors a process may have (B2). */
#ifndef NUNCIO_PROC_DESCRIPTORS_H
#define NUNCIO_PROC_DESCRIPTORS_H

/* Raises RLIMIT_NOFILE to its hard limit, for this process and those that it starts. How many there may be then;
 * DESCRIPTORS_MOST where there may be more. */
unsigned descriptors_raise(void);
enum { DESCRIPTORS_MOST = 1000000 };

#endif
