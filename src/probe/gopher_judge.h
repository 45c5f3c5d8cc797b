/* Judges of Gopher answers: bytes in, a verdict out. Pure. */
#ifndef NUNCIO_PROBE_GOPHER_JUDGE_H
#define NUNCIO_PROBE_GOPHER_JUDGE_H

#include "probe/question.h"

/* Whether bytes came; if not, says what happened instead. */
bool gopher_came(const struct sight *s, struct finding *out);

/* Whether an answer is a menu whose first line is an error (P13). */
bool gopher_is_error(struct str answer);

/* ---- of menus: gopher_judge_menu.c ---- */

void judge_menu_lines(const struct sight *s, struct finding *out); /* P7 */
void judge_menu_end(const struct sight *s, struct finding *out);   /* P8 */
void judge_menu_width(const struct sight *s, struct finding *out); /* P9 */
void judge_menu_links(const struct sight *s, struct finding *out); /* P11, P12: links out of Gopher */
void judge_menu_pages(const struct sight *s, struct finding *out); /* P15: .gmi is a menu */
void judge_menu_place(const struct sight *s, struct finding *out); /* P19 */

/* ---- of all answers: gopher_judge.c ---- */

void judge_close(const struct sight *s, struct finding *out); /* P18 */

void judge_same(const struct sight *s, struct finding *out);        /* P1, P2: the answer that was kept as `like` */
void judge_something(const struct sight *s, struct finding *out);   /* an answer that is no error */
void judge_error_line(const struct sight *s, struct finding *out);  /* P13 */
void judge_error_lines(const struct sight *s, struct finding *out); /* P7 of an error */
void judge_error_end(const struct sight *s, struct finding *out);   /* P8 of an error */
void judge_refused(const struct sight *s, struct finding *out);     /* P2: the same, and nothing leaks */
void judge_endless(const struct sight *s, struct finding *out);     /* P1: a request that does not end */
void judge_search(const struct sight *s, struct finding *out);      /* P3 */
void judge_plus_menu(const struct sight *s, struct finding *out);   /* P4: `$` and `!` */
void judge_plus(const struct sight *s, struct finding *out);        /* P4: `+` */
void judge_http(const struct sight *s, struct finding *out);        /* P5 */
void judge_gophers(const struct sight *s, struct finding *out);     /* P6 */
void judge_url(const struct sight *s, struct finding *out);         /* P12 */
void judge_url_unsafe(const struct sight *s, struct finding *out);
void judge_url_escaped(const struct sight *s, struct finding *out);
void judge_document(const struct sight *s, struct finding *out); /* P14 */
void judge_caps(const struct sight *s, struct finding *out);     /* P17 */

#endif
