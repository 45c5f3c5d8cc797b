/* A disk that answers as it is told, in the place of the kernel's calls (--wrap, see the Makefile); and a watch on what
 * is opened. */
#ifndef NUNCIO_TESTS_DISK_H
#define NUNCIO_TESTS_DISK_H

#include <stdbool.h>

/* How it answers; they may be combined. */
enum {
  DISK_SLOW = 1,   /* nothing is in memory: every read and every look wants the pool */
  DISK_BROKEN = 2, /* reading fails with EIO */
  DISK_SHORT = 4,  /* a read brings a third of what was asked for */
  DISK_OLD = 8,    /* a kernel without openat2: the path is walked */
};

/* Reads from memory, and everything is there. */
void disk_begin(void);
void disk_set(unsigned how);

/* Everything beneath this folder, links not followed, may be opened from now on: one call for each. Whatever else is
 * opened while the watch is on is a fault (G13). */
void disk_allow(const char *folder);
void disk_forget(void); /* what was allowed */
void disk_watch(bool on);

#endif
