/* Findings, written as they come. */
#include "cmd/check_capsule_findings.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/bench_number.h"
#include "cmd/json.h"
#include "text/uri.h"

enum {
  MESSAGE_MAX = 4096,
  OUT_MAX = 256 * 1024, /* a path, a message and a mend, each escaped */
  PROGRESS_EVERY = 200, /* milliseconds */
};

static const char *const level_names[LEVELS] = {
    [LEVEL_ERROR] = "error", [LEVEL_WARNING] = "warning", [LEVEL_NOTE] = "note"};

/* What machines go by: these words stay as they are. */
static const char *const kind_names[FINDINGS] = {
    [FINDING_DEAD_LINK] = "dead-link",       [FINDING_WRONG_CASE] = "wrong-case",
    [FINDING_BAD_LINK] = "bad-link",         [FINDING_UNSAFE_LINK] = "unsafe-link",
    [FINDING_OWN_HOST] = "own-host",         [FINDING_UNREACHABLE] = "unreachable",
    [FINDING_ONE_PROTOCOL] = "one-protocol", [FINDING_NOT_UTF8] = "not-utf8",
    [FINDING_NO_TARGET] = "no-target",       [FINDING_NO_HEADING] = "empty-heading",
    [FINDING_NO_ALT] = "no-alt-text",        [FINDING_NOT_CLOSED] = "not-closed",
    [FINDING_NO_TITLE] = "no-title",         [FINDING_WIDE] = "too-wide",
    [FINDING_OVERVIEW] = "overview",         [FINDING_MAP_FIELDS] = "map-fields",
    [FINDING_MAP_TYPE] = "map-type",         [FINDING_UNREADABLE] = "unreadable",
    [FINDING_NOT_SERVED] = "not-served",     [FINDING_RULES] = "settings",
    [FINDING_REDIRECTS] = "redirect-loop",   [FINDING_MAP] = "map",
};

void findings_init(struct findings *f, const char *folder, bool json)
{
  *f = (struct findings){.folder = folder, .under = 1, .json = json, .terminal = isatty(STDERR_FILENO) == 1};
  buf_init(&f->out, OUT_MAX);
}

void findings_free(struct findings *f)
{
  buf_free(&f->out);
}

/* Writes what is in `out`, whole lines, and empties it. */
static void write_out(struct findings *f)
{
  struct str text = buf_str(&f->out);
  if (text.n)
    findings_quiet(f);
  if (!f->failed && fwrite(text.n ? text.p : "", 1, text.n, stdout) != text.n) {
    f->failed = true;
    f->number = errno;
  }
  buf_clear(&f->out);
}

/* ---------------------------------------------------------------- for a person */

/* A path as a person finds the file: the folder as it was given, and what stands below it. */
static void put_path(const struct findings *f, struct str path, struct buf *out)
{
  struct str folder = str_from(f->folder);
  while (folder.n > 1 && str_ends(folder, STR("/")))
    folder.n--;
  log_escape(out, folder);
  if (!str_eq(folder, STR("/")))
    buf_put_c(out, '/');
  log_escape(out, str_skip(path, f->under));
}

static void put_text(struct findings *f, enum finding_level level, size_t line, struct str what, struct str mend)
{
  struct buf *out = &f->out;
  put_path(f, f->file, out);
  if (line)
    buf_printf(out, ":%zu", line);
  buf_printf(out, ": %s: ", level_names[level]);
  log_escape(out, what);
  buf_put_c(out, '\n');
  if (mend.n) {
    buf_put_str(out, STR("    "));
    log_escape(out, mend);
    buf_put_c(out, '\n');
  }
}

/* What was left out of the file that ends, and an empty line between it and the next. */
static void end_file(struct findings *f)
{
  for (size_t kind = 0; kind < FINDINGS; kind++) {
    if (f->json || !f->told || f->of_kind[kind] <= FINDINGS_SHOWN)
      continue;
    put_path(f, f->file, &f->out);
    buf_printf(&f->out, ": and %zu more of this kind: %s (--json shows all)\n", f->of_kind[kind] - FINDINGS_SHOWN,
               kind_names[kind]);
  }
  if (f->told && !f->json)
    buf_put_c(&f->out, '\n');
  write_out(f);
}

/* What was left out of the folder that ends. */
static void end_folder(struct findings *f)
{
  if (!f->json && f->alike > FINDINGS_SHOWN) {
    put_path(f, f->alike_in, &f->out);
    buf_printf(&f->out, ": and %zu more like these in this folder (--json shows all)\n\n", f->alike - FINDINGS_SHOWN);
    write_out(f);
  }
  f->alike = 0;
}

void findings_file(struct findings *f, struct str path)
{
  if (f->file.n)
    end_file(f);
  if (path.n == 0)
    end_folder(f);
  memset(f->of_kind, 0, sizeof f->of_kind);
  f->told = false;
  f->file = path;
}

/* Counts a finding; false where enough of its kind were shown. */
static bool count(struct findings *f, enum finding_level level, enum finding_kind kind)
{
  f->level[level]++;
  f->of_kind[kind]++;
  if (kind != FINDING_UNREACHABLE && kind != FINDING_ONE_PROTOCOL)
    return f->of_kind[kind] <= FINDINGS_SHOWN;
  struct str file = f->file;
  if (str_ends(file, STR("/")))
    file.n--;
  struct str folder = str_head(file, str_rfind(file, '/') + 1);
  if (!str_eq(folder, f->alike_in))
    end_folder(f);
  f->alike_in = folder;
  return ++f->alike <= FINDINGS_SHOWN;
}

static void put_count(struct buf *out, size_t n, const char *one)
{
  bench_put_count(out, n);
  buf_printf(out, " %s%s", one, n == 1 ? "" : "s");
}

void findings_sum_up(struct findings *f, size_t n)
{
  struct buf *out = &f->out;
  if (f->json)
    return;
  put_count(out, n, "file");
  buf_put_str(out, STR(" looked at: "));
  if (f->level[LEVEL_ERROR] + f->level[LEVEL_WARNING] + f->level[LEVEL_NOTE] == 0) {
    buf_put_str(out, STR("nothing to mend\n"));
  } else {
    for (size_t level = 0; level < LEVELS; level++) {
      put_count(out, f->level[level], level_names[level]);
      buf_put_str(out, level + 1 < LEVELS ? STR(", ") : STR("\n"));
    }
  }
  write_out(f);
}

/* ---------------------------------------------------------------- for a machine */

static void put_json(struct findings *f, enum finding_level level, enum finding_kind kind, size_t line, struct str what,
                     struct str mend)
{
  struct buf *out = &f->out, path = BUF_INIT(OUT_MAX);
  buf_put_str(out, STR("{\"file\":"));
  json_put_string(out, str_skip(f->file, f->under));
  /* A name that is not UTF-8 can be told from others by this only. */
  uri_put_path(&path, f->file);
  buf_put_str(out, STR(",\"path\":"));
  json_put_string(out, buf_str(&path));
  buf_free(&path);
  if (line)
    buf_printf(out, ",\"line\":%zu", line);
  else
    buf_put_str(out, STR(",\"line\":null"));
  buf_printf(out, ",\"level\":\"%s\",\"kind\":\"%s\",\"what\":", level_names[level], kind_names[kind]);
  json_put_string(out, what);
  buf_put_str(out, STR(",\"mend\":"));
  json_put_string(out, mend);
  buf_put_str(out, STR("}\n"));
}

void findings_tell(struct findings *f, enum finding_level level, enum finding_kind kind, size_t line, struct str mend,
                   const char *format, ...)
{
  char message[MESSAGE_MAX];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(message, sizeof message, format, args);
  va_end(args);
  struct str what = {message, n < 0 ? 0 : (size_t)n < sizeof message ? (size_t)n : sizeof message - 1};
  if (!count(f, level, kind) && !f->json)
    return;
  f->told = true;
  if (f->json)
    put_json(f, level, kind, line, what, mend);
  else
    put_text(f, level, line, what, mend);
  write_out(f);
}

/* ---------------------------------------------------------------- how far it is */

static int64_t now_ms(void)
{
  struct timespec t = {0};
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Whether the terminal takes a line at once: one that is stopped (Ctrl-S) must not hold us up. */
static bool terminal_takes(void)
{
  struct pollfd terminal = {.fd = STDERR_FILENO, .events = POLLOUT};
  return poll(&terminal, 1, 0) == 1 && (terminal.revents & POLLOUT) != 0;
}

void findings_progress(struct findings *f, const char *doing, size_t n, size_t of)
{
  enum { LOOK_EVERY = 16, LINE_BYTES = 256 };
  if (!f->terminal || n % LOOK_EVERY)
    return;
  int64_t now = now_ms();
  if ((f->shown && now - f->shown < PROGRESS_EVERY) || !terminal_takes())
    return;
  struct buf line = BUF_INIT(LINE_BYTES);
  bench_put_count(&line, n);
  if (of) {
    buf_put_str(&line, STR(" of "));
    bench_put_count(&line, of);
  }
  (void)fflush(stdout);
  (void)fprintf(stderr, "\r%s: %.*s files\x1b[K", doing, STR_ARG(buf_str(&line)));
  buf_free(&line);
  f->shown = now;
}

void findings_quiet(struct findings *f)
{
  if (f->shown == 0)
    return;
  f->shown = 0;
  if (terminal_takes())
    (void)fputs("\r\x1b[K", stderr);
}
