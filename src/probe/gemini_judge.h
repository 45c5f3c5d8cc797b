/* Judges of Gemini answers: bytes in, a verdict out. Pure. */
#ifndef NUNCIO_PROBE_GEMINI_JUDGE_H
#define NUNCIO_PROBE_GEMINI_JUDGE_H

#include "probe/question.h"

/* ---- of the connection: gemini_judge_tls.c ---- */

void judge_tls(const struct sight *s, struct finding *out);                /* G1 */
void judge_only_version(const struct sight *s, struct finding *out);       /* G1: 1.2 or 1.3 alone */
void judge_old_version(const struct sight *s, struct finding *out);        /* G1: refused */
void judge_plain_text(const struct sight *s, struct finding *out);         /* G1: not answered */
void judge_sni(const struct sight *s, struct finding *out);                /* G2, G12: answered as ever */
void judge_goodbye(const struct sight *s, struct finding *out);            /* G3 */
void judge_resumed(const struct sight *s, struct finding *out);            /* G5 */
void judge_early_data(const struct sight *s, struct finding *out);         /* G4 */
void judge_client_certificate(const struct sight *s, struct finding *out); /* G5 */
void judge_certificate(const struct sight *s, struct finding *out);        /* G6 */

/* ---- of the answer: gemini_judge.c ---- */

/* Whether there is a legal answer that says something about the question; if not, says what there is instead. */
bool gemini_answered(const struct sight *s, struct finding *out);

void judge_header(const struct sight *s, struct finding *out);      /* G15 */
void judge_headers(const struct sight *s, struct finding *out);     /* G15: of all answers together */
void judge_type(const struct sight *s, struct finding *out);        /* G20: of the first page */
void judge_text(const struct sight *s, struct finding *out);        /* G21 */
void judge_status(const struct sight *s, struct finding *out);      /* refused with `want` */
void judge_outside(const struct sight *s, struct finding *out);     /* G13: the same, and nothing leaks */
void judge_plain_file(const struct sight *s, struct finding *out);  /* G23: 20 or 51 */
void judge_like(const struct sight *s, struct finding *out);        /* the answer that was kept as `like` */
void judge_bare_lf(const struct sight *s, struct finding *out);     /* G7 */
void judge_longest(const struct sight *s, struct finding *out);     /* G8: 1024 bytes */
void judge_too_long(const struct sight *s, struct finding *out);    /* G8: 1025 */
void judge_tolerated(const struct sight *s, struct finding *out);   /* G10: no 59 */
void judge_slash(const struct sight *s, struct finding *out);       /* G16: 31 to the directory's slash */
void judge_slash_query(const struct sight *s, struct finding *out); /* G16: and the query kept */
void judge_other_host(const struct sight *s, struct finding *out);  /* G16: no way to another host */
void judge_foreign(const struct sight *s, struct finding *out);     /* G12: 53, never our own page */

#endif
