/* Listings: reading a directory, and sorting what is to be shown. Looking into files is listing_entry.c's. */
#include "site/listing.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "site/listing_entry.h"
#include "text/overview.h"

/* Room for LISTING_ENTRIES names of 255 bytes, and the titles of LISTING_LABELLED. */
enum { TEXT_MAX = 64 * 1024 * 1024 };

void listing_free(struct listing *l)
{
  if (!l)
    return;
  free(l->entry);
  free(l->by_name);
  buf_free(&l->text);
  free(l);
}

struct str listing_name(const struct listing *l, const struct entry *e)
{
  return str_make(l->text.p + e->name, e->name_n);
}

struct str listing_title(const struct listing *l, const struct entry *e)
{
  return str_make(l->text.p + e->title, e->title_n);
}

size_t listing_size(const struct listing *l)
{
  return sizeof *l + l->n * (sizeof *l->entry + sizeof *l->by_name) + l->text.cap;
}

/* Hidden names (G23), and what is not for readers: the map answers for its directory, it is no page of it; and where a
 * path that begins with a tilde leads to a user, it does not lead to what stands here. */
static bool left_out(struct str name, bool users, const struct listing_options *options)
{
  return str_starts(name, STR(".")) || (users && str_starts(name, STR("~"))) || str_eq(name, STR("gophermap")) ||
         str_eq(name, options->header) || str_eq(name, options->footer);
}

static int add_entry(struct listing *l, size_t *room, const struct dirent *d)
{
  if (l->n == *room) {
    size_t wanted = *room ? *room * 2 : 64;
    struct entry *grown = realloc(l->entry, wanted * sizeof *grown);
    if (!grown)
      return ERR_NOMEM;
    l->entry = grown;
    *room = wanted;
  }
  struct str name = str_from(d->d_name);
  l->entry[l->n++] = (struct entry){.name = l->text.n, .name_n = name.n, .settled = true, .type = d->d_type};
  buf_put_str(&l->text, name);
  return buf_error(&l->text);
}

static int read_names(DIR *dir, bool users, const struct listing_options *options, struct listing *l)
{
  size_t room = 0;
  for (;;) {
    errno = 0;
    const struct dirent *d = readdir(dir);
    if (!d)
      return errno ? err_from_errno(errno) : 0;
    if (left_out(str_from(d->d_name), users, options))
      continue;
    if (l->n == LISTING_ENTRIES) {
      l->cut = true;
      return 0;
    }
    int err = add_entry(l, &room, d);
    if (err)
      return err;
  }
}

static int by_name(const void *a, const void *b, void *listing)
{
  return str_cmp(listing_name(listing, a), listing_name(listing, b));
}

/* Dated entries first, the newest at the top; then the others; each by name. */
static int by_date(const void *a, const void *b, void *listing)
{
  const struct entry *one = a, *two = b;
  int order = strcmp(two->date, one->date);
  return order ? order : by_name(a, b, listing);
}

static int by_date_upwards(const void *a, const void *b, void *listing)
{
  const struct entry *one = a, *two = b;
  int order = strcmp(one->date, two->date);
  if (!one->date[0] || !two->date[0])
    order = -order; /* what has none comes last here too */
  return order ? order : by_name(a, b, listing);
}

static int by_name_down(const void *a, const void *b, void *listing)
{
  return by_name(b, a, listing);
}

static int by_modified(const void *a, const void *b, void *listing)
{
  const struct entry *one = a, *two = b;
  if (one->modified_ns != two->modified_ns)
    return one->modified_ns < two->modified_ns ? 1 : -1;
  return by_name(a, b, listing);
}

static int by_modified_upwards(const void *a, const void *b, void *listing)
{
  const struct entry *one = a, *two = b;
  return one->modified_ns == two->modified_ns ? by_name(a, b, listing) : by_modified(b, a, listing);
}

static int (*order_of(enum listing_order order))(const void *, const void *, void *)
{
  switch (order) {
  case LISTING_OLDEST:
    return by_date_upwards;
  case LISTING_NAME:
    return by_name;
  case LISTING_NAME_DOWN:
    return by_name_down;
  case LISTING_MODIFIED:
    return by_modified;
  case LISTING_MODIFIED_UP:
    return by_modified_upwards;
  case LISTING_UNSET:
  case LISTING_NEWEST:
    break;
  }
  return by_date;
}

static void sort_entries(struct listing *l, int (*order)(const void *, const void *, void *))
{
  if (l->n > 1)
    qsort_r(l->entry, l->n, sizeof *l->entry, order, l);
}

/* The i-th entry by name: in order already, or by the index. */
static const struct entry *at_name(const struct listing *l, const uint32_t *by_name, size_t i)
{
  return &l->entry[by_name ? by_name[i] : i];
}

static const struct entry *find_name(const struct listing *l, const uint32_t *by_name, struct str name)
{
  size_t low = 0, high = l->n;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const struct entry *e = at_name(l, by_name, middle);
    int order = str_cmp(listing_name(l, e), name);
    if (order == 0)
      return e;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

const struct entry *listing_find(const struct listing *l, struct str name)
{
  return l->by_name ? find_name(l, l->by_name, name) : NULL;
}

static int by_name_at(const void *a, const void *b, void *listing)
{
  const struct listing *l = listing;
  return str_cmp(listing_name(l, &l->entry[*(const uint32_t *)a]), listing_name(l, &l->entry[*(const uint32_t *)b]));
}

/* For listing_find, and for the next build of the same directory. */
static int index_names(struct listing *l)
{
  l->by_name = malloc((l->n + 1) * sizeof *l->by_name);
  if (!l->by_name)
    return ERR_NOMEM;
  for (size_t i = 0; i < l->n; i++)
    l->by_name[i] = (uint32_t)i;
  if (l->n > 1)
    qsort_r(l->by_name, l->n, sizeof *l->by_name, by_name_at, l);
  return 0;
}

/* Of more documents than are looked at (in the order of their names still), those whose tree's name is taken: the names
 * tell. Where they are not all there, nobody can say. */
static void mark_shadowed(struct listing *l)
{
  for (size_t i = 0; i < l->n; i++) {
    struct entry *e = &l->entry[i];
    if (listing_entry_is_document(listing_name(l, e)))
      e->shadowed = l->cut || find_name(l, NULL, str_head(listing_name(l, e), e->name_n - STR(OVERVIEW_SUFFIX).n));
  }
}

/* Looks at every entry, and closes the gaps that those leave which are not to be shown. */
static void look_at_entries(struct listing *l, struct entry_context *context)
{
  size_t kept = 0;
  for (size_t i = 0; i < l->n; i++) {
    struct entry *e = &l->entry[i];
    if (!listing_entry_look(context, l, e))
      continue;
    l->settled = l->settled && e->settled;
    l->entry[kept++] = *e;
  }
  l->n = kept;
}

/* Gives back what doubling left unused, and what was not to be shown: a listing may be kept for long, and is counted by
 * its entries (listing_size). */
static void trim(struct listing *l)
{
  struct entry *smaller = l->n ? realloc(l->entry, l->n * sizeof *l->entry) : NULL;
  if (smaller)
    l->entry = smaller;
}

/* Takes the open directory. */
static int read_directory(DIR *dir, const struct root *root, struct str path, int64_t now_ns,
                          const struct listing *previous, const struct listing_options *options, struct listing *l)
{
  struct entry_context context;
  int err = read_names(dir, root->homes >= 0 && path.n == 1, options, l);
  if (err)
    return err;
  l->plain = l->n > LISTING_LABELLED;
  sort_entries(l, by_name);
  if (l->plain)
    mark_shadowed(l);
  err = listing_entry_begin(&context, root, dirfd(dir), path, now_ns, previous, options);
  if (err == 0)
    look_at_entries(l, &context);
  int left_out = listing_entry_end(&context);
  if (err == 0 && left_out == ERR_NOMEM)
    err = left_out;
  if (err)
    return err;
  trim(l);
  sort_entries(l, order_of(options->order));
  err = l->plain ? 0 : index_names(l);
  return err ? err : buf_error(&l->text);
}

int listing_build(const struct root *root, struct str path, int64_t now_ns, const struct listing *previous,
                  const struct listing_options *options, struct listing **out)
{
  static const struct listing_options as_by_default;
  int fd = -1;
  struct stat st;
  int err = resolve_open(root, path, 0, &fd, &st);
  if (err)
    return err;
  struct listing *l = calloc(1, sizeof *l);
  DIR *dir = l ? fdopendir(fd) : NULL;
  if (!dir) {
    err = l ? err_from_errno(errno) : ERR_NOMEM;
    close(fd);
    free(l);
    return err;
  }
  buf_init(&l->text, TEXT_MAX);
  l->id = file_id(&st);
  l->settled = file_settled(&l->id, now_ns);
  l->lasting = true;
  err = read_directory(dir, root, path, now_ns, previous, options ? options : &as_by_default, l);
  closedir(dir);
  if (err) {
    listing_free(l);
    return err;
  }
  *out = l;
  return 0;
}
