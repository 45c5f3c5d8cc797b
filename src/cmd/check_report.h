/* What `nuncio check URL` prints. Pure. */
#ifndef NUNCIO_CMD_CHECK_REPORT_H
#define NUNCIO_CMD_CHECK_REPORT_H

#include "base/buf.h"
#include "probe/probe.h"

/* Appends bytes as they may be shown on a terminal: CR, LF and TAB as in C, what else could steer it as \xNN, a
 * backslash twice. Of more than `most` bytes the first ones, `...` and how many there are. */
void check_put_bytes(struct buf *out, struct str bytes, size_t most);

/* For people: the verdict, the rule, what it is about; what the judge says; what was sent and what came back. */
void check_put_text(struct buf *out, const struct probe_line *line);

/* For machines: an object and a line end.
 *
 *   rule, what       such as "G9" and "a fragment is refused with 59"
 *   verdict          "pass", "fail" or "note"
 *   words            what was found
 *   sent, received   as check_put_bytes has them; null where nothing was asked
 *   bytes            how many were received, null as above
 *   ended            how the connection ended, null as above */
void check_put_json(struct buf *out, const struct probe_line *line);

/* The last line for people. */
void check_put_sum(struct buf *out, const struct probe_result *result);

#endif
