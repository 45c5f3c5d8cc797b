/* Starting workers, and becoming another version: fork and exec with a handover. */
#ifndef NUNCIO_PROC_SPAWN_H
#define NUNCIO_PROC_SPAWN_H

#include <sys/types.h>

#include "proc/handover.h"

/* A path to the running program, good in this process and its children before they execute another one, whatever
 * becomes of the program's file. It stands for a descriptor that stays open. NULL where the system shows no such thing.
 * The caller frees it. (Of /proc/self/exe itself a debugger's virtual machine would make its own program.) */
char *spawn_self(void);

/* The path by which this process was started, made absolute; a replaced file or symbolic link there is the next version
 * of it. NULL where the system does not say. The caller frees it. */
char *spawn_program(void);

/* Starts `program` as a worker: with the arguments `argv` (ended by NULL; argv[0] is what the process list shows), what
 * `h` holds, and signals as a new program expects them, but that those meant for the supervisor are ignored. 0 and
 * *pid, ERR_BUSY (no process to be had), ERR_NOMEM, ERR_IO. A program that cannot be executed ends with status 127,
 * and says why. */
int spawn_worker(const char *program, char *const argv[], const struct handover *h, pid_t *pid)
    __attribute__((warn_unused_result));

/* Becomes `program`, with the same process id. Returns only where that failed: a negative error, errno set, and
 * everything as before. */
int spawn_become(const char *program, char *const argv[], const struct handover *h) __attribute__((warn_unused_result));

#endif
