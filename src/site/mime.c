/* MIME types by name: tables read once into one sorted array. */
#include "site/mime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "site/mime_builtin.h"

enum {
  KEY_MAX = 40,          /* the longest suffix or whole name that is taken */
  TYPE_MAX = 127,        /* of a type; RFC 6838 allows as much on each side */
  TABLE_MAX = 4 << 20,   /* of a file; Debian's have 35 and 74 KB */
  ENTRIES_MAX = 1 << 16, /* of all together */
  WEIGHT_MAX = 100,      /* of a glob in globs2 */
};

/* Where an entry comes from: of two for the same name the one from further up wins. */
enum source { SOURCE_OURS, SOURCE_GLOBS2, SOURCE_MIME_TYPES, SOURCE_FALLBACK };

struct entry {
  bool whole;     /* `key` is a whole name (makefile), not a suffix (without its dot) */
  struct str key; /* spans of the files, or static */
  struct str type;
  uint64_t rank; /* the lower one wins: source, then case, then weight, then the order in the file */
};

struct mime {
  struct entry *entries; /* sorted by kind and key, each there once */
  size_t n, cap;
  struct buf globs2, mime_types; /* the files */
  struct mime *self;             /* the table, for those who have it as const, and how many have it */
  unsigned refs;
};

static int lower(char c)
{
  return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

static int compare_keys(const struct entry *a, const struct entry *b)
{
  if (a->whole != b->whole)
    return a->whole - b->whole;
  for (size_t i = 0; i < a->key.n && i < b->key.n; i++) {
    int order = lower(a->key.p[i]) - lower(b->key.p[i]);
    if (order)
      return order;
  }
  return (a->key.n > b->key.n) - (a->key.n < b->key.n);
}

static int compare_entries(const void *left, const void *right)
{
  const struct entry *a = left, *b = right;
  int order = compare_keys(a, b);
  return order ? order : (a->rank > b->rank) - (a->rank < b->rank);
}

static int compare_to_key(const void *left, const void *right)
{
  return compare_keys(left, right);
}

/* The names of RFC 6838, section 4.2, and one slash: nothing that could spoil a META. */
static bool is_type(struct str type)
{
  const struct str others = STR("!#$&-^_.+");
  size_t slash = str_find(type, '/');
  if (type.n > TYPE_MAX || slash == 0 || slash + 1 >= type.n)
    return false;
  for (size_t i = 0; i < type.n; i++) {
    char c = type.p[i];
    bool plain = (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9');
    if (!plain && i != slash && str_find(others, c) == others.n)
      return false;
  }
  return true;
}

static bool has_capital(struct str s)
{
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] >= 'A' && s.p[i] <= 'Z')
      return true;
  }
  return false;
}

/* Adds an entry; one that makes no sense is passed over. 0 or ERR_NOMEM. */
static int add(struct mime *m, bool whole, struct str key, struct str type, enum source source, unsigned weight)
{
  if (key.n == 0 || key.n > KEY_MAX || !is_type(type) || m->n == ENTRIES_MAX)
    return 0;
  if (m->n == m->cap) {
    size_t cap = m->cap ? 2 * m->cap : 1024;
    struct entry *grown = realloc(m->entries, cap * sizeof *grown);
    if (!grown)
      return ERR_NOMEM;
    m->entries = grown;
    m->cap = cap;
  }
  /* `*.C` is C++ and `*.c` is C: a look-up in any case means the small one. */
  uint64_t rank = (uint64_t)source << 56 | (uint64_t)has_capital(key) << 48 | (uint64_t)(WEIGHT_MAX - weight) << 32;
  m->entries[m->n] = (struct entry){whole, key, type, rank | m->n};
  m->n++;
  return 0;
}

/* One line of globs2: `weight:type:glob`, perhaps `:flags`. Of globs we know `*.suffix` and whole names. */
static int add_glob(struct mime *m, struct str line)
{
  struct str weight_text, type, glob, flags = STR("");
  unsigned weight;
  if (!str_split(&line, ':', &weight_text) || !str_split(&line, ':', &type) || !str_split(&line, ':', &glob))
    return 0;
  (void)str_split(&line, ':', &flags);
  /* What is flagged `cs` stands there a second time without the flag, for readers like us that know no case. */
  if (str_number(weight_text, &weight) || weight > WEIGHT_MAX || str_eq(flags, STR("cs")))
    return 0;
  bool whole = !str_starts(glob, STR("*."));
  struct str key = str_skip(glob, whole ? 0 : 2);
  for (size_t i = 0; i < key.n; i++) {
    if (key.p[i] == '*' || key.p[i] == '?' || key.p[i] == '[')
      return 0;
  }
  /* What has no suffix is judged by its content (G20): that tells better than the name `core` whether it is a core
   * dump. The table may say which kind of text. */
  if (whole && !mime_has_suffix(key) && !str_starts(type, STR("text/")))
    return 0;
  return add(m, whole, key, type, SOURCE_GLOBS2, weight);
}

/* Cuts the first word off. False where there is none. */
static bool next_word(struct str *rest, struct str *word)
{
  *rest = str_trim(*rest);
  size_t n = 0;
  while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t')
    n++;
  *word = str_head(*rest, n);
  *rest = str_skip(*rest, n);
  return n > 0;
}

static int add_suffixes(struct mime *m, struct str type, struct str suffixes, enum source source)
{
  struct str suffix;
  int err = 0;
  while (err == 0 && next_word(&suffixes, &suffix))
    err = add(m, false, suffix, type, source, 0);
  return err;
}

/* One line of mime.types: a type, then its suffixes without their dots. */
static int add_type(struct mime *m, struct str line)
{
  struct str type;
  return next_word(&line, &type) ? add_suffixes(m, type, line, SOURCE_MIME_TYPES) : 0;
}

static int add_rows(struct mime *m, const struct mime_row *rows, size_t n, enum source source)
{
  int err = 0;
  for (size_t i = 0; i < n && err == 0; i++)
    err = add_suffixes(m, str_from(rows[i].type), str_from(rows[i].suffixes), source);
  return err;
}

/* Reads a regular file, or as much of it as `out` may hold; one that cannot be read is no file. 0 or ERR_NOMEM. */
static int read_table(const char *name, struct buf *out)
{
  int fd = name ? open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
  struct stat st;
  if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
    for (;;) {
      size_t n = out->max - out->n < 65536 ? out->max - out->n : 65536;
      char *room = n ? buf_room(out, n) : NULL;
      ssize_t got = room ? read(fd, room, n) : 0;
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        break;
      buf_added(out, (size_t)got);
    }
  }
  if (fd >= 0)
    close(fd);
  return buf_error(out);
}

static int add_table(struct mime *m, struct buf *text, const char *name, int (*add_line)(struct mime *, struct str))
{
  int err = read_table(name, text);
  struct str rest = buf_str(text), line;
  while (err == 0 && str_line(&rest, &line)) {
    if (!str_starts(line, STR("#")))
      err = add_line(m, line);
  }
  return err;
}

/* Sorts, and keeps the best of the entries with the same key. */
static void sort(struct mime *m)
{
  qsort(m->entries, m->n, sizeof *m->entries, compare_entries);
  size_t kept = 0;
  for (size_t i = 0; i < m->n; i++) {
    if (kept == 0 || compare_keys(&m->entries[kept - 1], &m->entries[i]) != 0)
      m->entries[kept++] = m->entries[i];
  }
  m->n = kept;
}

struct mime *mime_load_from(const char *globs2, const char *mime_types)
{
  struct mime *m = calloc(1, sizeof *m);
  if (!m)
    return NULL;
  m->self = m;
  m->refs = 1;
  buf_init(&m->globs2, TABLE_MAX);
  buf_init(&m->mime_types, TABLE_MAX);
  if (add_rows(m, mime_ours, mime_n_ours, SOURCE_OURS) || add_table(m, &m->globs2, globs2, add_glob) ||
      add_table(m, &m->mime_types, mime_types, add_type) ||
      add_rows(m, mime_fallback, mime_n_fallback, SOURCE_FALLBACK)) {
    mime_free(m);
    return NULL;
  }
  sort(m);
  return m;
}

struct mime *mime_load(void)
{
  return mime_load_from("/usr/share/mime/globs2", "/etc/mime.types");
}

const struct mime *mime_ref(const struct mime *m)
{
  m->self->refs++;
  return m;
}

void mime_unref(const struct mime *m)
{
  if (m)
    mime_free(m->self);
}

void mime_free(struct mime *m)
{
  if (!m || --m->refs > 0)
    return;
  free(m->entries);
  buf_free(&m->globs2);
  buf_free(&m->mime_types);
  free(m);
}

static struct str find(const struct mime *m, bool whole, struct str key)
{
  const struct entry wanted = {.whole = whole, .key = key};
  const struct entry *found =
      key.n <= KEY_MAX ? bsearch(&wanted, m->entries, m->n, sizeof wanted, compare_to_key) : NULL;
  return found ? found->type : STR("");
}

struct str mime_type(const struct mime *m, struct str name)
{
  struct str type = find(m, true, name);
  /* The longest suffix first, so that `.tar.gz` goes before `.gz`. The first byte is no suffix's dot. */
  for (size_t i = 1; i < name.n && type.n == 0; i++) {
    if (name.p[i] == '.')
      type = find(m, false, str_skip(name, i + 1));
  }
  return type;
}
