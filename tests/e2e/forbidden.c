/* A worker that is made to try what no worker should: preloaded before the C library. A client names the act in what it
 * sends, as `forbidden ACT` (done at once, in the event loop) or `forbidden pool ACT` (done by the next work that goes
 * to the thread pool). What came of it is one line on standard error: `act ACT: did` or `act ACT: ` and an errno. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <uv.h>

/* ---------------------------------------------------------------- the acts: a negative number is an errno */

static long of_errno(long result)
{
  return result < 0 ? -errno : result;
}

static long open_by_openat2(const char *path, unsigned long flags)
{
  struct open_how how = {.flags = flags, .mode = flags & O_CREAT ? 0600 : 0};
  return of_errno(syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how));
}

static long read_outside(void)
{
  return of_errno(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static long read_outside_openat2(void)
{
  return open_by_openat2("/etc/passwd", O_RDONLY);
}

static long list_outside(void)
{
  return of_errno(open("/", O_RDONLY | O_DIRECTORY));
}

static long read_inside(void)
{
  int fd = open(getenv("FORBIDDEN_FILE"), O_RDONLY);
  return of_errno(fd < 0 ? fd : close(fd));
}

static long write_inside(void)
{
  return open_by_openat2(getenv("FORBIDDEN_FILE"), O_WRONLY);
}

static long make_inside(void)
{
  char path[4096];
  (void)snprintf(path, sizeof path, "%s.new", getenv("FORBIDDEN_FILE"));
  return open_by_openat2(path, O_WRONLY | O_CREAT);
}

static long write_by_open(void)
{
  return of_errno(open(getenv("FORBIDDEN_FILE"), O_WRONLY));
}

static long remove_inside(void)
{
  return of_errno(unlink(getenv("FORBIDDEN_FILE")));
}

static long rename_inside(void)
{
  return of_errno(rename(getenv("FORBIDDEN_FILE"), getenv("FORBIDDEN_FILE")));
}

static long chmod_inside(void)
{
  return of_errno(fchmodat(AT_FDCWD, getenv("FORBIDDEN_FILE"), 0644, 0));
}

static long tcp_socket(void)
{
  return of_errno(socket(AF_INET, SOCK_STREAM, 0));
}

static long unix_socket(void)
{
  return of_errno(socket(AF_UNIX, SOCK_STREAM, 0));
}

static long connect_out(void)
{
  const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(0x7f000001)};
  int result = connect(-1, (const struct sockaddr *)&to, sizeof to);
  return result < 0 && errno == EBADF ? 0 : of_errno(result); /* the kernel was asked, that is what counts */
}

static long run_program(void)
{
  return of_errno(execl("/bin/sh", "sh", "-c", "echo 'act run_program: did' >&2", (char *)NULL));
}

static long give_up(void)
{
  abort();
}

static long new_process(void)
{
  pid_t pid = fork();
  if (pid == 0)
    _exit(0);
  return of_errno(pid);
}

static void *do_nothing(void *context)
{
  return context;
}

static long new_thread(void)
{
  pthread_t thread;
  int number = pthread_create(&thread, NULL, do_nothing, NULL);
  return number ? -number : (long)pthread_join(thread, NULL);
}

static long signal_another(void)
{
  return of_errno(kill(getppid(), 0));
}

static long trace_another(void)
{
  long result = ptrace(PTRACE_SEIZE, 0, NULL, NULL);
  return result < 0 && errno == ESRCH ? 0 : of_errno(result);
}

static long map_code(void)
{
  return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -errno : 0;
}

static long make_code(void)
{
  void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return of_errno(mprotect(memory, 4096, PROT_READ | PROT_EXEC));
}

static long become_root(void)
{
  return of_errno(syscall(SYS_setuid, getuid()));
}

static long raise_limit(void)
{
  const struct {
    unsigned long soft, hard;
  } limit = {0, 0};
  return of_errno(syscall(SYS_prlimit64, 0, 4 /* core */, &limit, NULL));
}

static long io_ring(void)
{
  struct io_uring_params parameters = {0};
  return of_errno(syscall(SYS_io_uring_setup, 4, &parameters));
}

static long young_call(void)
{
  return of_errno(syscall(462 /* mseal, Linux 6.10 */, NULL, 0, 0));
}

static long no_call(void)
{
  return of_errno(syscall(1000));
}

static const struct {
  const char *name;
  long (*run)(void);
} acts[] = {
    {"read_outside", read_outside},
    {"read_outside_openat2", read_outside_openat2},
    {"list_outside", list_outside},
    {"read_inside", read_inside},
    {"write_inside", write_inside},
    {"make_inside", make_inside},
    {"write_by_open", write_by_open},
    {"remove_inside", remove_inside},
    {"rename_inside", rename_inside},
    {"chmod_inside", chmod_inside},
    {"tcp_socket", tcp_socket},
    {"unix_socket", unix_socket},
    {"connect_out", connect_out},
    {"run_program", run_program},
    {"new_process", new_process},
    {"give_up", give_up},
    {"new_thread", new_thread},
    {"signal_another", signal_another},
    {"trace_another", trace_another},
    {"map_code", map_code},
    {"make_code", make_code},
    {"become_root", become_root},
    {"raise_limit", raise_limit},
    {"io_ring", io_ring},
    {"young_call", young_call},
    {"no_call", no_call},
};

static void act(const char *name, size_t length)
{
  for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
    if (strlen(acts[i].name) != length || strncmp(acts[i].name, name, length) != 0)
      continue;
    long result = acts[i].run();
    char line[128];
    int n = result < 0 ? snprintf(line, sizeof line, "act %s: errno %ld\n", acts[i].name, -result)
                       : snprintf(line, sizeof line, "act %s: did\n", acts[i].name);
    (void)!write(STDERR_FILENO, line, (size_t)n);
  }
}

/* ---------------------------------------------------------------- when */

static void *real(const char *name)
{
  return dlsym(RTLD_NEXT, name);
}

static char for_the_pool[64];

ssize_t recv(int fd, void *to, size_t most, int flags)
{
  ssize_t (*next)(int, void *, size_t, int);
  void *symbol = real("recv");
  memcpy(&next, &symbol, sizeof next);
  ssize_t n = next(fd, to, most, flags);
  static const char word[] = "forbidden ", pool[] = "pool ";
  if (n <= (ssize_t)sizeof word || memcmp(to, word, sizeof word - 1) != 0)
    return n;
  const char *name = (const char *)to + sizeof word - 1;
  size_t length = 0;
  while (name[length] != '\r' && (ssize_t)(length + sizeof word) < n)
    length++;
  if (length > sizeof pool && memcmp(name, pool, sizeof pool - 1) == 0)
    (void)snprintf(for_the_pool, sizeof for_the_pool, "%.*s", (int)(length - sizeof pool + 1), name + sizeof pool - 1);
  else
    act(name, length);
  return n;
}

static uv_work_cb work;

static void run_in_pool(uv_work_t *request)
{
  char name[sizeof for_the_pool];
  memcpy(name, for_the_pool, sizeof name);
  for_the_pool[0] = '\0';
  act(name, strlen(name));
  work(request);
}

int uv_queue_work(uv_loop_t *loop, uv_work_t *request, uv_work_cb run, uv_after_work_cb done)
{
  int (*next)(uv_loop_t *, uv_work_t *, uv_work_cb, uv_after_work_cb);
  void *symbol = real("uv_queue_work");
  memcpy(&next, &symbol, sizeof next);
  if (!for_the_pool[0])
    return next(loop, request, run, done);
  work = run;
  return next(loop, request, run_in_pool, done);
}
