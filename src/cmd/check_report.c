/* The lines of a report on a server. */
#include "cmd/check_report.h"

#include "base/log.h"
#include "base/utf8.h"
#include "cmd/json.h"

enum { SENT_SHOWN = 80, RECEIVED_SHOWN = 80, JSON_SHOWN = 1024, ESCAPED_MAX = 64 << 10 };

static const char *verdict_name(enum verdict verdict)
{
  switch (verdict) {
  case VERDICT_PASS:
    return "pass";
  case VERDICT_FAIL:
    return "fail";
  case VERDICT_NOTE:
    return "note";
  }
  return "?";
}

/* The letter that C has for the byte, or NUL. */
static char letter(char c)
{
  switch (c) {
  case '\r':
    return 'r';
  case '\n':
    return 'n';
  case '\t':
    return 't';
  default:
    return '\0';
  }
}

/* The first `most` bytes at most, and not the first part of a character. */
static struct str cut(struct str bytes, size_t most)
{
  if (bytes.n <= most)
    return bytes;
  struct str head = str_head(bytes, most);
  for (size_t less = 0; less < 4; less++)
    if (utf8_valid_head(head) && !utf8_valid(head))
      head.n--;
  return head;
}

void check_put_bytes(struct buf *out, struct str bytes, size_t most)
{
  struct str rest = cut(bytes, most);
  while (rest.n) {
    size_t plain = 0;
    while (plain < rest.n && !letter(rest.p[plain]))
      plain++;
    log_escape(out, str_head(rest, plain));
    if (plain < rest.n)
      buf_printf(out, "\\%c", letter(rest.p[plain]));
    rest = str_skip(rest, plain + 1);
  }
  if (bytes.n > most)
    buf_printf(out, "... (%zu bytes)", bytes.n);
}

void check_put_text(struct buf *out, const struct probe_line *line)
{
  buf_printf(out, "%s  %-3s  %s", verdict_name(line->verdict), line->rule, line->what);
  if (line->words.n) {
    buf_put_str(out, STR(": "));
    check_put_bytes(out, line->words, line->words.n);
  }
  buf_put_c(out, '\n');
  if (!line->asked || line->again)
    return;
  buf_put_str(out, STR("        > "));
  check_put_bytes(out, line->sent, SENT_SHOWN);
  buf_put_str(out, STR("\n        < "));
  check_put_bytes(out, line->received, RECEIVED_SHOWN);
  buf_put_str(out, line->received.n ? STR(" [") : STR("["));
  check_put_bytes(out, line->ended, line->ended.n);
  buf_put_str(out, STR("]\n"));
}

static void put_member(struct buf *out, const char *name, bool known, struct str bytes)
{
  struct buf escaped = BUF_INIT(ESCAPED_MAX);
  buf_printf(out, ",\"%s\":", name);
  check_put_bytes(&escaped, bytes, JSON_SHOWN);
  if (known)
    json_put_string(out, buf_str(&escaped));
  else
    buf_put_str(out, STR("null"));
  if (buf_error(&escaped))
    out->err = buf_error(&escaped);
  buf_free(&escaped);
}

void check_put_json(struct buf *out, const struct probe_line *line)
{
  buf_put_str(out, STR("{\"rule\":"));
  json_put_string(out, str_from(line->rule));
  buf_put_str(out, STR(",\"what\":"));
  json_put_string(out, str_from(line->what));
  buf_printf(out, ",\"verdict\":\"%s\"", verdict_name(line->verdict));
  put_member(out, "words", true, line->words);
  put_member(out, "sent", line->asked, line->sent);
  put_member(out, "received", line->asked, line->received);
  if (line->asked)
    buf_printf(out, ",\"bytes\":%zu", line->received.n);
  else
    buf_put_str(out, STR(",\"bytes\":null"));
  put_member(out, "ended", line->asked, line->ended);
  buf_put_str(out, STR("}\n"));
}

void check_put_sum(struct buf *out, const struct probe_result *result)
{
  buf_printf(out, "%u passed, %u failed, %u note%s\n", result->passes, result->fails, result->notes,
             result->notes == 1 ? "" : "s");
}
