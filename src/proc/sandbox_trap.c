/* What happens at a refused system call: one line, and the end. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <seccomp.h>

#include "base/err.h"
#include "proc/sandbox.h"

/* The names are looked up before, since nothing that allocates may be called from the handler. Global, as a signal's
 * handler gets nothing else. */
enum { NAMES = 512, NAME_ROOM = 28, LINE_ROOM = 256 };
static char names[NAMES][NAME_ROOM];

/* ------------------------------------------------------------------ a line without stdio */

struct line {
  char p[LINE_ROOM];
  size_t n;
};

static void put(struct line *line, const char *text)
{
  while (*text && line->n < LINE_ROOM - 1)
    line->p[line->n++] = *text++;
}

/* At least `digits` of them. */
static void put_number(struct line *line, uint64_t value, unsigned digits)
{
  char text[24];
  size_t at = sizeof text - 1;
  text[at] = '\0';
  do {
    text[--at] = (char)('0' + value % 10);
    value /= 10;
  } while (at > 0 && (value > 0 || sizeof text - 1 - at < digits));
  put(line, text + at);
}

/* The day in the Gregorian calendar, counted in years that begin with March: then the leap day is the last one.
 * 400 years have 146,097 days; 1970-01-01 is day 719,468 of the count from 0000-03-01. */
static void put_date(struct line *line, uint64_t days)
{
  days += 719468;
  uint64_t era = days / 146097, day = days % 146097;
  uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
  day -= 365 * year + year / 4 - year / 100;
  uint64_t month = (5 * day + 2) / 153; /* 0: March */
  uint64_t day_of_month = day - (153 * month + 2) / 5 + 1;
  put_number(line, era * 400 + year + (month >= 10), 4);
  put(line, "-");
  put_number(line, month < 10 ? month + 3 : month - 9, 2);
  put(line, "-");
  put_number(line, day_of_month, 2);
}

/* As base/log.c begins its lines: 2026-01-31T23:59:59.999Z error */
static void put_start(struct line *line)
{
  struct timespec now = {0};
  (void)clock_gettime(CLOCK_REALTIME, &now);
  uint64_t second = (uint64_t)now.tv_sec, of_day = second % 86400;
  put_date(line, second / 86400);
  put(line, "T");
  put_number(line, of_day / 3600, 2);
  put(line, ":");
  put_number(line, of_day / 60 % 60, 2);
  put(line, ":");
  put_number(line, of_day % 60, 2);
  put(line, ".");
  put_number(line, (uint64_t)now.tv_nsec / 1000000, 3);
  put(line, "Z error ");
}

/* ------------------------------------------------------------------ the handler */

static void on_refused(int number, siginfo_t *info, void *context)
{
  (void)number;
  (void)context;
  struct line line = {.n = 0};
  int call = info->si_syscall;
  put_start(&line);
  put(&line, "the sandbox refused the system call ");
  put(&line, call >= 0 && call < NAMES && names[call][0] ? names[call] : "(unknown)");
  put(&line, " (number ");
  put_number(&line, call < 0 ? 0 : (uint64_t)call, 1);
  put(&line, syscall(SYS_gettid) == getpid() ? ") in the event loop" : ") in a thread of the pool");
  put(&line, ": this worker ends; please report it\n");
  (void)!write(STDERR_FILENO, line.p, line.n);
  _exit(SANDBOX_STATUS);
}

static void look_names_up(void)
{
  for (int i = 0; i < NAMES; i++) {
    char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);
    size_t n = name ? strlen(name) : 0;
    if (n < NAME_ROOM && name)
      memcpy(names[i], name, n + 1);
    free(name);
  }
}

int sandbox_trap(void)
{
  struct sigaction action = {.sa_sigaction = on_refused, .sa_flags = SA_SIGINFO};
  look_names_up();
  (void)sigfillset(&action.sa_mask);
  return sigaction(SIGSYS, &action, NULL) < 0 ? ERR_IO : 0;
}
