/* The label that a listing gives a file, taken from the first bytes of its content. Pure. */
#ifndef NUNCIO_SITE_LABEL_H
#define NUNCIO_SITE_LABEL_H

#include "base/buf.h"
#include "base/str.h"

enum {
  LABEL_COLUMNS = 100,  /* a wider title is cut */
  LABEL_DATE_LINES = 8, /* a date stands among the first so many lines that are not empty */
  LABEL_DATE = 11,      /* YYYY-MM-DD and a NUL */
};

/* The first heading of a gemtext file (appended to `title` as a person reads it, nothing where there is none) and its
 * date ("" where there is none): the ISO date that the first heading starts with, which is not repeated in the title;
 * else a line among the first ones that is nothing but a date. `head` is the first READ_HEAD bytes. */
void label_gemtext(struct str head, struct buf *title, char date[LABEL_DATE]);

/* If the file's name starts with an ISO date: sets `date`, and returns what is left to show after the date and its
 * separators (`report.pdf` of `2012-09-26-report.pdf`; the whole name where nothing but a suffix would be left). Else
 * date is "" and the name comes back. */
struct str label_name_date(struct str name, char date[LABEL_DATE]);

#endif
