/* For tests: a request in, a response out; driving a site without a socket. */
#ifndef NUNCIO_TESTS_ASK_H
#define NUNCIO_TESTS_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "fill.h"
#include "pool.h"
#include "site/mime.h"
#include "site/site.h"

/* A site over a temporary folder. */
struct stand {
  struct folder folder;
  struct pool pool;
  struct mime *mime;
  struct site *site;
  const struct identity *identity; /* who asks from now on; NULL: somebody without a certificate */
  uint64_t visitor;
};

/* What came back. A reply that is reused is emptied first; reply_free at the end. */
struct reply {
  struct answer *answer; /* while it is on its way */
  bool came;
  unsigned calls; /* of done: never more than one */
  enum status status;
  enum format format;
  struct buf meta, base, body;
  struct body *source; /* not pulled yet */
  bool failed;         /* the body was cut short */
};

/* A stand with the name `capsule.example`, no language and a cache of 32 MiB. */
void stand_make(struct stand *s, const struct fill *items);
/* The same, with a site that is configured otherwise; `root` is replaced by the folder's. */
void stand_make_with(struct stand *s, const struct fill *items, struct site_config config);
void stand_remove(struct stand *s);

/* A test with a stand of its own as its state, filled from the table `items` before and removed after it. */
#define stand_test(test, items)                                                                                        \
  cmocka_unit_test_prestate_setup_teardown(test, stand_setup, stand_teardown, (void *)(uintptr_t)(items))
int stand_setup(void **state);
int stand_teardown(void **state);

/* How many pages were built so far: what did not raise this came from the cache, or shared a build. */
unsigned long stand_built(const struct stand *s);

/* Root may read everything. What is asked between these two is asked as somebody else; ordinary users are that already.
 */
void stand_give_up_rights(const struct stand *s);
void stand_take_rights_back(void);

/* So much time goes by that whatever was ready is checked against the disk. */
void stand_wait(struct stand *s);

/* Takes the oldest job out of the pool and runs it; its `done` is left to the caller. */
struct work *stand_run(struct stand *s);

/* Does what the pool holds for the answer that was started last until its page is being built or it has come: on some
 * file systems a look for a name that is not there always goes to the pool first. `waiting` is how many jobs there were
 * before it was started, `built` how many builds. */
void stand_look(struct stand *s, unsigned waiting, unsigned long built);

/* Starts a request for a path as it stands in a URI (decoded once; with a query perhaps). *r must be REPLY_INIT or have
 * been used before. */
#define REPLY_INIT                                                                                                     \
  {                                                                                                                    \
    .meta = BUF_INIT(1 << 16), .base = BUF_INIT(1 << 16), .body = BUF_INIT((size_t)1 << 30)                            \
  }
void ask_start(struct stand *s, enum representation representation, const char *path, struct reply *r);

/* The same to the end: work in the pool is done, the body pulled. The answer must come. */
void ask(struct stand *s, enum representation representation, const char *path, struct reply *r);

/* A selector's two readings: raw paths, tried in order (P2). */
void ask_either(struct stand *s, enum representation representation, struct str first, struct str second,
                struct reply *r);

/* Pulls the rest of the body. */
void reply_pull(struct stand *s, struct reply *r);

void reply_free(struct reply *r);

/* The parts as text ended by a NUL; valid until the reply changes. */
const char *reply_meta(struct reply *r);
const char *reply_base(struct reply *r);
const char *reply_body(struct reply *r);

#define assert_status(r, wanted)                                                                                       \
  do {                                                                                                                 \
    if ((r)->status != (wanted))                                                                                       \
      fail_msg("status %d (%s), not %d", (int)(r)->status, reply_meta(r), (int)(wanted));                              \
  } while (0)

#define assert_contains(text, part)                                                                                    \
  do {                                                                                                                 \
    if (!strstr((text), (part)))                                                                                       \
      fail_msg("no %s in:\n%s", (part), (text));                                                                       \
  } while (0)

#define assert_lacks(text, part)                                                                                       \
  do {                                                                                                                 \
    if (strstr((text), (part)))                                                                                        \
      fail_msg("%s in:\n%s", (part), (text));                                                                          \
  } while (0)

#endif
