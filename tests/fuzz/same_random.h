/* Random bytes that are the same in every run, so that one input does one thing: a signature's length hangs on them. */
#ifndef NUNCIO_TESTS_SAME_RANDOM_H
#define NUNCIO_TESTS_SAME_RANDOM_H

/* Takes OpenSSL's place as its source; and again: starts anew. Never in a server. */
void same_random(void);

#endif
