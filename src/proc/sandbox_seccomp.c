/* seccomp by libseccomp: the table of what a worker may ask the kernel for once it serves. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include <linux/sockios.h>
#include <seccomp.h>

#include "base/err.h"
#include "proc/sandbox.h"

/* ------------------------------------------------------------------ the table */

/* By families: what one C library does by one call another one does by its neighbour. A name that an architecture does
 * not have is skipped. Nothing here makes a socket, a file, a process or a thread, or reaches another process. The
 * kernel remembers which calls are allowed whatever their arguments, and does not run the filter for them: those that a
 * request needs are such ones. */
static const char *const allowed[] = {
    /* Files: openat2's flags are behind a pointer; Landlock guards them. */
    "openat2", "read", "readv", "pread64", "preadv", "preadv2", "lseek", "_llseek", "close", "fstat", "fstat64", "stat",
    "stat64", "lstat", "lstat64", "newfstatat", "fstatat64", "statx", "access", "faccessat", "faccessat2", "readlink",
    "readlinkat", "getdents", "getdents64", "fadvise64", "fadvise64_64", "dup", "dup3",
    /* Connections, and the log. */
    "accept", "accept4", "recv", "recvfrom", "recvmsg", "send", "sendto", "sendmsg", "write", "writev", "shutdown",
    "getsockname", "getpeername", "getsockopt", "setsockopt",
    /* Waiting. */
    "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "ppoll_time64", "select", "_newselect",
    "pselect6", "pselect6_time64", "futex", "futex_time64", "nanosleep", "clock_nanosleep", "clock_nanosleep_time64",
    "restart_syscall", "sched_yield",
    /* Time and chance. */
    "clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64", "gettimeofday", "time", "getrandom",
    /* Memory. */
    "brk", "munmap", "mremap", "madvise",
    /* Threads that there are, their signals, and their end. */
    "rt_sigaction", "rt_sigprocmask", "rt_sigpending", "rt_sigreturn", "sigreturn", "sigaltstack", "set_robust_list",
    "rseq", "membarrier", "exit", "exit_group",
    /* What a process may know of itself and its machine. */
    "getpid", "gettid", "getppid", "getuid", "getuid32", "geteuid", "geteuid32", "getgid", "getgid32", "getegid",
    "getegid32", "getgroups", "getgroups32", "getcpu", "sched_getaffinity", "sysinfo", "uname", "getrlimit",
    "ugetrlimit", "getrusage", "times"};

/* Calls that are allowed where (argument & mask) == value; several lines for one call are alternatives. */
enum { OPEN_TO_CHANGE = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY) };
#define WORD UINT32_MAX
#define IS(value) WORD, value
#define HAS_NONE(bits) bits, 0
static const struct conditional {
  const char *name;
  unsigned argument;
  uint64_t mask, value;
} conditional[] = {
    {"open", 1, HAS_NONE(OPEN_TO_CHANGE)},
    {"openat", 2, HAS_NONE(OPEN_TO_CHANGE)},
    {"mmap", 2, HAS_NONE(PROT_EXEC)},
    {"mmap2", 2, HAS_NONE(PROT_EXEC)},
    {"mprotect", 2, HAS_NONE(PROT_EXEC)},
    {"fcntl", 1, IS(F_GETFD)},
    {"fcntl", 1, IS(F_SETFD)},
    {"fcntl", 1, IS(F_GETFL)},
    {"fcntl", 1, IS(F_SETFL)},
    {"fcntl", 1, IS(F_DUPFD_CLOEXEC)},
    {"fcntl64", 1, IS(F_GETFD)},
    {"fcntl64", 1, IS(F_SETFD)},
    {"fcntl64", 1, IS(F_GETFL)},
    {"fcntl64", 1, IS(F_SETFL)},
    {"fcntl64", 1, IS(F_DUPFD_CLOEXEC)},
    {"ioctl", 1, IS(FIONBIO)},
    {"ioctl", 1, IS(FIONREAD)},
    {"ioctl", 1, IS(SIOCOUTQ)},
    {"ioctl", 1, IS(TCGETS)},                    /* isatty, which libConfuse's scanner asks of its stream */
    {"ioctl", 1, IS(_IOR('T', 0x2a, char[44]))}, /* the same with a newer C library: TCGETS2 */
    {"ioctl", 1, IS(TIOCGWINSZ)},
    {"prctl", 0, IS(PR_SET_NAME)},
    {"prctl", 0, IS(0x53564d41)},    /* PR_SET_VMA: a newer allocator names its memory */
    {"prlimit64", 2, UINT64_MAX, 0}, /* to ask for a limit, not to set one */
};

/* A newer libuv or C library tries these and can do without. */
static const char *const lacking[] = {"io_uring_setup", "io_uring_enter", "io_uring_register"};

/* The youngest call (Linux 5.17) that the table was written with in mind: from 424 on every architecture gives new
 * calls the same numbers, up to a constant. Those after it did not exist yet, so far as anybody in here can tell. */
static const char YOUNGEST[] = "set_mempolicy_home_node";

/* ------------------------------------------------------------------ the filter */

static int put(scmp_filter_ctx ctx, uint32_t action, const char *name, unsigned n, const struct scmp_arg_cmp *compare)
{
  int number = seccomp_syscall_resolve_name(name);
  if (number == __NR_SCMP_ERROR)
    return 0;
  int err = seccomp_rule_add_array(ctx, action, number, n, compare);
  return err == -EDOM ? 0 : err; /* not on this architecture */
}

static int put_table(scmp_filter_ctx ctx)
{
  int err = 0;
  for (size_t i = 0; err == 0 && i < sizeof allowed / sizeof *allowed; i++)
    err = put(ctx, SCMP_ACT_ALLOW, allowed[i], 0, NULL);
  for (size_t i = 0; err == 0 && i < sizeof conditional / sizeof *conditional; i++) {
    const struct conditional *c = &conditional[i];
    const struct scmp_arg_cmp compare = SCMP_CMP64(c->argument, SCMP_CMP_MASKED_EQ, c->mask, c->value);
    err = put(ctx, SCMP_ACT_ALLOW, c->name, 1, &compare);
  }
  for (size_t i = 0; err == 0 && i < sizeof lacking / sizeof *lacking; i++)
    err = put(ctx, SCMP_ACT_ERRNO(ENOSYS), lacking[i], 0, NULL);
  /* abort(3) sends a signal to its own thread: glibc by tgkill, musl by tkill. */
  const struct scmp_arg_cmp own = SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, WORD, (uint64_t)getpid());
  if (err == 0)
    err = put(ctx, SCMP_ACT_ALLOW, "tgkill", 1, &own);
  if (err == 0)
    err = put(ctx, SCMP_ACT_ALLOW, "tkill", 1, &own);
  return err;
}

/* libseccomp has one action for all that is in no rule, and that is to be the trap. What is younger than the table is
 * told from it by these instructions before its own. What is not of this architecture, or is of its 32-bit numbers'
 * kind (x32), is left to its own, which end the process. */
enum { BEFORE = 6, X32_BIT = 0x40000000 };

static void put_before(struct sock_filter *at)
{
  uint32_t architecture = seccomp_arch_native(), youngest = (uint32_t)seccomp_syscall_resolve_name(YOUNGEST);
  const struct sock_filter code[BEFORE] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, architecture, 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, youngest, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
  };
  memcpy(at, code, sizeof code);
}

/* The filter's code as libseccomp writes it, behind ours. */
static int take_code(scmp_filter_ctx ctx, struct sock_fprog *out)
{
  struct stat st;
  int err = ERR_IO;
  struct sock_filter *code = NULL;
  int fd = memfd_create("nuncio filter", MFD_CLOEXEC);
  if (fd < 0 || seccomp_export_bpf(ctx, fd) < 0 || fstat(fd, &st) < 0)
    goto out;
  size_t n = (size_t)st.st_size / sizeof *code;
  if (n == 0 || n + BEFORE > BPF_MAXINSNS)
    goto out;
  code = calloc(n + BEFORE, sizeof *code);
  err = code ? 0 : ERR_NOMEM;
  if (err == 0 &&
      (lseek(fd, 0, SEEK_SET) != 0 || read(fd, code + BEFORE, n * sizeof *code) != (ssize_t)(n * sizeof *code)))
    err = ERR_IO;
  if (err)
    goto out;
  put_before(code);
  *out = (struct sock_fprog){.len = (unsigned short)(n + BEFORE), .filter = code};
  code = NULL;

out:
  if (fd >= 0)
    close(fd);
  free(code);
  return err;
}

int sandbox_filter(struct sock_fprog *filter)
{
  scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_TRAP);
  if (!ctx)
    return ERR_NOMEM;
  int err = ERR_IO;
  if (seccomp_syscall_resolve_name(YOUNGEST) > 0 &&
      seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 &&
      seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0 && put_table(ctx) == 0)
    err = take_code(ctx, filter);
  seccomp_release(ctx);
  return err;
}

/* libseccomp makes no filter for a kernel that could not take it, so the kernel is asked first, for the youngest thing
 * that the filter needs (Linux 4.14). */
static long kernel_knows_filters(void)
{
  const uint32_t action = SECCOMP_RET_KILL_PROCESS;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
}

/* EINVAL: a kernel that was built without it; EPERM: a container's filter. */
static bool absent(int number)
{
  return number == EINVAL || number == EOPNOTSUPP || number == ENOSYS || number == EPERM;
}

int sandbox_calls(struct buf *why)
{
  if (kernel_knows_filters() < 0 && absent(errno))
    return ERR_ABSENT;
  struct sock_fprog filter = {0};
  int err = sandbox_filter(&filter);
  if (err == 0)
    err = sandbox_trap();
  if (err) {
    buf_printf(why, "the filter for system calls cannot be made: %s; --no-sandbox leaves it out", err_text(err));
    free(filter.filter);
    return err;
  }
  /* TSYNC binds the threads that there are, and gives them what this one has of no_new_privs. */
  long failed = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0
                    ? -1
                    : syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
  if (failed < 0 && absent(errno)) {
    err = ERR_ABSENT;
  } else if (failed != 0) {
    buf_printf(why, "the filter for system calls cannot be put in place: %s; --no-sandbox leaves it out",
               failed > 0 ? "a thread has another one"
                          : strerror(errno)); /* NOLINT(concurrency-mt-unsafe): the pool has nothing to do yet */
    err = ERR_IO;
  }
  free(filter.filter);
  return err;
}
