/* The body over a file: cached or not, cut short, grown, failing, left early; memory stays bounded (P18). */

/* The C library's fortified headers define pread inline; here we define it ourselves. */
#undef _FORTIFY_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../support/folder.h"
#include "../../support/pool.h"
#include "base/err.h"
#include "base/log.h"
#include "site/body.h"

static struct folder top;
static struct pool pool;

/* ------------------------------------------------------------------ a disk that misbehaves */

/* What the two calls that read do instead of reading: fail with an errno, or say that the file has ended. */
static struct {
  int cached_errno; /* preadv2's; 0: the real one, -1: the end */
  int disk_errno;   /* pread's */
  size_t disk_most; /* pread gives no more than this at once, if not 0 */
  unsigned cached_calls, disk_calls;
} fault;

static ssize_t real_read(int fd, void *to, size_t n, off_t at)
{
  struct iovec piece = {to, n};
  return preadv(fd, &piece, 1, at);
}

ssize_t preadv2(int fd, const struct iovec *to, int n, off_t at, int flags)
{
  fault.cached_calls++;
  assert_int_equal(flags, RWF_NOWAIT);
  if (fault.cached_errno > 0) {
    errno = fault.cached_errno;
    return -1;
  }
  return fault.cached_errno < 0 ? 0 : preadv(fd, to, n, at);
}

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
  fault.disk_calls++;
  if (fault.disk_errno) {
    errno = fault.disk_errno;
    return -1;
  }
  return real_read(fd, to, fault.disk_most && fault.disk_most < n ? fault.disk_most : n, at);
}

/* ------------------------------------------------------------------ what is written to the log */

static int log_fd = -1, stderr_copy = -1;

static void log_begin(void)
{
  log_fd = memfd_create("log", MFD_CLOEXEC);
  stderr_copy = dup(STDERR_FILENO);
  assert_true(log_fd >= 0 && stderr_copy >= 0);
  dup2(log_fd, STDERR_FILENO);
}

/* Puts standard error back. The log holds one line, which names the file and says why; with NULL it holds nothing. */
static void log_end(const char *name, const char *why)
{
  char text[2048];
  dup2(stderr_copy, STDERR_FILENO);
  ssize_t n = real_read(log_fd, text, sizeof text - 1, 0);
  close(stderr_copy);
  close(log_fd);
  assert_true(n >= 0);
  text[n] = '\0';
  if (!name) {
    assert_int_equal(n, 0);
    return;
  }
  if (!strstr(text, name) || !strstr(text, why) || strchr(text, '\n') != text + n - 1)
    fail_msg("the log says: %s", text);
}

/* ------------------------------------------------------------------ the tests */

static char big[200000];

static int set_up(void **state)
{
  (void)state;
  folder_make(&top);
  for (size_t i = 0; i < sizeof big; i++)
    big[i] = (char)(i * 31 + i / 251);
  return 0;
}

static int tear_down(void **state)
{
  (void)state;
  folder_remove(&top);
  return 0;
}

/* Before each test: a healthy disk, an empty pool, the file as it was. */
static int heal(void **state)
{
  (void)state;
  memset(&fault, 0, sizeof fault);
  pool_init(&pool);
  folder_bytes(&top, "big.bin", big, sizeof big);
  return 0;
}

static struct body *open_body(struct env *env, uint64_t length)
{
  int fd = openat(top.fd, "big.bin", O_RDONLY | O_CLOEXEC);
  assert_true(fd >= 0);
  struct body *b = body_file(env, fd, length, STR("/big.bin"));
  assert_non_null(b);
  return b;
}

static void woken(void *context)
{
  ++*(int *)context;
}

/* Pulls to the end; where it is pending, the pool runs. The last answer. */
static enum pull pull_all(struct body *b, struct buf *out, size_t most)
{
  int wakes = 0, waits = 0;
  enum pull got;
  body_on_wake(b, woken, &wakes);
  for (;;) {
    size_t before = out->n;
    got = body_pull(b, out, most);
    assert_true(out->n - before <= most);
    assert_int_equal(out->n > before, got == PULL_BYTES);
    assert_int_equal(wakes, waits); /* never from inside body_pull */
    if (got == PULL_END || got == PULL_FAILED)
      return got;
    if (got == PULL_PENDING) {
      waits++;
      assert_int_equal(pool_run_one(&pool), 1);
      assert_int_equal(wakes, waits); /* once */
    }
  }
}

static void assert_whole(struct env *env, uint64_t length, size_t most)
{
  struct buf out = BUF_INIT(1 << 20);
  struct body *b = open_body(env, length);
  assert_int_equal(pull_all(b, &out, most), PULL_END);
  assert_true(str_eq(buf_str(&out), str_make(big, (size_t)length)));
  body_free(b);
  buf_free(&out);
}

static void a_file_is_given_whole(void **state)
{
  (void)state;
  static const int answers[] = {0, EAGAIN, EOPNOTSUPP, ENOSYS, EINTR, -1};
  static const size_t pieces[] = {1000, 65536, 100000, SIZE_MAX};
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    fault.cached_errno = answers[i];
    for (size_t j = 0; j < sizeof pieces / sizeof *pieces; j++) {
      assert_whole(&pool.env, sizeof big, pieces[j]);
      assert_whole(env_direct(), sizeof big, pieces[j]);
    }
    assert_whole(&pool.env, 0, 1);
    assert_whole(&pool.env, 1, 1);
    assert_whole(&pool.env, 50, 7);
  }
  fault.cached_errno = EAGAIN;
  fault.disk_most = 700; /* a disk that gives little at once */
  assert_whole(&pool.env, sizeof big, 1000);
}

/* What the page cache holds never goes to the pool. */
static void a_cached_file_needs_no_pool(void **state)
{
  (void)state;
  assert_whole(&pool.env, sizeof big, 65536);
  assert_int_equal(pool.run, 0);
  assert_int_equal(fault.disk_calls, 0);
}

/* A file system that does not know RWF_NOWAIT is asked once, one that had nothing cached again and again. */
static void an_unknown_flag_is_remembered(void **state)
{
  (void)state;
  fault.cached_errno = EOPNOTSUPP;
  assert_whole(&pool.env, sizeof big, 65536);
  assert_int_equal(fault.cached_calls, 1);
  fault.cached_calls = 0;
  fault.cached_errno = EAGAIN;
  assert_whole(&pool.env, sizeof big, 65536);
  assert_int_equal(fault.cached_calls, 4);
}

/* What was read for a large pull is given to smaller ones whole. */
static void a_piece_is_given_in_parts(void **state)
{
  (void)state;
  fault.cached_errno = EAGAIN;
  struct body *b = open_body(&pool.env, sizeof big);
  struct buf out = BUF_INIT(1 << 20);
  assert_int_equal(body_pull(b, &out, 50000), PULL_PENDING);
  pool_run_all(&pool);
  for (int i = 0; i < 50; i++)
    assert_int_equal(body_pull(b, &out, 1000), PULL_BYTES);
  assert_int_equal(fault.disk_calls, 1);
  assert_int_equal(pull_all(b, &out, 65536), PULL_END);
  assert_true(str_eq(buf_str(&out), str_make(big, sizeof big)));
  buf_free(&out);
  body_free(b);
}

/* Cut short while it is sent: the reader must be able to tell. */
static void a_file_cut_short_fails_P18(void **state)
{
  (void)state;
  static const int answers[] = {0, EAGAIN};
  for (size_t i = 0; i < 2; i++) {
    fault.cached_errno = answers[i];
    struct buf out = BUF_INIT(1 << 20);
    struct body *b = open_body(&pool.env, sizeof big);
    folder_bytes(&top, "big.bin", big, 100000);
    log_begin();
    enum pull last = pull_all(b, &out, 65536);
    log_end("/big.bin", "100000 of 200000 bytes: the file has become shorter");
    assert_int_equal(last, PULL_FAILED);
    assert_int_equal(out.n, 100000);
    body_free(b);
    buf_free(&out);
    folder_bytes(&top, "big.bin", big, sizeof big);
  }
}

static void a_file_that_grew_keeps_its_length(void **state)
{
  (void)state;
  assert_whole(&pool.env, 150000, 65536);
  fault.cached_errno = EAGAIN;
  assert_whole(&pool.env, 150000, 65536);
}

static void a_failing_disk_fails_the_body_P18(void **state)
{
  (void)state;
  fault.cached_errno = EIO;
  fault.disk_errno = EIO;
  struct buf out = BUF_INIT(1 << 20);
  struct body *b = open_body(&pool.env, sizeof big);
  log_begin();
  enum pull last = pull_all(b, &out, 65536);
  log_end("/big.bin", "input or output failed");
  assert_int_equal(last, PULL_FAILED);
  assert_int_equal(out.n, 0);
  body_free(b);
  buf_free(&out);
}

/* Issue 4: whoever asks for such a file without end does not fill the disk that the log is on. */
static void a_failing_disk_is_named_some_times_a_minute(void **state)
{
  (void)state;
  char text[16384];
  fault.cached_errno = EIO;
  fault.disk_errno = EIO;
  log_begin();
  for (int i = 0; i < 100; i++) {
    struct buf out = BUF_INIT(1 << 20);
    struct body *b = open_body(&pool.env, sizeof big);
    assert_int_equal(pull_all(b, &out, 65536), PULL_FAILED);
    body_free(b);
    buf_free(&out);
    if (i == 98)
      pool.now += 60 * 1000;
  }
  dup2(stderr_copy, STDERR_FILENO);
  ssize_t n = real_read(log_fd, text, sizeof text - 1, 0);
  close(stderr_copy);
  close(log_fd);
  assert_true(n > 0);
  text[n] = '\0';
  unsigned lines = 0;
  for (const char *p = text; (p = strchr(p, '\n')); p++)
    lines++;
  assert_int_equal(lines, 21);
  assert_non_null(strstr(text, "(79 more before this one were left out)\n"));
}

static void a_pool_that_refuses_fails_the_body(void **state)
{
  (void)state;
  fault.cached_errno = EAGAIN;
  pool.refuse = ERR_BUSY;
  struct buf out = BUF_INIT(1 << 20);
  struct body *b = open_body(&pool.env, sizeof big);
  log_begin();
  enum pull last = body_pull(b, &out, 65536);
  log_end("/big.bin", "out of descriptors");
  assert_int_equal(last, PULL_FAILED);
  body_free(b);
  pool.refuse = 0;

  b = open_body(&pool.env, sizeof big);
  int wakes = 0;
  body_on_wake(b, woken, &wakes);
  assert_int_equal(body_pull(b, &out, 65536), PULL_PENDING);
  assert_int_equal(pool_cancel_one(&pool), 1);
  assert_int_equal(wakes, 1);
  log_begin();
  last = body_pull(b, &out, 65536);
  log_end("/big.bin", "stopping");
  assert_int_equal(last, PULL_FAILED);
  body_free(b);
  buf_free(&out);
}

/* The reader leaves while a read is in flight: no wake-up, nothing leaked, nothing touched too late (the address
 * sanitizer tells), the descriptor closed. */
static void a_body_left_early_lingers_until_its_work_is_done(void **state)
{
  (void)state;
  fault.cached_errno = EAGAIN;
  int wakes = 0;
  struct buf out = BUF_INIT(1 << 20);
  int free_fd = dup(STDERR_FILENO);
  close(free_fd);
  log_begin();
  for (int cancel = 0; cancel < 2; cancel++) {
    struct body *b = open_body(&pool.env, sizeof big);
    body_on_wake(b, woken, &wakes);
    assert_int_equal(body_pull(b, &out, 65536), PULL_PENDING);
    body_free(b);
    assert_int_equal(cancel ? pool_cancel_one(&pool) : pool_run_one(&pool), 1);
  }
  /* Another one leaves when the work is done but was not taken. */
  struct body *b = open_body(&pool.env, sizeof big);
  assert_int_equal(body_pull(b, &out, 65536), PULL_PENDING);
  pool_run_one(&pool);
  body_free(b);
  log_end(NULL, NULL);
  assert_int_equal(wakes, 0);
  assert_int_equal(out.n, 0);
  int now_free = dup(STDERR_FILENO);
  close(now_free);
  assert_int_equal(now_free, free_fd);
  buf_free(&out);
}

/* 1 GiB, cached and not, through a buffer that is emptied after each piece: the heap never holds more than two. */
static void a_large_file_takes_little_memory(void **state)
{
  (void)state;
  const uint64_t length = (uint64_t)1 << 30;
  size_t start = mallinfo2().uordblks;
  int fd = openat(top.fd, "big.bin", O_RDWR | O_CLOEXEC);
  assert_int_equal(ftruncate(fd, (off_t)length), 0);
  for (int cached = 0; cached < 2; cached++) {
    fault.cached_errno = cached ? 0 : EAGAIN;
    struct buf out = BUF_INIT(70000);
    struct body *b = open_body(&pool.env, length);
    uint64_t total = 0;
    enum pull got;
    while ((got = body_pull(b, &out, SIZE_MAX)) == PULL_BYTES || got == PULL_PENDING) {
      total += out.n;
      buf_clear(&out);
      pool_run_all(&pool);
      if (total % (1 << 24) == 0)
        assert_true(mallinfo2().uordblks - start < 300000);
    }
    assert_int_equal(got, PULL_END);
    assert_true(total == length);
    body_free(b);
    buf_free(&out);
  }
  close(fd);
}

#define HEALED(test) cmocka_unit_test_setup(test, heal)

int main(void)
{
  const struct CMUnitTest tests[] = {
      HEALED(a_file_is_given_whole),
      HEALED(a_cached_file_needs_no_pool),
      HEALED(an_unknown_flag_is_remembered),
      HEALED(a_piece_is_given_in_parts),
      HEALED(a_file_cut_short_fails_P18),
      HEALED(a_file_that_grew_keeps_its_length),
      HEALED(a_failing_disk_fails_the_body_P18),
      HEALED(a_failing_disk_is_named_some_times_a_minute),
      HEALED(a_pool_that_refuses_fails_the_body),
      HEALED(a_body_left_early_lingers_until_its_work_is_done),
      HEALED(a_large_file_takes_little_memory),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
