/* The questions of Gopher, in the order in which they are asked. */
#ifndef NUNCIO_PROBE_GOPHER_H
#define NUNCIO_PROBE_GOPHER_H

#include <stddef.h>

#include "probe/question.h"

extern const struct question gopher_questions[];
extern const size_t gopher_question_count;

/* Learns from a menu that was kept: items that lead back to this server. */
void gopher_learn(struct facts *facts, enum kept kept);

#endif
