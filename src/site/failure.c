/* What a reader is told when there is no page, and what the owner is told. */
#include "site/failure.h"

#include "base/err.h"
#include "site/hash.h"
#include "site/readable.h"

/* A path in a sentence: long enough to be recognised, short enough for one line of a browser. */
enum { SHOWN_COLUMNS = 200, SHOWN_MAX = 8192 };

/* The reader learns the same of what is not there, what may not be read and what is outside: what stands on the disk
 * beyond the pages is no business of theirs. */
void failure_response(struct response *r, int err, struct str path)
{
  struct buf shown = BUF_INIT(SHOWN_MAX);
  readable_put(&shown, path, SHOWN_COLUMNS);
  switch ((enum err)err) {
  case ERR_NOT_FOUND:
    response_set(r, STATUS_NOT_FOUND, "There is no page at %.*s", STR_ARG(buf_str(&shown)));
    break;
  case ERR_OUTSIDE:
  case ERR_DENIED:
  case ERR_SPECIAL:
    response_set(r, STATUS_NOT_FOUND, "The page at %.*s cannot be shown", STR_ARG(buf_str(&shown)));
    break;
  case ERR_LIMIT:
    response_set(r, STATUS_NOT_FOUND, "The document behind %.*s is too large to be shown as pages",
                 STR_ARG(buf_str(&shown)));
    break;
  case ERR_NOMEM:
  case ERR_BUSY:
  case ERR_AGAIN:
    response_set(r, STATUS_TEMPORARY_FAILURE, "The server is busy; please try again in a moment");
    break;
  case ERR_FULL:
  case ERR_SYNTAX:
  case ERR_IO:
  case ERR_EXISTS:
  case ERR_TLS:
  case ERR_WRONG:
  case ERR_ABSENT:
    response_set(r, STATUS_TEMPORARY_FAILURE, "The server has a fault and cannot show this page now");
    break;
  }
  buf_free(&shown);
}

static void write_line(enum log_level level, int err, struct str path, unsigned long left_out)
{
  char note[LOG_NOTE_BYTES];
  log_write(level, "%.*s: %s%s", STR_ARG(path), err_text(err), log_note(left_out, note));
}

/* Whether this is worth a line now: once an hour for each thing. A stranger may choose the path: should two have the
 * same hash, then one line is missing, and that is all. */
static bool is_new(struct failures *f, uint64_t now, uint64_t hash, unsigned long *left_out)
{
  uint64_t hour = now / FAILURE_HOUR_MS;
  return once_first(&f->files, hash_bytes(hash, &hour, sizeof hour)) &&
         log_due(&f->warnings, now, FAILURE_WARNINGS, FAILURE_HOUR_MS, left_out);
}

static void warn(struct failures *f, uint64_t now, int err, struct str path)
{
  unsigned long left_out;
  if (is_new(f, now, hash_str(hash_str(HASH_START, str_from(err_text(err))), path), &left_out))
    write_line(LOG_WARNING, err, path, left_out);
}

void failure_tell(struct failures *f, uint64_t now, struct str sentence)
{
  unsigned long left_out;
  char note[LOG_NOTE_BYTES];
  if (is_new(f, now, hash_str(HASH_START, sentence), &left_out))
    log_warning("%.*s%s", STR_ARG(sentence), log_note(left_out, note));
}

void failure_log(struct failures *f, uint64_t now, int err, struct str path)
{
  unsigned long left_out;
  switch ((enum err)err) {
  case ERR_NOT_FOUND:
    break;
  case ERR_OUTSIDE:
  case ERR_DENIED:
  case ERR_SPECIAL:
  case ERR_LIMIT:
    warn(f, now, err, path);
    break;
  case ERR_NOMEM:
  case ERR_BUSY:
  case ERR_AGAIN:
  case ERR_FULL:
  case ERR_SYNTAX:
  case ERR_IO:
  case ERR_EXISTS:
  case ERR_TLS:
  case ERR_WRONG:
  case ERR_ABSENT:
    if (log_due(&f->faults, now, 1, FAILURE_MINUTE_MS, &left_out))
      write_line(LOG_ERROR, err, path, left_out);
    break;
  }
}
