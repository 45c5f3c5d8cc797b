/* Where requests are logged: which files are taken, and what is said of the others. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../support/folder.h"
#include "base/err.h"
#include "proc/log_place.h"

enum { PATH_ROOM = 4096 };

static struct folder folder;

static int make(void **state)
{
  (void)state;
  folder_make(&folder);
  return 0;
}

static int unmake(void **state)
{
  (void)state;
  folder_remove(&folder);
  return 0;
}

static const char *at(const char *name)
{
  static char path[PATH_ROOM];
  assert_true(snprintf(path, sizeof path, "%s/%s", folder.path, name) < (int)sizeof path);
  return path;
}

static void refused(int line, enum log_to to, const char *name, const char *word)
{
  struct buf why = BUF_INIT(8192);
  int fd = log_place_open(to, at(name), &why);
  if (fd >= 0 || !memmem(why.p, why.n, word, strlen(word)) || !memmem(why.p, why.n, name, strlen(name)))
    fail_msg("line %d: %s gave %d: %.*s", line, name, fd, STR_ARG(buf_str(&why)));
  buf_free(&why);
}

static int opened(enum log_to to, const char *name)
{
  struct buf why = BUF_INIT(8192);
  int fd = log_place_open(to, at(name), &why);
  if (fd < 0)
    fail_msg("%s: %.*s", name, STR_ARG(buf_str(&why)));
  assert_int_equal(why.n, 0);
  assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
  assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
  buf_free(&why);
  return fd;
}

static void a_file_is_made_for_owner_and_group_and_appended_to(void **state)
{
  (void)state;
  struct stat st;
  char text[16] = "";
  mode_t usual = umask(0);
  int fd = opened(LOG_TO_FILE, "log");
  (void)umask(usual);
  assert_int_equal(fstat(fd, &st), 0);
  assert_int_equal(st.st_mode, S_IFREG | 0640);
  assert_int_equal(write(fd, "one\n", 4), 4);
  int again = opened(LOG_TO_FILE, "log");
  assert_int_equal(write(again, "two\n", 4), 4);
  assert_int_equal(write(fd, "three\n", 6), 6);
  close(again);
  close(fd);
  fd = open(at("log"), O_RDONLY);
  assert_int_equal(read(fd, text, sizeof text), 14);
  assert_memory_equal(text, "one\ntwo\nthree\n", 14);
  close(fd);
}

static void links_and_what_is_no_file_are_refused(void **state)
{
  (void)state;
  char target[PATH_ROOM];
  (void)snprintf(target, sizeof target, "%s/elsewhere", folder.path);
  assert_int_equal(symlink(target, at("link")), 0);
  refused(__LINE__, LOG_TO_FILE, "link", "symbolic link");
  assert_int_equal(access(target, F_OK), -1); /* and nothing was made there */
  folder_dir(&folder, "folder");
  refused(__LINE__, LOG_TO_FILE, "folder", "cannot log requests");
  refused(__LINE__, LOG_TO_FILE, "missing/log", "make its folder first");
}

static void a_fifo_is_taken_once_somebody_reads_it(void **state)
{
  (void)state;
  assert_int_equal(mkfifo(at("fifo"), 0600), 0);
  alarm(20); /* an open that waits would wait for ever */
  refused(__LINE__, LOG_TO_FILE, "fifo", "start its reader first");
  int reader = open(at("fifo"), O_RDONLY | O_NONBLOCK);
  assert_true(reader >= 0);
  close(opened(LOG_TO_FILE, "fifo"));
  alarm(0);
  close(reader);
}

static void syslog_is_a_socket_of_datagrams(void **state)
{
  (void)state;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char got[16];
  refused(__LINE__, LOG_TO_SYSLOG, "socket", "No such file");
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  assert_true(snprintf(address.sun_path, sizeof address.sun_path, "%s", at("socket")) < (int)sizeof address.sun_path);
  assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
  int log = opened(LOG_TO_SYSLOG, "socket");
  assert_int_equal(send(log, "word", 4, 0), 4);
  assert_int_equal(recv(fd, got, sizeof got, 0), 4);
  refused(__LINE__, LOG_TO_FILE, "socket", "cannot log requests");
  close(fd);
  refused(__LINE__, LOG_TO_SYSLOG, "socket", "refused"); /* its name stays */
  close(log);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_file_is_made_for_owner_and_group_and_appended_to, make, unmake),
      cmocka_unit_test_setup_teardown(links_and_what_is_no_file_are_refused, make, unmake),
      cmocka_unit_test_setup_teardown(a_fifo_is_taken_once_somebody_reads_it, make, unmake),
      cmocka_unit_test_setup_teardown(syslog_is_a_socket_of_datagrams, make, unmake),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
