/* Reading texts in pieces. */
#include "cmd/check_capsule_read.h"

#include <errno.h>
#include <unistd.h>

#include "base/err.h"
#include "site/content.h"
#include "site/look.h"
#include "site/mime.h"
#include "text/gph.h"
#include "text/menu.h"

bool read_form(const struct capsule *c, struct str path, struct str guess, const struct ruled *ruled,
               struct read_as *as)
{
  struct str name = look_name(path), type = ruled->type ? str_from(ruled->type) : mime_type(c->mime, name);
  if (type.n == 0)
    type = guess;
  *as = (struct read_as){.form = PROOF_PLAIN,
                         .width = ruled->columns ? ruled->columns : (size_t)MENU_COLUMNS,
                         .in_utf8 = !ruled->charset || str_eq_nocase(str_from(ruled->charset), STR("utf-8"))};
  if (str_eq(name, STR("gophermap")))
    as->form = c->root.dialect ? PROOF_DIALECT : PROOF_GOPHERMAP;
  else if (gph_named(name))
    as->form = PROOF_GPH;
  else if (content_is_gemtext(type))
    as->form = PROOF_GEMTEXT;
  /* HTML says by itself how it is encoded. */
  return as->form != PROOF_PLAIN || (str_starts(type, STR("text/")) && !str_starts(type, STR("text/html")));
}

static void begin(struct proof *proof, const struct read_as *as,
                  void (*tell)(void *context, const struct proof_event *event), void *context)
{
  proof_begin(proof, as->form, tell, context);
  proof->width = as->width;
}

int read_proof_text(struct str text, const struct read_as *as,
                    void (*tell)(void *context, const struct proof_event *event), void *context)
{
  struct proof proof;
  begin(&proof, as, tell, context);
  int err = proof_feed(&proof, text);
  proof_end(&proof, err == 0);
  return err;
}

int read_proof(int fd, uint64_t size, const struct read_as *as,
               void (*tell)(void *context, const struct proof_event *event), void *context)
{
  static char piece[64 * 1024];
  struct proof proof;
  int err = 0;
  begin(&proof, as, tell, context);
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
