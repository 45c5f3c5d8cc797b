/* A C library that uses another call for the same thing must not kill us (issue 4): what a worker needs of it is tried
 * under the real filter, with every C library that can be had here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../support/fill.h"
#include "proc/sandbox.h"

static const char source[] = "tests/unit/proc/libc_calls.c";
enum { PATH_ROOM = 4096 };

static int wait_for(pid_t pid)
{
  int status = 0;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return status;
}

/* 127: there is no such compiler. */
static int build(const char *compiler, const char *program)
{
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    (void)execlp(compiler, compiler, "-std=c11", "-D_GNU_SOURCE", "-O1", "-static", "-pthread", "-o", program, source,
                 (char *)NULL);
    _exit(127);
  }
  int status = wait_for(pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The filter holds the process id that may send itself a signal: it is made by the process that becomes the program. */
static void become(const char *program, const char *folder)
{
  struct sock_fprog filter;
  char number[16];
  int fd = memfd_create("filter", 0);
  if (fd < 0 || sandbox_filter(&filter) < 0)
    _exit(2);
  size_t n = filter.len * sizeof *filter.filter;
  if (write(fd, filter.filter, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) != 0)
    _exit(2);
  (void)snprintf(number, sizeof number, "%d", fd);
  (void)execl(program, program, number, folder, (char *)NULL);
  _exit(2);
}

static void try_library(const char *compiler)
{
  struct folder folder;
  char program[PATH_ROOM], capsule[PATH_ROOM];
  folder_make(&folder);
  (void)snprintf(program, sizeof program, "%s/calls", folder.path);
  int built = build(compiler, program);
  if (built == 127) {
    folder_remove(&folder);
    skip();
  }
  assert_int_equal(built, 0);
  (void)snprintf(capsule, sizeof capsule, "%s/capsule", folder.path);
  folder_write(&folder, "capsule/file", STR("text\n"));
  folder_link(&folder, "capsule/link", "file");
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0)
    become(program, capsule);
  int status = wait_for(pid);
  folder_remove(&folder);
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
    fail_msg("%s: it ended with status %#x instead of by abort", compiler, (unsigned)status);
}

static void glibc_gets_what_it_asks_for(void **state)
{
  (void)state;
  try_library("cc");
}

static void musl_gets_what_it_asks_for(void **state)
{
  (void)state;
  try_library("musl-gcc");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(glibc_gets_what_it_asks_for),
      cmocka_unit_test(musl_gets_what_it_asks_for),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
