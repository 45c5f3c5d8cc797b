/* Dropping root. */
#include "proc/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"

/* The entry is the C library's, until somebody asks it again. NSS may open files and sockets for this. */
static int find(const char *name, const struct passwd **out, struct buf *why)
{
  errno = 0;
  const struct passwd *entry = getpwnam(name); /* NOLINT(concurrency-mt-unsafe): no thread was started yet */
  if (entry && entry->pw_uid == 0) {
    buf_printf(why, "--user %s is root: name a user who may do less", name);
    return ERR_DENIED;
  }
  if (entry) {
    *out = entry;
    return 0;
  }
  if (errno == EIO || errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
    buf_printf(why, "--user %s: the users cannot be looked up: %s", name,
               strerror(errno)); /* NOLINT(concurrency-mt-unsafe) */
    return ERR_IO;
  }
  buf_printf(why, "--user %s: there is no such user; make one (as with `useradd --system %s`), or name another", name,
             name);
  return ERR_NOT_FOUND;
}

bool user_is_root(const char *name)
{
  const struct passwd *entry = getpwnam(name); /* NOLINT(concurrency-mt-unsafe): no thread was started yet */
  return entry && entry->pw_uid == 0;
}

int user_check(const char *name, struct buf *why)
{
  const struct passwd *entry = NULL;
  int err = find(name, &entry, why);
  if (err || geteuid() == 0 || geteuid() == entry->pw_uid)
    return err;
  buf_printf(why, "--user %s: only root can become another user; start it as root, or leave --user out", name);
  return ERR_DENIED;
}

/* Whether nothing is left by which the process could have its old ids back. */
static bool is_only(uid_t user, gid_t group)
{
  uid_t uids[3];
  gid_t gids[3];
  return getresuid(&uids[0], &uids[1], &uids[2]) == 0 && getresgid(&gids[0], &gids[1], &gids[2]) == 0 &&
         uids[0] == user && uids[1] == user && uids[2] == user && gids[0] == group && gids[1] == group &&
         gids[2] == group && setresuid(0, 0, 0) < 0 && setresgid(0, 0, 0) < 0;
}

int user_become(const char *name, struct buf *why)
{
  const struct passwd *entry = NULL;
  int err = user_check(name, why);
  if (err == 0)
    err = find(name, &entry, why);
  if (err || geteuid() != 0)
    return err;
  uid_t user = entry->pw_uid;
  gid_t group = entry->pw_gid;
  if (initgroups(name, group) == 0 && setresgid(group, group, group) == 0 && setresuid(user, user, user) == 0 &&
      is_only(user, group))
    return 0;
  buf_printf(why, "cannot become the user %s (%s): let the server have the rights to change user and groups", name,
             strerror(errno)); /* NOLINT(concurrency-mt-unsafe): no thread was started yet */
  return ERR_DENIED;
}
