/* For the protocols' tests: real sites over an empty folder, for their names. */
#ifndef NUNCIO_TESTS_SITES_H
#define NUNCIO_TESTS_SITES_H

#include "base/str.h"
#include "site/site.h"

/* Opens a site with these names. Its folder is gone already: whatever it is asked for is not there, and item types come
 * from names alone. The mime table is borrowed until site_close. */
static struct site *site_without_files(const struct mime *mime, const char *const *names, size_t n, bool named)
{
  char folder[] = "/tmp/nuncio-test-XXXXXX";
  struct site *site = NULL;
  struct buf why = BUF_INIT(1024);
  assert_non_null(mkdtemp(folder));
  const struct site_config config = {.root = folder, .names = names, .n_names = n, .named = named};
  if (site_open(&config, env_direct(), mime, &site, &why) < 0)
    fail_msg("site_open: %.*s", STR_ARG(buf_str(&why)));
  assert_int_equal(rmdir(folder), 0);
  buf_free(&why);
  return site;
}

#endif
