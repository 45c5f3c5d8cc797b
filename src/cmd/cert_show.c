/* `nuncio cert show`: names, key, dates and fingerprints, for people. */
#include "cmd/cert_show.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/complain.h"
#include "cmd/say.h"
#include "tls/advice.h"
#include "tls/certificate.h"

enum { TEXT_MAX = 64 << 10, SOON_DAYS = 30, DAY_SECONDS = 24 * 60 * 60 };

/* A server's as readers' browsers show it, a client's as settings name those who may enter. */
static void print_fingerprint(const char *what, const unsigned char bytes[FINGERPRINT_BYTES], bool client)
{
  printf("  %-12s %s", what, client ? "sha256:" : "SHA-256 ");
  for (size_t i = 0; i < FINGERPRINT_BYTES; i++)
    printf(client ? "%s%02x" : "%s%02X", i && !client ? ":" : "", bytes[i]);
  (void)putchar('\n');
}

/* Whole days; less than one is said in words, since "0 days left" would be read as over. */
static void put_days(struct buf *out, long long seconds)
{
  long long days = seconds / DAY_SECONDS;
  if (days == 0)
    buf_put_str(out, STR("less than a day"));
  else
    buf_printf(out, "%lld day%s", days, days == 1 ? "" : "s");
}

enum cert_state cert_show_state(struct buf *out, enum cert_use use, time_t begin, time_t end, time_t now)
{
  static const char *const expired[] = {": readers are warned or turned away", ": servers turn it away (62)", ""};
  static const char *const early[] = {": readers are warned or turned away until then",
                                      ": servers turn it away until then (62)", ""};
  if (end <= now) {
    buf_put_str(out, STR("EXPIRED "));
    put_days(out, (long long)now - end);
    buf_printf(out, " ago%s", expired[use]);
    return CERT_EXPIRED;
  }
  if (begin > now) {
    buf_put_str(out, STR("NOT VALID YET, "));
    put_days(out, (long long)begin - now);
    buf_printf(out, " to go%s; is this machine's clock right?", early[use]);
    return CERT_EARLY;
  }
  put_days(out, (long long)end - now);
  buf_put_str(out, STR(" left"));
  if ((long long)end - now >= (long long)SOON_DAYS * DAY_SECONDS)
    return CERT_GOOD;
  buf_put_str(out, STR(": EXPIRES SOON"));
  return CERT_SOON;
}

static void put_advice(struct buf *words, const char *dir, const char *name, const struct certificate_info *info)
{
  buf_put_str(words, STR("; "));
  if (!info->self_signed)
    buf_put_str(words, STR("renew it where it was signed"));
  else if (info->client)
    buf_put_str(words, STR("make another one with `nuncio cert client`"));
  else if (!info->server)
    buf_put_str(words, STR("renew it where it was made"));
  else {
    advice_cert(words, "renew", dir, name, false);
    buf_put_str(words, STR(" makes a new one"));
  }
}

static void print_dates(const char *dir, const char *name, const struct certificate_info *info)
{
  char from[32] = "", to[32] = "";
  struct buf words = BUF_INIT(TEXT_MAX);
  struct tm first = info->not_before, last = info->not_after;
  enum cert_use use = info->client ? CERT_OF_CLIENT : info->server ? CERT_OF_SERVER : CERT_OF_NEITHER;
  enum cert_state state = cert_show_state(&words, use, timegm(&first), timegm(&last), time(NULL));
  if (state == CERT_EXPIRED || state == CERT_SOON)
    put_advice(&words, dir, name, info);
  if (strftime(from, sizeof from, "%Y-%m-%d", &first) > 0 && strftime(to, sizeof to, "%Y-%m-%d", &last) > 0)
    printf("  %-12s %s to %s, ", "valid", from, to);
  say(buf_str(&words));
  (void)putchar('\n');
  buf_free(&words);
}

static void print_info(const char *dir, const char *name, const struct certificate_info *info)
{
  say(str_from(name));
  printf("\n  %-12s ", "names");
  say(info->names.n  ? buf_str(&info->names)
      : info->client ? STR("none (a client's certificate)")
      : info->server ? STR("none (only the common name)")
                     : STR("none (no server's certificate)"));
  printf("\n  %-12s ", "subject");
  say(info->subject.n ? buf_str(&info->subject) : STR("none"));
  puts(info->self_signed ? ", self-signed" : ", signed by somebody else");
  printf("  %-12s ", "key");
  say(buf_str(&info->key));
  printf(", ");
  say(str_from(dir));
  (void)putchar('/');
  say(str_from(name));
  printf(".key %s\n", info->key_matches                     ? "matches"
                      : certificate_exists(dir, name, true) ? "DOES NOT MATCH or cannot be read"
                                                            : "IS MISSING");
  print_dates(dir, name, info);
  print_fingerprint("certificate", info->fingerprint, info->client);
  print_fingerprint("public key", info->key_fingerprint, info->client);
}

int cert_show_one(const char *dir, const char *name)
{
  struct certificate_info info;
  struct buf why = BUF_INIT(TEXT_MAX);
  int status = EXIT_OK;
  if (certificate_read(dir, name, &info, &why) == 0)
    print_info(dir, name, &info);
  else {
    complain("cert", "%.*s", STR_ARG(buf_str(&why)));
    status = EXIT_FAULT;
  }
  certificate_info_free(&info);
  buf_free(&why);
  return status;
}

static int is_certificate(const struct dirent *entry)
{
  struct str name = str_from(entry->d_name);
  return name.n > 4 && name.p[0] != '.' && str_ends(name, STR(".crt"));
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
  return strcmp((*a)->d_name, (*b)->d_name);
}

int cert_show_all(const char *dir)
{
  struct buf why = BUF_INIT(TEXT_MAX);
  struct dirent **found = NULL;
  int status = EXIT_OK;
  int n = scandir(dir, &found, is_certificate, by_bytes);
  if (n < 0) {
    buf_printf(&why, "%s cannot be read (%s): name the certificates' folder with --certs", dir, strerror(errno));
  } else if (n == 0) {
    buf_printf(&why, "there are no certificates in %s: ", dir);
    advice_cert(&why, "new", dir, NULL, false);
    buf_put_str(&why, STR(" makes one"));
  }
  if (n <= 0) {
    complain("cert", "%.*s", STR_ARG(buf_str(&why)));
    status = EXIT_FAULT;
  }
  for (int i = 0; i < n; i++) {
    found[i]->d_name[strlen(found[i]->d_name) - strlen(".crt")] = '\0';
    if (i > 0)
      (void)putchar('\n');
    (void)fflush(stdout); /* what is said on standard error comes in its place */
    if (cert_show_one(dir, found[i]->d_name) != EXIT_OK)
      status = EXIT_FAULT;
    free(found[i]);
  }
  free(found);
  buf_free(&why);
  return status;
}
