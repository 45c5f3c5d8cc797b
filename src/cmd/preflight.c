/* What can be seen of settings before they are used. */
#include "cmd/preflight.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

int preflight_capsule(const char *path, struct buf *why)
{
  struct stat st;
  int error = stat(path, &st) < 0 ? errno : S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
  if (error == 0 && faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
    error = errno;
  if (error == 0)
    return 0;
  const char *mend = error == EACCES ? "let this user enter it (chmod +x), or run as one who may"
                                     : "name the folder to publish, as in `nuncio serve FOLDER`";
  buf_printf(why, "capsule %s: %s; %s", path, strerror(error), mend);
  return ERR_NOT_FOUND;
}
