/* Spans: a pointer and a length into bytes that somebody else owns. */
#ifndef NUNCIO_BASE_STR_H
#define NUNCIO_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

/* Borrowed bytes, not ended by a NUL; they live as long as what they were cut from.
 * `p` may be NULL only where `n` is 0. */
struct str {
  const char *p;
  size_t n;
};

/* The span of a string literal; STR_INIT is the same for a static initialiser. */
#define STR(literal) ((struct str){("" literal), sizeof(literal) - 1})
#define STR_INIT(literal)                                                                                              \
  {                                                                                                                    \
    ("" literal), sizeof(literal) - 1                                                                                  \
  }
/* For printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) ((int)(s).n), ((s).p ? (s).p : "")

struct str str_from(const char *text); /* text may be NULL: an empty span */
struct str str_make(const char *p, size_t n);

bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b); /* ASCII letters only */
bool str_starts(struct str s, struct str prefix);
bool str_starts_nocase(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Byte order, a shorter one first: less than, equal to or greater than 0. */
int str_cmp(struct str a, struct str b);

/* The position of the first (last) byte `c`, or s.n where there is none. */
size_t str_find(struct str s, char c);
size_t str_rfind(struct str s, char c);

/* What is left after the first n bytes; the first n bytes. n is cut to the length. */
struct str str_skip(struct str s, size_t n);
struct str str_head(struct str s, size_t n);

/* Without the spaces and tabs at both ends. */
struct str str_trim(struct str s);

/* Cuts the first line off *rest: what stands before LF (a CR before it is dropped), or all there
 * is. False when *rest is empty. */
bool str_line(struct str *rest, struct str *line);

/* Cuts *rest at the first `sep`; *part is what stood before it, or all there is. False when *rest
 * has been used up (its p is NULL then), so that "a,,b" has three parts and "" has one. */
bool str_split(struct str *rest, char sep, struct str *part);

/* Parses 1 to 9 ASCII digits and nothing else. ERR_SYNTAX otherwise. */
int str_number(struct str s, unsigned *out);

/* A copy ended by a NUL, which the caller frees; NULL when memory is short. */
char *str_dup(struct str s);

/* Copies s to *at, and moves *at behind it: for a block of memory that holds several texts. */
struct str str_place(char **at, struct str s);

/* Whether the byte is an ASCII control character (0x00 to 0x1F, 0x7F). */
bool str_is_control(char c);
bool str_has_control(struct str s);

#endif
