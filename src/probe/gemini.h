/* The questions of Gemini, in the order in which they are asked. */
#ifndef NUNCIO_PROBE_GEMINI_H
#define NUNCIO_PROBE_GEMINI_H

#include <stddef.h>

#include "probe/question.h"

extern const struct question gemini_questions[];
extern const size_t gemini_question_count;

/* Learns from an answer that was kept: of the first page, a directory that it links to. */
void gemini_learn(struct facts *facts, enum kept kept);

#endif
