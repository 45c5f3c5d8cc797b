/* The form of a settings file: comments out, quotes and braces in pairs. */
#include "config/scan.h"

#include <string.h>

#include "base/err.h"

/* What may come next around the parentheses of include("FILE"). */
enum inside { OUTSIDE, OPENED, HOLDS_TEXT };

enum { DEPTH_MAX = 16 };

struct scan {
  struct str rest;
  struct buf *out, *why;
  unsigned line;
  unsigned opened[DEPTH_MAX]; /* the lines of the braces that are open */
  size_t depth;
  enum inside inside;
  bool sets;    /* the last one was = or += */
  bool no_list; /* the { of a list was, and no value yet */
};

static char at(const struct scan *s, size_t i)
{
  return i < s->rest.n ? s->rest.p[i] : '\0';
}

static void keep(struct scan *s, size_t n)
{
  buf_put_str(s->out, str_head(s->rest, n));
  s->rest = str_skip(s->rest, n);
}

/* Every byte becomes a blank, but for the ends of lines. */
static void blank(struct scan *s, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    bool end = at(s, i) == '\n';
    buf_put_c(s->out, end ? '\n' : ' ');
    s->line += end;
  }
  s->rest = str_skip(s->rest, n);
}

static int refuse(struct scan *s, const char *why)
{
  buf_put_str(s->why, str_from(why));
  return ERR_SYNTAX;
}

static int block_comment(struct scan *s)
{
  for (size_t i = 2; i + 1 < s->rest.n; i++)
    if (s->rest.p[i] == '*' && s->rest.p[i + 1] == '/') {
      blank(s, i + 2);
      return 0;
    }
  return refuse(s, "the comment that begins here never ends: expected */");
}

/* A value or a name has come. */
static int take_word(struct scan *s)
{
  s->sets = s->no_list = false;
  if (s->inside == HOLDS_TEXT)
    return refuse(s, "expected `)` after the one file that a pair of parentheses holds");
  if (s->inside == OPENED)
    s->inside = HOLDS_TEXT;
  return 0;
}

static int quoted(struct scan *s)
{
  char quote = at(s, 0);
  for (size_t i = 1; i < s->rest.n; i++) {
    char c = at(s, i), next = at(s, i + 1);
    if (c == '\n')
      break;
    if (str_is_control(c) && c != '\t')
      return refuse(s, "there is a control character within the quotes");
    if (c == quote) {
      keep(s, i + 1);
      return take_word(s);
    }
    if (quote == '"' && c == '$' && next == '{')
      return refuse(s, "nothing is put in for ${...}: write the value itself, or '${' in single quotes");
    if (quote == '"' && c == '\\' && next != '"' && next != '\\')
      return refuse(s, "within double quotes a backslash stands before \" or \\ only: write \\\\ for one");
    if (c == '\\' && (next == quote || next == '\\'))
      i++;
  }
  return refuse(s, "the quotes that begin here do not end on this line");
}

static bool ends_word(char c)
{
  return str_is_control(c) || strchr(" #\"'={}(),+*", c) != NULL;
}

static int bare_word(struct scan *s)
{
  size_t n = 0;
  while (n < s->rest.n && !ends_word(at(s, n))) {
    if (at(s, n) == '$' && at(s, n + 1) == '{')
      return refuse(s, "nothing is put in for ${...}: write the value itself, or '${' in single quotes");
    if (at(s, n) == '/' && (at(s, n + 1) == '/' || at(s, n + 1) == '*'))
      return refuse(s, "expected quotes around a value with // or /* in it");
    n++;
  }
  if (n == 0)
    return refuse(s, "there is a control character outside of quotes");
  keep(s, n);
  return take_word(s);
}

static int brace(struct scan *s)
{
  bool opens = at(s, 0) == '{';
  if (!opens && s->depth == 0)
    return refuse(s, "there is no { to this }");
  if (!opens && s->no_list) /* libConfuse would pass over the whole setting, say one that shuts others out */
    return refuse(s, "expected a value between these braces");
  if (opens && s->depth == DEPTH_MAX)
    return refuse(s, "braces are nested too deep");
  if (opens)
    s->opened[s->depth++] = s->line;
  else
    s->depth--;
  s->no_list = opens && s->sets;
  s->sets = false;
  keep(s, 1);
  return 0;
}

static int parenthesis(struct scan *s)
{
  if (at(s, 0) == '(' ? s->inside != OUTSIDE : s->inside != HOLDS_TEXT)
    return refuse(s, "expected the name of one file between parentheses, as in include(\"other.conf\")");
  s->inside = at(s, 0) == '(' ? OPENED : OUTSIDE;
  keep(s, 1);
  return 0;
}

static int sign(struct scan *s)
{
  if (at(s, 0) == '*' || (at(s, 0) == '+' && at(s, 1) != '='))
    return refuse(s, "expected quotes around a value with * or + in it");
  s->sets = at(s, 0) != ',';
  s->no_list = false;
  keep(s, at(s, 0) == '+' ? 2 : 1);
  return 0;
}

static int comment(struct scan *s)
{
  if (at(s, 0) == '/' && at(s, 1) == '*')
    return block_comment(s);
  blank(s, str_find(s->rest, '\n'));
  return 0;
}

static int next(struct scan *s)
{
  char c = at(s, 0);
  bool slashes = c == '/' && (at(s, 1) == '/' || at(s, 1) == '*');
  if (c == ' ' || c == '\t' || c == '\n' || (c == '\r' && at(s, 1) == '\n')) {
    blank(s, 1);
    return 0;
  }
  if (c == '#' || slashes)
    return comment(s);
  if (s->inside != OUTSIDE && strchr("{}=,+*", c))
    return refuse(s, "expected the name of one file between parentheses, as in include(\"other.conf\")");
  if (c == '"' || c == '\'')
    return quoted(s);
  if (c == '{' || c == '}')
    return brace(s);
  if (c == '(' || c == ')')
    return parenthesis(s);
  if (c != '\0' && strchr("=,+*", c))
    return sign(s);
  return bare_word(s);
}

int scan_text(struct str text, struct buf *out, unsigned *line, struct buf *why)
{
  struct scan s = {.rest = text, .out = out, .why = why, .line = 1};
  int err = 0;
  if (str_starts(text, STR("\xef\xbb\xbf"))) /* a byte order mark, as some editors write it */
    s.rest = str_skip(text, 3);
  while (err == 0 && s.rest.n > 0)
    err = next(&s);
  if (err == 0 && s.inside != OUTSIDE)
    err = refuse(&s, "expected `)`");
  if (err == 0 && s.depth > 0) {
    s.line = s.opened[s.depth - 1];
    err = refuse(&s, "the { of this line is never closed: expected }");
  }
  *line = s.line;
  return err ? err : buf_error(out);
}
