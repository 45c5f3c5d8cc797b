/* Labels: whatever a page begins with, or a file is called, its line in a listing is one line of plain text. */
#include <stdint.h>
#include <string.h>

#include "must.h"
#include "site/label.h"
#include "text/date.h"
#include "text/plain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_date(const char *date)
{
  struct date parsed;
  must(date[0] == '\0' || (strlen(date) == DATE_ISO_LENGTH && date_parse_iso(str_from(date), &parsed) == 0),
       "a date or none");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct str text = str_make((const char *)data, size);
  struct buf title = BUF_INIT(8 * size + 64);
  char date[LABEL_DATE] = "";
  label_gemtext(text, &title, date);
  check_date(date);
  must(buf_error(&title) == 0 && plain_is(buf_str(&title)), "a title is one line of plain text");

  struct str name = str_head(text, str_find(text, '/')), rest = label_name_date(name, date);
  check_date(date);
  must(rest.n <= name.n && str_ends(name, rest), "what is left of a name is its end");
  must(date[0] != '\0' || rest.n == name.n, "a name without a date is left alone");
  must(name.n == 0 || rest.n > 0, "something is left to show");
  must(date[0] == '\0' || str_starts(name, str_head(str_from(date), DATE_ISO_LENGTH)), "the date is the name's");
  buf_free(&title);
  return 0;
}
