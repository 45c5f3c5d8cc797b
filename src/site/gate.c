/* Who may enter. */
#include "site/gate.h"

#include <string.h>
#include <time.h>

enum { DAY_TEXT = 16 };

/* A date that is none became a time that is no day of any calendar (tls/identify.h). */
static void tell_dates(const struct identity *identity, int64_t now_s, struct response *r)
{
  bool early = identity->not_before > now_s;
  char day[DAY_TEXT];
  time_t time = (time_t)(early ? identity->not_before : identity->not_after);
  struct tm tm;
  if (!gmtime_r(&time, &tm) || strftime(day, DAY_TEXT, "%Y-%m-%d", &tm) == 0)
    response_set(r, STATUS_CERTIFICATE_NOT_VALID,
                 "There is a date in your certificate that is none: use another one or make a new one");
  else
    response_set(r, STATUS_CERTIFICATE_NOT_VALID, "Your certificate %s %s: use another one or make a new one",
                 early ? "is not valid before" : "expired on", day);
}

static bool is_listed(const struct gate *gate, const struct identity *identity)
{
  for (size_t i = 0; i < gate->n_fingerprints; i++)
    if (strcmp(gate->fingerprint[i], identity->certificate) == 0 || strcmp(gate->fingerprint[i], identity->key) == 0)
      return true;
  return false;
}

bool gate_admits(const struct rule *rule, const struct identity *identity, int64_t now_s, struct str host,
                 struct response *r)
{
  if (!rule || rule->gate.everybody)
    return true;
  if (!identity || !identity->presented) {
    if (rule->gate_reason && rule->gate_reason[0])
      response_set(r, STATUS_CERTIFICATE_REQUIRED, "%s", rule->gate_reason);
    else
      response_set(r, STATUS_CERTIFICATE_REQUIRED,
                   "This part of %.*s asks for a client certificate: choose or make one", STR_ARG(host));
    return false;
  }
  if (identity->not_before > now_s || identity->not_after < now_s) {
    tell_dates(identity, now_s, r);
    return false;
  }
  if (rule->gate.any || (rule->gate.authorities & identity->signed_by) || is_listed(&rule->gate, identity))
    return true;
  response_set(r, STATUS_CERTIFICATE_NOT_AUTHORISED,
               "Your certificate is not known here. To ask for entry, send its fingerprint to the owner of %.*s: "
               "sha256:%s",
               STR_ARG(host), identity->certificate);
  return false;
}
