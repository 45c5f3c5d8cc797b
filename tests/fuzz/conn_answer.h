/* What must hold for whatever a connection answered. */
#ifndef NUNCIO_TESTS_CONN_ANSWER_H
#define NUNCIO_TESTS_CONN_ANSWER_H

#include <stdbool.h>

#include "base/str.h"

/* How it was asked. */
enum conn_way { WAY_GEMINI, WAY_GOPHER, WAY_GOPHERS, WAYS };

/* An answer that came whole: of a form that its protocol allows, and a file only byte for byte (G15, P7, P8). */
void conn_answer_check(enum conn_way way, struct str answer);

/* Keeps what request i (conn_world_request) is answered where nothing is in the way. */
void conn_answer_keep(enum conn_way way, unsigned i, struct str answer);

/* Whatever was in the way: the reader got that answer, or an error that says so. */
void conn_answer_due(enum conn_way way, unsigned i, struct str answer);

#endif
