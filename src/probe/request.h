/* A question's request with everything put in. Pure. */
#ifndef NUNCIO_PROBE_REQUEST_H
#define NUNCIO_PROBE_REQUEST_H

#include "probe/question.h"

enum { REQUEST_MOST = 8192 };

/* Appends the very bytes to send. ERR_NOT_FOUND where a fact that it needs is not known, ERR_FULL, ERR_NOMEM. */
int request_put(struct buf *out, const struct question *question, const struct facts *facts)
    __attribute__((warn_unused_result));

#endif
