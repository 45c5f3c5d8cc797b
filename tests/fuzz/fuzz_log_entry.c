/* Entries of the log of requests: whatever a peer sent, an entry is one bounded line, in each form; a reader of that
 * form finds the fields that it began with, and what the peer sent, as far as it fits (B3). The first bytes choose the
 * form and the rest of the entry. */
#include <stdint.h>
#include <string.h>

#include "base/log_entry.h"
#include "base/utf8.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHOICES = 4, LINE_MOST = 4096 };

static void check_quiet(struct str line)
{
  while (line.n) {
    int32_t point;
    size_t n = utf8_decode(line, &point);
    must(point >= 0x20 && point != 0x7f && !utf8_disturbs(point), "nothing steers a terminal, and all is UTF-8");
    line = str_skip(line, n);
  }
}

static unsigned hex(struct str *s, size_t digits)
{
  unsigned value = 0;
  must(s->n >= digits, "an escape is whole");
  for (size_t i = 0; i < digits; i++) {
    const char *all = "0123456789abcdef", *at = s->p[i] ? strchr(all, s->p[i]) : NULL;
    must(at != NULL, "an escape has hexadecimal digits");
    value = value * 16 + (unsigned)(at - all);
  }
  *s = str_skip(*s, digits);
  return value;
}

/* Reads one escape, whose backslash was read. */
static void unescape(struct str *s, bool json, struct buf *out)
{
  must(s->n > 0, "an escape is whole");
  char kind = s->p[0];
  *s = str_skip(*s, 1);
  if (kind == '\\' || kind == '"') {
    buf_put_c(out, kind);
  } else if (!json) {
    must(kind == 'x', "an escape is \\xNN");
    buf_put_c(out, (char)hex(s, 2));
  } else {
    must(kind == 'u', "an escape is \\uNNNN");
    unsigned unit = hex(s, 4);
    if (unit >= 0xd800 && unit < 0xdc00) {
      must(str_starts(*s, STR("\\u")), "half a pair is followed by the other half");
      *s = str_skip(*s, 2);
      unsigned low = hex(s, 4);
      must(low >= 0xdc00 && low < 0xe000, "the other half");
      unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
    must(unit < 0xd800 || unit >= 0xe000, "no half stands alone");
    utf8_put(out, (int32_t)unit);
  }
}

/* Reads a string up to its quotation mark, which is taken too; the plain form's up to the end. */
static void read_string(struct str *s, enum log_format format, struct buf *out)
{
  while (s->n) {
    char c = s->p[0];
    *s = str_skip(*s, 1);
    if (c == '"' && format != LOG_PLAIN)
      return;
    if (c == '\\')
      unescape(s, format == LOG_JSON, out);
    else
      buf_put_c(out, c);
  }
  must(format == LOG_PLAIN, "a string has an end");
}

/* Where the peer's part begins: found by what stands before it, which nothing of the peer's can come before. */
static struct str find(struct str line, struct str mark)
{
  const char *at = memmem(line.p, line.n, mark.p, mark.n);
  must(at != NULL, "the fields that come before are there");
  return str_skip(line, (size_t)(at - line.p) + mark.n);
}

static void check_request(struct str line, enum log_format format, const struct log_entry *e, bool whole)
{
  struct buf got = BUF_INIT(2 * LINE_MOST), want = BUF_INIT(4 * (e->request.n + 1));
  struct str rest = find(line, format == LOG_PLAIN      ? STR("20ms ")
                               : format == LOG_COMBINED ? STR("+0000] \"")
                                                        : STR(",\"request\":\""));
  read_string(&rest, format, &got);
  if (format == LOG_JSON)
    (void)utf8_clean(&want, e->request);
  else
    buf_put_str(&want, e->request.n ? e->request : STR("/"));
  must(buf_error(&got) == 0 && buf_error(&want) == 0, "room");
  must(whole ? str_eq(buf_str(&got), buf_str(&want)) : str_starts(buf_str(&want), buf_str(&got)),
       "what the peer sent can be read again, or its head where it was too long");
  must(format != LOG_COMBINED || str_ends(rest, STR(" \"-\" \"-\"")), "the fields after it are there");
  must(format != LOG_JSON || str_eq(rest, STR("}")), "the object ends");
  buf_free(&got);
  buf_free(&want);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size < CHOICES)
    return 0;
  enum log_format format = (enum log_format)(data[0] % 3);
  size_t most = data[1] % 2 ? LINE_MOST : LOG_LINE_LEAST;
  struct log_entry e = {
      .time = {.tv_sec = (time_t)data[2] << 24, .tv_nsec = (long)data[3] * 3900000},
      .protocol = "gemini",
      .name = "gemini",
      .tls = true,
      .asked = !(data[1] & 2),
      .site = STR("example.org"),
      .status = 10 + data[2] % 60,
      .bytes = (uint64_t)data[3] << (data[2] % 56),
      .request = str_make((const char *)data + CHOICES, size - CHOICES),
      .ms = 20,
      .address = data[1] & 4 ? STR("192.0.2.0") : STR(""),
      .left_out = data[1] & 8 ? data[3] : 0,
  };
  struct buf out = BUF_INIT(LINE_MOST + 8);
  buf_put_str(&out, STR("before"));
  if (e.left_out && format == LOG_PLAIN)
    e.left_out = 0; /* it stands between the fields by which the request is found */
  if (e.address.n && format == LOG_PLAIN)
    e.address = STR("");
  log_entry_put(&out, format, &e, true, most);
  must(buf_error(&out) == 0, "it fits");
  struct str line = str_skip(buf_str(&out), 6);
  must(line.n > 1 && line.n <= most && line.p[line.n - 1] == '\n', "a line, and bounded");
  line = str_head(line, line.n - 1);
  check_quiet(line);
  if (e.asked)
    check_request(line, format, &e, 6 * e.request.n + 600 <= most);
  buf_free(&out);
  return 0;
}
