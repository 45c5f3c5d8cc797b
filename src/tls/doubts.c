/* Dates and names of a certificate against the clock and the names that are served. */
#include "tls/doubts.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "tls/advice.h"
#include "tls/pair.h"

enum { ADVICE_MAX = 3 * PATH_MAX };

static void put_expired(X509 *leaf, const char *dir, const char *file, struct buf *lines)
{
  struct buf mend = BUF_INIT(ADVICE_MAX);
  if (pair_self_signed(leaf)) {
    advice_cert(&mend, "renew", dir, file, false);
    buf_put_str(&mend, STR(" makes a new one"));
  } else {
    buf_put_str(&mend, STR("renew it where it was signed"));
  }
  buf_printf(lines, "%s/%s.crt has expired: readers are warned or turned away; %.*s\n", dir, file,
             STR_ARG(buf_str(&mend)));
  buf_free(&mend);
}

void doubts_find(X509 *leaf, const char *const *names, size_t n_names, const char *dir, const char *file,
                 struct buf *lines)
{
  if (X509_cmp_current_time(X509_get0_notAfter(leaf)) < 0)
    put_expired(leaf, dir, file, lines);
  else if (X509_cmp_current_time(X509_get0_notBefore(leaf)) > 0)
    buf_printf(lines, "%s/%s.crt is not valid yet: look at its dates and at this machine's clock\n", dir, file);
  for (size_t i = 0; i < n_names; i++) {
    struct str name = str_from(names[i]);
    if (str_ends(name, STR(".")))
      name = str_head(name, name.n - 1);
    if (X509_check_host(leaf, name.p, name.n, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) != 1 &&
        X509_check_ip_asc(leaf, names[i], 0) != 1)
      buf_printf(lines, "%s/%s.crt does not name %s: browsers that check names refuse it there\n", dir, file, names[i]);
  }
  ERR_clear_error();
}
