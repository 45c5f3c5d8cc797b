/* Reading texts in pieces. */
#include "cmd/check_capsule_read.h"

#include <errno.h>
#include <unistd.h>

#include "base/err.h"
#include "site/look.h"
#include "site/mime.h"
#include "text/gph.h"

bool read_form(const struct capsule *c, struct str path, struct str guess, enum proof_form *form)
{
  struct str name = look_name(path), type = mime_type(c->mime, name);
  if (type.n == 0)
    type = guess;
  *form = PROOF_PLAIN;
  if (str_eq(name, STR("gophermap")))
    *form = PROOF_GOPHERMAP;
  else if (gph_named(name))
    *form = PROOF_GPH;
  else if (str_eq(type, STR("text/gemini")))
    *form = PROOF_GEMTEXT;
  /* HTML says by itself how it is encoded. */
  return *form != PROOF_PLAIN || (str_starts(type, STR("text/")) && !str_eq(type, STR("text/html")));
}

int read_proof(int fd, uint64_t size, enum proof_form form,
               void (*tell)(void *context, const struct proof_event *event), void *context)
{
  static char piece[64 * 1024];
  struct proof proof;
  int err = 0;
  proof_begin(&proof, form, tell, context);
  while (size > 0 && err == 0) {
    ssize_t got = read(fd, piece, size < sizeof piece ? (size_t)size : sizeof piece);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0) {
      err = got < 0 ? err_from_errno(errno) : 0;
      break;
    }
    size -= (uint64_t)got;
    err = proof_feed(&proof, str_make(piece, (size_t)got));
  }
  proof_end(&proof, err == 0);
  return err;
}
