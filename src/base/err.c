/* Error codes: their words, and where they come from. */
#include "base/err.h"

#include <errno.h>

const char *err_text(int err)
{
  if (err >= 0)
    return "no error";
  switch ((enum err)err) {
  case ERR_NOMEM:
    return "out of memory";
  case ERR_FULL:
    return "a buffer is full";
  case ERR_SYNTAX:
    return "malformed";
  case ERR_NOT_FOUND:
    return "no such file";
  case ERR_OUTSIDE:
    return "leads out of the capsule";
  case ERR_DENIED:
    return "permission denied";
  case ERR_SPECIAL:
    return "not a regular file";
  case ERR_AGAIN:
    return "would block";
  case ERR_IO:
    return "input or output failed";
  case ERR_LIMIT:
    return "too large";
  case ERR_BUSY:
    return "out of descriptors";
  case ERR_EXISTS:
    return "exists already";
  case ERR_WRONG:
    return "a wrong result";
  case ERR_ABSENT:
    return "this system lacks it";
  case ERR_TLS:
    return "TLS failed";
  }
  return "unknown error";
}

int err_from_errno(int number)
{
  switch (number) {
  case 0:
    return 0;
  case ENOMEM:
    return ERR_NOMEM;
  case ENOENT:
  case ENOTDIR:
  case ENAMETOOLONG: /* G18: such a file cannot be there. */
  case EINVAL:       /* A name that this file system cannot hold. */
  case EILSEQ:
    return ERR_NOT_FOUND;
  case EXDEV: /* openat2(RESOLVE_BENEATH) met an absolute link or a `..` above the root. */
    return ERR_OUTSIDE;
  case ELOOP:
    return ERR_NOT_FOUND;
  case EACCES:
  case EPERM:
    return ERR_DENIED;
  case ENXIO:
  case ENODEV:
    return ERR_SPECIAL;
  case EAGAIN:
    return ERR_AGAIN;
  case EMFILE:
  case ENFILE:
    return ERR_BUSY;
  case EEXIST:
    return ERR_EXISTS;
  case EFBIG:
  case EOVERFLOW:
    return ERR_LIMIT;
  default:
    return ERR_IO;
  }
}
