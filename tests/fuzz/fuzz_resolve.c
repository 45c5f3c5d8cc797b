/* Paths on a disk: whatever links lie in the capsule and whatever path is asked for, nothing outside of it is opened,
 * and both ways to look give the same answer (G13).
 *
 * The input is a text: each line makes something in the capsule (`f NAME`, `d NAME`, `p NAME` for a FIFO, `l NAME
 * TARGET`) or, `? PATH`, asks for a path. The capsule is the folder of its users' homes as well, so that `d` is the
 * user at /~d/. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/folder.h"
#include "base/err.h"
#include "disk.h"
#include "must.h"
#include "site/resolve.h"
#include "site/resolve_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MADE_MOST = 24, LINK_MOST = 64, PATH_MOST = 512 };

static struct folder top; /* the capsule lies in it, beside what nobody must get into */
static struct root root = {.folder = -1, .homes = -1, .user_folder = ""};
static char made[MADE_MOST][NAME_MAX + 1];
static unsigned n_made;

static void remove_top(void)
{
  folder_remove(&top);
}

static void begin_process(void)
{
  folder_make(&top);
  (void)atexit(remove_top);
  folder_file(&top, "outside/secret", "secret");
  folder_dir(&top, "capsule");
  root.folder = openat(top.fd, "capsule", O_PATH | O_DIRECTORY | O_CLOEXEC);
  root.homes = openat(top.fd, "capsule", O_PATH | O_DIRECTORY | O_CLOEXEC);
  must(root.folder >= 0 && root.homes >= 0, "a capsule");
}

/* Names lie in the capsule itself, or in the directory `d` there. False where the name is none of these. */
static bool name_of(struct str text, char name[NAME_MAX + 1])
{
  bool deep = str_starts(text, STR("d/"));
  struct str last = deep ? str_skip(text, 2) : text;
  if (last.n == 0 || last.n > LINK_MOST || memchr(last.p, '/', last.n) || memchr(last.p, '\0', last.n) ||
      str_eq(last, STR(".")) || str_eq(last, STR("..")))
    return false;
  memcpy(name, text.p, text.n);
  name[text.n] = '\0';
  return true;
}

static void make(char kind, struct str rest)
{
  struct str first;
  char *name = made[n_made], target[LINK_MOST + 1] = "";
  if (n_made == MADE_MOST || !str_split(&rest, ' ', &first) || !name_of(first, name))
    return;
  int done = -1;
  if (kind == 'd') {
    done = mkdirat(root.folder, name, 0755);
  } else if (kind == 'p') {
    done = mkfifoat(root.folder, name, 0644);
  } else if (kind == 'l') {
    struct str to = str_head(rest, LINK_MOST);
    if (to.n && !memchr(to.p, '\0', to.n)) {
      memcpy(target, to.p, to.n);
      done = symlinkat(target, root.folder, name);
    }
  } else {
    int fd = openat(root.folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    done = fd < 0 ? -1 : close(fd);
  }
  n_made += done == 0;
}

/* What one way makes of it. */
struct seen {
  int looked, opened;
  struct file_id look, open;
  bool directory;
};

static struct seen see(enum resolve_way way, struct str path)
{
  struct seen seen = {.directory = false};
  struct stat looked, opened;
  int fd = -1;
  resolve_use(way);
  seen.looked = resolve_stat(&root, path, 0, &looked);
  seen.opened = resolve_open(&root, path, 0, &fd, &opened);
  if (seen.looked == 0)
    seen.look = file_id(&looked);
  if (seen.opened == 0) {
    seen.open = file_id(&opened);
    seen.directory = S_ISDIR(opened.st_mode);
    must(S_ISREG(opened.st_mode) || seen.directory, "only files and directories are opened");
    must(!(fcntl(fd, F_GETFL) & O_PATH) && fcntl(fd, F_GETFD) & FD_CLOEXEC, "for reading, and by us alone");
    close(fd);
  }
  must(seen.opened == 0 ? seen.looked == 0 && file_id_eq(&seen.look, &seen.open)
                        : seen.looked == seen.opened || (seen.opened == ERR_SPECIAL && seen.looked == 0),
       "a look and an opening see the same");
  must(seen.opened == 0 || seen.opened == ERR_NOT_FOUND || seen.opened == ERR_OUTSIDE || seen.opened == ERR_SPECIAL,
       "a path's error");
  return seen;
}

/* What is at /~NAME/PATH is what is at PATH in a capsule of its own, the directory NAME; nothing else of the homes. */
static void ask_user(struct str path, const struct seen *seen)
{
  char name[PATH_MOST + 1];
  struct stat st;
  while (str_starts(path, STR("/")))
    path = str_skip(path, 1);
  if (!str_starts(path, STR("~")))
    return;
  size_t slash = str_find(path, '/');
  struct str user = str_skip(str_head(path, slash), 1);
  memcpy(name, user.p, user.n);
  name[user.n] = '\0';
  int fd = -1;
  if (user.n && user.p[0] != '.' && strlen(name) == user.n)
    fd = openat(root.homes, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    must(seen->looked == ERR_NOT_FOUND, "who is no user has no pages");
    return;
  }
  const struct root own = root_of(fd);
  struct file_id id = {0};
  int looked = resolve_stat(&own, str_skip(path, slash), 0, &st);
  if (looked == 0)
    id = file_id(&st);
  must(looked == seen->looked, "a user's path and the same in her folder");
  must(looked || file_id_eq(&id, &seen->look), "a user's file and the same in her folder");
  close(fd);
}

static void ask(struct str path)
{
  path = str_head(path, PATH_MOST);
  struct seen kernel = see(RESOLVE_WAY_KERNEL, path), walk = see(RESOLVE_WAY_WALK, path);
  must(kernel.looked == walk.looked && kernel.opened == walk.opened, "both ways give the same answer");
  must(kernel.looked || file_id_eq(&kernel.look, &walk.look), "both ways see the same file");
  must(kernel.opened || !str_ends(path, STR("/")) || kernel.directory, "a slash at the end wants a directory");
  ask_user(path, &kernel);
}

/* A folder that a run has been in is emptied, what lies deeper first. */
static void unmake(void)
{
  while (n_made > 0)
    if (unlinkat(root.folder, made[--n_made], 0) != 0)
      must(unlinkat(root.folder, made[n_made], AT_REMOVEDIR) == 0, "what was made can be removed");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct str rest = str_make((const char *)data, size), line;
  if (root.folder < 0)
    begin_process();
  /* First what is made, so that the watch knows all of it; then what is asked. */
  for (struct str text = rest; str_line(&text, &line);)
    if (line.n > 2 && line.p[1] == ' ' && memchr("fdpl", line.p[0], 4))
      make(line.p[0], str_skip(line, 2));
  char path[PATH_MAX];
  must(snprintf(path, sizeof path, "%s/capsule", top.path) > 0, "a path");
  disk_begin();
  disk_forget();
  disk_allow(path);
  disk_watch(true);
  while (str_line(&rest, &line))
    if (str_starts(line, STR("? ")))
      ask(str_skip(line, 2));
  disk_watch(false);
  unmake();
  return 0;
}
