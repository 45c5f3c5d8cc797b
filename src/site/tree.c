/* An overview's tree: from the document on the disk to its pages. */
#include "site/tree.h"

#include "base/err.h"
#include "site/look.h"
#include "site/read.h"
#include "site/readable.h"
#include "text/uri.h"

enum { NAME_COLUMNS = 255, LINK_MAX = 1024 };

int tree_read(const struct root *root, struct str path, struct overview **out, struct file_id *id)
{
  struct str file = look_name(path);
  struct buf source = BUF_INIT(OVERVIEW_MAX), name = BUF_INIT(LINK_MAX);
  readable_put(&name, str_head(file, file.n - STR(OVERVIEW_SUFFIX).n), NAME_COLUMNS);
  int err = buf_error(&name);
  if (err == 0)
    err = read_file(root, path, OVERVIEW_MAX, &source, id);
  if (err == 0)
    err = overview_parse(buf_str(&source), buf_str(&name), out);
  buf_free(&source);
  buf_free(&name);
  return err;
}

int tree_put(const struct overview *o, struct str path, struct str point, struct buf *out)
{
  if (point.n) {
    long i = overview_find(o, point);
    return i < 0 ? ERR_NOT_FOUND : overview_put_point(o, (size_t)i, out);
  }
  /* The pages stand one level below the document. */
  struct buf source = BUF_INIT(LINK_MAX);
  buf_put_str(&source, STR("../"));
  uri_put_path(&source, look_name(path));
  int err = buf_error(&source);
  if (err == 0)
    err = overview_put_page(o, buf_str(&source), out);
  buf_free(&source);
  return err;
}
