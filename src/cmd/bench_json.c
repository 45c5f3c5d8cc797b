/* The report of `nuncio bench` for machines. */
#include <inttypes.h>

#include "cmd/bench_report.h"
#include "cmd/json.h"

/* Nanoseconds as microseconds; null where nothing was measured. */
static void put_us(struct buf *out, const char *name, uint64_t ns, bool measured)
{
  buf_printf(out, "\"%s\":", name);
  if (measured)
    buf_printf(out, "%" PRIu64, ns / 1000);
  else
    buf_put_str(out, STR("null"));
}

static void put_latency(struct buf *out, const struct histogram *h)
{
  static const struct {
    const char *name;
    unsigned ten_thousandths;
  } shares[] = {{"p50", 5000}, {"p90", 9000}, {"p99", 9900}, {"p999", 9990}, {"max", 10000}};
  buf_put_str(out, STR(",\"latency_us\":{"));
  put_us(out, "min", h->min, h->n > 0);
  for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
    buf_put_c(out, ',');
    put_us(out, shares[i].name, histogram_percentile(h, shares[i].ten_thousandths), h->n > 0);
  }
  buf_put_c(out, '}');
}

static void put_errors(struct buf *out, const struct load_result *result)
{
  const char *comma = "";
  buf_put_str(out, STR(",\"errors\":{"));
  for (unsigned i = 0; i < LOAD_FAULTS; i++) {
    if (result->faults[i] == 0)
      continue;
    buf_put_str(out, str_from(comma));
    json_put_string(out, str_from(load_fault_name((enum load_fault)i)));
    buf_printf(out, ":%" PRIu64, result->faults[i]);
    comma = ",";
  }
  buf_put_c(out, '}');
}

/* A load of `51 not found` has no errors: only this tells. */
static void put_firsts(struct buf *out, const struct load_plan *plan, const struct load_result *result)
{
  buf_put_str(out, STR(",\"firsts\":["));
  for (size_t i = 0; i < plan->n_targets; i++) {
    const struct load_first *first = &result->firsts[i];
    if (i > 0)
      buf_put_c(out, ',');
    if (!first->known)
      buf_put_str(out, STR("null"));
    else if (first->status)
      buf_printf(out, "{\"status\":%d,\"bytes\":%" PRIu64 "}", first->status, first->body);
    else
      buf_printf(out, "{\"status\":null,\"bytes\":%" PRIu64 "}", first->body);
  }
  buf_put_c(out, ']');
}

static void put_endings(struct buf *out, const struct load_result *result)
{
  buf_put_str(out, STR(",\"tls_fault\":"));
  if (result->tls_fault[0])
    json_put_string(out, str_from(result->tls_fault));
  else
    buf_put_str(out, STR("null"));
  buf_printf(out, ",\"interrupted\":%s,\"gave_up\":%s", result->interrupted ? "true" : "false",
             result->gave_up ? "true" : "false");
}

void bench_report_json(struct buf *out, const struct load_plan *plan, const struct load_result *result)
{
  buf_put_str(out, STR("{\"urls\":["));
  for (size_t i = 0; i < plan->n_targets; i++) {
    if (i > 0)
      buf_put_c(out, ',');
    json_put_string(out, plan->targets[i].url);
  }
  buf_put_c(out, ']');
  put_firsts(out, plan, result);
  buf_printf(out,
             ",\"concurrency\":%u,\"seconds\":%.3f,\"load_seconds\":%.3f,\"requests\":%" PRIu64 ",\"failed\":%" PRIu64,
             plan->concurrency, (double)result->elapsed_ns / 1e9, (double)result->window.ns / 1e9, result->requests,
             result->failed);
  buf_printf(out, ",\"requests_per_second\":%.1f,\"bytes\":%" PRIu64, bench_rate(result), result->bytes);
  put_latency(out, &result->latency);
  buf_printf(out, ",\"handshakes\":{\"full\":%" PRIu64 ",\"resumed\":%" PRIu64 "}", result->full, result->resumed);
  put_errors(out, result);
  put_endings(out, result);
  buf_printf(out, ",\"cpu_us\":%" PRIu64 "}\n", result->cpu_us);
}
