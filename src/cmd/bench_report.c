/* The report of `nuncio bench` for people: a few lines, the latencies, and their histogram. */
#include "cmd/bench_report.h"

#include <inttypes.h>

#include "base/log.h"
#include "cmd/bench_number.h"

enum {
  ROWS_MAX = 12, /* of the histogram */
  BAR_COLUMNS = 50,
  NS_PER_MS = 1000000,
  ROW_NS_MIN = 1000, /* finer than a microsecond nothing is measured */
};

double bench_rate(const struct load_result *result)
{
  const struct load_window *w = &result->window;
  return w->ns ? (double)w->answered * 1e9 / (double)w->ns : 0;
}

/* ---------------------------------------------------------------- lines */

static void label(struct buf *out, const char *name)
{
  buf_printf(out, "%-12s", name);
}

/* What each URL answered first: a load of `51 not found` should not go unseen. */
static void put_targets(struct buf *out, const struct load_plan *plan, const struct load_result *result)
{
  for (size_t i = 0; i < plan->n_targets; i++) {
    const struct load_first *first = &result->firsts[i];
    log_escape(out, plan->targets[i].url);
    buf_put_str(out, STR("\n  "));
    if (!first->known) {
      buf_put_str(out, STR("no whole answer\n"));
      continue;
    }
    if (first->status)
      buf_printf(out, "status %d, ", first->status);
    bench_put_count(out, first->body);
    buf_printf(out, " byte%s\n", first->body == 1 ? "" : "s");
  }
  buf_put_c(out, '\n');
}

static void put_requests(struct buf *out, const struct load_plan *plan, const struct load_result *result)
{
  const struct load_window *w = &result->window;
  label(out, "requests");
  bench_put_count(out, result->requests);
  buf_printf(out, " in %.2f s by %u client%s, ", (double)result->elapsed_ns / 1e9, plan->concurrency,
             plan->concurrency == 1 ? "" : "s");
  if (result->failed)
    bench_put_count(out, result->failed);
  buf_printf(out, "%s failed\n", result->failed ? "" : "none");
  if (result->interrupted) {
    label(out, "interrupted");
    buf_put_str(out, STR("before its end\n"));
  }
  label(out, "rate");
  bench_put_count(out, (uint64_t)(bench_rate(result) + 0.5));
  buf_put_str(out, STR(" requests a second\n"));
  label(out, "received");
  bench_put_bytes(out, result->bytes);
  if (w->ns) {
    buf_put_str(out, STR(", "));
    bench_put_bytes(out, (uint64_t)((double)w->bytes * 1e9 / (double)w->ns));
    buf_put_str(out, STR(" a second"));
  }
  buf_put_c(out, '\n');
  if (result->full + result->resumed) {
    label(out, "handshakes");
    bench_put_count(out, result->full);
    buf_put_str(out, STR(" full, "));
    bench_put_count(out, result->resumed);
    buf_put_str(out, STR(" resumed\n"));
  }
  /* A client that has no time left measures itself. */
  label(out, "this client");
  buf_printf(out, "used %.0f%% of one processor\n", w->ns ? (double)w->cpu_us * 1e5 / (double)w->ns : 0);
}

static void put_errors(struct buf *out, const struct load_result *result)
{
  const char *name = "errors";
  for (unsigned i = 0; i < LOAD_FAULTS; i++) {
    if (result->faults[i] == 0)
      continue;
    label(out, name);
    bench_put_count(out, result->faults[i]);
    buf_printf(out, " %s", load_fault_name((enum load_fault)i));
    if (i == LOAD_TLS && result->tls_fault[0])
      buf_printf(out, " (%s)", result->tls_fault);
    buf_put_c(out, '\n');
    name = "";
  }
}

/* ---------------------------------------------------------------- latencies */

static void put_cell(struct buf *out, uint64_t ns)
{
  struct buf cell = BUF_INIT(32);
  bench_put_time(&cell, ns);
  buf_printf(out, "%11.*s", STR_ARG(buf_str(&cell)));
  buf_free(&cell);
}

static void put_percentiles(struct buf *out, const struct histogram *h)
{
  static const unsigned shares[] = {5000, 9000, 9900, 9990};
  buf_printf(out, "\n%-12s%11s%11s%11s%11s%11s%11s\n", "latency", "min", "p50", "p90", "p99", "p99.9", "max");
  label(out, "");
  put_cell(out, h->min);
  for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
    put_cell(out, histogram_percentile(h, shares[i]));
  put_cell(out, h->max);
  buf_put_str(out, STR("\n\n"));
}

/* The least of 1, 2, 5, 10, 20, 50 ... microseconds that is not less than ns. */
static uint64_t round_width(uint64_t ns)
{
  uint64_t width = ROW_NS_MIN;
  for (unsigned i = 0; width < ns; i++)
    width = i % 3 == 1 ? width / 2 * 5 : width * 2;
  return width;
}

static unsigned decimals_of(uint64_t width)
{
  return width >= NS_PER_MS ? 0 : width >= NS_PER_MS / 10 ? 1 : width >= NS_PER_MS / 100 ? 2 : 3;
}

static void put_bar(struct buf *out, uint64_t n, uint64_t all, uint64_t most)
{
  buf_printf(out, "%6.2f%%  ", (double)n * 100 / (double)all);
  for (uint64_t i = 0; i < (n * BAR_COLUMNS + most - 1) / most; i++)
    buf_put_c(out, '#');
  buf_put_c(out, '\n');
}

/* Rows of equal width from the least to the p99, and one for what is above. */
static void put_histogram(struct buf *out, const struct histogram *h)
{
  uint64_t p99 = histogram_percentile(h, 9900), width = round_width((p99 - h->min) / (ROWS_MAX - 3) + 1);
  uint64_t counts[ROWS_MAX] = {0}, top = h->min / width * width, seen = 0, most = 1;
  unsigned rows = 0;
  for (; rows < ROWS_MAX - 1 && (rows == 0 || top + rows * width < p99); rows++) {
    uint64_t below = histogram_at_most(h, top + (rows + 1) * width);
    counts[rows] = below - seen;
    seen = below;
  }
  counts[rows] = h->n - seen;
  for (unsigned i = 0; i <= rows; i++)
    most = counts[i] > most ? counts[i] : most;
  for (unsigned i = 0; i <= rows; i++) {
    if (i == rows && counts[i] == 0)
      break;
    double edge = (double)(top + (i == rows ? rows : i + 1) * width) / NS_PER_MS;
    buf_printf(out, "%s %8.*f ms ", i == rows ? "  above" : "  up to", (int)decimals_of(width), edge);
    put_bar(out, counts[i], h->n, most);
  }
}

void bench_report_text(struct buf *out, const struct load_plan *plan, const struct load_result *result)
{
  put_targets(out, plan, result);
  put_requests(out, plan, result);
  put_errors(out, result);
  if (result->latency.n) {
    put_percentiles(out, &result->latency);
    put_histogram(out, &result->latency);
  }
}
