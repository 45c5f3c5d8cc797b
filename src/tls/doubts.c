/* Dates and names of a certificate against the clock and the names that are served. */
#include "tls/doubts.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "tls/pair.h"

static void put_expired(X509 *leaf, const struct tls_files *files, struct buf *lines)
{
  buf_put_str(lines, STR(" has expired: readers are warned or turned away; "));
  if (pair_self_signed(leaf))
    files_advise_certificate(files, lines);
  else
    buf_put_str(lines, STR("renew it where it was signed"));
  buf_put_c(lines, '\n');
}

void doubts_find(X509 *leaf, const char *const *names, size_t n_names, const struct tls_files *files, struct buf *lines)
{
  if (X509_cmp_current_time(X509_get0_notAfter(leaf)) < 0) {
    files_path(files, false, lines);
    put_expired(leaf, files, lines);
  } else if (X509_cmp_current_time(X509_get0_notBefore(leaf)) > 0) {
    files_path(files, false, lines);
    buf_put_str(lines, STR(" is not valid yet: look at its dates and at this machine's clock\n"));
  }
  for (size_t i = 0; i < n_names; i++) {
    struct str name = str_from(names[i]);
    if (str_ends(name, STR(".")))
      name = str_head(name, name.n - 1);
    if (X509_check_host(leaf, name.p, name.n, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1 ||
        X509_check_ip_asc(leaf, names[i], 0) == 1)
      continue;
    files_path(files, false, lines);
    buf_printf(lines, " does not name %s: browsers that check names refuse it there", names[i]);
    if (pair_self_signed(leaf))
      files_advise_name(files, names[i], lines);
    buf_put_c(lines, '\n');
  }
  ERR_clear_error();
}
