/* The table of visitors: what is counted, who gives way, and that nothing is lost or left over when a worker dies. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "net/rate.h"
#include "net/visitors.h"

static const struct visitor_limits generous = {.open = 60000, .requests = WINDOW_MOST};

static struct visitors *map(int fd, unsigned seat)
{
  struct visitors *v = NULL;
  struct buf why = BUF_INIT(1024);
  if (visitors_map(fd, seat, &v, &why) < 0)
    fail_msg("%.*s", STR_ARG(buf_str(&why)));
  return v;
}

/* A table, and two workers at it. */
struct rig {
  int fd;
  struct visitors *one, *two;
};

static int set_up(void **state)
{
  struct rig *rig = calloc(1, sizeof *rig);
  struct buf why = BUF_INIT(1024);
  assert_non_null(rig);
  assert_int_equal(visitors_create(&rig->fd, &why), 0);
  rig->one = map(rig->fd, 0);
  rig->two = map(rig->fd, 7);
  *state = rig;
  return 0;
}

static int tear_down(void **state)
{
  struct rig *rig = *state;
  visitors_unmap(rig->one);
  visitors_unmap(rig->two);
  close(rig->fd);
  free(rig);
  return 0;
}

static enum visit enter(struct visitors *v, uint32_t address, const struct visitor_limits *limits, uint64_t now,
                        unsigned *place, unsigned *seconds)
{
  struct sockaddr_in peer = {.sin_family = AF_INET, .sin_addr.s_addr = address};
  return visitors_enter(v, (const struct sockaddr *)&peer, limits, now, place, seconds);
}

/* Connects where that must be welcome. */
static unsigned welcome(struct visitors *v, uint32_t address, uint64_t now)
{
  unsigned place, seconds;
  assert_int_equal(enter(v, address, &generous, now, &place, &seconds), VISIT_WELCOME);
  return place;
}

static unsigned all_open(const struct visitors *v)
{
  unsigned sum = 0;
  for (unsigned i = 0; i < VISITORS_PLACES; i++)
    sum += visitors_open(v, i);
  return sum;
}

static void connections_of_one_address_are_counted_over_all_workers(void **state)
{
  const struct rig *rig = *state;
  const struct visitor_limits three = {.open = 3, .requests = 1000};
  unsigned place, other, seconds;
  assert_int_equal(enter(rig->one, 1, &three, 0, &place, &seconds), VISIT_WELCOME);
  assert_int_equal(enter(rig->two, 1, &three, 0, &place, &seconds), VISIT_WELCOME);
  assert_int_equal(enter(rig->two, 1, &three, 0, &place, &seconds), VISIT_WELCOME);
  assert_int_equal(visitors_open(rig->one, place), 3);
  assert_int_equal(enter(rig->one, 1, &three, 0, &place, &seconds), VISIT_CROWDED);
  assert_int_equal(enter(rig->two, 1, &three, 0, &place, &seconds), VISIT_CROWDED);
  assert_int_equal(visitors_open(rig->two, place), 3); /* who is not welcome is not counted */
  assert_int_equal(enter(rig->one, 2, &three, 0, &other, &seconds), VISIT_WELCOME);
  visitors_leave(rig->two, place);
  assert_int_equal(enter(rig->one, 1, &three, 0, &place, &seconds), VISIT_WELCOME);
  assert_int_equal(visitors_open(rig->two, place), 3);
}

static void requests_of_one_address_are_counted_over_all_workers(void **state)
{
  const struct rig *rig = *state;
  const struct visitor_limits ten = {.open = 100, .requests = 10};
  unsigned place, seconds;
  for (unsigned i = 0; i < 10; i++) {
    assert_int_equal(enter(i % 2 ? rig->one : rig->two, 1, &ten, 500, &place, &seconds), VISIT_WELCOME);
    visitors_leave(i % 2 ? rig->one : rig->two, place);
  }
  assert_int_equal(enter(rig->one, 1, &ten, 500, &place, &seconds), VISIT_BLOCKED);
  assert_int_equal(seconds, BLOCK_FIRST_S);
  assert_int_equal(enter(rig->two, 1, &ten, 10500, &place, &seconds), VISIT_BLOCKED);
  assert_int_equal(seconds, BLOCK_FIRST_S - 10);
  assert_int_equal(enter(rig->two, 2, &ten, 10500, &place, &seconds), VISIT_WELCOME);
  /* Who waits as told is served, and has all that is allowed before it. */
  for (unsigned i = 0; i < 10; i++)
    assert_int_equal(enter(rig->one, 1, &ten, 30500, &place, &seconds), VISIT_WELCOME);
  assert_int_equal(enter(rig->one, 1, &ten, 30500, &place, &seconds), VISIT_BLOCKED);
  assert_int_equal(seconds, 2 * BLOCK_FIRST_S);
  for (int i = 0; i < BLOCK_DOUBLES_AFTER; i++)
    assert_int_equal(enter(rig->two, 1, &ten, 31500, &place, &seconds), VISIT_BLOCKED);
  assert_int_equal(seconds, 4 * BLOCK_FIRST_S);
}

static void families_of_addresses(void **state)
{
  const struct rig *rig = *state;
  struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000201)};
  struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr.s6_addr = {0x20, 1, 0x0d, 0xb8, [15] = 1}};
  struct sockaddr_in6 mapped = {.sin6_family = AF_INET6,
                                .sin6_addr.s6_addr = {[10] = 0xff, 0xff, 0xc0, 0x00, 0x02, 0x01}};
  const struct sockaddr none = {.sa_family = AF_UNIX};
  unsigned a, b, seconds;
  (void)visitors_enter(rig->one, (const struct sockaddr *)&four, &generous, 0, &a, &seconds);
  (void)visitors_enter(rig->one, (const struct sockaddr *)&mapped, &generous, 0, &b, &seconds);
  assert_int_equal(a, b);
  (void)visitors_enter(rig->one, (const struct sockaddr *)&six, &generous, 0, &a, &seconds);
  six.sin6_addr.s6_addr[15] = 2;
  (void)visitors_enter(rig->one, (const struct sockaddr *)&six, &generous, 0, &b, &seconds);
  assert_int_equal(a, b);
  six.sin6_addr.s6_addr[7] = 1;
  (void)visitors_enter(rig->one, (const struct sockaddr *)&six, &generous, 0, &b, &seconds);
  assert_true(a != b);
  (void)visitors_enter(rig->one, &none, &generous, 0, &b, &seconds);
  assert_true(b < NO_PLACE);
}

/* A crowd of addresses, far more than there are places. */
static void the_one_not_seen_for_the_longest_gives_way_but_nobody_who_is_blocked_or_here(void **state)
{
  const struct rig *rig = *state;
  const struct visitor_limits one = {.open = 10, .requests = 1};
  unsigned here = welcome(rig->two, 1, 0), place, seconds;
  assert_int_equal(enter(rig->one, 2, &one, 0, &place, &seconds), VISIT_WELCOME);
  visitors_leave(rig->one, place);
  assert_int_equal(enter(rig->one, 2, &one, 0, &place, &seconds), VISIT_BLOCKED);
  for (uint32_t i = 0; i < 20 * VISITORS_PLACES; i++)
    visitors_leave(rig->one, welcome(rig->one, 1000 + i, 1 + i / 1000));
  assert_int_equal(welcome(rig->one, 1, 900), here);
  assert_int_equal(visitors_open(rig->one, here), 2);
  assert_int_equal(enter(rig->two, 2, &one, 900, &place, &seconds), VISIT_BLOCKED);
  assert_int_equal(all_open(rig->one), 2);
  /* The last to come is still known: its requests are counted on. */
  assert_int_equal(enter(rig->two, 1000 + 20 * VISITORS_PLACES - 1, &one, 900, &place, &seconds), VISIT_BLOCKED);
}

static void where_everybody_is_here_newcomers_are_served_uncounted(void **state)
{
  const struct rig *rig = *state;
  unsigned counted = 0, uncounted = 0;
  for (uint32_t i = 0; i < 4 * VISITORS_PLACES; i++)
    if (welcome(rig->one, 1 + i, 5) == NO_PLACE)
      uncounted++;
    else
      counted++;
  assert_true(counted <= VISITORS_PLACES && counted > VISITORS_PLACES * 9 / 10);
  assert_int_equal(counted + uncounted, 4 * VISITORS_PLACES);
  assert_int_equal(all_open(rig->one), counted);
  visitors_leave(rig->one, NO_PLACE); /* and nothing happens */
  assert_int_equal(all_open(rig->one), counted);
}

static void a_dead_workers_counts_are_cleared_and_no_others(void **state)
{
  const struct rig *rig = *state;
  unsigned place = welcome(rig->one, 1, 0);
  for (int i = 0; i < 3; i++)
    assert_int_equal(welcome(rig->two, 1, 0), place);
  assert_true(visitors_take(rig->one, TALLY_SERVED, 10));
  assert_true(visitors_take(rig->two, TALLY_SERVED, 10));
  assert_true(visitors_take(rig->two, TALLY_TURNED, 10));
  struct visitors *supervisor = map(rig->fd, SEATS_MAX);
  visitors_clear_seat(supervisor, 7);
  visitors_clear_seat(supervisor, SEATS_MAX); /* nobody's */
  visitors_unmap(supervisor);
  assert_int_equal(visitors_open(rig->one, place), 1);
  assert_int_equal(visitors_total(rig->one, TALLY_SERVED), 1);
  assert_int_equal(visitors_total(rig->one, TALLY_TURNED), 0);
}

static void no_more_are_taken_than_there_may_be(void **state)
{
  const struct rig *rig = *state;
  assert_true(visitors_take(rig->one, TALLY_SERVED, 2));
  assert_true(visitors_take(rig->two, TALLY_SERVED, 2));
  assert_false(visitors_take(rig->one, TALLY_SERVED, 2));
  assert_int_equal(visitors_total(rig->one, TALLY_SERVED), 2);
  assert_true(visitors_take(rig->one, TALLY_TURNED, 1));
  visitors_give(rig->two, TALLY_SERVED);
  assert_true(visitors_take(rig->one, TALLY_SERVED, 2));
}

/* ------------------------------------------------------------------ against a plain model */

enum { MODEL_ADDRESSES = 60, MODEL_STEPS = 200000 };

/* What one address has done, kept as anybody would who has only few of them. */
struct model {
  unsigned open[2], place;
  uint64_t window, block;
};

static enum visit model_enter(struct model *m, unsigned worker, const struct visitor_limits *limits, uint64_t now)
{
  bool over;
  if (block_lasts(m->block, now)) {
    m->block = block_defied(m->block, now);
    return VISIT_BLOCKED;
  }
  m->window = window_add(m->window, now, limits->requests, &over);
  if (over) {
    m->block = block_begin(m->block, now);
    m->window = 0;
    return VISIT_BLOCKED;
  }
  if (m->open[0] + m->open[1] >= limits->open)
    return VISIT_CROWDED;
  m->open[worker]++;
  return VISIT_WELCOME;
}

static void random_steps_agree_with_a_plain_model(void **state)
{
  const struct rig *rig = *state;
  struct visitors *const workers[] = {rig->one, rig->two};
  const struct visitor_limits limits = {.open = 4, .requests = 25};
  static struct model models[MODEL_ADDRESSES];
  memset(models, 0, sizeof models);
  uint64_t now = 12345;
  unsigned seen[3] = {0};
  srandom(4);
  for (int step = 0; step < MODEL_STEPS; step++) {
    unsigned worker = random() & 1, i = (unsigned)random() % MODEL_ADDRESSES, kind = (unsigned)random() % 1000;
    struct model *m = &models[i];
    now += (unsigned)random() % 40;
    if (kind == 998) /* a quiet time, after which some are forgiven */
      now += (unsigned)random() % (30 * WINDOW_MS);
    if (kind < 550) {
      unsigned place, seconds;
      enum visit visit = enter(workers[worker], 77 + i, &limits, now, &place, &seconds);
      assert_int_equal(visit, model_enter(m, worker, &limits, now));
      assert_int_equal(seconds, visit == VISIT_BLOCKED ? block_seconds(m->block, now) : 0);
      m->place = place;
      seen[visit]++;
    } else if (kind < 998 && m->open[worker]) {
      m->open[worker]--;
      visitors_leave(workers[worker], m->place);
    } else if (kind == 999) { /* it dies, and another one takes its seat */
      visitors_clear_seat(rig->one, worker ? 7 : 0);
      for (unsigned k = 0; k < MODEL_ADDRESSES; k++)
        models[k].open[worker] = 0;
    }
    if (m->place)
      assert_int_equal(visitors_open(rig->one, m->place), m->open[0] + m->open[1]);
  }
  for (int i = 0; i < 3; i++)
    assert_true(seen[i] > 1000); /* it was tried */
}

/* ------------------------------------------------------------------ several processes */

enum { HAMMERS = 4, HAMMER_HOLDS = 64, HAMMER_MS = 700 };

/* A worker at work: so few places in its sets that all of them fight for the same, until it is told to stop or killed.
 * When it stops in order it leaves with nothing open. */
static void hammer(int fd, unsigned seat, int stop)
{
  struct visitors *v = map(fd, seat);
  unsigned held[HAMMER_HOLDS], seconds;
  uint32_t random_state = seat * 2654435761U + 1;
  for (size_t i = 0; i < HAMMER_HOLDS; i++)
    held[i] = NO_PLACE;
  for (uint64_t now = 1;; now++) {
    random_state = random_state * 1664525 + 1013904223;
    size_t i = random_state >> 16 & (HAMMER_HOLDS - 1);
    visitors_leave(v, held[i]);
    (void)enter(v, random_state % (6 * VISITORS_PLACES), &generous, now, &held[i], &seconds);
    char byte;
    if (now % 256 == 0 && read(stop, &byte, 1) == 0)
      break;
  }
  for (size_t i = 0; i < HAMMER_HOLDS; i++)
    visitors_leave(v, held[i]);
  _exit(0);
}

static void counts_come_back_to_zero_after_a_kill_in_the_midst_of_it(void **state)
{
  const struct rig *rig = *state;
  int stop[2];
  pid_t children[HAMMERS];
  assert_int_equal(pipe(stop), 0);
  assert_int_equal(fcntl(stop[0], F_SETFL, O_NONBLOCK), 0);
  for (unsigned i = 0; i < HAMMERS; i++) {
    children[i] = fork();
    if (children[i] == 0) {
      close(stop[1]);
      hammer(rig->fd, 20 + i, stop[0]);
    }
    assert_true(children[i] > 0);
  }
  const struct timespec half = {.tv_nsec = HAMMER_MS / 2 * 1000000};
  (void)nanosleep(&half, NULL);
  assert_int_equal(kill(children[1], SIGKILL), 0);
  assert_int_equal(waitpid(children[1], NULL, 0), children[1]);
  visitors_clear_seat(rig->one, 21);
  (void)nanosleep(&half, NULL);
  assert_true(all_open(rig->one) > 0); /* the others went on */
  close(stop[1]);
  for (unsigned i = 0; i < HAMMERS; i++) {
    int status = 0;
    if (i == 1)
      continue;
    assert_int_equal(waitpid(children[i], &status, 0), children[i]);
    assert_int_equal(status, 0);
  }
  close(stop[0]);
  assert_int_equal(all_open(rig->one), 0);
}

/* ------------------------------------------------------------------ the memory */

static void only_a_table_of_ours_is_mapped(void **state)
{
  const struct rig *rig = *state;
  struct visitors *v;
  struct buf why = BUF_INIT(1024);
  int other = memfd_create("other", MFD_CLOEXEC | MFD_ALLOW_SEALING), null = open("/dev/null", O_RDWR);
  assert_int_equal(visitors_map(other, 0, &v, &why), ERR_SYNTAX);
  assert_null(v);
  assert_int_equal(ftruncate(other, lseek(rig->fd, 0, SEEK_END)), 0);
  assert_int_equal(visitors_map(other, 0, &v, &why), ERR_SYNTAX);
  assert_int_equal(fcntl(other, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
  assert_int_equal(visitors_map(other, 0, &v, &why), ERR_SYNTAX); /* its size, not what it holds */
  assert_int_equal(visitors_map(null, 0, &v, &why), ERR_SYNTAX);
  assert_int_equal(visitors_map(rig->fd, SEATS_MAX + 1, &v, &why), ERR_SYNTAX);
  assert_true(why.n > 0);
  buf_free(&why);
  close(other);
  close(null);
}

int main(void)
{
#define test(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      test(connections_of_one_address_are_counted_over_all_workers),
      test(requests_of_one_address_are_counted_over_all_workers),
      test(families_of_addresses),
      test(the_one_not_seen_for_the_longest_gives_way_but_nobody_who_is_blocked_or_here),
      test(where_everybody_is_here_newcomers_are_served_uncounted),
      test(a_dead_workers_counts_are_cleared_and_no_others),
      test(no_more_are_taken_than_there_may_be),
      test(random_steps_agree_with_a_plain_model),
      test(counts_come_back_to_zero_after_a_kill_in_the_midst_of_it),
      test(only_a_table_of_ours_is_mapped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
