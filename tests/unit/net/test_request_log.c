/* What a worker does with an entry: files, sockets, what is lost, and addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/request_log.h"

enum { ROOM = 1 << 16, SOON = 10, LATER = 61 * 1000 };

static const struct sockaddr_in four = {.sin_family = AF_INET};

static void say(struct request_log *log, const char *request, const struct sockaddr *peer, uint64_t now)
{
  struct log_entry e = {
      .protocol = "gopher",
      .name = "gopher",
      .asked = true,
      .site = STR("site"),
      .status = 20,
      .bytes = 5,
      .request = str_from(request),
  };
  request_log_write(log, &e, peer, now);
}

static void say_plain(struct request_log *log, const char *request, uint64_t now)
{
  say(log, request, (const struct sockaddr *)&four, now);
}

/* All that is in the file, ended by a NUL. */
static const char *content(int fd)
{
  static char text[ROOM];
  ssize_t n = pread(fd, text, sizeof text - 1, 0);
  assert_true(n >= 0);
  text[n] = '\0';
  return text;
}

static int file(void)
{
  int fd = memfd_create("log", MFD_CLOEXEC);
  assert_true(fd >= 0);
  assert_int_equal(fcntl(fd, F_SETFL, O_APPEND), 0);
  return fd;
}

/* What goes to standard error while `fd` is in its place. */
static int catch_stderr(int fd)
{
  int before = dup(STDERR_FILENO);
  assert_true(before >= 0);
  assert_true(dup2(fd, STDERR_FILENO) >= 0);
  return before;
}

static void release_stderr(int before)
{
  assert_true(dup2(before, STDERR_FILENO) >= 0);
  close(before);
}

static void a_line_goes_to_the_file_and_then_to_the_next_one(void **state)
{
  (void)state;
  int first = file(), second = file();
  struct request_log log = {.to = LOG_TO_FILE, .fd = dup(first)};
  request_log_open(&log);
  assert_true(request_log_wants(&log));
  say_plain(&log, "/one", SOON);
  say_plain(&log, "/two", SOON);
  request_log_use(&log, dup(second), SOON);
  say_plain(&log, "/three", SOON);
  assert_true(str_ends(str_from(content(first)), STR(" request gopher site 20 5 0ms /two\n")));
  assert_non_null(strstr(content(first), " 0ms /one\n"));
  assert_null(strstr(content(first), "/three"));
  assert_true(str_ends(str_from(content(second)), STR(" 0ms /three\n")));
  assert_true(content(second)[0] == '2'); /* no empty line before it */
  request_log_close(&log);
  close(first);
  close(second);
}

static void what_a_full_disk_has_torn_stays_a_line_of_its_own(void **state)
{
  (void)state;
  int fd = file(), told[2];
  assert_int_equal(pipe2(told, O_NONBLOCK), 0);
  int before = catch_stderr(told[1]);
  struct request_log log = {.to = LOG_TO_FILE, .fd = dup(fd)};
  struct rlimit usual, small;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
  void (*heed)(int) = signal(SIGXFSZ, SIG_IGN);
  say_plain(&log, "/whole", SOON);
  size_t whole = strlen(content(fd));
  small = usual;
  small.rlim_cur = whole + 10;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  say_plain(&log, "/torn", SOON);
  for (int i = 0; i < 4; i++)
    say_plain(&log, "/lost", SOON);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
  say_plain(&log, "/again", SOON);
  say_plain(&log, "/more", LATER);
  release_stderr(before);
  (void)signal(SIGXFSZ, heed);

  const char *text = content(fd);
  assert_int_equal(text[whole + 10], '\n');
  assert_non_null(strstr(text + whole, " 0ms /again\n"));
  assert_non_null(strstr(text + whole, " 0ms /more\n"));
  assert_null(strstr(text, "/lost"));
  assert_null(strstr(text, "\n\n"));
  /* At once, and then once a minute. */
  char said[4096];
  ssize_t n = read(told[0], said, sizeof said);
  struct str rest = str_make(said, n > 0 ? (size_t)n : 0), line;
  assert_true(str_line(&rest, &line));
  assert_non_null(memmem(line.p, line.n, " warning the log of requests has lost 1 line: ", 46));
  assert_true(str_line(&rest, &line));
  assert_non_null(memmem(line.p, line.n, " warning the log of requests has lost 4 lines: ", 47));
  assert_int_equal(rest.n, 0);
  request_log_close(&log);
  close(fd);
  close(told[0]);
  close(told[1]);
}

static void broken(void *owner)
{
  ++*(unsigned *)owner;
}

static void a_pipe_that_nobody_empties_stops_nobody(void **state)
{
  (void)state;
  int ends[2], told = file(), before = catch_stderr(told);
  unsigned asked = 0;
  assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
  struct request_log log = {.to = LOG_TO_FILE, .fd = ends[1], .on_broken = broken, .owner = &asked};
  alarm(20);
  for (int i = 0; i < 5000; i++)
    say_plain(&log, "/x", SOON);
  alarm(0);
  release_stderr(before);
  static char text[1 << 20];
  ssize_t n = read(ends[0], text, sizeof text);
  assert_true(n > 0 && text[n - 1] == '\n'); /* whole lines only */
  assert_true(log.lost > 0);
  assert_int_equal(asked, 0); /* another pipe would be no better */
  request_log_close(&log);
  close(ends[0]);
  close(told);
}

static void syslog_gets_datagrams_as_it_knows_them(void **state)
{
  (void)state;
  int ends[2];
  char message[ROOM];
  assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0);
  struct request_log log = {.to = LOG_TO_SYSLOG, .fd = ends[1]};
  request_log_open(&log);
  say_plain(&log, "/one", SOON);
  ssize_t n = recv(ends[0], message, sizeof message, 0);
  assert_true(n > 0);
  struct str got = str_make(message, (size_t)n);
  /* RFC 3164, 4.1: <priority>Mmm dd hh:mm:ss */
  assert_true(str_starts(got, STR("<30>")));
  assert_true(got.p[7] == ' ' && got.p[10] == ' ' && got.p[13] == ':' && got.p[16] == ':' && got.p[19] == ' ');
  char tag[64];
  assert_true(snprintf(tag, sizeof tag, "nuncio[%ld]: gopher site 20 5 0ms /one", (long)getpid()) > 0);
  assert_true(str_eq(str_skip(got, 20), str_from(tag)));

  static char request[1025];
  memset(request, 0x1b, sizeof request - 1);
  log.format = LOG_JSON;
  say_plain(&log, request, SOON);
  n = recv(ends[0], message, sizeof message, 0);
  assert_true(n > 1000 && n <= 2048);
  assert_true(str_ends(str_make(message, (size_t)n), STR("\"}")));
  request_log_close(&log);
  close(ends[0]);
}

static void a_syslogd_that_is_gone_is_asked_for_once_a_second(void **state)
{
  (void)state;
  int ends[2], told = file(), before = catch_stderr(told);
  unsigned asked = 0;
  char message[ROOM];
  assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0);
  struct request_log log = {.to = LOG_TO_SYSLOG, .fd = ends[1], .on_broken = broken, .owner = &asked};
  close(ends[0]);
  for (int i = 0; i < 10; i++)
    say_plain(&log, "/lost", SOON);
  assert_int_equal(asked, 1);
  say_plain(&log, "/lost", SOON + 999);
  assert_int_equal(asked, 1);
  say_plain(&log, "/lost", SOON + 1000);
  assert_int_equal(asked, 2);
  assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0);
  request_log_use(&log, ends[1], SOON + 1000);
  say_plain(&log, "/back", SOON + 1001);
  assert_true(recv(ends[0], message, sizeof message, 0) > 0);
  request_log_use(&log, -1, SOON + 1000); /* none is to be had at all */
  say_plain(&log, "/lost", SOON + 2000);
  assert_int_equal(asked, 3);
  release_stderr(before);
  assert_non_null(strstr(content(told), " warning the log of requests has lost 1 line: "));
  request_log_close(&log);
  close(ends[0]);
  close(told);
}

static unsigned received(int fd, unsigned next)
{
  char message[ROOM], want[32];
  ssize_t n;
  while ((n = recv(fd, message, sizeof message, 0)) > 0) {
    assert_true(snprintf(want, sizeof want, " 0ms /%u", next) > 0);
    if (!str_ends(str_make(message, (size_t)n), str_from(want)))
      fail_msg("not %s: %.*s", want, (int)n, message);
    next++;
  }
  return next;
}

static void count(void *owner)
{
  ++((unsigned *)owner)[1];
}

static void say_number(struct request_log *log, unsigned number, uint64_t now)
{
  char request[16];
  assert_true(snprintf(request, sizeof request, "/%u", number) > 0);
  say_plain(log, request, now);
}

static void lines_wait_in_order_for_a_syslogd_that_is_behind(void **state)
{
  (void)state;
  int ends[2];
  unsigned calls[2] = {0, 0}, next = 0;
  assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0);
  struct request_log log = {
      .to = LOG_TO_SYSLOG, .fd = ends[1], .on_broken = broken, .on_waiting = count, .owner = calls};
  request_log_open(&log);
  assert_true(request_log_flush(&log, SOON));
  for (unsigned i = 0; i < 1000; i++)
    say_number(&log, i, SOON);
  assert_int_equal(calls[0], 0);
  assert_int_equal(calls[1], 1); /* once, until nothing waits any more */
  assert_false(request_log_flush(&log, SOON));
  next = received(ends[0], next);
  assert_true(next > 0 && next < 1000);
  say_number(&log, 1000, SOON); /* behind those that wait */
  while (!request_log_flush(&log, SOON))
    next = received(ends[0], next);
  next = received(ends[0], next);
  assert_int_equal(next, 1001);
  assert_int_equal(log.lost, 0);
  for (unsigned i = 1001; i < 2000; i++)
    say_number(&log, i, SOON);
  assert_int_equal(calls[1], 2);
  close(ends[0]);

  /* It is started anew: what waits comes first. */
  assert_false(request_log_flush(&log, SOON));
  assert_int_equal(calls[0], 1);
  assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0);
  request_log_use(&log, ends[1], SOON);
  char message[ROOM];
  ssize_t n = recv(ends[0], message, sizeof message, 0);
  assert_true(n > 0);
  struct str first = str_make(message, (size_t)n);
  unsigned number = 0;
  assert_int_equal(str_number(str_skip(first, str_rfind(first, '/') + 1), &number), 0);
  assert_true(number > 1001); /* what the dead one had in its queue is lost */
  next = number + 1;
  while (!request_log_flush(&log, SOON))
    next = received(ends[0], next);
  assert_int_equal(received(ends[0], next), 2000);
  assert_int_equal(log.lost, 0);
  request_log_close(&log);
  close(ends[0]);
}

static void what_waits_has_a_bound(void **state)
{
  (void)state;
  int told = file(), before = catch_stderr(told);
  unsigned calls[2] = {0, 0};
  struct request_log log = {.to = LOG_TO_SYSLOG, .fd = -1, .on_broken = broken, .on_waiting = count, .owner = calls};
  request_log_open(&log);
  for (unsigned i = 0; i < 10000; i++)
    say_number(&log, i, SOON);
  assert_true(log.waiting.n <= WAITING_MOST && log.waiting.cap <= WAITING_MOST);
  assert_true(log.n_waiting > 1000);
  unsigned long waiting = log.n_waiting, lost = log.lost;
  assert_int_equal(waiting + lost + 1, 10000); /* the first one lost was told of at once */
  request_log_close(&log);
  release_stderr(before);
  char want[64];
  assert_true(snprintf(want, sizeof want, "has lost %lu lines: ", waiting + lost) > 0);
  assert_non_null(strstr(content(told), want));
  close(told);
}

static void as_six(const char *text, struct sockaddr_in6 *out)
{
  *out = (struct sockaddr_in6){.sin6_family = AF_INET6};
  assert_int_equal(inet_pton(AF_INET6, text, &out->sin6_addr), 1);
}

/* What is shown of an address; empty: nothing. */
static void shown(enum log_address how, const struct day_keys *keys, const struct sockaddr *peer, char text[64])
{
  int fd = file();
  struct request_log log = {.to = LOG_TO_FILE, .fd = fd, .address = how, .keys = keys};
  say(&log, "/", peer, SOON);
  const char *from = strstr(content(fd), " 0ms from ");
  text[0] = '\0';
  if (from)
    assert_int_equal(sscanf(from, " 0ms from %63s", text), 1);
  request_log_close(&log);
}

static void addresses_are_shown_as_wanted_B3(void **state)
{
  (void)state;
  struct buf why = BUF_INIT(1024);
  struct day_keys *keys = NULL;
  int fd = -1;
  char text[64], again[64];
  struct sockaddr_in v4 = {.sin_family = AF_INET};
  struct sockaddr_in6 v6, mapped, neighbour;
  assert_int_equal(inet_pton(AF_INET, "192.0.2.77", &v4.sin_addr), 1);
  as_six("2001:db8:1:2:3:4:5:6", &v6);
  as_six("2001:db8:1:2:3:4:5:7", &neighbour);
  as_six("::ffff:192.0.2.77", &mapped);
  const struct sockaddr *p4 = (const struct sockaddr *)&v4, *p6 = (const struct sockaddr *)&v6,
                        *pm = (const struct sockaddr *)&mapped;
  shown(LOG_ADDRESS_NONE, NULL, p4, text);
  assert_string_equal(text, "");
  shown(LOG_ADDRESS_FULL, NULL, p4, text);
  assert_string_equal(text, "192.0.2.77");
  shown(LOG_ADDRESS_CUT, NULL, p4, text);
  assert_string_equal(text, "192.0.2.0");
  shown(LOG_ADDRESS_CUT, NULL, p6, text);
  assert_string_equal(text, "2001:db8:1::");
  shown(LOG_ADDRESS_CUT, NULL, pm, text);
  assert_string_equal(text, "192.0.2.0");

  shown(LOG_ADDRESS_HASH, NULL, p4, text);
  assert_string_equal(text, ""); /* without a key rather nothing than the address */
  assert_int_equal(day_keys_create(&fd, day_of(time(NULL)), &why), 0);
  assert_int_equal(day_keys_map(fd, true, &keys, &why), 0);
  shown(LOG_ADDRESS_HASH, keys, p4, text);
  assert_int_equal(strspn(text, "0123456789abcdef"), 16);
  assert_int_equal(strlen(text), 16);
  shown(LOG_ADDRESS_HASH, keys, pm, again);
  assert_string_equal(text, again);
  shown(LOG_ADDRESS_HASH, keys, p6, text);
  assert_string_not_equal(text, again);
  shown(LOG_ADDRESS_HASH, keys, (const struct sockaddr *)&neighbour, again);
  assert_string_not_equal(text, again);

  /* Another day has another key; a day without one shows nothing. */
  assert_int_equal(day_keys_look(keys, day_of(time(NULL)) + 100), 0);
  shown(LOG_ADDRESS_HASH, keys, p6, again);
  assert_string_equal(again, "");
  assert_int_equal(day_keys_look(keys, day_of(time(NULL))), 0);
  shown(LOG_ADDRESS_HASH, keys, p6, again);
  assert_string_not_equal(text, again);
  day_keys_unmap(keys);
  close(fd);
  buf_free(&why);
}

static void lines_left_out_are_told_of_elsewhere_in_the_combined_form(void **state)
{
  (void)state;
  int fd = file(), told = file(), before = catch_stderr(told);
  struct request_log log = {.to = LOG_TO_FILE, .fd = fd, .format = LOG_COMBINED};
  struct log_entry e = {.protocol = "gopher", .name = "gopher", .left_out = 4321};
  request_log_write(&log, &e, (const struct sockaddr *)&four, SOON);
  release_stderr(before);
  assert_non_null(strstr(content(told), " notice the log of requests leaves out 4321 more lines"));
  assert_null(strstr(content(fd), "4321"));
  request_log_close(&log);
  close(told);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_line_goes_to_the_file_and_then_to_the_next_one),
      cmocka_unit_test(what_a_full_disk_has_torn_stays_a_line_of_its_own),
      cmocka_unit_test(a_pipe_that_nobody_empties_stops_nobody),
      cmocka_unit_test(syslog_gets_datagrams_as_it_knows_them),
      cmocka_unit_test(a_syslogd_that_is_gone_is_asked_for_once_a_second),
      cmocka_unit_test(lines_wait_in_order_for_a_syslogd_that_is_behind),
      cmocka_unit_test(what_waits_has_a_bound),
      cmocka_unit_test(addresses_are_shown_as_wanted_B3),
      cmocka_unit_test(lines_left_out_are_told_of_elsewhere_in_the_combined_form),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
