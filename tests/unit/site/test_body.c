/* Bodies over bytes in memory, and filters: pieces, ends, failures, wake-ups passed on, bounded memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "site/body.h"

/* Pulls to the end in pieces of `most`; the text must be there to the last byte. */
static void assert_gives(struct body *b, size_t most, struct str want)
{
  struct buf out = BUF_INIT(1 << 20);
  enum pull got;
  do {
    size_t before = out.n;
    got = body_pull(b, &out, most);
    assert_true(out.n - before <= most);
    assert_int_equal(out.n > before, got == PULL_BYTES);
  } while (got == PULL_BYTES);
  assert_int_equal(got, PULL_END);
  assert_true(str_eq(buf_str(&out), want));
  buf_free(&out);
}

static void bytes_come_in_pieces(void **state)
{
  (void)state;
  const struct str text = STR("# A page\n\nIts text.\n");
  for (size_t most = 1; most < text.n + 2; most++) {
    struct body *b = body_copy(text);
    assert_non_null(b);
    assert_gives(b, most, text);
    body_free(b);
  }
  struct body *empty = body_copy(STR(""));
  assert_gives(empty, 1, STR(""));
  body_free(empty);
  body_free(NULL);
}

/* A body may outlive the cache's reference, and the cache the body (the address sanitizer counts). */
static void bytes_are_shared(void **state)
{
  (void)state;
  struct bytes *page = bytes_copy(STR("page"));
  struct body *one = body_bytes(bytes_ref(page));
  struct body *other = body_bytes(page);
  body_free(one);
  assert_gives(other, 3, STR("page"));
  body_free(other);
}

static void a_full_buffer_fails_the_body(void **state)
{
  (void)state;
  struct body *b = body_copy(STR("too long"));
  struct buf out = BUF_INIT(4);
  assert_int_equal(body_pull(b, &out, 100), PULL_FAILED);
  buf_free(&out);
  body_free(b);
}

/* ------------------------------------------------------------------ filters */

/* A source that does what a script says: b gives one piece, p is pending, e ends, f fails. */
struct script {
  struct body body;
  const char *steps;
  const char *piece;
  bool over; /* e or f was reached */
  bool pending;
  int *freed;
};

static enum pull script_pull(struct body *b, struct buf *out, size_t most)
{
  struct script *s = (struct script *)b;
  assert_false(s->over);    /* never called again after the end */
  assert_false(s->pending); /* nor while pending */
  switch (*s->steps++) {
  case 'b':
    assert_true(strlen(s->piece) <= most);
    buf_put_str(out, str_from(s->piece));
    return PULL_BYTES;
  case 'p':
    s->pending = true;
    return PULL_PENDING;
  case 'f':
    s->over = true;
    return PULL_FAILED;
  }
  s->over = true;
  return PULL_END;
}

static void script_destroy(struct body *b)
{
  struct script *s = (struct script *)b;
  ++*s->freed;
  free(s);
}

static const struct body_ops script_ops = {script_pull, script_destroy};

static struct script *script_make(const char *steps, const char *piece, int *freed)
{
  struct script *s = calloc(1, sizeof *s);
  assert_non_null(s);
  body_init(&s->body, &script_ops);
  s->steps = steps;
  s->piece = piece;
  s->freed = freed;
  return s;
}

/* A filter that writes each piece in brackets; it drops pieces that begin with `-` and breaks on `!`. */
struct brackets {
  int fed, ended, freed;
  int end_result;
};

static int brackets_feed(void *state, struct str piece, struct buf *out)
{
  struct brackets *f = state;
  assert_int_equal(f->ended, 0);
  f->fed++;
  if (str_starts(piece, STR("!")))
    return ERR_SYNTAX;
  if (!str_starts(piece, STR("-")))
    buf_printf(out, "[%.*s]", STR_ARG(piece));
  return 0;
}

static int brackets_end(void *state, struct buf *out)
{
  struct brackets *f = state;
  f->ended++;
  if (f->end_result == 0)
    buf_put_str(out, STR("."));
  return f->end_result;
}

static void brackets_destroy(void *state)
{
  struct brackets *f = state;
  f->freed++;
}

static const struct filter_ops brackets_ops = {brackets_feed, brackets_end, brackets_destroy};

static void woken(void *context)
{
  ++*(int *)context;
}

static void a_filter_runs_to_its_end(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *steps, *piece;
    int end_result;
    enum pull last;
    const char *want;
    int ended;
  } table[] = {
      {__LINE__, "e", "", 0, PULL_END, ".", 1},
      {__LINE__, "be", "one\n", 0, PULL_END, "[one\n].", 1},
      {__LINE__, "bbe", "one\ntwo", 0, PULL_END, "[one\n][two][one\n][two].", 1},
      {__LINE__, "bbbe", "-gone\n", 0, PULL_END, ".", 1},
      {__LINE__, "bf", "one", 0, PULL_FAILED, "[one]", 0},
      {__LINE__, "be", "one\n!", 0, PULL_FAILED, "[one\n]", 0},
      {__LINE__, "be", "one", ERR_NOMEM, PULL_FAILED, "[one]", 1},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    int freed = 0;
    struct brackets filter = {.end_result = table[i].end_result};
    struct body *b = body_filter(&script_make(table[i].steps, table[i].piece, &freed)->body, &brackets_ops, &filter);
    struct buf out = BUF_INIT(1000);
    enum pull got;
    while ((got = body_pull(b, &out, 1)) == PULL_BYTES)
      continue;
    if (got == PULL_END)
      assert_int_equal(body_pull(b, &out, 1), PULL_END); /* and end() is not called again */
    body_free(b);
    if (got != table[i].last || !str_eq(buf_str(&out), str_from(table[i].want)) || filter.ended != table[i].ended)
      fail_msg("line %d: %d, \"%.*s\"", table[i].line, (int)got, STR_ARG(buf_str(&out)));
    assert_int_equal(freed, 1);
    assert_int_equal(filter.freed, 1);
    buf_free(&out);
  }
}

/* What waits for the source waits for the filter; a pull that gave something never hides a wait. */
static void pending_passes_through_a_filter(void **state)
{
  (void)state;
  int freed = 0, wakes = 0;
  struct brackets filter = {0};
  struct script *source = script_make("pbpe", "x", &freed);
  struct body *b = body_filter(&source->body, &brackets_ops, &filter);
  body_on_wake(b, woken, &wakes);
  struct buf out = BUF_INIT(100);
  assert_int_equal(body_pull(b, &out, 100), PULL_PENDING);
  assert_int_equal(wakes, 0);
  source->pending = false;
  body_wake(&source->body);
  assert_int_equal(wakes, 1);
  assert_int_equal(body_pull(b, &out, 100), PULL_BYTES);
  assert_int_equal(body_pull(b, &out, 100), PULL_PENDING);
  source->pending = false;
  body_wake(&source->body);
  assert_int_equal(body_pull(b, &out, 100), PULL_BYTES);
  assert_int_equal(body_pull(b, &out, 100), PULL_END);
  assert_true(str_eq(buf_str(&out), STR("[x].")));
  assert_int_equal(wakes, 2);
  buf_free(&out);
  body_free(b);
}

/* A short line that becomes a long one, a thousand times: each pull goes over by one line at most, and nothing is lost
 * on the way through two filters. */
static void a_filter_goes_over_by_one_line_only(void **state)
{
  (void)state;
  struct buf text = BUF_INIT(1 << 20);
  for (int i = 0; i < 100000; i++)
    buf_put_str(&text, STR("\n"));
  struct brackets inner = {0}, outer = {0};
  struct body *b = body_filter(body_filter(body_copy(buf_str(&text)), &brackets_ops, &inner), &brackets_ops, &outer);
  struct buf out = BUF_INIT(1 << 20);
  size_t before = 0;
  enum pull got;
  while ((got = body_pull(b, &out, 100)) == PULL_BYTES) {
    assert_true(out.n - before < 100 + 8);
    before = out.n;
  }
  assert_int_equal(got, PULL_END);
  /* `\n` becomes `[\n]`, whose pieces `[\n` and `]` (run into the next one's start) become `[[\n]`, `[][\n]`... */
  assert_int_equal(inner.fed, 100000);
  assert_int_equal(inner.ended, 1);
  assert_int_equal(outer.ended, 1);
  size_t lines = 0;
  for (size_t i = 0; i < out.n; i++)
    lines += out.p[i] == '\n';
  assert_int_equal(lines, 100000);
  body_free(b);
  buf_free(&out);
  buf_free(&text);
}

static void a_filter_is_freed_at_any_time(void **state)
{
  (void)state;
  int freed = 0;
  struct brackets filter = {0};
  struct buf out = BUF_INIT(100);
  body_free(body_filter(&script_make("e", "", &freed)->body, &brackets_ops, &filter));
  struct body *b = body_filter(&script_make("p", "", &freed)->body, &brackets_ops, &filter);
  assert_int_equal(body_pull(b, &out, 1), PULL_PENDING);
  body_free(b);
  b = body_filter(&script_make("b", "a\nb\nc\n", &freed)->body, &brackets_ops, &filter);
  assert_int_equal(body_pull(b, &out, 1), PULL_BYTES);
  body_free(b);
  assert_int_equal(freed, 3);
  assert_int_equal(filter.freed, 3);
  assert_int_equal(filter.ended, 0);
  buf_free(&out);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bytes_come_in_pieces),
      cmocka_unit_test(bytes_are_shared),
      cmocka_unit_test(a_full_buffer_fails_the_body),
      cmocka_unit_test(a_filter_runs_to_its_end),
      cmocka_unit_test(pending_passes_through_a_filter),
      cmocka_unit_test(a_filter_goes_over_by_one_line_only),
      cmocka_unit_test(a_filter_is_freed_at_any_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
