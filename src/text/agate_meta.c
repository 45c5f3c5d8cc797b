/* `.meta` files as agate reads them: a line in, a rule out. */
#include "text/agate_meta.h"

#include "base/err.h"
#include "base/utf8.h"

enum { COMPLAINTS = 5, SHOWN = 60, META_MAX = 1024, STATUS_DIGITS = 2 };

struct reader {
  struct str under;
  struct rules *rules;
  size_t before; /* how many rules there were */
  unsigned line;
  bool elsewhere; /* inside a section that is not read */
  size_t complaints;
  struct buf *why;
};

static void complain(struct reader *r, const char *what, struct str about)
{
  r->complaints++;
  if (r->complaints > COMPLAINTS)
    return;
  buf_printf(r->why, "%sline %u: %s", r->complaints > 1 ? "; " : "", r->line, what);
  if (about.n) {
    size_t before = r->why->n;
    buf_put_str(r->why, STR(", not "));
    (void)utf8_clean(r->why, str_head(about, SHOWN));
    for (size_t i = before; i < r->why->n; i++)
      if (r->why->p[i] == '\t')
        r->why->p[i] = ' ';
  }
}

/* ------------------------------------------------------------------ paths */

/* Whether the wildcards of one segment are such as agate takes: `**` stands alone, and brackets are closed. */
static bool segment_good(struct str segment)
{
  if (str_eq(segment, STR("**")))
    return true;
  for (size_t i = 0; i < segment.n; i++) {
    if (segment.p[i] == '*' && i + 1 < segment.n && segment.p[i + 1] == '*')
      return false;
    if (segment.p[i] != '[')
      continue;
    size_t first = i + 1 < segment.n && segment.p[i + 1] == '!' ? i + 2 : i + 1;
    size_t n = str_find(str_skip(segment, first + 1), ']');
    if (first + 1 + n >= segment.n)
      return false;
    i = first + 1 + n;
  }
  return true;
}

/* Appends the pattern (text/glob.h) of a path: a backslash is nothing special to agate. NULL, or what is wrong. */
static const char *put_pattern(struct buf *out, struct str path)
{
  struct str segment;
  bool any = false;
  while (str_split(&path, '/', &segment)) {
    if (segment.n == 0 || str_eq(segment, STR(".")))
      continue;
    if (str_eq(segment, STR("..")))
      return "expected the path of a file in this directory or beneath it";
    if (!segment_good(segment))
      return "expected wildcards in which `**` stands alone between slashes and each `[` has its `]`";
    any = true;
    buf_put_c(out, '/');
    for (size_t i = 0; i < segment.n; i++) {
      if (segment.p[i] == '\\')
        buf_put_c(out, '\\');
      buf_put_c(out, segment.p[i]);
    }
  }
  return any ? NULL : "expected PATH: METADATA";
}

/* ------------------------------------------------------------------ metadata */

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* The codes of Gemini but 20, which is said of what is served anyway (G15). */
static bool status_known(unsigned status)
{
  static const unsigned char known[] = {10, 11, 30, 31, 40, 41, 42, 43, 44, 50, 51, 52, 53, 59, 60, 61, 62};
  for (size_t i = 0; i < sizeof known; i++)
    if (known[i] == status)
      return true;
  return false;
}

/* RFC 6838 4.2, with whatever parameters follow. */
static bool is_mime(struct str text)
{
  struct str type = str_trim(str_head(text, str_find(text, ';')));
  size_t slash = str_find(type, '/');
  for (size_t i = 0; i < type.n; i++) {
    char c = type.p[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);
    if (i != slash && !letter && str_find(STR("!#$&-^_.+"), c) == STR("!#$&-^_.+").n)
      return false;
  }
  return slash > 0 && slash + 1 < type.n;
}

static int set_string(char **at, struct str value)
{
  *at = str_dup(value);
  return *at ? 0 : ERR_NOMEM;
}

/* What one line's metadata comes to. Spans of the line. */
struct preset {
  unsigned status;
  struct str meta, type, parameters;
};

/* `52 Gone, sorry.` NULL, or what is wrong. */
static const char *read_status(struct str text, struct preset *out)
{
  struct str rest = str_skip(text, STATUS_DIGITS), meta = str_trim(rest);
  bool parted = text.n >= STATUS_DIGITS && (rest.n == 0 || rest.p[0] == ' ' || rest.p[0] == '\t');
  if (!parted || str_number(str_head(text, STATUS_DIGITS), &out->status) < 0)
    return "expected a status code of two digits and a space, or a MIME type";
  if (out->status == 20)
    return "expected a MIME type alone, since a file that is served has the status 20 anyway";
  if (!status_known(out->status))
    return "expected a status code that Gemini has";
  bool prompt = out->status < 20, redirect = out->status >= 30 && out->status < 40;
  if (prompt && meta.n == 0)
    return "expected a prompt after the status code";
  if (redirect && (meta.n == 0 || str_find(meta, ' ') < meta.n))
    return "expected an address after the status code";
  out->meta = meta;
  return NULL;
}

static const char *read_metadata(struct str text, struct preset *out)
{
  *out = (struct preset){.status = 0};
  if (text.n > META_MAX)
    return "expected 1024 bytes of metadata at most";
  if (text.n == 0 || text.p[0] == ';') {
    out->parameters = text;
    return NULL;
  }
  if (text.p[0] >= '1' && text.p[0] <= '6')
    return read_status(text, out);
  if (!is_mime(text))
    return "expected ;PARAMETERS, a status code, or a MIME type";
  out->type = text;
  return NULL;
}

/* ------------------------------------------------------------------ lines */

static int add_rule(struct reader *r, struct str pattern, const struct preset *preset)
{
  struct rule *rule = rules_add(r->rules, r->under, pattern);
  if (!rule)
    return ERR_NOMEM;
  rule->agate = true;
  rule->line = r->line;
  rule->status = preset->status;
  if (preset->status)
    return preset->meta.n ? set_string(&rule->meta, preset->meta) : 0;
  int err = set_string(&rule->parameters, preset->parameters);
  return err || preset->type.n == 0 ? err : set_string(&rule->type, preset->type);
}

static int read_rule(struct reader *r, struct str line)
{
  size_t colon = str_find(line, ':'), equals = str_find(line, '='), at = colon < equals ? colon : equals;
  struct str path = str_trim(str_head(line, at)), metadata = str_trim(str_skip(line, at + 1));
  struct buf pattern = BUF_INIT(2 * line.n + 2);
  struct preset preset;
  int err = 0;
  const char *wrong = at == line.n ? "expected PATH: METADATA" : put_pattern(&pattern, path);
  if (wrong) {
    complain(r, wrong, at == line.n ? line : path);
  } else if ((wrong = read_metadata(metadata, &preset)) != NULL) {
    complain(r, wrong, metadata);
  } else if (r->rules->n - r->before == RULES_MAX) {
    complain(r, "expected 1000 lines at most", STR(""));
  } else {
    err = buf_error(&pattern) ? buf_error(&pattern) : add_rule(r, buf_str(&pattern), &preset);
  }
  buf_free(&pattern);
  return err;
}

static int read_line(struct reader *r, struct str line)
{
  line = str_trim(str_head(line, str_find(line, '#')));
  size_t bracket = str_rfind(line, ']');
  if (line.n == 0)
    return 0;
  if (line.p[0] == '[' && bracket < line.n) {
    r->elsewhere = !str_eq(str_trim(str_make(line.p + 1, bracket - 1)), STR("mime"));
    return 0;
  }
  if (r->elsewhere)
    return 0;
  for (size_t i = 0; i < line.n; i++)
    if (str_is_control(line.p[i]) && line.p[i] != '\t') {
      complain(r, "expected text without control characters", STR(""));
      return 0;
    }
  if (!utf8_valid(line)) {
    complain(r, "expected UTF-8", STR(""));
    return 0;
  }
  return read_rule(r, line);
}

int agate_meta_read(struct str text, struct str under, struct rules *out, struct buf *why)
{
  struct reader r = {.under = under, .rules = out, .before = out->n, .why = why};
  struct str line;
  int err = 0;
  if (str_starts(text, STR("\xef\xbb\xbf")))
    text = str_skip(text, 3);
  while (err == 0 && str_line(&text, &line)) {
    r.line++;
    err = read_line(&r, line);
  }
  if (err == 0 && r.complaints > COMPLAINTS)
    buf_printf(why, "; and %zu more", r.complaints - COMPLAINTS);
  if (err == 0 && buf_error(why) == ERR_NOMEM)
    err = ERR_NOMEM;
  return err == 0 && r.complaints && out->n == r.before ? ERR_SYNTAX : err;
}
