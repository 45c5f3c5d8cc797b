/* The header of a Gemini answer, strictly. */
#include "probe/header.h"

#include "base/utf8.h"

enum { META_MOST = 1024, STATUS_BYTES = 2 };

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static bool known(int status)
{
  static const int statuses[] = {10, 11, 20, 30, 31, 40, 41, 42, 43, 44, 50, 51, 52, 53, 59, 60, 61, 62};
  for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
    if (statuses[i] == status)
      return true;
  return false;
}

/* C1 controls have two bytes in UTF-8, 0xC2 first. */
static bool has_control(struct str text)
{
  for (size_t i = 0; i + 1 < text.n; i++)
    if ((unsigned char)text.p[i] == 0xC2 && (unsigned char)text.p[i + 1] < 0xA0)
      return true;
  return str_has_control(text);
}

/* Splits the answer; NULL, or why it has no header. */
static const char *split(struct str answer, struct header *out)
{
  if (answer.n == 0)
    return "no answer";
  if (str_starts(answer, STR("\xEF\xBB\xBF")))
    return "the header begins with a byte order mark";
  if (answer.n < STATUS_BYTES || !is_digit(answer.p[0]) || !is_digit(answer.p[1]))
    return "the answer does not begin with a status of two digits";
  out->status = (answer.p[0] - '0') * 10 + (answer.p[1] - '0');
  struct str rest = str_skip(answer, STATUS_BYTES);
  size_t end = str_find(rest, '\n');
  if (end == rest.n || end == 0 || rest.p[end - 1] != '\r')
    return "the header does not end with CRLF";
  out->body = str_skip(rest, end + 1);
  out->meta = str_head(rest, end - 1);
  if (out->meta.n == 0)
    return NULL;
  if (out->meta.p[0] != ' ')
    return "no space follows the status";
  out->meta = str_skip(out->meta, 1);
  return NULL;
}

static const char *judge(const struct header *h)
{
  int tens = h->status / 10;
  if (!known(h->status))
    return "the specification has no such status";
  if (h->meta.n > META_MOST)
    return "META is longer than 1024 bytes";
  if (!utf8_valid(h->meta))
    return "META is not UTF-8";
  if (has_control(h->meta))
    return "META holds a control character";
  if (str_trim(h->meta).n == 0 && tens <= 3)
    return "META is empty";
  if (h->body.n && tens != 2)
    return "a body follows a status that has none";
  return NULL;
}

void header_read(struct str answer, struct header *out)
{
  *out = (struct header){.status = 0};
  out->fault = split(answer, out);
  if (!out->fault)
    out->fault = judge(out);
}
