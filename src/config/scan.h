/* The first look at a settings file, before libConfuse has it. Inside config/ only. */
#ifndef NUNCIO_CONFIG_SCAN_H
#define NUNCIO_CONFIG_SCAN_H

#include "base/buf.h"
#include "base/str.h"

/* libConfuse's scanner is lenient: it drops bytes that it has no use for, takes a text or a block that never ends for
 * ended, counts a comment of C's kind as a line more, and puts the environment into a text. So what it is given is
 * checked first: appends `text` to *out with a blank in the place of every comment's and carriage return's byte (lines
 * stay where they are), where
 *
 *   - a text in quotes ends on its line; within "..." a backslash stands before " or \, within '...' before ' or \
 *     (before anything else it is itself); nothing is put in for ${...};
 *   - no * and no lone + stands outside quotes, no control character anywhere but tabs and ends of lines;
 *   - braces come in pairs, those of a list hold a value, and a parenthesis holds one text.
 *
 * ERR_SYNTAX: *why says what is wrong in line *line, counted from 1. ERR_NOMEM. */
int scan_text(struct str text, struct buf *out, unsigned *line, struct buf *why) __attribute__((warn_unused_result));

#endif
