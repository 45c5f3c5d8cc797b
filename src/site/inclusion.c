/* What an author may put into a page from elsewhere in the capsule. */
#include "site/inclusion.h"

#include "base/buf.h"
#include "base/err.h"
#include "site/dot_rules.h"
#include "site/listing_entry.h"
#include "text/uri.h"

/* A map may include a hundred others, whose paths are compared with its author's patterns. */
enum { PATH_BYTES_MAX = 8192, STEPS_MAX = 16 * 1024 * 1024 };

int inclusion_path(struct str directory, struct str as_written, struct buf *out)
{
  struct buf raw = BUF_INIT(PATH_BYTES_MAX);
  if (!str_starts(as_written, STR("/")))
    buf_put_str(&raw, directory);
  buf_put_str(&raw, as_written);
  int err = buf_error(&raw) ? buf_error(&raw) : uri_path(out, buf_str(&raw), false);
  buf_free(&raw);
  return err;
}

/* Whether everybody who may see the page may see what is at this path: no other gate is before it, nor could there be
 * one in a file of a directory that is not on the way to the page. */
static bool is_as_open(const struct root *root, const struct listing_options *options, struct str own, struct str path)
{
  const struct rule *here[2];
  if (dot_rules_steps(options->dots, path) > STEPS_MAX || dot_rules_steps(options->dots, own) > STEPS_MAX)
    return false;
  listing_entry_gates(options, own, here);
  bool open = listing_entry_as_open(options, here, path);
  for (size_t i = 0; open && i < path.n; i++) {
    struct str directory = str_head(path, i + 1);
    if (path.p[i] == '/' && !str_starts(own, directory))
      open = !dot_rules_may_stand(root, directory, options->dot_files, options->meta_files);
  }
  return open;
}

static bool is_of_same_user(const struct root *root, struct str own, struct str path)
{
  if (root->homes < 0)
    return true;
  size_t home = str_starts(own, STR("/~")) ? str_find(str_skip(own, 1), '/') + 2 : 1;
  bool other = home == 1 && str_starts(path, STR("/~"));
  return str_starts(path, str_head(own, home)) && !other;
}

enum inclusion inclusion_allowed(const struct root *root, const struct listing_options *options, struct str directory,
                                 struct str path)
{
  /* An author may hide what is only to be included. */
  if (path_hidden(path) && !str_eq(str_head(path, str_rfind(path, '/') + 1), directory))
    return INCLUSION_HIDDEN;
  if (!is_of_same_user(root, directory, path))
    return INCLUSION_OTHER_USERS;
  return is_as_open(root, options, directory, path) ? INCLUSION_FINE : INCLUSION_GUARDED;
}
