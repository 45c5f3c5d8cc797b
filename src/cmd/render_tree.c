/* The tree of an overview as plain files: looked at first, then written. */
#include "cmd/render_tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cmd/render_folder.h"
#include "cmd/render_manifest.h"
#include "site/read.h"
#include "site/tree.h"
#include "text/overview.h"
#include "tls/digest.h"

#define MANIFEST ".rendered.sha256"

enum {
  DOCUMENT = 0, /* the first two files of a tree; the points' pages follow */
  INDEX = 1,
  FIRST_POINT = 2,
  MANIFEST_MAX = 4 * (OVERVIEW_POINTS_MAX + FIRST_POINT) * 128,
};

/* What stands where a file is to be written. */
enum stands {
  STANDS_NOTHING,
  STANDS_SAME,   /* what would be written */
  STANDS_OURS,   /* what we wrote before */
  STANDS_FOREIGN /* anything else: not to be touched */
};

struct file {
  enum stands stands;
  bool ours; /* to be remembered as written by us */
  unsigned char hash[DIGEST_BYTES];
};

struct tree {
  struct render_folder folder;
  struct str document; /* NAME.overview.txt */
  struct buf source, path;
  struct overview *overview;
  struct manifest manifest; /* of an earlier run */
  bool noted;               /* a manifest stands there */
  struct file *files;
  size_t n_files;
  struct buf content; /* of the file at hand */
  struct render_tally *tally;
  struct buf *why;
};

/* ---- what the tree consists of */

/* The file's path from the folder of pages, as the manifest has it. */
static struct str file_path(struct tree *t, size_t i, char path[RENDER_PATH])
{
  int n = 0;
  if (i == DOCUMENT)
    n = snprintf(path, RENDER_PATH, "../%.*s", STR_ARG(t->document));
  else if (i == INDEX)
    n = snprintf(path, RENDER_PATH, "index.gmi");
  else
    n = snprintf(path, RENDER_PATH, "%.*s.gmi", STR_ARG(overview_page_name(t->overview, i - FIRST_POINT)));
  return str_make(path, n > 0 && n < RENDER_PATH ? (size_t)n : 0);
}

/* Whether a tree of this document could hold a file of that path. */
static bool is_path(void *context, struct str path)
{
  const struct tree *t = context;
  if (str_eq(path, STR("index.gmi")) || (str_starts(path, STR("../")) && str_eq(str_skip(path, 3), t->document)))
    return true;
  if (path.n <= 4 || !str_ends(path, STR(".gmi")))
    return false;
  for (size_t i = 0; i < path.n - 4; i++)
    if ((path.p[i] < '0' || path.p[i] > '9') && path.p[i] != '-')
      return false;
  return true;
}

static int make_content(struct tree *t, size_t i)
{
  buf_clear(&t->content);
  if (i == DOCUMENT) {
    buf_put_str(&t->content, buf_str(&t->source));
    return buf_error(&t->content);
  }
  struct str point = i == INDEX ? STR("") : overview_page_name(t->overview, i - FIRST_POINT);
  return tree_put(t->overview, buf_str(&t->path), point, &t->content);
}

/* ---- looking */

/* Finds out what stands at one file's place, and what it is to be. */
static int look_at(struct tree *t, size_t i)
{
  char path[RENDER_PATH];
  struct str name = file_path(t, i, path);
  struct file *f = &t->files[i];
  unsigned char there[DIGEST_BYTES];
  int err = make_content(t, i);
  if (err == 0)
    err = digest_sha256(buf_str(&t->content), f->hash);
  if (err < 0)
    return render_folder_say(&t->folder, err, name, err_text(err));
  err = render_folder_read(&t->folder, path, OVERVIEW_PAGE_MAX, &t->content);
  if (err == ERR_NOT_FOUND) {
    f->stands = STANDS_NOTHING;
    f->ours = true;
    return 0;
  }
  if (err == ERR_NOMEM || (err == 0 && digest_sha256(buf_str(&t->content), there) < 0))
    return render_folder_say(&t->folder, ERR_NOMEM, name, err_text(ERR_NOMEM));
  f->ours = err == 0 && manifest_has(&t->manifest, name, there);
  if (err == 0 && memcmp(there, f->hash, sizeof there) == 0)
    f->stands = STANDS_SAME;
  else
    f->stands = f->ours ? STANDS_OURS : STANDS_FOREIGN;
  return 0;
}

/* Reads what an earlier run wrote down. */
static int look_at_manifest(struct tree *t)
{
  int err = render_folder_read(&t->folder, MANIFEST, MANIFEST_MAX, &t->content);
  if (err == ERR_NOT_FOUND)
    return 0;
  t->noted = true;
  if (err == 0)
    err = manifest_read(&t->manifest, &t->content, is_path, t);
  if (err < 0)
    (void)render_folder_say(&t->folder, err, STR(MANIFEST),
                            "is not as it was written: move it away, with the pages beside it");
  return err;
}

static int look(struct tree *t)
{
  size_t foreign = 0, first = 0;
  int err = look_at_manifest(t);
  for (size_t i = 0; i < t->n_files && err == 0; i++) {
    err = look_at(t, i);
    if (err == 0 && t->files[i].stands == STANDS_FOREIGN && foreign++ == 0)
      first = i;
  }
  if (err < 0 || foreign == 0)
    return err;
  char path[RENDER_PATH], what[256], more[64] = "";
  if (foreign > 1)
    (void)snprintf(more, sizeof more, " (and %zu more)", foreign - 1);
  (void)snprintf(what, sizeof what,
                 "was not written by `nuncio render`, or was changed since%s: move it away, or choose another folder",
                 more);
  return render_folder_say(&t->folder, ERR_EXISTS, file_path(t, first, path), what);
}

/* ---- writing */

/* Whether the tree has no such file any more. */
static bool is_stale(const struct tree *t, struct str path)
{
  if (!str_ends(path, STR(".gmi")) || str_eq(path, STR("index.gmi")))
    return false;
  return overview_find(t->overview, str_head(path, path.n - 4)) < 0;
}

/* What is to be written down in the end, into t->content. */
static void list_ours(struct tree *t)
{
  char path[RENDER_PATH];
  buf_clear(&t->content);
  for (size_t i = 0; i < t->n_files; i++)
    if (t->files[i].ours)
      manifest_put(&t->content, file_path(t, i, path), t->files[i].hash);
}

/* Whether all is as it should be, the note too: then nothing is written, and a folder that cannot be written to is as
 * good as any. */
static bool up_to_date(struct tree *t)
{
  for (size_t i = 0; i < t->n_files; i++)
    if (t->files[i].stands != STANDS_SAME)
      return false;
  list_ours(t);
  return t->noted && buf_error(&t->content) == 0 && str_eq(buf_str(&t->content), buf_str(&t->manifest.text));
}

/* Writes down what is ours. While files are being written (`during`) that is both what they were and what they will be,
 * so that a run that is cut short leaves nothing that the next one would not know. */
static int put_manifest(struct tree *t, bool during)
{
  list_ours(t);
  for (size_t i = 0; during && i < t->manifest.n; i++)
    manifest_put(&t->content, t->manifest.entries[i].path, t->manifest.entries[i].hash);
  if (buf_error(&t->content))
    return render_folder_say(&t->folder, buf_error(&t->content), STR(MANIFEST), "has too many lines");
  int err = render_folder_put(&t->folder, MANIFEST, buf_str(&t->content), t->noted);
  t->noted = t->noted || err == 0;
  return err;
}

/* Removes the pages of points that are gone, unless they were changed by hand. */
static int remove_stale(struct tree *t)
{
  for (size_t i = 0; i < t->manifest.n; i++) {
    struct str path = t->manifest.entries[i].path;
    unsigned char there[DIGEST_BYTES];
    char name[RENDER_PATH];
    bool again = i > 0 && str_eq(path, t->manifest.entries[i - 1].path);
    if (again || !is_stale(t, path) || snprintf(name, sizeof name, "%.*s", STR_ARG(path)) >= (int)sizeof name)
      continue;
    int err = render_folder_read(&t->folder, name, OVERVIEW_PAGE_MAX, &t->content);
    if (err == ERR_NOT_FOUND)
      continue;
    if (err < 0 || digest_sha256(buf_str(&t->content), there) < 0 || !manifest_has(&t->manifest, path, there)) {
      t->tally->left++;
      continue;
    }
    err = render_folder_remove(&t->folder, name);
    if (err < 0)
      return err;
    t->tally->removed++;
  }
  return 0;
}

static int write_files(struct tree *t)
{
  char path[RENDER_PATH];
  for (size_t i = 0; i < t->n_files; i++) {
    struct str name = file_path(t, i, path);
    if (t->files[i].stands == STANDS_SAME) {
      t->tally->unchanged++;
      continue;
    }
    int err = make_content(t, i);
    if (err < 0)
      return render_folder_say(&t->folder, err, name, err_text(err));
    err = render_folder_put(&t->folder, path, buf_str(&t->content), t->files[i].stands == STANDS_OURS);
    if (err < 0)
      return err;
    t->tally->written++;
  }
  return 0;
}

/* ---- all of it */

static int load(struct tree *t, int parent)
{
  const struct root root = root_of(parent);
  struct file_id id;
  if (str_has_control(t->document)) {
    buf_printf(t->why, "the name of %.*s holds control characters: give it another", STR_ARG(t->document));
    return ERR_SYNTAX;
  }
  buf_put_c(&t->path, '/');
  buf_put_str(&t->path, t->document);
  int err = buf_error(&t->path);
  if (err == 0)
    err = read_file(&root, buf_str(&t->path), OVERVIEW_MAX, &t->source, &id);
  if (err == 0)
    err = tree_read(&root, buf_str(&t->path), &t->overview, &id);
  if (err < 0) {
    buf_printf(t->why, "%.*s cannot be read: %s", STR_ARG(t->document), err_text(err));
    return err;
  }
  t->tally->replaced = overview_replaced(t->overview);
  t->n_files = overview_points(t->overview) + FIRST_POINT;
  t->files = calloc(t->n_files, sizeof *t->files);
  if (!t->files)
    buf_printf(t->why, "%s", err_text(ERR_NOMEM));
  return t->files ? 0 : ERR_NOMEM;
}

static int write_tree(struct tree *t)
{
  int err = render_folder_make(&t->folder);
  if (err == 0)
    err = put_manifest(t, true);
  if (err == 0)
    err = write_files(t);
  if (err == 0)
    err = remove_stale(t);
  return err ? err : put_manifest(t, false);
}

int render_tree(int parent, struct str document, const char *dir, struct render_tally *tally, struct buf *why)
{
  struct tree t = {.folder = {.dir = dir,
                              .name = str_head(document, document.n - STR(OVERVIEW_SUFFIX).n),
                              .dir_fd = -1,
                              .pages_fd = -1,
                              .why = why},
                   .document = document,
                   .source = BUF_INIT(OVERVIEW_MAX),
                   .path = BUF_INIT(RENDER_PATH),
                   .content = BUF_INIT(OVERVIEW_PAGE_MAX + 65536),
                   .tally = tally,
                   .why = why};
  *tally = (struct render_tally){.written = 0};
  int err = load(&t, parent);
  if (err == 0)
    err = render_folder_open(&t.folder, parent, document);
  if (err == 0)
    err = look(&t);
  if (err == 0 && up_to_date(&t))
    tally->unchanged = t.n_files;
  else if (err == 0)
    err = write_tree(&t);
  render_folder_close(&t.folder);
  buf_free(&t.source);
  buf_free(&t.path);
  buf_free(&t.content);
  overview_free(t.overview);
  manifest_free(&t.manifest);
  free(t.files);
  return err;
}
