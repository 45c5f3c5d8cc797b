/* Landlock by its three system calls: the C library has no wrappers, and its header may be older than the kernel. */
#include "proc/sandbox.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"

/* From the kernel's userspace-api/landlock.rst. The numbers of the calls are the same on every architecture. */
enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446, VERSION_FLAG = 1, RULE_PATH_BENEATH = 1 };

/* Rights to files: bit 0 is execute; 1, 2 and 3 write a file, read a file, read a folder; the rest makes and removes.
 */
#define READ_FILE (UINT64_C(1) << 2)
#define READ_DIR (UINT64_C(1) << 3)

/* How many rights to files each version of the interface knows: 13, then REFER, TRUNCATE, and IOCTL_DEV with the fifth.
 */
enum { RIGHTS_FIRST = 13, RIGHTS_REFER = 14, RIGHTS_TRUNCATE = 15, RIGHTS_IOCTL_DEV = 16 };
enum { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_TCP = 4, ABI_IOCTL_DEV = 5, ABI_SCOPE = 6 };

/* TCP: bind and connect. Scopes: abstract Unix sockets and signals. */
enum { TCP_BOTH = 3, SCOPE_BOTH = 3 };

/* What is denied unless a rule grants it. An older kernel takes a longer struct, so long as what it does not know is 0.
 */
struct ruleset {
  uint64_t files, tcp, scopes;
};

struct rule_beneath {
  uint64_t allowed;
  int32_t folder;
} __attribute__((packed));

static uint64_t rights(long abi)
{
  unsigned n = abi >= ABI_IOCTL_DEV  ? RIGHTS_IOCTL_DEV
               : abi >= ABI_TRUNCATE ? RIGHTS_TRUNCATE
               : abi >= ABI_REFER    ? RIGHTS_REFER
                                     : RIGHTS_FIRST;
  return (UINT64_C(1) << n) - 1;
}

/* ENOSYS: an older kernel, or one built without it; EOPNOTSUPP: switched off at its start; EPERM: a container's filter.
 */
static bool absent(int number)
{
  return number == ENOSYS || number == EOPNOTSUPP || number == EPERM;
}

static int fail(struct buf *why)
{
  if (absent(errno))
    return ERR_ABSENT;
  buf_printf(why, "the files cannot be locked away by Landlock: %s; --no-sandbox leaves it out",
             strerror(errno)); /* NOLINT(concurrency-mt-unsafe): one thread */
  return ERR_IO;
}

/* A folder in /proc has so many links as there are folders in it, and two. Where /proc is not mounted nobody tells. */
static bool alone(void)
{
  struct stat st;
  return stat("/proc/self/task", &st) < 0 || st.st_nlink <= 3;
}

int sandbox_files(const int *roots, size_t n_roots, struct buf *why)
{
  if (!alone()) {
    buf_printf(why, "a thread was started before the files were locked away");
    return ERR_BUSY;
  }
  (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); /* Linux 3.5; where it fails, Landlock says so */
  long abi = syscall(CREATE_RULESET, NULL, (size_t)0, VERSION_FLAG);
  if (abi < 0)
    return fail(why);
  const struct ruleset ruleset = {
      .files = rights(abi),
      .tcp = abi >= ABI_TCP ? TCP_BOTH : 0,
      .scopes = abi >= ABI_SCOPE ? SCOPE_BOTH : 0,
  };
  int fd = (int)syscall(CREATE_RULESET, &ruleset, sizeof ruleset, 0);
  if (fd < 0)
    return fail(why);
  bool good = true;
  for (size_t i = 0; good && i < n_roots; i++) {
    const struct rule_beneath rule = {.allowed = READ_FILE | READ_DIR, .folder = roots[i]};
    good = syscall(ADD_RULE, fd, RULE_PATH_BENEATH, &rule, 0) == 0;
  }
  good = good && syscall(RESTRICT_SELF, fd, 0) == 0;
  int err = good ? 0 : fail(why);
  close(fd);
  return err;
}
