/* What `nuncio bench` prints in the end. Pure. */
#ifndef NUNCIO_CMD_BENCH_REPORT_H
#define NUNCIO_CMD_BENCH_REPORT_H

#include "base/buf.h"
#include "load/load.h"

/* For people: at most 80 columns, however long the URLs' own lines are. */
void bench_report_text(struct buf *out, const struct load_plan *plan, const struct load_result *result);

/* For machines: one line, a JSON object (RFC 8259).
 *
 *   urls                 the URLs as they were given
 *   firsts               of each URL the first whole answer, which the others were compared with: its status (null on
 *                        Gopher) and the bytes of its body; null where there was none
 *   concurrency          -c
 *   seconds              from the first connect() to the end of the last request
 *   requests, failed     that came to an end, and how many of them were not answered as they should be
 *   load_seconds         the part of it that is the load: until the time of -d was over, or a signal came; the requests
 *                        that were under way then have ended later
 *   requests_per_second  of those that did not fail, until then
 *   bytes                of answers, Gemini's headers included, as they are without TLS
 *   latency_us           min, p50, p90, p99, p999, max of the requests that did not fail: from connect() to
 *                        close_notify, or to the FIN where there is no TLS; null where all failed
 *   handshakes           full, resumed
 *   errors               how many requests failed, by kind; kinds without any are left out
 *   tls_fault            what went wrong in the first of the requests that count as `tls`, or null
 *   interrupted          whether SIGINT or SIGTERM ended the load before it was done
 *   gave_up              whether it ended early since none of its first requests was answered
 *   cpu_us               what this process used meanwhile */
void bench_report_json(struct buf *out, const struct load_plan *plan, const struct load_result *result);

/* Answered requests in a second of the load's window; 0 where no time has passed. */
double bench_rate(const struct load_result *result);

#endif
