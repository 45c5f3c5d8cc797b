/* Starting workers, and becoming another version of ourselves. */
#include "proc/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"

enum { STATUS_CANNOT_EXECUTE = 127, PATH_LENGTH_MAX = 8192 };

char *spawn_self(void)
{
  struct buf path = BUF_INIT(64);
  int fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
  buf_printf(&path, "/proc/self/fd/%d", fd);
  char *copy = fd < 0 || buf_error(&path) ? NULL : str_dup(buf_str(&path));
  buf_free(&path);
  return copy;
}

char *spawn_program(void)
{
  const char *given = (const char *)getauxval(AT_EXECFN); /* NOLINT(performance-no-int-to-ptr) */
  if (!given || given[0] == '/')
    return given ? str_dup(str_from(given)) : NULL;
  char here[PATH_LENGTH_MAX];
  if (!getcwd(here, sizeof here))
    return NULL;
  struct buf path = BUF_INIT(PATH_LENGTH_MAX);
  buf_printf(&path, "%s/%s", here, given);
  char *copy = buf_error(&path) ? NULL : str_dup(buf_str(&path));
  buf_free(&path);
  return copy;
}

/* A new program expects signals as they are at first. Those by which a terminal or an owner speaks to the supervisor
 * reach the whole group: a worker hears of them by its control socket. */
static void set_signals(void)
{
  static const int supervisors[] = {SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};
  sigset_t none;
  (void)sigemptyset(&none);
  for (size_t i = 0; i < sizeof supervisors / sizeof *supervisors; i++)
    (void)signal(supervisors[i], SIG_IGN);
  (void)signal(SIGCHLD, SIG_DFL);
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

int spawn_worker(const char *program, char *const argv[], const struct handover *h, pid_t *pid)
{
  int text = handover_write(h);
  if (text < 0)
    return text;
  *pid = fork();
  if (*pid == 0) {
    set_signals();
    if (handover_let_through(h, text, true) == 0)
      (void)execv(program, argv);
    log_error("cannot execute %s: %s", program, strerror(errno)); /* NOLINT(concurrency-mt-unsafe): one thread */
    _exit(STATUS_CANNOT_EXECUTE);
  }
  close(text);
  return *pid < 0 ? ERR_BUSY : 0;
}

int spawn_become(const char *program, char *const argv[], const struct handover *h)
{
  int text = handover_write(h);
  if (text < 0)
    return text;
  int err = handover_let_through(h, text, true);
  if (err == 0) {
    (void)execv(program, argv);
    err = err_from_errno(errno);
  }
  int error = errno, shut = handover_let_through(h, text, false);
  close(text);
  errno = error;
  return err ? err : shut;
}
