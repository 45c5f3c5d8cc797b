/* The sandbox's pieces, each tried by a child process: what is refused, to every thread, and what the log says of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../support/fill.h"
#include "base/err.h"
#include "config/local.h"
#include "proc/pool.h"
#include "proc/sandbox.h"

/* What is built with a sanitizer cannot live under the filter. */
#if defined(__SANITIZE_ADDRESS__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

enum { PATH_ROOM = 4096, SAID_ROOM = 4096, TEST_FAILED = 99, ABSENT_HERE = 98 };

/* In a child a failed expectation is a line and a status: cmocka's assertions would go on in a copy of the tests. */
#define expect(what)                                                                                                   \
  do {                                                                                                                 \
    if (!(what)) {                                                                                                     \
      (void)dprintf(STDERR_FILENO, "line %d: %s (errno %d)\n", __LINE__, #what, errno);                                \
      _exit(TEST_FAILED);                                                                                              \
    }                                                                                                                  \
  } while (0)

/* ---------------------------------------------------------------- a child */

struct outcome {
  int status;
  char said[SAID_ROOM]; /* on standard error */
};

static void in_child(void (*run)(const void *context), const void *context, struct outcome *out)
{
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    (void)dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    run(context);
    _exit(0);
  }
  close(ends[1]);
  size_t n = 0;
  for (;;) {
    ssize_t got = read(ends[0], out->said + n, sizeof out->said - 1 - n);
    if (got <= 0)
      break;
    n += (size_t)got;
  }
  out->said[n] = '\0';
  close(ends[0]);
  assert_int_equal(waitpid(pid, &out->status, 0), pid);
}

static void expect_fine(const struct outcome *o)
{
  if (WIFEXITED(o->status) && WEXITSTATUS(o->status) == ABSENT_HERE)
    skip();
  if (!WIFEXITED(o->status) || WEXITSTATUS(o->status) != 0)
    fail_msg("status %#x: %s", (unsigned)o->status, o->said);
}

/* Has a thread of the pool, started by pool_start, run something. */
struct errand {
  uv_work_t request;
  void (*run)(const void *context);
  const void *context;
};

static void on_errand(uv_work_t *request)
{
  struct errand *e = request->data;
  e->run(e->context);
}

static void in_pool(uv_loop_t *loop, void (*run)(const void *context), const void *context)
{
  struct errand errand = {.run = run, .context = context};
  errand.request.data = &errand;
  expect(uv_queue_work(loop, &errand.request, on_errand, NULL) == 0);
  (void)uv_run(loop, UV_RUN_DEFAULT);
}

/* ---------------------------------------------------------------- files */

struct capsule {
  struct folder folder;
  char inside[PATH_ROOM], outside[PATH_ROOM], link[PATH_ROOM];
  int fd;
};

static void capsule_make(struct capsule *c)
{
  folder_make(&c->folder);
  folder_write(&c->folder, "capsule/sub/file", STR("inside\n"));
  folder_write(&c->folder, "file", STR("outside\n"));
  folder_link(&c->folder, "capsule/link", "../file");
  (void)snprintf(c->inside, sizeof c->inside, "%s/capsule/sub/file", c->folder.path);
  (void)snprintf(c->link, sizeof c->link, "%s/capsule/link", c->folder.path);
  (void)snprintf(c->outside, sizeof c->outside, "%s/file", c->folder.path);
  c->fd = open(folder_path(&c->folder, "capsule"), O_PATH | O_DIRECTORY | O_CLOEXEC);
  assert_true(c->fd >= 0);
}

static void capsule_free(struct capsule *c)
{
  close(c->fd);
  folder_remove(&c->folder);
}

static void expect_denied(const char *path, int flags)
{
  expect(open(path, flags | O_CLOEXEC, 0600) < 0 && errno == EACCES);
}

static void expect_only_reading_inside(const void *context)
{
  const struct capsule *c = context;
  char text[16];
  int fd = open(c->inside, O_RDONLY | O_CLOEXEC);
  expect(fd >= 0 && read(fd, text, sizeof text) == 7 && close(fd) == 0);
  fd = openat(c->fd, "sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  expect(fd >= 0 && close(fd) == 0);
  expect_denied(c->outside, O_RDONLY);
  expect_denied(c->link, O_RDONLY);
  expect_denied("/", O_RDONLY | O_DIRECTORY);
  expect_denied("/etc/passwd", O_RDONLY);
  expect_denied("/dev/null", O_WRONLY);
  expect_denied(c->inside, O_WRONLY);
  expect_denied(c->inside, O_RDONLY | O_TRUNC);
  expect(openat(c->fd, "new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 && errno == EACCES);
  expect(unlinkat(c->fd, "link", 0) < 0 && errno == EACCES);
  expect(mkdirat(c->fd, "folder", 0700) < 0 && errno == EACCES);
  expect(renameat(c->fd, "link", c->fd, "other") < 0 && errno == EACCES);
  expect(symlinkat("x", c->fd, "other") < 0 && errno == EACCES);
  expect(linkat(c->fd, "sub/file", c->fd, "sub/other", 0) < 0 && errno == EACCES);
  expect(truncate(c->inside, 0) < 0 && errno == EACCES);
  expect(execl("/bin/true", "true", (char *)NULL) < 0 && errno == EACCES);
}

static void expect_no_network_and_no_signals(void)
{
  long abi = syscall(444, NULL, (size_t)0, 1);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  expect(fd >= 0);
  if (abi >= 4)
    expect(bind(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno == EACCES);
  address.sin_port = htons(9);
  if (abi >= 4)
    expect(connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno == EACCES);
  if (abi >= 6)
    expect(kill(getppid(), 0) < 0 && errno == EPERM);
  close(fd);
}

static void lock_files(const struct capsule *c)
{
  struct buf why = BUF_INIT(1024);
  int err = sandbox_files(&c->fd, 1, &why);
  if (err == ERR_ABSENT)
    _exit(ABSENT_HERE);
  expect(err == 0 && why.n == 0);
}

static void try_files(const void *context)
{
  const struct capsule *c = context;
  uv_loop_t loop;
  struct pool pool;
  lock_files(c);
  expect(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
  expect_only_reading_inside(c);
  expect_no_network_and_no_signals();
  expect(uv_loop_init(&loop) == 0);
  pool_open(&pool, &loop);
  expect(pool_start(&pool) == 0);
  in_pool(&loop, expect_only_reading_inside, c);
}

static void only_reading_beneath_the_capsule_is_left_to_every_thread(void **state)
{
  (void)state;
  struct capsule c;
  struct outcome o;
  capsule_make(&c);
  in_child(try_files, &c, &o);
  capsule_free(&c);
  expect_fine(&o);
}

static void *sleep_on(void *context)
{
  (void)pause();
  return context;
}

static void try_files_too_late(const void *context)
{
  const struct capsule *c = context;
  pthread_t thread;
  struct buf why = BUF_INIT(1024);
  expect(pthread_create(&thread, NULL, sleep_on, NULL) == 0);
  expect(sandbox_files(&c->fd, 1, &why) == ERR_BUSY && why.n > 0);
}

/* Landlock would bind the calling thread alone. */
static void files_are_locked_away_while_there_is_one_thread(void **state)
{
  (void)state;
  struct capsule c;
  struct outcome o;
  capsule_make(&c);
  in_child(try_files_too_late, &c, &o);
  capsule_free(&c);
  expect_fine(&o);
}

/* ---------------------------------------------------------------- system calls */

static void lock_calls(void)
{
  struct buf why = BUF_INIT(1024);
  int err = sandbox_calls(&why);
  if (err == ERR_ABSENT)
    _exit(ABSENT_HERE);
  expect(err == 0 && why.n == 0);
}

static void call_socket(void)
{
  (void)socket(AF_UNIX, SOCK_STREAM, 0);
}

static void call_execve(void)
{
  (void)execl("/bin/true", "true", (char *)NULL);
}

static void call_openat(void)
{
  (void)openat(AT_FDCWD, "/dev/null", O_WRONLY);
}

static void call_openat_create(void)
{
  (void)openat(AT_FDCWD, "/nowhere/at/all", O_RDONLY | O_CREAT, 0600);
}

static void call_mprotect(void)
{
  (void)mprotect((void *)(uintptr_t)4096, 4096, PROT_READ | PROT_EXEC);
}

static void call_kill(void)
{
  (void)kill(getppid(), 0);
}

static void call_tgkill(void)
{
  (void)syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static void call_prlimit(void)
{
  const struct rlimit limit = {0, 0};
  (void)syscall(SYS_prlimit64, 0, RLIMIT_CORE, &limit, NULL);
}

static void call_fcntl_owner(void)
{
  (void)fcntl(STDERR_FILENO, F_SETOWN, getppid()); /* then others would be sent signals for us */
}

static void call_ioctl_terminal(void)
{
  (void)syscall(SYS_ioctl, STDERR_FILENO, 0x5412 /* TIOCSTI: types into somebody's terminal */, "x");
}

static void call_prctl(void)
{
  (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static const struct refused {
  const char *name;
  void (*call)(void);
} refused[] = {
    {"socket", call_socket},        {"execve", call_execve},     {"openat", call_openat},
    {"openat", call_openat_create}, {"mprotect", call_mprotect}, {"kill", call_kill},
    {"tgkill", call_tgkill},        {"prlimit64", call_prlimit}, {"fcntl", call_fcntl_owner},
    {"ioctl", call_ioctl_terminal}, {"prctl", call_prctl},
};

static void run_refused(const void *context)
{
  ((const struct refused *)context)->call();
}

static void try_in_loop(const void *context)
{
  lock_calls();
  run_refused(context);
}

static void try_in_pool(const void *context)
{
  uv_loop_t loop;
  struct pool pool;
  expect(uv_loop_init(&loop) == 0);
  pool_open(&pool, &loop);
  expect(pool_start(&pool) == 0);
  lock_calls();
  in_pool(&loop, run_refused, context);
}

/* `2026-11-28T20:35:02.123Z error the sandbox refused ...`, as the log begins its lines. */
static void check_line(const struct outcome *o, const char *name, const char *where)
{
  struct tm utc = {0};
  char wanted[256];
  (void)snprintf(wanted, sizeof wanted, "the sandbox refused the system call %s (number %d) in %s: ", name,
                 seccomp_syscall_resolve_name(name), where);
  if (!WIFEXITED(o->status) || WEXITSTATUS(o->status) != SANDBOX_STATUS || !strstr(o->said, wanted))
    fail_msg("%s: status %#x: %s", name, (unsigned)o->status, o->said);
  const char *rest = strptime(o->said, "%Y-%m-%dT%H:%M:%S", &utc);
  assert_non_null(rest);
  struct timespec now; /* by the same clock: that of time(2) lags by a tick */
  time_t said = timegm(&utc);
  assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
  assert_true(said <= now.tv_sec && said > now.tv_sec - 60);
  assert_true(rest[0] == '.' && strncmp(rest + 4, "Z error the sandbox", 19) == 0);
  assert_ptr_equal(strchr(o->said, '\n'), o->said + strlen(o->said) - 1);
}

static void a_refused_call_is_named_and_ends_the_process(void **state)
{
  (void)state;
  struct outcome o;
  if (SANITIZED)
    skip();
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    in_child(try_in_loop, &refused[i], &o);
    if (WIFEXITED(o.status) && WEXITSTATUS(o.status) == ABSENT_HERE)
      skip();
    check_line(&o, refused[i].name, "the event loop");
    in_child(try_in_pool, &refused[i], &o);
    check_line(&o, refused[i].name, "a thread of the pool");
  }
}

/* Well-formed and not, small and large: what the parser's library does of all this. */
static void read_settings(const void *context)
{
  const struct str *large = context;
  struct rules rules;
  struct buf why = BUF_INIT(4096);
  expect(local_read(STR("lang = fr\npath \"*.txt\" { charset = iso-8859-1 clients = {any} }\n"), STR("/a/"), &rules,
                    &why) == 0 &&
         rules.n == 2);
  rules_free(&rules);
  expect(local_read(STR("path x { redirect = \"gemini://example.org/*\" frob = 1 }"), STR("/"), &rules, &why) ==
             ERR_SYNTAX &&
         why.n > 0);
  expect(local_read(STR("lang 'en'"), STR("/"), &rules, &why) == ERR_SYNTAX);
  expect(local_read(*large, STR("/"), &rules, &why) == 0 && rules.n == RULES_MAX);
  /* isatty of a newer C library */
  expect(syscall(SYS_ioctl, -1, _IOR('T', 0x2a, char[44]), NULL) < 0 && errno == EBADF);
  rules_free(&rules);
  buf_free(&why);
}

static void try_settings(const void *context)
{
  uv_loop_t loop;
  struct pool pool;
  expect(uv_loop_init(&loop) == 0);
  pool_open(&pool, &loop);
  expect(pool_start(&pool) == 0);
  lock_calls();
  in_pool(&loop, read_settings, context); /* the first ever, in a thread that has hardly any memory yet */
  read_settings(context);
  in_pool(&loop, read_settings, context);
}

static void a_nuncio_file_is_read_with_what_is_left(void **state)
{
  (void)state;
  struct outcome o;
  struct buf large = BUF_INIT(LOCAL_TEXT_MAX);
  if (SANITIZED)
    skip();
  for (int i = 0; i < RULES_MAX; i++)
    buf_printf(&large, "path %d { listing-header = 'header of number %d' }\n", i, i);
  const struct str text = buf_str(&large);
  in_child(try_settings, &text, &o);
  buf_free(&large);
  expect_fine(&o);
}

static void try_lacking(const void *context)
{
  (void)context;
  lock_calls();
  for (int number = 425; number <= 427; number++) /* io_uring_setup, io_uring_enter, io_uring_register */
    expect(syscall(number, 0, NULL) < 0 && errno == ENOSYS);
  for (int number = 451; number < 2000; number++)
    expect(syscall(number, 0, 0, 0, 0, 0, 0) < 0 && errno == ENOSYS);
}

static void io_uring_and_younger_calls_are_not_there(void **state)
{
  (void)state;
  struct outcome o;
  if (SANITIZED)
    skip();
  in_child(try_lacking, NULL, &o);
  expect_fine(&o);
}

static void try_x32(const void *context)
{
  (void)context;
  lock_calls();
  (void)syscall(0x40000000 + SYS_getpid);
}

static void the_other_numbers_of_this_machine_end_it_x32(void **state)
{
  (void)state;
  struct outcome o;
  if (SANITIZED || seccomp_arch_native() != AUDIT_ARCH_X86_64)
    skip();
  in_child(try_x32, NULL, &o);
  if (WIFEXITED(o.status) && WEXITSTATUS(o.status) == ABSENT_HERE)
    skip();
  assert_true(WIFSIGNALED(o.status) && WTERMSIG(o.status) == SIGSYS);
}

/* ---------------------------------------------------------------- the filter itself */

/* Runs it as the kernel does when it works out which calls it need not run it for: it has the call's number and the
 * architecture, and gives up where an argument is looked at. The action, or 0 (SECCOMP_RET_KILL_THREAD). */
static uint32_t judge(const struct sock_fprog *filter, uint32_t architecture, uint32_t number)
{
  uint32_t a = 0;
  for (unsigned at = 0; at < filter->len; at++) {
    const struct sock_filter *i = &filter->filter[at];
    bool jump = false;
    switch (i->code) {
    case BPF_LD | BPF_W | BPF_ABS:
      if (i->k == offsetof(struct seccomp_data, nr))
        a = number;
      else if (i->k == offsetof(struct seccomp_data, arch))
        a = architecture;
      else
        return 0;
      continue;
    case BPF_JMP | BPF_JA:
      at += i->k;
      continue;
    case BPF_RET | BPF_K:
      return i->k;
    case BPF_JMP | BPF_JEQ | BPF_K:
      jump = a == i->k;
      break;
    case BPF_JMP | BPF_JGE | BPF_K:
      jump = a >= i->k;
      break;
    case BPF_JMP | BPF_JGT | BPF_K:
      jump = a > i->k;
      break;
    default:
      return 0;
    }
    at += jump ? i->jt : i->jf;
  }
  return 0;
}

static void what_a_request_needs_costs_no_run_of_the_filter(void **state)
{
  (void)state;
  static const char *const hot[] = {"accept4", "recvfrom", "sendto",     "epoll_wait",  "epoll_pwait",   "epoll_ctl",
                                    "close",   "openat2",  "newfstatat", "fstat",       "clock_gettime", "poll",
                                    "write",   "preadv2",  "pread64",    "getsockname", "setsockopt",    "shutdown",
                                    "futex",   "read",     "getrandom"};
  struct sock_fprog filter;
  assert_int_equal(sandbox_filter(&filter), 0);
  uint32_t architecture = seccomp_arch_native();
  for (size_t i = 0; i < sizeof hot / sizeof *hot; i++) {
    int number = seccomp_syscall_resolve_name(hot[i]);
    if (number >= 0 && judge(&filter, architecture, (uint32_t)number) != SECCOMP_RET_ALLOW)
      fail_msg("%s is not allowed whatever its arguments", hot[i]);
  }
  assert_int_equal(judge(&filter, architecture, (uint32_t)SYS_socket), SECCOMP_RET_TRAP);
  assert_int_equal(judge(&filter, architecture, 100000), SECCOMP_RET_ERRNO | ENOSYS);
  assert_int_equal(judge(&filter, architecture + 1, (uint32_t)SYS_read), SECCOMP_RET_KILL_PROCESS);
  free(filter.filter);
}

/* ---------------------------------------------------------------- dumps */

static void try_no_dumps(const void *context)
{
  (void)context;
  struct rlimit limit;
  sandbox_no_dumps();
  expect(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
  expect(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0);
  (void)signal(SIGSEGV, SIG_DFL);
  (void)raise(SIGSEGV);
}

static void a_crash_leaves_no_core(void **state)
{
  (void)state;
  struct outcome o;
  in_child(try_no_dumps, NULL, &o);
  if (!WIFSIGNALED(o.status) || WTERMSIG(o.status) != SIGSEGV)
    fail_msg("%s", o.said);
  assert_false(WCOREDUMP(o.status));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(only_reading_beneath_the_capsule_is_left_to_every_thread),
      cmocka_unit_test(files_are_locked_away_while_there_is_one_thread),
      cmocka_unit_test(a_refused_call_is_named_and_ends_the_process),
      cmocka_unit_test(a_nuncio_file_is_read_with_what_is_left),
      cmocka_unit_test(io_uring_and_younger_calls_are_not_there),
      cmocka_unit_test(the_other_numbers_of_this_machine_end_it_x32),
      cmocka_unit_test(what_a_request_needs_costs_no_run_of_the_filter),
      cmocka_unit_test(a_crash_leaves_no_core),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
