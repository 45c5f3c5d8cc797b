/* What can be said of a file or a type without a table: is it text, and what would Gopher call it. */
#include "base/utf8.h"
#include "site/mime.h"

bool mime_has_suffix(struct str name)
{
  size_t dot = str_rfind(name, '.');
  return dot > 0 && dot + 1 < name.n;
}

/* Whether the control character may stand in a text. */
static bool is_layout(int32_t point)
{
  return point == '\t' || point == '\n' || point == '\r' || point == '\f';
}

struct str mime_guess(struct str head)
{
  const struct str binary = STR("application/octet-stream");
  if (!utf8_valid_head(head))
    return binary;
  while (head.n) {
    int32_t point;
    size_t n = utf8_decode(head, &point);
    /* C1 too: U+009B steers a terminal as ESC [ does. What the end cuts short decodes as -1. */
    bool control = (point >= 0 && point < 0x20) || (point >= 0x7f && point <= 0x9f);
    if (control && !is_layout(point))
      return binary;
    head = str_skip(head, n);
  }
  return STR("text/plain");
}

/* Types that are text under another name (RFC 6839's structured suffixes, and a few): a Gopher client that is told 0
 * shows them, one that is told 9 stores them. */
static bool is_text(struct str type)
{
  static const struct str known[] = {
      STR_INIT("application/json"),        STR_INIT("application/xml"),    STR_INIT("application/yaml"),
      STR_INIT("application/toml"),        STR_INIT("application/sql"),    STR_INIT("application/javascript"),
      STR_INIT("application/x-troff"),     STR_INIT("application/x-perl"), STR_INIT("application/x-ruby"),
      STR_INIT("application/x-troff-man"), STR_INIT("message/rfc822"),
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (str_eq_nocase(type, known[i]))
      return true;
  }
  return str_starts_nocase(type, STR("text/")) || str_ends(type, STR("+xml")) || str_ends(type, STR("+json"));
}

char mime_item_type(struct str type)
{
  type = str_trim(str_head(type, str_find(type, ';')));
  if (str_eq_nocase(type, STR("text/gemini")) || str_eq_nocase(type, STR("application/gopher-menu")))
    return '1';
  if (str_eq_nocase(type, STR("text/html")) || str_eq_nocase(type, STR("application/xhtml+xml")))
    return 'h';
  if (str_eq_nocase(type, STR("image/gif")))
    return 'g';
  if (str_starts_nocase(type, STR("image/")))
    return 'I';
  if (str_starts_nocase(type, STR("audio/")))
    return 's';
  return is_text(type) ? '0' : '9';
}
