/* Gathering a body: all of it where it can be had at once, and else nothing of it lost. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "site/body.h"

/* A source that does what a script says: a digit gives so many bytes, p is pending, e ends, f fails. */
struct script {
  struct body body;
  const char *steps;
  char next; /* the bytes are a, b, c and so on, round and round */
  bool over, pending;
  int *freed;
};

static enum pull script_pull(struct body *b, struct buf *out, size_t most)
{
  struct script *s = (struct script *)b;
  assert_false(s->over);    /* never called again after the end */
  assert_false(s->pending); /* nor while pending */
  char step = *s->steps++;
  if (step >= '1' && step <= '9') {
    assert_true((size_t)(step - '0') <= most);
    for (char i = '0'; i < step; i++) {
      buf_put_c(out, s->next);
      s->next = s->next == 'z' ? 'a' : (char)(s->next + 1);
    }
    return PULL_BYTES;
  }
  s->pending = step == 'p';
  s->over = step != 'p';
  return step == 'p' ? PULL_PENDING : step == 'e' ? PULL_END : PULL_FAILED;
}

static void script_destroy(struct body *b)
{
  struct script *s = (struct script *)b;
  ++*s->freed;
  free(s);
}

static struct script *script_make(const char *steps, int *freed)
{
  static const struct body_ops ops = {script_pull, script_destroy};
  struct script *s = calloc(1, sizeof *s);
  assert_non_null(s);
  body_init(&s->body, &ops);
  s->steps = steps;
  s->next = 'a';
  s->freed = freed;
  return s;
}

static void on_wake(void *context)
{
  ++*(int *)context;
}

/* What the script gives, gathered up to `most` and then pulled; pending steps are woken when `wake_first` says: before
 * the pull that would wait, or after it. */
static enum pull run(const char *steps, size_t most, bool wake_first, struct buf *out, bool *whole)
{
  int freed = 0, woken = 0;
  struct script *s = script_make(steps, &freed);
  struct body *b = &s->body;
  struct bytes *bytes = NULL;
  enum pull got = PULL_END;
  assert_int_equal(body_gather(&b, most, &bytes), 0);
  *whole = bytes != NULL;
  assert_int_equal(!b, *whole);
  assert_int_equal(freed, *whole);
  if (*whole) {
    buf_put_str(out, bytes_str(bytes));
    bytes_unref(bytes);
    return PULL_END;
  }
  body_on_wake(b, on_wake, &woken);
  if (s->pending && wake_first) {
    s->pending = false;
    body_wake(&s->body);
    assert_int_equal(woken, 0); /* nobody waits */
  }
  while ((got = body_pull(b, out, 9)) == PULL_BYTES || got == PULL_PENDING) {
    if (got == PULL_BYTES)
      continue;
    assert_true(s->pending);
    int before = woken;
    s->pending = false;
    body_wake(&s->body);
    assert_int_equal(woken, before + 1);
  }
  body_free(b);
  assert_int_equal(freed, 1);
  return got;
}

static void nothing_is_lost_however_it_comes(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *steps;
    size_t most;
    bool whole;
    const char *want;
    enum pull end;
  } table[] = {
      {__LINE__, "e", 10, true, "", PULL_END},
      {__LINE__, "3e", 10, true, "abc", PULL_END},
      {__LINE__, "343e", 10, true, "abcdefghij", PULL_END},
      {__LINE__, "344e", 10, false, "abcdefghijk", PULL_END},
      {__LINE__, "9999e", 10, false, "abcdefghijklmnopqrstuvwxyzabcdefghij", PULL_END},
      {__LINE__, "p3e", 10, false, "abc", PULL_END},
      {__LINE__, "3p3e", 10, false, "abcdef", PULL_END},
      {__LINE__, "3pe", 10, false, "abc", PULL_END},
      {__LINE__, "99p3p3e", 10, false, "abcdefghijklmnopqrstuvwx", PULL_END},
      {__LINE__, "f", 10, false, "", PULL_FAILED},
      {__LINE__, "33f", 10, false, "abcdef", PULL_FAILED},
      {__LINE__, "3pf", 10, false, "abc", PULL_FAILED},
      {__LINE__, "99f", 10, false, "abcdefghijklmnopqr", PULL_FAILED},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    for (int wake_first = 0; wake_first < 2; wake_first++) {
      struct buf out = BUF_INIT(1000);
      bool whole;
      enum pull end = run(table[i].steps, table[i].most, wake_first, &out, &whole);
      if (end != table[i].end || whole != table[i].whole || !str_eq(buf_str(&out), str_from(table[i].want)))
        fail_msg("line %d: %.*s", table[i].line, STR_ARG(buf_str(&out)));
      buf_free(&out);
    }
  }
}

static void it_is_freed_at_any_time(void **state)
{
  (void)state;
  static const char *const scripts[] = {"9e", "99e", "3p", "3f", "p"};
  for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
    int freed = 0;
    struct body *b = &script_make(scripts[i], &freed)->body;
    struct bytes *whole = NULL;
    struct buf out = BUF_INIT(100);
    assert_int_equal(body_gather(&b, 9, &whole), 0);
    if (b)
      (void)body_pull(b, &out, 2);
    body_free(b);
    bytes_unref(whole);
    assert_int_equal(freed, 1);
    buf_free(&out);
  }
}

/* A menu is kept for long, and the cache counts its bytes: the block must not be twice as large as they are. */
static void what_is_gathered_takes_no_more_memory_than_it_has_bytes(void **state)
{
  (void)state;
  static const size_t sizes[] = {1, 129, 5000, 65537, 300000};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    enum { ALLOCATOR = 4096 + 64 }; /* a page of its own, and its head */
    char *text = calloc(1, sizes[i]);
    assert_non_null(text);
    struct body *b = body_copy(str_make(text, sizes[i]));
    struct bytes *whole = NULL;
    free(text);
    assert_non_null(b);
    assert_int_equal(body_gather(&b, sizes[i], &whole), 0);
    assert_non_null(whole);
    assert_int_equal(whole->n, sizes[i]);
    assert_true(malloc_usable_size(whole->p) <= sizes[i] + (sizes[i] < ALLOCATOR ? 64 : ALLOCATOR));
    bytes_unref(whole);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_is_lost_however_it_comes),
      cmocka_unit_test(it_is_freed_at_any_time),
      cmocka_unit_test(what_is_gathered_takes_no_more_memory_than_it_has_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
