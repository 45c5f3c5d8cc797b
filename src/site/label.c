/* Labels for listings: titles and dates, from content and from names. */
#include "site/label.h"

#include <string.h>

#include "site/readable.h"
#include "text/date.h"
#include "text/gemtext.h"

/* Cuts an ISO date and the separators after it off the front of *text. A date is no date where letters or digits go on
 * (`2012-09-2612`). */
static bool cut_date(struct str *text, char iso[LABEL_DATE])
{
  struct date date;
  if (date_parse_iso(*text, &date) != 0)
    return false;
  struct str rest = str_skip(*text, DATE_ISO_LENGTH);
  static const struct str separators[] = {STR_INIT(" "), STR_INIT("\t"), STR_INIT("-"), STR_INIT("_"), STR_INIT(":"),
                                          STR_INIT(","), STR_INIT("."),  STR_INIT("–"), STR_INIT("—")};
  bool cut = true;
  while (cut && rest.n) {
    cut = false;
    for (size_t i = 0; i < sizeof separators / sizeof *separators && !cut; i++) {
      if (str_starts(rest, separators[i])) {
        rest = str_skip(rest, separators[i].n);
        cut = true;
      }
    }
  }
  if (rest.n && rest.n == text->n - DATE_ISO_LENGTH)
    return false;
  date_iso(date, iso);
  *text = rest;
  return true;
}

static void line_date(struct str text, char iso[LABEL_DATE])
{
  struct date date;
  if (text.n && date_parse(text, &date) == 0)
    date_iso(date, iso);
}

void label_gemtext(struct str head, struct buf *title, char date[LABEL_DATE])
{
  date[0] = '\0';
  if (str_starts(head, STR("\xef\xbb\xbf")))
    head = str_skip(head, 3);

  struct str heading = gemtext_title(head), line;
  char from_heading[LABEL_DATE] = "";
  if (cut_date(&heading, from_heading))
    memcpy(date, from_heading, LABEL_DATE);
  readable_put(title, str_trim(heading), LABEL_COLUMNS);

  bool preformatted = false;
  for (unsigned seen = 0; date[0] == '\0' && seen < LABEL_DATE_LINES && str_line(&head, &line);) {
    if (str_trim(line).n == 0)
      continue;
    seen++;
    struct gemtext_line parsed;
    gemtext_parse(line, &preformatted, &parsed);
    if (parsed.type == GEMTEXT_TEXT || parsed.type == GEMTEXT_HEADING)
      line_date(parsed.text, date);
  }
}

struct str label_name_date(struct str name, char date[LABEL_DATE])
{
  date[0] = '\0';
  struct str rest = name;
  if (!cut_date(&rest, date))
    return name;
  /* Of `2012-09-26.gmi` only `gmi` would be left. */
  bool suffix_only = name.n > DATE_ISO_LENGTH && name.p[DATE_ISO_LENGTH] == '.';
  return rest.n == 0 || suffix_only ? name : rest;
}
