/* Gemtext: reading it line by line, and writing text so that it stays text. */
#include "text/gemtext.h"

#include "base/utf8.h"
#include "text/plain.h"

static const struct str BYTE_ORDER_MARK = STR_INIT("\xef\xbb\xbf");

/* The grammar (gemtext specification, section "Gemtext line types"), tried in this order:
 *   fence    = "```" alt-text
 *   pre      = anything                          ; between two fences
 *   link     = "=>" *WSP target [1*WSP label]
 *   heading  = 1*3"#" *WSP text                  ; a fourth "#" belongs to the text
 *   item     = "* " text
 *   quote    = ">" text
 *   text     = anything else
 */

static bool is_blank(char c)
{
  return c == ' ' || c == '\t';
}

static struct str skip_blanks(struct str s)
{
  while (s.n && is_blank(s.p[0]))
    s = str_skip(s, 1);
  return s;
}

/* False where nothing follows the arrow: then the line is text. */
static bool parse_link(struct str line, struct gemtext_line *out)
{
  struct str rest = skip_blanks(str_skip(line, 2));
  size_t end = 0;
  while (end < rest.n && !is_blank(rest.p[end]))
    end++;
  if (end == 0)
    return false;
  out->type = GEMTEXT_LINK;
  out->target = str_head(rest, end);
  out->text = str_trim(str_skip(rest, end));
  return true;
}

static void parse_heading(struct str line, struct gemtext_line *out)
{
  out->type = GEMTEXT_HEADING;
  while (out->level < 3 && out->level < line.n && line.p[out->level] == '#')
    out->level++;
  out->text = str_trim(str_skip(line, out->level));
}

void gemtext_parse(struct str line, bool *preformatted, struct gemtext_line *out)
{
  *out = (struct gemtext_line){.type = GEMTEXT_TEXT, .text = line};
  if (str_starts(line, STR("```"))) {
    out->type = GEMTEXT_FENCE;
    out->text = str_trim(str_skip(line, 3));
    *preformatted = !*preformatted;
  } else if (*preformatted) {
    out->type = GEMTEXT_PRE;
  } else if (str_starts(line, STR("=>"))) {
    (void)parse_link(line, out);
  } else if (str_starts(line, STR("#"))) {
    parse_heading(line, out);
  } else if (str_starts(line, STR("* "))) {
    out->type = GEMTEXT_ITEM;
    out->text = str_trim(str_skip(line, 2));
  } else if (str_starts(line, STR(">"))) {
    out->type = GEMTEXT_QUOTE;
    out->text = str_trim(str_skip(line, 1));
  }
}

struct str gemtext_title(struct str head)
{
  struct str rest = str_starts(head, BYTE_ORDER_MARK) ? str_skip(head, BYTE_ORDER_MARK.n) : head;
  struct str line;
  bool preformatted = false;
  while (str_line(&rest, &line)) {
    struct gemtext_line parsed;
    gemtext_parse(line, &preformatted, &parsed);
    if (parsed.type != GEMTEXT_HEADING || parsed.text.n == 0)
      continue;
    /* The head of a longer document may end inside a character of its last line. */
    if (rest.n == 0 && utf8_valid_head(parsed.text))
      while (!utf8_valid(parsed.text))
        parsed.text.n--;
    return str_trim(parsed.text);
  }
  return STR("");
}

/* Whether a line with this text would be read as something else than text. A control byte after an asterisk will have
 * become a space by then. */
static bool looks_marked(struct str text)
{
  return str_starts(text, STR("=>")) || str_starts(text, STR("#")) || str_starts(text, STR(">")) ||
         str_starts(text, STR("```")) ||
         (text.n >= 2 && text.p[0] == '*' && (text.p[1] == ' ' || str_is_control(text.p[1])));
}

void gemtext_put_text(struct buf *out, struct str text)
{
  if (looks_marked(text))
    buf_put_c(out, ' ');
  plain_put(out, text);
  buf_put_c(out, '\n');
}

void gemtext_put_heading(struct buf *out, unsigned level, struct str text)
{
  buf_put_str(out, str_head(STR("###"), level ? level : 1));
  buf_put_c(out, ' ');
  plain_put(out, text);
  buf_put_c(out, '\n');
}

void gemtext_put_link(struct buf *out, struct str target, struct str label)
{
  buf_put_str(out, STR("=> "));
  buf_put_str(out, target);
  if (label.n) {
    buf_put_c(out, ' ');
    plain_put(out, label);
  }
  buf_put_c(out, '\n');
}
