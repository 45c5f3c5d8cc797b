/* Error codes: the one table that every layer shares. */
#ifndef NUNCIO_BASE_ERR_H
#define NUNCIO_BASE_ERR_H

/* A function that can fail returns 0, or one of these negative numbers. What a number means to a
 * reader (51, 40, a type-3 line) is decided by the site, never here. */
enum err {
  ERR_NOMEM = -1,     /* an allocation failed */
  ERR_FULL = -2,      /* a buffer reached the cap it was made with */
  ERR_SYNTAX = -3,    /* the input is not of the form that its specification asks for */
  ERR_NOT_FOUND = -4, /* no such file, or a name that no file system could hold */
  ERR_OUTSIDE = -5,   /* the path, or a symbolic link on it, leaves the capsule */
  ERR_DENIED = -6,    /* it is there, and we may not read it */
  ERR_SPECIAL = -7,   /* neither a regular file nor a directory */
  ERR_AGAIN = -8,     /* it would block: ask again from the thread pool */
  ERR_IO = -9,        /* the disk or the network failed */
  ERR_LIMIT = -10,    /* larger than we are ready to take */
  ERR_BUSY = -11,     /* a resource of ours is used up for now (descriptors, threads) */
  ERR_EXISTS = -12,   /* something is there already and is not to be overwritten */
  ERR_TLS = -13,      /* the TLS library said no */
  ERR_WRONG = -14,    /* a computation of ours came to another result than its check */
  ERR_ABSENT = -15,   /* the system lacks what was asked for */
};

/* A short English phrase for `err` (static storage), such as "no such file". */
const char *err_text(int err);

/* The code that stands for a value of errno. */
int err_from_errno(int number);

#endif
