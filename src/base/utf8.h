/* UTF-8: decoding, checking, and the columns that text takes on a terminal. Speaks to libutf8proc. */
#ifndef NUNCIO_BASE_UTF8_H
#define NUNCIO_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Decodes the first code point of s (s.n > 0) into *point and returns its length in bytes. Where the bytes are not
 * UTF-8 (RFC 3629: overlong forms, surrogates and values above U+10FFFF too), *point is -1 and the length 1. */
size_t utf8_decode(struct str s, int32_t *point);

/* Appends the code point as UTF-8. */
void utf8_put(struct buf *out, int32_t point);

bool utf8_valid(struct str s);

/* The same for the head of a longer text: a sequence that the end cuts short is no fault. */
bool utf8_valid_head(struct str s);

/* Appends s with every invalid byte as U+FFFD; returns how many there were. */
size_t utf8_clean(struct buf *out, struct str s);

/* Whether the code point is no ASCII control and yet breaks or reorders a line, or steers a terminal: C1 controls, line
 * and paragraph separators, bidirectional marks and overrides, the byte order mark. */
bool utf8_disturbs(int32_t point);

/* The widest that one character is taken for. */
enum { UTF8_CHARACTER_COLUMNS = 8 };

/* The length in bytes of the first user-perceived character of s (s.n > 0; an extended grapheme cluster, UAX #29), and
 * in *columns the width that a terminal gives it: the sum of its code points' (2 for East Asian wide and fullwidth
 * ones, 0 for combining marks without a place of their own, else 1), but for emoji sequences and flags, which are one
 * picture of 2. Control characters count as 0. An invalid byte is a character of one column. Marks heaped up beyond
 * UTF8_CHARACTER_COLUMNS begin a new one, so that a narrow line can hold any. Text must never be cut inside one. */
size_t utf8_character(struct str s, unsigned *columns);

/* The columns of the whole of s. */
size_t utf8_columns(struct str s);

/* The longest head of s that is at most `columns` wide, in bytes, cut between characters. */
size_t utf8_fit(struct str s, size_t columns);

/* Whether the code point belongs to a script written without spaces between words: Han, Hiragana, Katakana, their
 * punctuation and the fullwidth forms. Hangul does not: Korean has spaces. */
bool utf8_spaceless(int32_t point);

/* Whether the code point is a letter or a digit of any script (Unicode's L and N); a letter of a script that has no
 * capitals, such as Han, kana, Hangul, Arabic or Thai (Lo). */
bool utf8_alnum(int32_t point);
bool utf8_caseless(int32_t point);

/* The first and the last code point of s, or -1 where s is empty or they are invalid. */
int32_t utf8_first(struct str s);
int32_t utf8_last(struct str s);

#endif
