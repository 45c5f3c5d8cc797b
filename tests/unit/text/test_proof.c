/* Proofreading gemtext, gophermaps and texts, in pieces of any size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text/proof.h"

/* What is told, as text: `LINE NAME TARGET|TEXT`, one line each. */
static void write_event(void *context, const struct proof_event *e)
{
  static const char *const names[] = {
      [PROOF_LINK] = "link",
      [PROOF_ITEM] = "item",
      [PROOF_NOT_UTF8] = "not-utf8",
      [PROOF_NO_TARGET] = "no-target",
      [PROOF_NO_HEADING] = "no-heading",
      [PROOF_NO_ALT] = "no-alt",
      [PROOF_NOT_CLOSED] = "not-closed",
      [PROOF_NO_TITLE] = "no-title",
      [PROOF_WIDE] = "wide",
      [PROOF_LINK_TOO_LONG] = "too-long",
      [PROOF_NO_TYPE] = "no-type",
      [PROOF_NO_NAME] = "no-name",
      [PROOF_BAD_PORT] = "bad-port",
      [PROOF_BAD_HOST] = "bad-host",
      [PROOF_MORE_FIELDS] = "more-fields",
      [PROOF_AFTER_END] = "after-end",
      [PROOF_AFTER_LIST] = "after-list",
      [PROOF_NO_ITEM] = "no-item",
      [PROOF_LOST_T] = "lost-t",
  };
  struct buf *out = context;
  buf_printf(out, "%zu %s", e->line, names[e->mark]);
  if (e->item)
    buf_printf(out, " %c %.*s", e->item->type, STR_ARG(e->item->selector));
  if (e->target.n || e->text.n)
    buf_printf(out, " %.*s|%.*s", STR_ARG(e->target), STR_ARG(e->text));
  if (e->count)
    buf_printf(out, " %zu of %zu", e->count, e->columns);
  buf_put_c(out, '\n');
}

static void proofread(struct buf *out, enum proof_form form, struct str text, size_t piece)
{
  struct proof p;
  proof_begin(&p, form, write_event, out);
  while (text.n) {
    assert_int_equal(proof_feed(&p, str_head(text, piece)), 0);
    text = str_skip(text, piece);
  }
  proof_end(&p, true);
}

/* The same is told whatever the pieces are. */
static void expect(int line, enum proof_form form, struct str text, const char *want)
{
  static const size_t pieces[] = {1, 2, 3, 7, 100, SIZE_MAX};
  for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
    struct buf out = BUF_INIT(1 << 20);
    proofread(&out, form, text, pieces[i]);
    if (!str_eq(buf_str(&out), str_from(want)))
      fail_msg("line %d, pieces of %zu: %.*s", line, pieces[i], STR_ARG(buf_str(&out)));
    buf_free(&out);
  }
}

#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN
#define WIDE67 SIXTY "1234567"

static void gemtext(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text, *want;
  } table[] = {
      {__LINE__, "# A title\n\ntext\n* item\n> quote\n", ""},
      {__LINE__, "# A title", ""},
      {__LINE__, "### A title of any level", ""},
      {__LINE__, "\xef\xbb\xbf# With a mark\r\n", ""},
      {__LINE__, "", "0 no-title\n"},
      {__LINE__, "text\n", "0 no-title\n"},
      {__LINE__, "```x\n# drawn\n```\n", "0 no-title\n"},
      {__LINE__, "# T\n#\n## \t\r\n", "2 no-heading\n3 no-heading\n"},
      {__LINE__, "#\n", "1 no-heading\n0 no-title\n"},
      {__LINE__, "# T\n=> a.gmi A page\r\n=>\tb.gmi\n", "2 link a.gmi|A page\n3 link b.gmi|\n"},
      {__LINE__, "# T\n=>\n=> \t\r\n", "2 no-target\n3 no-target\n"},
      {__LINE__, "# T\n```\n=>\n#\n=> x\n```\n", "2 no-alt\n"},
      {__LINE__, "# T\n```art\nx\n```\n```\n```\n", "5 no-alt\n"},
      {__LINE__, "# T\n```art\n=> x\n", "2 not-closed\n"},
      {__LINE__, "# T\n```art\n```\n```\n", "4 no-alt\n4 not-closed\n"},
      {__LINE__, "# T\n" WIDE67 "8 wrapped\n```art\n" WIDE67 "\n```\n", ""},
      {__LINE__, "# T\n```art\n" WIDE67 "8\nx\n" WIDE67 "890\r\n```\n=> x\n", "3 wide 2 of 70\n7 link x|\n"},
      {__LINE__, "# T\n```art\n" WIDE67 "8\n```\n```art\n\n" WIDE67 "89\n```\n", "3 wide 1 of 68\n7 wide 1 of 69\n"},
      {__LINE__, "# T\n```art\n" WIDE67 "8", "3 wide 1 of 68\n2 not-closed\n"},
      {__LINE__, "# T\n```art\n" SIXTY "\t1234\n```\n", "3 wide 1 of 68\n"},
      {__LINE__, "# T\n```art\n" SIXTY "日日日\n" SIXTY "日日日日\n```\n", "4 wide 1 of 68\n"},
      {__LINE__,
       "# T\nb\xfc"
       "cher\n\xff\n",
       "2 not-utf8\n"},
      {__LINE__, "# T\nbücher 日本\n", ""},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    expect(table[i].line, PROOF_GEMTEXT, str_from(table[i].text), table[i].want);
}

static void maps(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text, *want;
  } table[] = {
      {__LINE__, "A text\n\niMore\tx\n=> no gemtext\n#\n", ""},
      {__LINE__, "0A text\ta.txt\r\n1Menu\t/m\thost.example\t70\n", "1 item 0 a.txt\n2 item 1 /m\n"},
      {__LINE__, "1Name\t\n", "1 item 1 Name\n"},
      {__LINE__, "3An error\tx\n", ""},
      {__LINE__, "1M\t/\th.example\t70\t+\n", "1 item 1 /\n"},
      {__LINE__, "1M\t/\th.example\t70\tx\ty\n", "1 more-fields |x\ty\n1 item 1 /\n"},
      {__LINE__, "1M\t/\th.example\tseventy\n", "1 bad-port |seventy\n1 item 1 /\n"},
      {__LINE__, "1M\t/\th.example\t0\n", "1 bad-port |0\n1 item 1 /\n"},
      {__LINE__, "1M\t/\th.example\t65536\n", "1 bad-port |65536\n1 item 1 /\n"},
      {__LINE__, "1M\t/\t70\n", "1 bad-host |70\n1 item 1 /\n"},
      {__LINE__, "1M\t/\ta b\t70\n", "1 bad-host |a b\n1 item 1 /\n"},
      {__LINE__, "1M\t/\t192.0.2.1\t70\n", "1 item 1 /\n"},
      {__LINE__, "Some words\tand more\n", "1 no-type |Some words\n"},
      {__LINE__, "\tlaid out\tso\n", ""},
      {__LINE__, "1\tx\n", "1 no-name\n1 item 1 x\n"},
      {__LINE__, "a\n.\n", ""},
      {__LINE__, "a\n.\n\n \nb\nc\n", "5 after-end\n"},
      {__LINE__, "1x\n" WIDE67 "\n" WIDE67 "8\n1" WIDE67 "89\ty\n", "4 item 1 y\n3 wide 2 of 69\n"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    expect(table[i].line, PROOF_GOPHERMAP, str_from(table[i].text), table[i].want);
}

static void dialect(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text, *want;
  } table[] = {
      {__LINE__, "# none\tx\n!Title\n-a\tb\n:x=0\n~\n%\n=/m\nText\n0A\ta.txt\n*\n", "9 item 0 a.txt\n"},
      {__LINE__, "\xef\xbb\xbf# none\tx\r\nSome words\tand more\r\n", "2 no-type |Some words\n"},
      {__LINE__, "a\n*all\n\nb\nc\n", "4 after-list\n"},
      {__LINE__, "a\n. the end\nb\n", "3 after-end\n"},
      {__LINE__, "!" WIDE67 "\n!" WIDE67 "8\n#" WIDE67 "89\n", "2 wide 1 of 68\n"},
      {__LINE__, "1M\t/\t70\n", "1 bad-host |70\n1 item 1 /\n"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    expect(table[i].line, PROOF_DIALECT, str_from(table[i].text), table[i].want);
}

static void another_width(void **state)
{
  (void)state;
  struct buf out = BUF_INIT(1 << 16);
  struct proof p;
  proof_begin(&p, PROOF_GOPHERMAP, write_event, &out);
  p.width = 70;
  assert_int_equal(proof_feed(&p, STR(WIDE67 "890\n" WIDE67 "8901\n")), 0);
  proof_end(&p, true);
  assert_true(str_eq(buf_str(&out), STR("2 wide 1 of 71\n")));
  buf_free(&out);
}

static void gph(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text, *want;
  } table[] = {
      {__LINE__, "\xef\xbb\xbfWelcome\r\n\nttext\nt[x|y|z]\nt  apart\ntT\n=>\n.\nmore\n", ""},
      {__LINE__, "[0|A text|a.txt|server|port]\n[1|Root||server|port]\n", "1 item 0 a.txt\n2 item 1 /\n"},
      {__LINE__, "[0|A text|a.txt]\r\n", "1 item 0 a.txt\n"},
      {__LINE__, "[1|There|/x|example.org|70]\n", "1 item 1 /x\n"},
      {__LINE__, "[1|There|/x|example.org|x]\n", "1 bad-port |x\n1 item 1 /x\n"},
      {__LINE__, "[1|There|/x|70]\n", "1 bad-host |70\n1 item 1 /x\n"},
      {__LINE__, "[0||a.txt]\n", "1 no-name\n1 item 0 a.txt\n"},
      {__LINE__, "[O|A|a.txt]\n", "1 no-type |OA\n"},
      {__LINE__, "[0|A text]\n[a note]\n", "1 no-item |[0|A text]\n"},
      {__LINE__, "these words\n", "1 lost-t |these words\n"},
      {__LINE__, WIDE67 "\nx" WIDE67 "\n", "2 wide 1 of 68\n"},
      {__LINE__, "[0|" WIDE67 "8|a]\n", "1 item 0 a\n1 wide 1 of 68\n"},
      {__LINE__, "b\xfc\n", "1 not-utf8\n"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    expect(table[i].line, PROOF_GPH, str_from(table[i].text), table[i].want);
}

static void plain(void **state)
{
  (void)state;
  expect(__LINE__, PROOF_PLAIN, STR("=>\n#\n```\n"), "");
  expect(__LINE__, PROOF_PLAIN, STR("a\n\xc3\n\xa9"), "2 not-utf8\n");
  expect(__LINE__, PROOF_PLAIN, STR("a\nb\xc3"), "2 not-utf8\n");
  expect(__LINE__, PROOF_PLAIN, STR("a\0b\n"), "");
}

/* Lines that are longer than what is kept of one: nothing is told twice, and nothing that a cut would have made. */
static void long_lines(void **state)
{
  (void)state;
  enum { LONG = 5 * PROOF_LINE_MAX / 2 };
  static const struct {
    int line;
    const char *head, *fill, *tail, *want;
  } table[] = {
      {__LINE__, "# T\n", "é", "\n=> x\n", "3 link x|\n"},
      {__LINE__, "# T\n", "日", "\xff\n=> x\n", "2 not-utf8\n3 link x|\n"},
      {__LINE__, "# ", "x", "\n=>\n", "2 no-target\n"},
      {__LINE__, "# T\n=> ", "x", "\n=> y\n", "2 too-long\n3 link y|\n"},
      {__LINE__, "# T\n=> t ", "label ", "\n=> y\n", NULL},
      {__LINE__, "# T\n```art\n", "=> x ", "\n```\n", "3 wide 1 of 81920\n"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct buf text = BUF_INIT(1 << 20), out = BUF_INIT(1 << 20);
    buf_put_str(&text, str_from(table[i].head));
    struct str fill = str_from(table[i].fill);
    for (size_t n = 0; n + fill.n <= LONG; n += fill.n)
      buf_put_str(&text, fill);
    buf_put_str(&text, str_from(table[i].tail));
    assert_int_equal(buf_error(&text), 0);
    if (table[i].want) {
      proofread(&out, PROOF_GEMTEXT, buf_str(&text), 1000);
      /* The text of what is too long is as long. */
      size_t too_long = str_find(buf_str(&out), 'x');
      if (strncmp(table[i].want, "2 too-long", 10) == 0)
        assert_true(too_long < out.n && str_starts(buf_str(&out), STR("2 too-long ")) &&
                    str_ends(buf_str(&out), STR("\n3 link y|\n")));
      else if (!str_eq(buf_str(&out), str_from(table[i].want)))
        fail_msg("line %d: %.*s", table[i].line, STR_ARG(str_head(buf_str(&out), 200)));
    } else {
      proofread(&out, PROOF_GEMTEXT, buf_str(&text), 1000);
      assert_true(str_starts(buf_str(&out), STR("2 link t|label label")));
      assert_true(str_ends(buf_str(&out), STR("\n3 link y|\n")));
    }
    buf_free(&text);
    buf_free(&out);
  }
}

/* What is missing at the end of a text that could not be read to its end is nobody's mistake. */
static void a_text_that_breaks_off(void **state)
{
  (void)state;
  struct buf out = BUF_INIT(4096);
  struct proof p;
  proof_begin(&p, PROOF_GEMTEXT, write_event, &out);
  assert_int_equal(proof_feed(&p, STR("text\n```art\nx")), 0);
  proof_end(&p, false);
  assert_int_equal(out.n, 0);
  buf_free(&out);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gemtext),       cmocka_unit_test(maps),
      cmocka_unit_test(gph),           cmocka_unit_test(dialect),
      cmocka_unit_test(another_width), cmocka_unit_test(plain),
      cmocka_unit_test(long_lines),    cmocka_unit_test(a_text_that_breaks_off),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
