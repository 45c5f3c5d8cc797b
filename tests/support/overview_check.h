/* What must hold for every overview, whatever its source: used by unit tests and by the fuzz target, which links
 * nothing but the library; hence a header with the code in it. Knows the pages only as a reader does: as gemtext. */
#ifndef NUNCIO_TESTS_OVERVIEW_CHECK_H
#define NUNCIO_TESTS_OVERVIEW_CHECK_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/utf8.h"
#include "text/overview.h"

/* The NAME that checked documents have: nothing that a source begins with. */
#define CHECK_NAME STR("\x04name-of-the-document")
#define CHECK_NAME_SHOWN STR(" name-of-the-document")
#define CHECK_SOURCE STR("../name.overview.txt")

static char check_fault[512];

__attribute__((format(printf, 1, 2))) static const char *check_say(const char *format, ...)
{
  va_list args;
  va_start(args, format);
  (void)vsnprintf(check_fault, sizeof check_fault, format, args);
  va_end(args);
  return check_fault;
}

/* ---- words: text as it must survive. Runs of blanks and line ends are one space, and none between Chinese or Japanese
 * characters, since wrapping leaves no trace there. A rule is no word: of a line of the source that is nothing but one
 * mark repeated, 60 columns must survive, no more and no less. */

static bool check_space(int32_t c)
{
  return (c >= 0 && c <= 0x20) || (c >= 0x7f && c <= 0xa0) || c == 0x1680 || (c >= 0x2000 && c <= 0x200b) ||
         c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000 || c == 0xfeff;
}

static void check_words(struct buf *out, struct str text)
{
  bool space = true;
  while (text.n) {
    int32_t c;
    text = str_skip(text, utf8_decode(text, &c));
    if (c < 0)
      c = 0xfffd;
    if (check_space(c)) {
      space = true;
      continue;
    }
    if (space && out->n && !(utf8_spaceless(utf8_last(buf_str(out))) && utf8_spaceless(c)))
      buf_put_c(out, ' ');
    space = false;
    utf8_put(out, c);
  }
}

static bool check_line_end(int32_t c)
{
  return (c >= '\n' && c <= '\r') || c == 0x85 || c == 0x2028 || c == 0x2029;
}

/* One line of a source without the blanks around it, control characters as spaces; takes it off *source. Where a
 * paragraph separator ended it, *parted tells: it is as good as a blank line. */
static void check_line(struct str *source, struct buf *line, bool *parted)
{
  size_t end = 0;
  buf_clear(line);
  *parted = false;
  while (source->n) {
    int32_t c;
    *source = str_skip(*source, utf8_decode(*source, &c));
    if (c == '\r' && str_starts(*source, STR("\n")))
      continue;
    *parted = c == 0x2029;
    if (check_line_end(c))
      break;
    c = c < 0 ? 0xfffd : c < 0x20 || (c >= 0x7f && c < 0xa0) ? ' ' : c;
    if (check_space(c) && line->n == 0)
      continue;
    utf8_put(line, c);
    end = check_space(c) ? end : line->n;
  }
  line->n = end;
}

/* Whether the line is one mark of a rule, three times or more. */
static bool check_is_rule(struct str line, bool blanks)
{
  static const struct str marks = STR_INIT("-_=*~‐‑‒–—―−─━═ー＿＝＊－");
  int32_t mark = utf8_first(line), c;
  size_t count = 0;
  bool known = false;
  for (struct str rest = marks; rest.n && !known;) {
    rest = str_skip(rest, utf8_decode(rest, &c));
    known = c == mark;
  }
  while (known && line.n) {
    line = str_skip(line, utf8_decode(line, &c));
    if (c == mark)
      count++;
    else if (!blanks || !check_space(c))
      return false;
  }
  return count >= 3;
}

/* What is kept of a line: all of it, or 60 columns of a rule, without the blanks that the cut may leave at its end. */
static struct str check_kept(struct str line)
{
  if (!check_is_rule(line, true))
    return line;
  line.n = utf8_fit(line, 60);
  while (check_space(utf8_last(line)))
    do
      line.n--;
    while (((unsigned char)line.p[line.n] & 0xc0) == 0x80);
  return line;
}

/* The underline of a title: what the line directly below the first one is, if that is nothing but `---`, `===` or
 * `~~~`. It is drawn and no word: the page shows the title without it. */
static void check_underline(struct buf *out, struct str source)
{
  struct buf line = BUF_INIT(OVERVIEW_PAGE_MAX);
  bool parted = false;
  while (source.n && line.n == 0)
    check_line(&source, &line, &parted);
  if (parted)
    buf_clear(&line);
  else
    check_line(&source, &line, &parted);
  struct str kept = check_kept(buf_str(&line));
  if (kept.n && (kept.p[0] == '-' || kept.p[0] == '=' || kept.p[0] == '~') && check_is_rule(kept, false))
    buf_put_str(out, kept);
  buf_free(&line);
}

/* The words of a whole source. */
static void check_source_words(struct buf *out, struct str source)
{
  struct buf text = BUF_INIT(OVERVIEW_PAGE_MAX), line = BUF_INIT(OVERVIEW_PAGE_MAX);
  bool parted;
  while (source.n) {
    check_line(&source, &line, &parted);
    buf_put_str(&text, check_kept(buf_str(&line)));
    buf_put_c(&text, '\n');
  }
  check_words(out, buf_str(&text));
  buf_free(&text);
  buf_free(&line);
}

/* ---- pages */

struct check_page {
  struct buf bytes;
  struct buf title;  /* of the heading of level 1 */
  struct buf before; /* the words before the first link, and after it */
  struct buf after;
  size_t links;
  struct str target[3], label[3]; /* the last three links */
};

static void check_page_free(struct check_page *p)
{
  buf_free(&p->bytes);
  buf_free(&p->title);
  buf_free(&p->before);
  buf_free(&p->after);
}

static void check_page_init(struct check_page *p)
{
  memset(p, 0, sizeof *p);
  buf_init(&p->bytes, OVERVIEW_PAGE_MAX);
  buf_init(&p->title, OVERVIEW_PAGE_MAX);
  buf_init(&p->before, OVERVIEW_PAGE_MAX);
  buf_init(&p->after, OVERVIEW_PAGE_MAX);
}

static void check_link(struct check_page *p, struct str line)
{
  line = str_skip(line, 3);
  size_t space = str_find(line, ' ');
  for (size_t i = 0; i < 2; i++) {
    p->target[i] = p->target[i + 1];
    p->label[i] = p->label[i + 1];
  }
  p->target[2] = str_head(line, space);
  p->label[2] = str_skip(line, space + 1);
  p->links++;
}

/* Reads p->bytes. Returns what is wrong with the page as a page, or NULL. `on_link` sees each link as it comes. */
static const char *check_page_read(struct check_page *p, const char *(*on_link)(void *, struct check_page *),
                                   void *context)
{
  struct str rest = buf_str(&p->bytes), line;
  bool blank = false, first = true;
  if (rest.n == 0 || rest.p[rest.n - 1] != '\n' || !utf8_valid(rest))
    return check_say("a page is empty, not UTF-8 or has no end");
  while (str_line(&rest, &line)) {
    if (str_has_control(line))
      return check_say("control characters in a page: %.*s", STR_ARG(line));
    if (str_starts(line, STR("```")) || str_starts(line, STR(">")) || str_starts(line, STR("* ")))
      return check_say("text became markup: %.*s", STR_ARG(line));
    if (line.n == 0 && (blank || first || rest.n == 0))
      return check_say("a blank line too many");
    blank = line.n == 0;
    if (str_starts(line, STR("=>"))) {
      check_link(p, line);
      const char *fault = on_link ? on_link(context, p) : NULL;
      if (fault)
        return fault;
    } else if (str_starts(line, STR("# "))) {
      if (!first)
        return check_say("a second title: %.*s", STR_ARG(line));
      check_words(&p->title, str_skip(line, 2));
    } else if (str_starts(line, STR("## ")) || str_starts(line, STR("### "))) {
      check_words(p->links ? &p->after : &p->before, str_skip(line, str_find(line, ' ')));
    } else if (str_starts(line, STR("#"))) {
      return check_say("text became a heading: %.*s", STR_ARG(line));
    } else {
      check_words(p->links ? &p->after : &p->before, line);
    }
    first = false;
  }
  return NULL;
}

/* ---- the order of words */

/* Takes the words off the front of *rest, where they must stand. */
static bool check_take(struct str *rest, struct str words)
{
  if (words.n == 0)
    return true;
  if (str_starts(*rest, STR(" ")))
    *rest = str_skip(*rest, 1);
  if (!str_starts(*rest, words))
    return false;
  *rest = str_skip(*rest, words.n);
  return true;
}

/* How far the words have been found again, as what is left of the source's. A number that stands twice is one given
 * twice or two points without text; so there may be several ways to read the source, and one of them must come out. */
struct check_ways {
  struct str *left; /* the longest first */
  size_t n;
};

static bool check_ways_add(struct check_ways *ways, struct str left)
{
  if (ways->n && ways->left[ways->n - 1].n == left.n)
    return true;
  struct str *grown = realloc(ways->left, (ways->n + 1) * sizeof *grown);
  if (!grown)
    return false;
  ways->left = grown;
  ways->left[ways->n++] = left;
  return true;
}

/* What is left of ways[*i] or of the first one after it where the words, behind `copies` of the number, can be taken
 * off.
 */
static bool check_step(const struct check_ways *ways, size_t *i, struct str number, size_t copies, struct str words,
                       struct str *left)
{
  for (; *i < ways->n; ++*i) {
    *left = ways->left[*i];
    if ((copies == 0 || check_take(left, number)) && check_take(left, words))
      return true;
  }
  return false;
}

/* Takes a point's words off every way, with its number given once and given twice. False where no way is left. */
static bool check_take_point(struct check_ways *ways, struct str number, struct str words)
{
  struct check_ways next = {NULL, 0};
  size_t once = 0, twice = 0;
  bool good = str_starts(words, number);
  while (good) {
    struct str a, b;
    bool has_a = check_step(ways, &once, number, 0, words, &a);
    bool has_b = check_step(ways, &twice, number, 1, words, &b);
    if (!has_a && !has_b)
      break;
    bool first = has_a && (!has_b || a.n >= b.n);
    good = check_ways_add(&next, first ? a : b);
    if (first)
      once++;
    else
      twice++;
  }
  free(ways->left);
  *ways = next;
  return good && next.n > 0;
}

struct check_links {
  const struct overview *o;
  struct str *labels; /* of each point's link, as the overview's page has it */
};

/* Every link of the overview's page: the points in order, then the source, then the way out. */
static const char *check_on_link(void *context, struct check_page *p)
{
  const struct check_links *links = context;
  const struct overview *o = links->o;
  size_t i = p->links - 1;
  if (i >= overview_points(o))
    return NULL;
  struct str name = overview_page_name(o, i);
  if (!str_starts(p->target[2], name) || !str_eq(str_skip(p->target[2], name.n), STR(".gmi")))
    return check_say("link %zu leads to %.*s", i, STR_ARG(p->target[2]));
  links->labels[i] = p->label[2];
  if (!str_starts(p->label[2], overview_number(o, i)))
    return check_say("link %zu is called %.*s", i, STR_ARG(p->label[2]));
  return utf8_columns(p->label[2]) > 100 ? check_say("a label too wide: %.*s", STR_ARG(p->label[2])) : NULL;
}

static const char *check_point_links(const struct overview *o, size_t i, const struct check_page *p)
{
  size_t at = 2, want = 1;
  if (!str_eq(p->target[at], STR("./")))
    return check_say("no way up from point %zu", i);
  size_t points = overview_points(o);
  for (size_t step = 0; step < 2; step++) {
    if (step == 0 ? i + 1 >= points : i == 0)
      continue;
    struct str name = overview_page_name(o, step == 0 ? i + 1 : i - 1);
    struct str prefix = step == 0 ? STR("Next: ") : STR("Previous: ");
    want++;
    at--;
    if (!str_eq(str_head(p->target[at], name.n), name) || !str_eq(str_skip(p->target[at], name.n), STR(".gmi")) ||
        !str_starts(p->label[at], prefix) || utf8_columns(p->label[at]) > 100)
      return check_say("from point %zu a link %.*s %.*s", i, STR_ARG(p->target[at]), STR_ARG(p->label[at]));
  }
  return p->links == want ? NULL : check_say("point %zu has %zu links", i, p->links);
}

/* A label is the beginning of its point's words, perhaps with an ellipsis. */
static const char *check_label(size_t i, struct str text, struct str words)
{
  struct buf clean = BUF_INIT(OVERVIEW_PAGE_MAX);
  check_words(&clean, text);
  bool good = str_starts(words, buf_str(&clean));
  if (!good && str_ends(text, STR("…"))) {
    buf_clear(&clean);
    check_words(&clean, str_head(text, text.n - 3));
    good = str_starts(words, buf_str(&clean));
  }
  const char *fault = good ? NULL : check_say("point %zu is called %.*s", i, STR_ARG(text));
  buf_free(&clean);
  return fault;
}

static const char *check_point(const struct check_links *links, size_t i, struct str title, struct check_ways *ways)
{
  const struct overview *o = links->o;
  struct check_page p;
  struct buf number = BUF_INIT(64);
  const char *fault = NULL;
  check_page_init(&p);
  check_words(&number, overview_number(o, i));
  if (overview_put_point(o, i, &p.bytes) != 0)
    fault = check_say("point %zu cannot be written", i);
  else if ((fault = check_page_read(&p, NULL, NULL)) || (fault = check_point_links(o, i, &p)) ||
           (fault = check_label(i, links->labels[i], buf_str(&p.before))))
    ;
  else if (!str_eq(buf_str(&p.title), title))
    fault = check_say("point %zu has the title %.*s", i, STR_ARG(buf_str(&p.title)));
  else if (p.after.n)
    fault = check_say("text below the links of point %zu", i);
  else if (overview_find(o, overview_page_name(o, i)) != (long)i)
    fault = check_say("point %zu is not found by its name", i);
  else if (!check_take_point(ways, buf_str(&number), buf_str(&p.before)))
    fault = check_say("point %zu has not its words: %.*s", i, STR_ARG(str_head(buf_str(&p.before), 80)));
  buf_free(&number);
  check_page_free(&p);
  return fault;
}

/* Whether nothing is left but the tail and Back to Index. */
static bool check_end(struct str left, struct str tail)
{
  if (!check_take(&left, tail))
    return false;
  if (str_starts(left, STR(" ")))
    left = str_skip(left, 1);
  return left.n == 0 || str_eq_nocase(left, STR("Back to Index"));
}

/* A number that is told to be missing is one that no point has. */
static const char *check_strays(const struct overview *o)
{
  struct overview_stray stray;
  char page[16];
  if (overview_strays(o, &stray) == 0)
    return NULL;
  (void)snprintf(page, sizeof page, "%u", stray.value);
  return stray.line == 0 || stray.number.n == 0 || overview_find(o, str_from(page)) >= 0
             ? check_say("point %u is missing on line %zu", stray.value, stray.line)
             : NULL;
}

/* Title, date, lead, points and tail put together are the words of the source in order, less doubled numbers and Back
 * to Index and the title's underline, and of a rule its first 60 columns; each point's page holds that point's words
 * and no other's; every page is well-made. NULL, or what is wrong.
 */
static const char *overview_check(struct str source)
{
  struct overview *o = NULL;
  struct buf words = BUF_INIT(OVERVIEW_PAGE_MAX), under = BUF_INIT(64);
  struct check_page p;
  struct check_ways ways = {NULL, 0};
  struct check_links links = {NULL, NULL};
  check_page_init(&p);
  check_source_words(&words, source);
  struct str rest = buf_str(&words);
  const char *fault = NULL;
  if (overview_parse(source, CHECK_NAME, &o) != 0 || overview_put_page(o, CHECK_SOURCE, &p.bytes) != 0) {
    fault = check_say("it cannot be parsed or written");
    goto out;
  }
  links = (struct check_links){o, calloc(overview_points(o) + 1, sizeof *links.labels)};
  if (!links.labels) {
    fault = check_say("out of memory");
    goto out;
  }
  if ((fault = check_page_read(&p, check_on_link, &links)))
    goto out;
  if ((fault = check_strays(o)))
    goto out;
  bool titled = !str_eq(overview_title(o), CHECK_NAME_SHOWN);
  if (titled)
    check_underline(&under, source);
  if (titled && !(check_take(&rest, buf_str(&p.title)) && check_take(&rest, buf_str(&under))))
    fault = check_say("the title is not the first line: %.*s", STR_ARG(buf_str(&p.title)));
  else if (p.links != overview_points(o) + 2 || !str_eq(p.target[1], CHECK_SOURCE) ||
           !str_eq(p.target[2], STR("../")) || !str_eq(p.label[2], STR("Back to Index")))
    fault = check_say("%zu links for %zu points", p.links, overview_points(o));
  else if (!check_take(&rest, buf_str(&p.before)))
    fault = check_say("the lead has not its words: %.*s", STR_ARG(str_head(buf_str(&p.before), 80)));
  if (!fault && !check_ways_add(&ways, rest))
    fault = check_say("out of memory");
  for (size_t i = 0; i < overview_points(o) && !fault; i++)
    fault = check_point(&links, i, buf_str(&p.title), &ways);
  bool whole = false;
  for (size_t i = 0; i < ways.n && !whole; i++)
    whole = check_end(ways.left[i], buf_str(&p.after));
  if (!fault && !whole)
    fault =
        check_say("words are lost or changed at the end; the tail is: %.*s", STR_ARG(str_head(buf_str(&p.after), 80)));
out:
  free(ways.left);
  free(links.labels);
  overview_free(o);
  check_page_free(&p);
  buf_free(&words);
  buf_free(&under);
  return fault;
}

#endif
