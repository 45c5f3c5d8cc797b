/* Answers that are ready: the bytes of a page and what is said of them, the forms that protocols have given it, and
 * what must still be so on the disk for it to be right. */
#ifndef NUNCIO_SITE_READY_H
#define NUNCIO_SITE_READY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/str.h"
#include "site/cache.h"
#include "site/page.h"
#include "site/response.h"
#include "site/trail.h"

enum {
  READY_FILE_MAX = 256 * 1024, /* a larger file is streamed: what one reader holds stays within a few pieces of it */
  READY_FORM_MAX = 256 * 1024, /* a larger form is made anew for each reader, as it is sent: to gather a MiB of menu
                                  in the loop takes 17 ms */
  READY_FORMS = 8,             /* of one page: as many addresses as one machine is reached by */
  READY_TRUSTED_MS = 1000,     /* after this the disk is asked again */
};

/* A page in another form, a Gopher menu for instance. */
struct form;

/* Made for one answer; perhaps kept for others. Counted in the loop's thread. */
struct ready {
  struct cached held; /* first */
  struct page *page;  /* one reference; never NULL, and its bytes are not */
  enum format format;
  struct str meta, base; /* as in struct response; spans into `text` */
  unsigned columns;      /* as in struct response, and `terminate` */
  bool terminate;
  struct trail trail; /* what was looked at */
  uint64_t checked;   /* when, on the env's clock: nothing was looked at before that */
  bool lasting;       /* `trail` is all that it depends on; else it is believed once, and not checked */
  unsigned looks;     /* how many links' types were looked up since the last ready_form */
  uint64_t steps;     /* how long that took for an author's rules (dot_rules_steps) */
  bool guessed;       /* and whether for one of them nobody has looked of late */
  bool large;         /* a form was larger than is kept: the page is as long for everybody */
  struct form *forms; /* owned; the newest first */
  char text[];
};

/* A copy of what the response says about `page`, of which it takes a reference; *trail is moved into it, and is empty
 * afterwards in any case. One reference; NULL when memory is short. */
struct ready *ready_make(const struct response *r, struct page *page, struct trail *trail);

struct ready *ready_ref(struct ready *ready);
void ready_unref(struct ready *ready); /* NULL is fine */

/* The memory that it stands for, in bytes. */
size_t ready_cost(const struct ready *ready);

/* Fills in *r (initialised) as the answer. 0 or ERR_NOMEM. */
int ready_response(struct ready *ready, struct response *r) __attribute__((warn_unused_result));

/* The disk was asked, at `now`, and nothing has changed. Forms for which links were looked at are given up: where those
 * lead is not on the trail. */
void ready_confirm(struct ready *ready, uint64_t now);

/* Whether it is kept for others, so that a form is worth keeping. */
bool ready_kept(const struct ready *ready);

/* Whether a form is worth gathering: it would be kept, and none has been found too large. */
bool ready_gathers(const struct ready *ready);

/* A form was larger than READY_FORM_MAX: no other is gathered, for as long as the page stays. */
void ready_form_too_large(struct ready *ready);

/* The form that was kept under a key, whose meaning is the protocol's (the host and port that links name), or NULL.
 * Borrowed until the next call. With NULL one is begun: what site_item_type looks at for this page until
 * ready_keep_form belongs to it. */
struct bytes *ready_form(struct ready *ready, struct str key);

/* Keeps a form (one reference of its own) where the page itself is kept: until it goes, or until the next check if
 * links were looked at; not at all where one was guessed. */
void ready_keep_form(struct ready *ready, struct str key, struct bytes *bytes);

#endif
