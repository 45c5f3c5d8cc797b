/* One request being answered, from the look to the response. */
#ifndef NUNCIO_SITE_ANSWER_H
#define NUNCIO_SITE_ANSWER_H

#include "site/site.h"

/* As site_start and site_cancel, which are these. */
struct answer *answer_start(struct site *site, const struct request *request,
                            void (*done)(void *context, struct response *response), void *context);
void answer_cancel(struct answer *answer);

#endif
