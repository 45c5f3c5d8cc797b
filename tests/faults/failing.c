/* A system that is short of things, for fault tests: preloaded before the C library. The test says what is to fail, at
 * any time, through a file that FAULTS_CONTROL names; it is mapped when the program starts, so that nothing is called
 * later that a sandboxed worker may not call. Memory fails only in a process that has accepted a client: in a worker,
 * once it serves. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t items, size_t n);
void *__libc_realloc(void *p, size_t n);

/* As Failing in broken.py has it. All processes share it. */
struct control {
  atomic_ulong memory_every;  /* every n-th malloc, calloc and realloc fails; 0: none */
  atomic_ulong accept_every;  /* every n-th accept4 fails, with each error in turn that accept(2) knows; 0: none */
  atomic_ulong accept_never;  /* not 0: all fail, with each error in turn that says that something has run out */
  atomic_ulong memory_failed; /* how many did */
  atomic_ulong accept_failed;
};

static struct control none, *control = &none;
static atomic_bool serves;
static atomic_ulong asked, called;
static int (*real_accept4)(int, struct sockaddr *, socklen_t *, int);

__attribute__((constructor)) static void map_control(void)
{
  const char *path = getenv("FAULTS_CONTROL");
  void *symbol = dlsym(RTLD_NEXT, "accept4");
  memcpy(&real_accept4, &symbol, sizeof symbol);
  int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (fd < 0)
    return;
  void *mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped != MAP_FAILED)
    control = mapped;
  close(fd);
}

static int memory_fails(void)
{
  unsigned long every = atomic_load(&control->memory_every);
  if (every == 0 || !atomic_load(&serves) || (atomic_fetch_add(&asked, 1) + 1) % every != 0)
    return 0;
  atomic_fetch_add(&control->memory_failed, 1);
  errno = ENOMEM;
  return 1;
}

void *malloc(size_t n)
{
  return memory_fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t items, size_t n)
{
  return memory_fails() ? NULL : __libc_calloc(items, n);
}

void *realloc(void *p, size_t n)
{
  return memory_fails() ? NULL : __libc_realloc(p, n);
}

static int refuse(int number)
{
  atomic_fetch_add(&control->accept_failed, 1);
  errno = number;
  return -1;
}

int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
  static const int out_of[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM};
  static const int any[] = {EMFILE, ECONNABORTED, ENFILE, EPERM, ENOBUFS, EPROTO, ENOMEM, ENETDOWN};
  unsigned long call = atomic_fetch_add(&called, 1), every = atomic_load(&control->accept_every);
  if (atomic_load(&control->accept_never))
    return refuse(out_of[call % (sizeof out_of / sizeof *out_of)]);
  if (every && call % every == 0)
    return refuse(any[call / every % (sizeof any / sizeof *any)]);
  int got = real_accept4(fd, address, length, flags);
  if (got >= 0)
    atomic_store(&serves, 1);
  return got;
}
