/* Dates as documents write them. Pure; no locale. */
#ifndef NUNCIO_TEXT_DATE_H
#define NUNCIO_TEXT_DATE_H

#include <stdbool.h>

#include "base/str.h"

enum { DATE_ISO_LENGTH = 10 };

struct date {
  unsigned year, month, day;
};

/* Parses a text that is nothing but one valid date (spaces around it are ignored; the Gregorian calendar is checked,
 * leap years too): `September 26, 2012`, `26 September 2012`, `2012-09-26`, `2012年9月26日`, `平成24年9月26日` (the
 * eras Meiji to Reiwa, 元年 too; full-width digits too), English months in any case, also shortened (`Sept. 26, 2012`),
 * a weekday before it (`Wednesday, September 26, 2012`). ERR_SYNTAX otherwise. */
int date_parse(struct str text, struct date *out) __attribute__((warn_unused_result));

/* Parses exactly YYYY-MM-DD at the start of text, which may go on after it. ERR_SYNTAX otherwise. */
int date_parse_iso(struct str text, struct date *out) __attribute__((warn_unused_result));

/* Whether the text's first word is an English month, whole or shortened, in any case. */
bool date_begins_with_month(struct str text);

/* Writes YYYY-MM-DD and a NUL. */
void date_iso(struct date date, char out[DATE_ISO_LENGTH + 1]);

#endif
