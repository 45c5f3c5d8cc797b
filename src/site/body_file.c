/* The body over a file: what the page cache holds is read at once, the rest in the pool. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "site/body.h"

/* The most that one pull reads, whatever was asked for: what a slow reader's connection holds is this at most. */
enum { PIECE_MAX = 64 * 1024 };

/* Warnings of bodies that failed. */
enum { CUT_SHORT_MOST = 20, CUT_SHORT_MS = 60 * 1000 };

/* Where the read that the pool does for us stands. */
enum reading {
  READING_NOT,     /* nothing is in flight: `piece` is NULL */
  READING_STARTED, /* the work is on its way; only its thread touches `piece` and `result` */
  READING_DONE,    /* `result` tells; `piece` holds that many bytes, `taken` of them given */
};

struct file_body {
  struct body body;
  struct work work; /* owns the buffer while it runs */
  struct env *env;
  int fd;
  char *name;
  uint64_t offset; /* what has been given */
  uint64_t length;
  enum reading reading;
  bool pulling;     /* inside file_pull: a piece that is done now must not wake anybody */
  bool nowait;      /* this file system knows RWF_NOWAIT */
  bool orphaned;    /* destroyed while the work was in flight */
  char *piece;      /* owned */
  size_t piece_cap; /* what the work is to read */
  ssize_t result;   /* bytes read, or a negative errno */
  size_t taken;
};

static void file_free(struct file_body *own)
{
  close(own->fd);
  free(own->piece);
  free(own->name);
  free(own);
}

static void forget_piece(struct file_body *own)
{
  free(own->piece);
  own->piece = NULL;
  own->reading = READING_NOT;
}

/* In a pool thread. */
static void read_run(struct work *w)
{
  struct file_body *own = (struct file_body *)((char *)w - offsetof(struct file_body, work));
  ssize_t n;
  do
    n = pread(own->fd, own->piece, own->piece_cap, (off_t)own->offset);
  while (n < 0 && errno == EINTR);
  own->result = n < 0 ? -errno : n;
}

static void read_done(struct work *w, bool cancelled)
{
  struct file_body *own = (struct file_body *)((char *)w - offsetof(struct file_body, work));
  if (own->orphaned) {
    file_free(own);
    return;
  }
  if (cancelled)
    own->result = -ECANCELED;
  own->taken = 0;
  own->reading = READING_DONE;
  if (!own->pulling)
    body_wake(&own->body);
}

/* Whoever asks for a file on a bad disk again and again has this again and again. */
static enum pull failed(struct file_body *own, const char *why)
{
  unsigned long left_out;
  char note[LOG_NOTE_BYTES];
  if (log_due(&own->env->cut_short, own->env->now(own->env), CUT_SHORT_MOST, CUT_SHORT_MS, &left_out))
    log_warning("%s: the answer was cut short after %llu of %llu bytes: %s%s", own->name,
                (unsigned long long)own->offset, (unsigned long long)own->length, why, log_note(left_out, note));
  return PULL_FAILED;
}

/* Gives what the pool has read. */
static enum pull take_piece(struct file_body *own, struct buf *out, size_t most)
{
  if (own->result == 0)
    return failed(own, "the file has become shorter");
  if (own->result == -ECANCELED)
    return failed(own, "the server is stopping");
  if (own->result < 0)
    return failed(own, err_text(err_from_errno((int)-own->result)));

  size_t n = (size_t)own->result - own->taken;
  if (n > most)
    n = most;
  buf_put(out, own->piece + own->taken, n);
  if (buf_error(out))
    return failed(own, err_text(out->err));
  own->taken += n;
  own->offset += n;
  if (own->taken == (size_t)own->result)
    forget_piece(own);
  return PULL_BYTES;
}

/* Reads what needs no disk straight into `out`. False where the pool must do it: that is also where an end of file or
 * an error shows, since Linux 5.9 and 5.10 could report an end that was none here. */
static bool read_cached(struct file_body *own, struct buf *out, size_t n)
{
  char *room = own->nowait ? buf_room(out, n) : NULL;
  if (!room)
    return false;
  struct iovec to = {room, n};
  ssize_t got = preadv2(own->fd, &to, 1, (off_t)own->offset, RWF_NOWAIT);
  if (got > 0) {
    buf_added(out, (size_t)got);
    own->offset += (uint64_t)got;
    return true;
  }
  if (got < 0 && errno != EAGAIN && errno != EINTR)
    own->nowait = false;
  return false;
}

/* Hands a read of n bytes to the pool. */
static int start_read(struct file_body *own, size_t n)
{
  own->piece = malloc(n);
  if (!own->piece)
    return ERR_NOMEM;
  own->piece_cap = n;
  own->reading = READING_STARTED;
  int err = own->env->submit(own->env, &own->work);
  if (err)
    forget_piece(own);
  return err;
}

static enum pull file_pull(struct body *b, struct buf *out, size_t most)
{
  struct file_body *own = (struct file_body *)b;
  if (own->reading == READING_DONE)
    return take_piece(own, out, most);
  uint64_t left = own->length - own->offset;
  if (left == 0)
    return PULL_END;

  size_t n = most < PIECE_MAX ? most : PIECE_MAX;
  if (n > left)
    n = (size_t)left;
  if (read_cached(own, out, n))
    return PULL_BYTES;
  if (buf_error(out))
    return failed(own, err_text(out->err));

  own->pulling = true;
  int err = start_read(own, n);
  own->pulling = false;
  if (err)
    return failed(own, err_text(err));
  /* An env without threads has done it by now. */
  return own->reading == READING_DONE ? take_piece(own, out, most) : PULL_PENDING;
}

static void file_destroy(struct body *b)
{
  struct file_body *own = (struct file_body *)b;
  if (own->reading != READING_STARTED) {
    file_free(own);
    return;
  }
  own->orphaned = true; /* a read that runs cannot be called back: read_done frees */
  if (own->env->cancel)
    own->env->cancel(own->env, &own->work);
}

static const struct body_ops file_ops = {file_pull, file_destroy};

struct body *body_file(struct env *env, int fd, uint64_t length, struct str name)
{
  struct file_body *own = calloc(1, sizeof *own);
  char *copy = str_dup(name);
  if (!own || !copy) {
    free(own);
    free(copy);
    close(fd);
    return NULL;
  }
  body_init(&own->body, &file_ops);
  own->work.run = read_run;
  own->work.done = read_done;
  own->env = env;
  own->fd = fd;
  own->name = copy;
  own->length = length;
  own->nowait = true;
  /* Advice only: it doubles the read-ahead, and is worth a system call only where there is something to read ahead. */
  if (length > PIECE_MAX)
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  return &own->body;
}
