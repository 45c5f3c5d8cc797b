/* Settings of hosts that many share: where the homes of users are, and paths under one root on Gopher. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "config/settings.h"

/* Whether the path is of plain segments: not empty, not `.` and not `..`, and one `*` in the place of one of them.
 * *star is where that stands. */
static bool has_one_star(struct str path, size_t *star)
{
  struct str rest = str_skip(path, 1), segment;
  unsigned stars = 0;
  while (str_split(&rest, '/', &segment)) {
    if (segment.n == 0 || str_eq(segment, STR(".")) || str_eq(segment, STR("..")))
      return false;
    if (str_find(segment, '*') == segment.n)
      continue;
    if (segment.n > 1)
      return false;
    *star = (size_t)(segment.p - path.p);
    stars++;
  }
  return stars == 1;
}

int settings_user_dirs(struct site_settings *s, struct str value, struct buf *why)
{
  size_t star = 0;
  while (value.n > 1 && str_ends(value, STR("/")))
    value.n--;
  if (!str_starts(value, STR("/")) || !has_one_star(value, &star) || star < 2) {
    buf_put_str(why, STR("expected an absolute path with `*` in the place of a user's name, beneath a folder, as in "
                         "/home/*/public_capsule"));
    return ERR_SYNTAX;
  }
  struct str behind = str_skip(value, star + 1);
  int err = settings_string(&s->homes, str_head(value, star - 1));
  return err ? err : settings_string(&s->user_folder, str_starts(behind, STR("/")) ? str_skip(behind, 1) : behind);
}

enum { GOPHER_PATH_MOST = 200 };

/* What means the same encoded and not (RFC 3986 2.3), so that there is one way to write the path. */
static bool is_plain_segment(struct str segment)
{
  for (size_t i = 0; i < segment.n; i++) {
    char c = segment.p[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && c != '-' && c != '.' && c != '_' && c != '~')
      return false;
  }
  return segment.n > 0 && segment.p[0] != '.';
}

int settings_gopher_path(struct site_settings *s, struct str value, struct buf *why)
{
  if (value.n > 1 && str_ends(value, STR("/")))
    value.n--;
  bool good = str_starts(value, STR("/")) && value.n <= GOPHER_PATH_MOST;
  struct str rest = str_skip(value, 1), segment;
  while (good && str_split(&rest, '/', &segment))
    good = is_plain_segment(segment);
  if (!good) {
    buf_printf(why,
               "expected a path such as /name of letters, digits and - . _ ~, whose parts begin with no dot, of at "
               "most %d bytes",
               GOPHER_PATH_MOST);
    return ERR_SYNTAX;
  }
  return settings_string(&s->gopher_path, value);
}

bool settings_gopher_paths_meet(const char *one, const char *other)
{
  size_t n = strlen(one), m = strlen(other), least = n < m ? n : m;
  const char *longer = n < m ? other : one;
  return memcmp(one, other, least) == 0 && (longer[least] == '\0' || longer[least] == '/');
}
