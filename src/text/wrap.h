/* Wrapping text at a number of columns as a terminal counts them (P9). */
#ifndef NUNCIO_TEXT_WRAP_H
#define NUNCIO_TEXT_WRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Cuts the next line off *rest, which must be plain text (plain_is): at most `columns` wide, at least one character.
 * Lines are cut between words, between two characters where one belongs to a script without spaces (but not before a
 * closing mark or after an opening one), and an over-long word between any two characters. The spaces at a cut are
 * dropped, and so are those at the end of a line; spaces at the start of *rest stay while there is room.
 *
 * False when *rest is empty. With `whole` false, *rest is only the start of a text: then false also where what is still
 * to come could change the line, and *rest is left as it is. Every byte is looked at twice at most. */
bool wrap_cut(struct str *rest, size_t columns, bool whole, struct str *line);

/* Marks that no line may begin with, such as 。 and small kana; marks that none may end with, such as 「. */
bool wrap_closes(int32_t point);
bool wrap_opens(int32_t point);

#endif
