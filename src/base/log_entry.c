/* An entry of the log of requests as text, in the combined form and as JSON. */
#include "base/log_entry.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/utf8.h"

/* The longest of what is not the peer's: names of sites, reasons of the TLS library, addresses. */
enum { SITE_MOST = 128, FAULT_MOST = 200, ADDRESS_MOST = 64 };

/* One code point escaped: four bytes as \xNN, or two halves of a pair as \uNNNN. */
enum { PIECE_MOST = 16 };

/* ------------------------------------------------------------------ escaping */

static bool is_plain(char c, enum log_format format)
{
  return c >= 0x20 && c < 0x7f && c != '\\' && (c != '"' || format == LOG_PLAIN);
}

static size_t plain_run(struct str s, enum log_format format)
{
  size_t n = 0;
  while (n < s.n && is_plain(s.p[n], format))
    n++;
  return n;
}

/* RFC 8259, section 7. */
static size_t json_piece(int32_t point, char piece[PIECE_MOST])
{
  if (point > 0xffff) {
    unsigned above = (unsigned)point - 0x10000;
    return (size_t)snprintf(piece, PIECE_MOST, "\\u%04x\\u%04x", 0xd800 + (above >> 10), 0xdc00 + (above & 0x3ff));
  }
  return (size_t)snprintf(piece, PIECE_MOST, "\\u%04x", point < 0 ? 0xfffdU : (unsigned)point);
}

static size_t text_piece(struct str bytes, char piece[PIECE_MOST])
{
  static const char digits[] = "0123456789abcdef";
  size_t n = 0;
  for (size_t i = 0; i < bytes.n; i++) {
    unsigned char byte = (unsigned char)bytes.p[i];
    piece[n++] = '\\';
    piece[n++] = 'x';
    piece[n++] = digits[byte >> 4];
    piece[n++] = digits[byte & 15];
  }
  return n;
}

/* What stands for the code point at the start of s, which is not plain ASCII; *taken: its bytes in s. */
static struct str escaped(struct str s, enum log_format format, size_t *taken, char piece[PIECE_MOST])
{
  int32_t point;
  size_t n = utf8_decode(s, &point);
  *taken = n;
  if (point == '\\' || point == '"') {
    piece[0] = '\\';
    piece[1] = (char)point;
    return str_make(piece, 2);
  }
  if (point >= 0x80 && !utf8_disturbs(point))
    return str_head(s, n);
  return str_make(piece, format == LOG_JSON ? json_piece(point, piece) : text_piece(str_head(s, n), piece));
}

/* Appends as much of s as fits into `room` bytes. */
static void put_escaped(struct buf *out, enum log_format format, struct str s, size_t room)
{
  char piece[PIECE_MOST];
  for (;;) {
    struct str run = str_head(s, plain_run(s, format));
    struct str fits = str_head(run, room);
    buf_put_str(out, fits);
    room -= fits.n;
    s = str_skip(s, run.n);
    if (s.n == 0 || fits.n < run.n)
      return;
    size_t taken;
    struct str part = escaped(s, format, &taken, piece);
    if (part.n > room)
      return;
    buf_put_str(out, part);
    room -= part.n;
    s = str_skip(s, taken);
  }
}

/* ------------------------------------------------------------------ numbers: nearly every line has some, so by hand */

static void put_number(struct buf *out, uint64_t value)
{
  char digits[20];
  size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  buf_put(out, digits + at, sizeof digits - at);
}

static void put_text(struct buf *out, const char *text)
{
  buf_put_str(out, str_from(text));
}

/* ------------------------------------------------------------------ what is said */

static const char *fault(const struct log_entry *e)
{
  return e->fault ? e->fault : "the client left";
}

/* How much the peer's part may have: what the line has left but for `tail`. */
static size_t room(const struct buf *out, size_t before, size_t most, size_t tail)
{
  size_t used = out->n - before + tail;
  return used < most ? most - used : 0;
}

/* The peer's part, in all that the line has left but for `tail`. */
static void put_request(struct buf *out, enum log_format format, const struct log_entry *e, struct str empty,
                        size_t before, size_t most, size_t tail)
{
  const struct str dots = STR("...");
  put_escaped(out, format, e->request.n ? e->request : empty, room(out, before, most, tail + dots.n));
  if (e->shortened)
    buf_put_str(out, dots);
}

static void put_plain(struct buf *out, const struct log_entry *e, bool started, size_t most)
{
  size_t before = out->n;
  if (started) {
    log_put_time(out, &e->time);
    buf_put_str(out, STR(" request "));
  }
  put_text(out, e->name);
  if (!e->asked) {
    buf_put_str(out, STR(" - no request: "));
    put_escaped(out, LOG_PLAIN, str_from(fault(e)), FAULT_MOST);
    buf_put_str(out, STR(", after "));
  } else {
    buf_put_c(out, ' ');
    put_escaped(out, LOG_PLAIN, e->site.n ? e->site : STR("-"), SITE_MOST);
    buf_put_c(out, ' ');
    put_number(out, e->status);
    buf_put_c(out, ' ');
    put_number(out, e->bytes);
    buf_put_c(out, ' ');
  }
  put_number(out, e->ms);
  buf_put_str(out, STR("ms"));
  if (e->address.n) {
    buf_put_str(out, STR(" from "));
    put_escaped(out, LOG_PLAIN, e->address, ADDRESS_MOST);
  }
  if (e->left_out) {
    char note[LOG_NOTE_BYTES];
    put_text(out, log_note(e->left_out, note));
  }
  if (e->asked) {
    if (e->failed) {
      buf_put_str(out, STR(" cut short: "));
      put_escaped(out, LOG_PLAIN, str_from(fault(e)), FAULT_MOST);
    }
    buf_put_c(out, ' ');
    /* What the peer sent comes last: nothing in it can pass for another field. */
    put_request(out, LOG_PLAIN, e, STR("/"), before, most, 1);
  }
  buf_put_c(out, '\n');
}

/* 31/Jan/2026:23:59:59 +0000 */
static void put_clf_time(struct buf *out, const struct timespec *time)
{
  static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  struct tm utc;
  if (gmtime_r(&time->tv_sec, &utc))
    buf_printf(out, "%02d/%s/%04d:%02d:%02d:%02d +0000", utc.tm_mday, months[utc.tm_mon % 12], utc.tm_year + 1900,
               utc.tm_hour, utc.tm_min, utc.tm_sec);
}

static void put_combined(struct buf *out, const struct log_entry *e, size_t most)
{
  static const struct str tail = STR_INIT("\" 59 18446744073709551615 \"-\" \"-\"\n");
  size_t before = out->n;
  put_escaped(out, LOG_COMBINED, e->address.n ? e->address : STR("-"), ADDRESS_MOST);
  buf_put_str(out, STR(" - - ["));
  put_clf_time(out, &e->time);
  buf_put_str(out, STR("] \""));
  if (!e->asked)
    buf_put_c(out, '-');
  else
    put_request(out, LOG_COMBINED, e, STR("/"), before, most, tail.n);
  buf_put_str(out, STR("\" "));
  if (e->asked)
    put_number(out, e->status);
  else
    buf_put_c(out, '-');
  buf_put_c(out, ' ');
  if (e->asked && e->bytes)
    put_number(out, e->bytes);
  else
    buf_put_c(out, '-');
  buf_put_str(out, STR(" \"-\" \"-\"\n"));
}

static void put_json_string(struct buf *out, const char *name, struct str value, size_t most)
{
  buf_put_str(out, STR(",\""));
  put_text(out, name);
  buf_put_str(out, STR("\":\""));
  put_escaped(out, LOG_JSON, value, most);
  buf_put_c(out, '"');
}

static void put_json_number(struct buf *out, const char *name, uint64_t value)
{
  buf_put_str(out, STR(",\""));
  put_text(out, name);
  buf_put_str(out, STR("\":"));
  put_number(out, value);
}

static void put_json_bool(struct buf *out, const char *name, bool value)
{
  buf_put_str(out, STR(",\""));
  put_text(out, name);
  put_text(out, value ? "\":true" : "\":false");
}

static void put_json(struct buf *out, const struct log_entry *e, size_t most)
{
  static const struct str name = STR_INIT(",\"request\":\""), tail = STR_INIT("\"}\n");
  size_t before = out->n;
  buf_put_str(out, STR("{\"time\":\""));
  log_put_time(out, &e->time);
  buf_put_c(out, '"');
  put_json_string(out, "protocol", str_from(e->protocol), SITE_MOST);
  put_json_bool(out, "tls", e->tls);
  put_json_bool(out, "resumed", e->resumed);
  if (e->asked) {
    if (e->site.n)
      put_json_string(out, "site", e->site, SITE_MOST);
    put_json_number(out, "status", e->status);
    put_json_number(out, "bytes", e->bytes);
  }
  put_json_number(out, "ms", e->ms);
  if (e->address.n)
    put_json_string(out, "address", e->address, ADDRESS_MOST);
  if (e->left_out)
    put_json_number(out, "left_out", e->left_out);
  if (!e->asked || e->failed)
    put_json_string(out, "fault", str_from(fault(e)), FAULT_MOST);
  if (e->asked) {
    buf_put_str(out, name);
    put_request(out, LOG_JSON, e, STR(""), before, most, tail.n);
    buf_put_c(out, '"');
  }
  buf_put_str(out, STR("}\n"));
}

void log_entry_put(struct buf *out, enum log_format format, const struct log_entry *e, bool started, size_t most)
{
  switch (format) {
  case LOG_PLAIN:
    put_plain(out, e, started, most);
    break;
  case LOG_COMBINED:
    put_combined(out, e, most);
    break;
  case LOG_JSON:
    put_json(out, e, most);
    break;
  }
}
