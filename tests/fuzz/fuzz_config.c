/* A settings file, whatever bytes it holds: it is read, and then what is written of it reads the same; or the line of
 * the mistake is told. A file before changes nothing for one that comes after: libConfuse's scanner is one for all. */
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "config/file.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_MAX = 4 << 20 };

static unsigned lines(struct str text)
{
  unsigned n = 1;
  for (size_t i = 0; i < text.n; i++)
    n += text.p[i] == '\n';
  return n;
}

/* `fuzz:LINE: something`; what the end of the text lacks is told with the line after. */
static void check_sentence(struct str text, struct str why)
{
  unsigned line = 0;
  must(str_starts(why, STR("fuzz:")), "the file is named");
  why = str_skip(why, 5);
  size_t colon = str_find(why, ':');
  must(str_number(str_head(why, colon), &line) == 0 && line >= 1 && line <= lines(text) + 1, "a line of the text");
  must(why.n > colon + 2, "something is said");
}

static bool same_text(const char *one, const char *other)
{
  return one == other || (one && other && strcmp(one, other) == 0);
}

static bool same_gate(const struct gate *one, const struct gate *other)
{
  bool same = one->set == other->set && one->everybody == other->everybody && one->any == other->any &&
              one->authorities == other->authorities && one->n_fingerprints == other->n_fingerprints;
  for (size_t i = 0; same && i < one->n_fingerprints; i++)
    same = strcmp(one->fingerprint[i], other->fingerprint[i]) == 0;
  return same;
}

static bool same_rule(const struct rule *one, const struct rule *other)
{
  const char *const texts[][2] = {{one->pattern, other->pattern},
                                  {one->lang, other->lang},
                                  {one->charset, other->charset},
                                  {one->type, other->type},
                                  {one->meta, other->meta},
                                  {one->header, other->header},
                                  {one->footer, other->footer},
                                  {one->parameters, other->parameters},
                                  {one->gate_reason, other->gate_reason}};
  bool same = one->under == other->under && one->names == other->names && one->status == other->status &&
              one->with_rest == other->with_rest && one->slow_seconds == other->slow_seconds &&
              one->listing == other->listing && one->order == other->order && one->columns == other->columns &&
              one->terminate == other->terminate && one->local == other->local;
  for (size_t i = 0; same && i < sizeof texts / sizeof *texts; i++)
    same = same_text(texts[i][0], texts[i][1]);
  return same && same_gate(&one->gate, &other->gate);
}

/* What the writer left out twice would not be seen in what it wrote: who may enter, above all. */
static bool same_site(const struct site_settings *one, const struct site_settings *other)
{
  bool same = one->n_names == other->n_names && one->gophermaps == other->gophermaps && one->whole == other->whole &&
              one->agate_meta == other->agate_meta && one->named == other->named && one->rules.n == other->rules.n &&
              same_text(one->lang, other->lang) && same_text(one->gopher_path, other->gopher_path) &&
              same_text(one->homes, other->homes) && same_text(one->user_folder, other->user_folder);
  for (size_t i = 0; same && i < one->n_names; i++)
    same = strcmp(one->names[i], other->names[i]) == 0;
  for (size_t i = 0; same && i < one->rules.n; i++)
    same = same_rule(&one->rules.rule[i], &other->rules.rule[i]);
  return same;
}

static bool same_settings(const struct settings *one, const struct settings *other)
{
  bool same =
      one->n_sites == other->n_sites && one->sections == other->sections && one->n_authorities == other->n_authorities;
  for (size_t i = 0; same && i < one->n_authorities; i++)
    same = strcmp(one->authorities[i], other->authorities[i]) == 0;
  for (size_t i = 0; same && i < one->n_sites; i++)
    same = same_site(&one->sites[i], &other->sites[i]);
  return same;
}

static void check_round(struct settings *s)
{
  struct settings again;
  struct buf first = BUF_INIT(TEXT_MAX), second = BUF_INIT(TEXT_MAX), why = BUF_INIT(TEXT_MAX);
  int err = settings_write_text(s, &first, &why);
  must(err == 0 || (err == ERR_SYNTAX && why.n > 0), "it can be written");
  if (err == 0) {
    must(settings_init(&again) == 0, "memory");
    must(settings_read_text(&again, buf_str(&first), "written", &why) == 0, "what is written can be read");
    must(settings_write_text(&again, &second, &why) == 0 && str_eq(buf_str(&first), buf_str(&second)),
         "it is the same");
    must(same_settings(s, &again), "who serves has what was read");
    settings_free(&again);
  }
  buf_free(&first);
  buf_free(&second);
  buf_free(&why);
}

static void check_simple(void)
{
  struct settings s;
  struct buf why = BUF_INIT(TEXT_MAX);
  must(settings_init(&s) == 0, "memory");
  must(settings_read_text(&s, STR("workers = 7 # seven\n"), "simple", &why) == 0 && s.workers == 7, "a simple one");
  settings_free(&s);
  buf_free(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct settings s;
  struct str text = str_make((const char *)data, size);
  struct buf why = BUF_INIT(TEXT_MAX);
  must(settings_init(&s) == 0, "memory");
  int err = settings_read_text(&s, text, "fuzz", &why);
  if (err == 0)
    check_round(&s);
  else if (err == ERR_SYNTAX)
    check_sentence(text, buf_str(&why));
  settings_free(&s);
  buf_free(&why);
  check_simple();
  return 0;
}
