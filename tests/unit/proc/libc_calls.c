/* What a worker asks its C library for once it serves, under the filter for system calls: `libc_calls FILTER FOLDER`
 * reads the filter's code from a descriptor. Built with each C library that can be had, by test_sandbox_libc.c. Ends by
 * abort(3), which must still work; a call that the filter refuses ends it before, and one that fails is named. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define expect(what)                                                                                                   \
  do {                                                                                                                 \
    if (!(what)) {                                                                                                     \
      (void)fprintf(stderr, "line %d: %s: %s\n", __LINE__, #what, strerror(errno));                                    \
      _exit(1);                                                                                                        \
    }                                                                                                                  \
  } while (0)

/* ---------------------------------------------------------------- files */

static void files(const char *folder)
{
  char text[64];
  struct stat st;
  struct iovec piece = {text, sizeof text};
  int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  expect(at >= 0);
  int fd = openat(at, "file", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  expect(fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 5);
  expect(read(fd, text, sizeof text) == 5 && pread(fd, text, sizeof text, 1) == 4);
  expect(lseek(fd, 0, SEEK_SET) == 0 && readv(fd, &piece, 1) == 5 && preadv(fd, &piece, 1, 1) == 4);
  expect(fstatat(at, "file", &st, AT_SYMLINK_NOFOLLOW) == 0 && faccessat(at, "file", R_OK, AT_EACCESS) == 0);
  expect(readlinkat(at, "link", text, sizeof text) == 4);
  expect(stat(folder, &st) == 0 && lstat(folder, &st) == 0);
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  expect(copy >= 0 && close(copy) == 0);
  DIR *directory = fdopendir(openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  int entries = 0;
  expect(directory);
  while (readdir(directory))
    entries++;
  rewinddir(directory);
  expect(entries == 4 && closedir(directory) == 0);
  FILE *stream = fdopen(fd, "r");
  expect(stream && fseek(stream, 0, SEEK_SET) == 0 && fgets(text, sizeof text, stream) && fclose(stream) == 0);
  expect(close(at) == 0);
}

/* ---------------------------------------------------------------- sockets: made before, as a worker's are */

static int listener, out;

static void connect_to_ourselves(void)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  listener = socket(AF_INET, SOCK_STREAM, 0);
  out = socket(AF_INET, SOCK_STREAM, 0);
  expect(listener >= 0 && out >= 0 && bind(listener, (struct sockaddr *)&address, length) == 0);
  expect(listen(listener, 8) == 0 && getsockname(listener, (struct sockaddr *)&address, &length) == 0);
  expect(connect(out, (struct sockaddr *)&address, length) == 0);
}

static void connections(void)
{
  struct sockaddr_in peer;
  socklen_t length = sizeof peer;
  char text[64];
  int value = 1, queued = 0;
  struct iovec piece = {text, sizeof text};
  struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
  int in = accept4(listener, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC);
  expect(in >= 0 && accept(listener, NULL, NULL) < 0 && errno == EAGAIN);
  expect(getpeername(in, (struct sockaddr *)&peer, &length) == 0 &&
         getsockname(in, (struct sockaddr *)&peer, &length) == 0);
  expect(setsockopt(in, IPPROTO_TCP, 1 /* TCP_NODELAY */, &value, sizeof value) == 0);
  length = sizeof value;
  expect(getsockopt(in, SOL_SOCKET, SO_ERROR, &value, &length) == 0 && value == 0);
  expect(send(out, "hello", 5, MSG_NOSIGNAL) == 5 && recv(in, text, sizeof text, 0) == 5);
  expect(sendmsg(in, &message, MSG_NOSIGNAL) > 0 && recvmsg(out, &message, 0) > 0);
  expect(write(in, "hello", 5) == 5 && ioctl(out, FIONREAD, &queued) == 0 && queued == 5 && read(out, text, 64) == 5);
  expect(writev(in, &piece, 1) == 64 && ioctl(in, FIONBIO, &value) == 0);
  expect(fcntl(in, F_SETFL, fcntl(in, F_GETFL) | O_NONBLOCK) == 0 && fcntl(in, F_SETFD, FD_CLOEXEC) == 0);
  expect(shutdown(in, SHUT_WR) == 0 && close(in) == 0);
}

/* ---------------------------------------------------------------- waiting, time, memory */

static void waiting(int epoll, int event)
{
  struct epoll_event what = {.events = EPOLLIN};
  struct pollfd one = {.fd = event, .events = POLLIN};
  struct timespec instant = {.tv_nsec = 1000};
  struct timeval moment = {.tv_usec = 1};
  sigset_t none;
  uint64_t number = 1;
  fd_set set;
  FD_ZERO(&set);
  FD_SET(event, &set);
  expect(sigemptyset(&none) == 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, event, &what) == 0);
  expect(write(event, &number, sizeof number) == sizeof number);
  expect(epoll_wait(epoll, &what, 1, 0) == 1 && epoll_pwait(epoll, &what, 1, 0, &none) == 1);
  expect(poll(&one, 1, 0) == 1 && ppoll(&one, 1, &instant, &none) == 1);
  expect(select(event + 1, &set, NULL, NULL, &moment) == 1 &&
         pselect(event + 1, &set, NULL, NULL, &instant, NULL) == 1);
  expect(read(event, &number, sizeof number) == sizeof number && epoll_ctl(epoll, EPOLL_CTL_DEL, event, &what) == 0);
  expect(nanosleep(&instant, NULL) == 0 && clock_nanosleep(CLOCK_MONOTONIC, 0, &instant, NULL) == 0 && usleep(1) == 0);
}

static void times(void)
{
  struct timespec now;
  struct timeval day;
  struct tm parts;
  char text[64];
  static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_MONOTONIC_COARSE,
                                     CLOCK_PROCESS_CPUTIME_ID};
  for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++)
    expect(clock_gettime(clocks[i], &now) == 0 && clock_getres(clocks[i], &now) == 0);
  time_t second = time(NULL);
  expect(gettimeofday(&day, NULL) == 0 && gmtime_r(&second, &parts) && localtime_r(&second, &parts));
  expect(strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts) > 0);
}

static void memory(void)
{
  for (size_t n = 1; n < 1 << 24; n *= 3) {
    char *p = malloc(n), *q = calloc(1, n);
    expect(p && q && (p = realloc(p, 4 * n)) && (p = realloc(p, n / 2 + 1)));
    memset(p, 1, n / 2 + 1);
    free(p);
    free(q);
  }
  void *map = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  expect(map != MAP_FAILED && mprotect(map, 4096, PROT_NONE) == 0 && madvise(map, 1 << 16, MADV_DONTNEED) == 0);
  expect(munmap(map, 1 << 16) == 0);
}

/* ---------------------------------------------------------------- threads and signals */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static int turn;

static void *thread(void *context)
{
  (void)pthread_mutex_lock(&lock);
  while (turn != 1)
    (void)pthread_cond_wait(&turned, &lock);
  memory();
  times();
  turn = 2;
  (void)pthread_cond_signal(&turned);
  (void)pthread_mutex_unlock(&lock);
  return context;
}

static void threads(pthread_t id)
{
  struct timespec until;
  expect(pthread_mutex_lock(&lock) == 0 && clock_gettime(CLOCK_REALTIME, &until) == 0);
  until.tv_sec += 10;
  turn = 1;
  expect(pthread_cond_signal(&turned) == 0);
  while (turn != 2)
    expect(pthread_cond_timedwait(&turned, &lock, &until) == 0);
  expect(pthread_mutex_unlock(&lock) == 0 && pthread_join(id, NULL) == 0);
}

static volatile sig_atomic_t signalled;

static void on_signal(int number)
{
  signalled = number;
}

static void signals(void)
{
  struct sigaction action = {.sa_handler = on_signal};
  sigset_t set;
  expect(sigemptyset(&set) == 0 && sigaddset(&set, SIGUSR1) == 0 && sigaction(SIGUSR1, &action, NULL) == 0);
  expect(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
  expect(raise(SIGUSR1) == 0 && signalled == SIGUSR1);
}

static void the_rest(void)
{
  char bytes[32];
  expect(getrandom(bytes, sizeof bytes, 0) == sizeof bytes && getentropy(bytes, sizeof bytes) == 0);
  expect(getpid() > 0 && getppid() >= 0 && getuid() == geteuid() && getgid() == getegid());
  expect(sysconf(_SC_NPROCESSORS_ONLN) > 0 && sysconf(_SC_PAGESIZE) > 0 && sysconf(_SC_OPEN_MAX) > 0);
  expect(prctl(PR_SET_NAME, "calls") == 0);
  (void)isatty(STDOUT_FILENO);
  expect(printf("%s %d %.3f\n", "standard output", 1, 1.5) > 0 && fflush(stdout) == 0);
}

/* ---------------------------------------------------------------- all of it */

/* As the kernel's headers have it, which musl's own do not come with. */
struct instruction {
  uint16_t code;
  uint8_t when_true, when_false;
  uint32_t k;
};
enum { INSTRUCTIONS_MAX = 4096, SET_MODE_FILTER = 1, TSYNC = 1 };

static void lock_in(int fd)
{
  static struct instruction code[INSTRUCTIONS_MAX];
  ssize_t n = read(fd, code, sizeof code);
  const struct {
    unsigned short length;
    const struct instruction *code;
  } filter = {(unsigned short)((size_t)n / sizeof *code), code};
  expect(n > 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  expect(syscall(SYS_seccomp, SET_MODE_FILTER, TSYNC, &filter) == 0);
}

int main(int argc, char **argv)
{
  pthread_t id;
  expect(argc == 3 && pthread_create(&id, NULL, thread, NULL) == 0);
  connect_to_ourselves();
  expect(fcntl(listener, F_SETFL, O_NONBLOCK) == 0);
  int epoll = epoll_create1(EPOLL_CLOEXEC), event = eventfd(0, EFD_NONBLOCK);
  expect(epoll >= 0 && event >= 0);
  lock_in((int)strtol(argv[1], NULL, 10));
  files(argv[2]);
  connections();
  waiting(epoll, event);
  times();
  memory();
  threads(id);
  signals();
  the_rest();
  abort();
}
