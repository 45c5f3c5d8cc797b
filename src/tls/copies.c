/* Copies files into memory by way of a small buffer, which is wiped. */
#include "tls/copies.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/write.h"
#include "tls/pair.h"

enum { PIECE = 4096, NAME_ROOM = 8192, SITES_MOST = 1 << 16 };

static int pour(int from, int to)
{
  char piece[PIECE];
  size_t sum = 0;
  int err = 0;
  while (err == 0) {
    ssize_t n = read(from, piece, sizeof piece);
    if (n < 0 && errno == EINTR)
      continue;
    if (n == 0)
      break;
    if (n < 0)
      err = err_from_errno(errno);
    else if ((sum += (size_t)n) >= PAIR_FILE_MAX)
      err = ERR_LIMIT;
    else if (write_all(to, str_make(piece, (size_t)n)) < 0)
      err = err_from_errno(errno);
  }
  explicit_bzero(piece, sizeof piece);
  return err;
}

static int copy(int folder, const char *name, const char *suffix, int *out)
{
  struct buf file = BUF_INIT(NAME_ROOM);
  struct stat st;
  int fd = -1;
  buf_printf(&file, "%s%s", name, suffix);
  buf_put_c(&file, '\0');
  int err = buf_error(&file);
  if (err)
    goto out;
  /* O_NONBLOCK: opening a FIFO for reading would wait for a writer. */
  fd = openat(folder, file.p, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &st) < 0)
    err = err_from_errno(errno);
  else if (!S_ISREG(st.st_mode))
    err = ERR_SPECIAL;
  if (err)
    goto out;
  *out = memfd_create("nuncio-pair", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  err = *out < 0 ? err_from_errno(errno) : pour(fd, *out);
  if (err == 0 && fcntl(*out, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
    err = err_from_errno(errno);

out:
  if (fd >= 0)
    close(fd);
  buf_free(&file);
  return err;
}

int copies_make(const char *dir, const char *name, struct copies *out)
{
  *out = COPIES_INIT;
  int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    return err_from_errno(errno);
  int err = copy(folder, name, ".crt", &out->certificate);
  if (err == 0)
    err = copy(folder, name, ".key", &out->key);
  close(folder);
  if (err)
    copies_close(out);
  return err;
}

int copies_make_named(const char *certificate, const char *key, struct copies *out)
{
  *out = COPIES_INIT;
  int err = copy(AT_FDCWD, certificate, "", &out->certificate);
  if (err == 0)
    err = copy(AT_FDCWD, key, "", &out->key);
  if (err)
    copies_close(out);
  return err;
}

bool copies_there(const struct copies *copies)
{
  return copies && copies->certificate >= 0 && copies->key >= 0;
}

void copies_close(struct copies *copies)
{
  if (copies->certificate >= 0)
    close(copies->certificate);
  if (copies->key >= 0)
    close(copies->key);
  *copies = COPIES_INIT;
}

int copies_set_put(struct copies_set *set, size_t i, struct copies copies)
{
  if (i >= SITES_MOST)
    return ERR_LIMIT;
  if (i >= set->n) {
    struct copies *grown = realloc(set->at, (i + 1) * sizeof *grown);
    if (!grown)
      return ERR_NOMEM;
    set->at = grown;
    while (set->n <= i)
      set->at[set->n++] = COPIES_INIT;
  }
  copies_close(&set->at[i]);
  set->at[i] = copies;
  return 0;
}

const struct copies *copies_set_at(const struct copies_set *set, size_t i)
{
  return i < set->n && copies_there(&set->at[i]) ? &set->at[i] : NULL;
}

void copies_set_close(struct copies_set *set)
{
  for (size_t i = 0; i < set->n; i++)
    copies_close(&set->at[i]);
  if (set->authorities >= 0)
    close(set->authorities);
  free(set->at);
  *set = COPIES_SET_INIT;
}
