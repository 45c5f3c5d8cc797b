/* Other maps in the place of a line: which of them may be read, and reading them. */
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "site/inclusion.h"
#include "site/map_internal.h"
#include "site/read.h"

enum { PATH_BYTES_MAX = 8192 };

int map_read(struct map *m, struct str path, struct buf *text, struct file_id *id, bool *program)
{
  int fd = -1;
  struct stat st;
  int err = resolve_open(m->order->root, path, 0, &fd, &st);
  if (err)
    return err;
  *id = file_id(&st);
  *program = S_ISREG(st.st_mode) && (st.st_mode & S_IXOTH);
  if (!S_ISREG(st.st_mode))
    err = ERR_SPECIAL;
  else if (*program)
    err = ERR_DENIED;
  else if ((uint64_t)st.st_size > MAP_BYTES_MAX - m->bytes)
    err = ERR_LIMIT;
  if (err == 0) {
    size_t size = (size_t)st.st_size, n = 0;
    char *room = buf_room(text, size + 1);
    err = room ? read_at_once(fd, 0, room, size, &n) : ERR_NOMEM;
    if (err == 0) {
      buf_added(text, n);
      m->bytes += n;
    }
  }
  close(fd);
  m->made->settled = m->made->settled && file_settled(id, m->order->now_ns);
  return err;
}

static bool includes_itself(const struct map_file *f, const struct file_id *id)
{
  for (; f; f = f->above)
    if (f->id.device == id->device && f->id.inode == id->inode)
      return true;
  return false;
}

/* Why the author of the page may not put a map there; NULL: he may. */
static const char *not_allowed(const struct map *m, struct str path)
{
  switch (inclusion_allowed(m->order->root, m->order->options, m->directory, path)) {
  case INCLUSION_FINE:
    break;
  case INCLUSION_HIDDEN:
    return "this map has a hidden name, and is not in the page's own directory";
  case INCLUSION_OTHER_USERS:
    return "this map is another user's";
  case INCLUSION_GUARDED:
    return "this map may not be for everybody who sees the page";
  }
  return NULL;
}

/* Why a map cannot be put here; NULL: it can, as far as is known before it is read. */
static const char *refusal(const struct map *m, const struct map_file *f, struct str path)
{
  if (f->depth + 1 == MAP_DEPTH_MAX)
    return "this would be the ninth map one within another";
  if (m->files == MAP_FILES_MAX)
    return "this would be one map or list more than 100 in a page";
  return not_allowed(m, path);
}

const char *map_words(int err, bool program)
{
  if (program)
    return "this map is a program (everybody may execute it), and programs are not run: if it is a text, chmod -x";
  if (err == ERR_NOT_FOUND)
    return "there is no such map in the capsule, and programs are not run";
  if (err == ERR_LIMIT)
    return "the maps of a page have 1 MiB at most, all together";
  return err_text(err);
}

static int include_file(struct map *m, const struct map_file *f, struct str as_written, struct str path)
{
  struct map_file file = {.above = f, .path = path, .depth = f->depth + 1};
  struct buf text = BUF_INIT(MAP_BYTES_MAX + 1);
  bool program = false, lists;
  const char *why = refusal(m, f, path);
  int err = 0;
  if (m->files < MAP_FILES_MAX)
    m->files++;
  if (!why) {
    err = map_read(m, path, &text, &file.id, &program);
    if (err == 0 && includes_itself(f, &file.id))
      why = "this map is being read already: it includes itself";
    else if (err && err != ERR_NOMEM)
      why = map_words(err, program);
    else if (err == 0) /* whoever closes its directory may write something else next */
      why = not_allowed(m, path);
  }
  if (why)
    map_complain(m, f, as_written, why);
  else if (err == 0 && m->order->put_in)
    m->order->put_in(m->order->context, path);
  if (!why && err == 0)
    err = map_put_lines(m, &file, buf_str(&text), &lists); /* `*` ends it, and lists nothing in the middle of a page */
  buf_free(&text);
  return why ? 0 : err;
}

int map_include(struct map *m, const struct map_file *f, struct str as_written)
{
  struct buf path = BUF_INIT(PATH_BYTES_MAX);
  m->made->lasting = false;
  int err = inclusion_path(m->directory, as_written, &path);
  if (err == 0) {
    err = include_file(m, f, as_written, buf_str(&path));
  } else if (err != ERR_NOMEM) {
    map_complain(m, f, as_written, "this is no path within the capsule");
    err = 0;
  }
  buf_free(&path);
  return err;
}
