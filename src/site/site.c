/* A site: opening and closing it, and its names. */
#include "site/site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/host.h"
#include "site/answer.h"
#include "site/item.h"
#include "site/state.h"

struct site *site_ref(struct site *site)
{
  site->refs++;
  return site;
}

void site_unref(struct site *site)
{
  if (!site || --site->refs > 0)
    return;
  for (size_t i = 0; i < site->n_names; i++)
    free(site->names[i]);
  free(site->names);
  free(site->folder);
  free(site->hosts_menu);
  free(site->hosts_gemtext);
  free(site->lang);
  rules_free(&site->rules);
  free(site->gopher_path);
  free(site->user_folder);
  dot_shelf_clear(&site->shelf);
  types_clear(&site->types);
  cache_close(site->cache);
  if (site->root.folder >= 0)
    close(site->root.folder);
  if (site->root.homes >= 0)
    close(site->root.homes);
  free(site);
}

/* A host name as it is compared and shown: ASCII lower case, without the dot that ends an absolute name. */
static char *name_copy(struct str name)
{
  if (name.n > 1 && str_ends(name, STR(".")))
    name.n--;
  char *copy = str_dup(name);
  for (char *c = copy; c && *c; c++)
    if (*c >= 'A' && *c <= 'Z')
      *c = (char)(*c - 'A' + 'a');
  return copy;
}

/* One line: by Gopher where that reaches the very site, else by its URL. */
static void put_host(struct buf *out, const struct site_host *host, bool by_gopher)
{
  enum { GEMINI_PORT = 1965 };
  if (host->gopher_port && (by_gopher || !host->gemini_port))
    buf_printf(out, "1%s\t%s/\t%s\t%u\n", host->name, host->path ? host->path : "", host->name, host->gopher_port);
  else if (host->gemini_port == GEMINI_PORT)
    buf_printf(out, "h%s\tURL:gemini://%s/\n", host->name, host->name);
  else if (host->gemini_port)
    buf_printf(out, "h%s\tURL:gemini://%s:%u/\n", host->name, host->name, host->gemini_port);
}

static char *hosts_of(const struct site_config *config, bool by_gopher)
{
  enum { HOSTS_MAX = 4 << 20 };
  struct buf lines = BUF_INIT(HOSTS_MAX);
  for (size_t i = 0; i < config->n_hosts; i++)
    put_host(&lines, &config->hosts[i], by_gopher);
  char *copy = buf_error(&lines) ? NULL : str_dup(buf_str(&lines));
  buf_free(&lines);
  return copy;
}

static int take_config(struct site *site, const struct site_config *config)
{
  site->named = config->named;
  site->pace = config->pace ? config->pace : &site->own_pace;
  site->dots = config->dots;
  for (size_t i = 0; config->rules && config->dots.nuncio && i < config->rules->n; i++)
    site->reads_nuncio = site->reads_nuncio || config->rules->rule[i].local == TOGGLE_ON;
  site->reads_dots = config->dots.meta || site->reads_nuncio;
  site->folder = str_dup(str_from(config->root));
  site->lang = str_dup(str_from(config->lang));
  site->names = calloc(config->n_names, sizeof *site->names);
  site->user_folder = str_dup(str_from(config->user_folder ? config->user_folder : ""));
  site->hosts_menu = hosts_of(config, true);
  site->hosts_gemtext = hosts_of(config, false);
  site->gopher_path = config->gopher_path ? str_dup(str_from(config->gopher_path)) : NULL;
  if (!site->gopher_path != !config->gopher_path)
    return ERR_NOMEM;
  if (!site->folder || !site->user_folder || !site->lang || !site->names || !site->hosts_menu || !site->hosts_gemtext)
    return ERR_NOMEM;
  for (; site->n_names < config->n_names; site->n_names++) {
    site->names[site->n_names] = name_copy(str_from(config->names[site->n_names]));
    if (!site->names[site->n_names])
      return ERR_NOMEM;
  }
  return config->rules ? rules_copy(&site->rules, config->rules) : 0;
}

/* `mend` is what the owner can do besides. */
static void explain(struct buf *why, const char *root, int err, const char *mend)
{
  if (err == ERR_NOT_FOUND)
    buf_printf(why, "there is no folder %s: make it, or %s", root, mend);
  else if (err == ERR_SYNTAX)
    buf_printf(why, "%s is not a folder: %s", root, mend);
  else if (err == ERR_DENIED)
    buf_printf(why, "the folder %s may not be entered: check its permissions", root);
  else
    buf_printf(why, "the folder %s cannot be opened: %s", root, err_text(err));
}

static int open_folder(const char *path, const char *mend, int *fd, struct buf *why)
{
  *fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (*fd >= 0)
    return 0;
  int err = errno == ENOTDIR ? ERR_SYNTAX : err_from_errno(errno);
  explain(why, path, err, mend);
  return err;
}

static int open_root(struct site *site, const struct site_config *config, struct buf *why)
{
  int err = open_folder(config->root, "name the folder to serve", &site->root.folder, why);
  if (err == 0 && config->homes) {
    site->root.user_folder = site->user_folder;
    err = open_folder(config->homes, "name another one by user-dirs", &site->root.homes, why);
  }
  return err;
}

int site_open(const struct site_config *config, struct env *env, const struct mime *mime, struct site **out,
              struct buf *why)
{
  struct site *site = calloc(1, sizeof *site);
  if (!site)
    return ERR_NOMEM;
  site->refs = 1;
  site->root = root_of(-1);
  site->root.dialect = config->dialect;
  site->env = env;
  site->mime = mime;
  types_init(&site->types);
  dot_shelf_init(&site->shelf);
  site->cache = cache_open(config->cache);
  int err = site->cache ? take_config(site, config) : ERR_NOMEM;
  if (err)
    buf_put_str(why, STR("out of memory"));
  else
    err = open_root(site, config, why);
  if (err) {
    site_unref(site);
    return err;
  }
  *out = site;
  return 0;
}

void site_close(struct site *site)
{
  if (!site)
    return;
  site->closed = true;
  types_clear(&site->types);
  cache_clear(site->cache);
  site_unref(site);
}

int site_folder(const struct site *site)
{
  return site->root.folder;
}

int site_homes(const struct site *site)
{
  return site->root.homes;
}

struct str site_name(const struct site *site)
{
  return site_name_at(site, 0);
}

struct str site_name_at(const struct site *site, size_t i)
{
  return i < site->n_names ? str_from(site->names[i]) : STR("");
}

bool site_named(const struct site *site)
{
  return site->named;
}

struct str site_gopher_path(const struct site *site)
{
  return site->gopher_path ? str_from(site->gopher_path) : STR("");
}

bool site_has_name(const struct site *site, struct str host)
{
  for (size_t i = 0; i < site->n_names; i++)
    if (host_is(str_from(site->names[i]), host))
      return true;
  return false;
}

bool site_has_wildcard(const struct site *site, struct str host)
{
  for (size_t i = 0; i < site->n_names; i++)
    if (host_in_wildcard(str_from(site->names[i]), host))
      return true;
  return false;
}

struct dot_rules_order site_dot_rules(struct site *site, int64_t now_ns)
{
  return (struct dot_rules_order){
      .root = &site->root, .kinds = &site->dots, .settings = &site->rules, .shelf = &site->shelf, .now_ns = now_ns};
}

/* The main name; where that is only the default, the folder's own name says more. */
struct str site_title(const struct site *site)
{
  struct str path = str_from(site->folder);
  while (path.n > 1 && str_ends(path, STR("/")))
    path.n--;
  size_t slash = str_rfind(path, '/');
  struct str own = slash < path.n ? str_skip(path, slash + 1) : path;
  bool says_nothing = own.n == 0 || str_eq(own, STR(".")) || str_eq(own, STR(".."));
  return site->named || says_nothing ? site_name(site) : own;
}

struct answer *site_start(struct site *site, const struct request *request,
                          void (*done)(void *context, struct response *response), void *context)
{
  return answer_start(site, request, done, context);
}

void site_cancel(struct answer *answer)
{
  answer_cancel(answer);
}

char site_item_type(struct site *site, struct ready *page, struct str path)
{
  return item_type(site, page, path);
}
