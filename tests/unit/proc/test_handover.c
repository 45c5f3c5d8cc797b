/* The handover: what is written is read again; what was not written by us is refused. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "proc/control.h"
#include "proc/handover.h"

static void open_some(struct handover *h)
{
  struct buf why = BUF_INIT(1024);
  struct listen_list list = {.n = 0};
  assert_int_equal(settings_listen(&list, STR("127.0.0.1:0"), &why), 0);
  assert_int_equal(sockets_open(&h->sockets, &proto_gemini, &list, 3, &why), 0);
  assert_int_equal(sockets_open(&h->sockets, &proto_gopher, &list, 3, &why), 0);
  assert_int_equal(sockets_open_for(&h->sockets, "two.example", &proto_gopher, &list, 3, &why), 0);
  assert_int_equal(sockets_share(&h->sockets, &proto_gopher, dup(h->sockets.at[0].fd), 3), 0);
  h->tickets = memfd_create("tickets", MFD_CLOEXEC);
  assert_true(h->tickets >= 0);
  h->visitors = memfd_create("visitors", MFD_CLOEXEC);
  assert_true(h->visitors >= 0);
  h->requests = memfd_create("requests", MFD_CLOEXEC);
  h->day_keys = memfd_create("day keys", MFD_CLOEXEC);
  assert_true(h->requests >= 0 && h->day_keys >= 0);
  h->settings = memfd_create("settings", MFD_CLOEXEC);
  assert_true(h->settings >= 0);
  for (size_t i = 0; i < 3; i++) { /* one site has none */
    struct copies copies = {memfd_create("certificate", MFD_CLOEXEC), memfd_create("key", MFD_CLOEXEC)};
    assert_true(copies_there(&copies));
    assert_int_equal(copies_set_put(&h->copies, i * 2, copies), 0);
  }
  assert_int_equal(h->copies.n, 5);
  buf_free(&why);
}

/* Both sides are this process: the reader gets descriptors of its own, as a new program would. */
static void take_copy(const struct handover *h, struct handover *got)
{
  struct buf why = BUF_INIT(1024);
  int text = handover_write(h);
  assert_true(text >= 0);
  assert_int_equal(handover_let_through(h, text, true), 0);
  assert_int_equal(fcntl(text, F_GETFD) & FD_CLOEXEC, 0);
  assert_int_equal(fcntl(h->tickets, F_GETFD) & FD_CLOEXEC, 0);
  assert_int_equal(fcntl(h->visitors, F_GETFD) & FD_CLOEXEC, 0);
  assert_int_equal(fcntl(h->requests, F_GETFD) & FD_CLOEXEC, 0);
  assert_int_equal(fcntl(h->day_keys, F_GETFD) & FD_CLOEXEC, 0);
  assert_int_equal(fcntl(h->copies.at[2].key, F_GETFD) & FD_CLOEXEC, 0);
  assert_int_equal(handover_take(got, &why), 0);
  assert_null(getenv("NUNCIO_HANDOVER"));
  assert_true(fcntl(h->tickets, F_GETFD) & FD_CLOEXEC);
  assert_true(fcntl(h->visitors, F_GETFD) & FD_CLOEXEC);
  assert_true(fcntl(h->requests, F_GETFD) & FD_CLOEXEC);
  assert_true(fcntl(h->day_keys, F_GETFD) & FD_CLOEXEC);
  assert_int_equal(got->requests, h->requests);
  assert_int_equal(got->day_keys, h->day_keys);
  assert_true(fcntl(h->copies.at[2].key, F_GETFD) & FD_CLOEXEC);
  assert_true(fcntl(h->sockets.at[0].fd, F_GETFD) & FD_CLOEXEC);
  assert_int_equal(fcntl(text, F_GETFD), -1); /* read and closed */
  buf_free(&why);
}

/* The copy names the same descriptors, which the original will close. */
static void forget_copy(struct handover *got)
{
  for (size_t i = 0; i < got->sockets.n; i++)
    got->sockets.at[i].fd = -1;
  for (size_t i = 0; i < got->crew.n; i++)
    got->crew.at[i].control = -1;
  got->control = got->tickets = got->visitors = got->requests = got->day_keys = got->settings = got->answer = -1;
  for (size_t i = 0; i < got->copies.n; i++)
    got->copies.at[i] = COPIES_INIT;
  handover_free(got);
}

static void same_sockets(const struct sockets *a, const struct sockets *b)
{
  assert_int_equal(a->n, b->n);
  for (size_t i = 0; i < a->n; i++) {
    assert_int_equal(a->at[i].fd, b->at[i].fd);
    assert_ptr_equal(a->at[i].proto, b->at[i].proto);
    assert_int_equal(a->at[i].port, b->at[i].port);
    assert_int_equal(a->at[i].slot, b->at[i].slot);
    assert_int_equal(b->at[i].given, i >= a->n - 3);
    assert_string_equal(a->at[i].address, b->at[i].address);
    assert_string_equal(a->at[i].site, b->at[i].site);
  }
}

static void a_worker_gets_what_it_needs(void **state)
{
  (void)state;
  struct handover h = HANDOVER_INIT, got;
  int ours;
  open_some(&h);
  h.role = HANDOVER_WORKER;
  h.slot = 2;
  h.first = 1;
  h.seat = 9;
  assert_int_equal(control_pair(&ours, &h.control), 0);
  take_copy(&h, &got);
  assert_int_equal(got.role, HANDOVER_WORKER);
  assert_int_equal(got.slot, 2);
  assert_int_equal(got.first, 1);
  assert_int_equal(got.control, h.control);
  assert_int_equal(got.tickets, h.tickets);
  assert_int_equal(got.visitors, h.visitors);
  assert_int_equal(got.settings, h.settings);
  assert_int_equal(got.answer, -1);
  assert_int_equal(got.seat, 9);
  same_sockets(&h.sockets, &got.sockets);
  assert_int_equal(sockets_slots(&got.sockets), 3);
  forget_copy(&got);
  handover_free(&h);
  close(ours);
}

static void a_reader_gets_what_is_in_use_and_where_to_answer(void **state)
{
  (void)state;
  struct handover h = HANDOVER_INIT, got;
  open_some(&h);
  h.role = HANDOVER_READER;
  h.answer = memfd_create("answer", MFD_CLOEXEC);
  assert_true(h.answer >= 0);
  take_copy(&h, &got);
  assert_int_equal(got.role, HANDOVER_READER);
  assert_int_equal(got.settings, h.settings);
  assert_int_equal(got.answer, h.answer);
  assert_true(fcntl(h.answer, F_GETFD) & FD_CLOEXEC);
  forget_copy(&got);
  handover_free(&h);
}

static void an_upgrade_keeps_the_crew(void **state)
{
  (void)state;
  static const enum member_state states[] = {MEMBER_STARTING, MEMBER_SERVING, MEMBER_DRAINING};
  struct handover h = HANDOVER_INIT, got;
  int theirs[3];
  open_some(&h);
  h.role = HANDOVER_SUPERVISOR;
  for (unsigned i = 0; i < 3; i++) {
    int ours;
    assert_int_equal(control_pair(&ours, &theirs[i]), 0);
    if (i == 2) { /* it has closed its end, and is about to end */
      close(ours);
      ours = -1;
    }
    struct member *m = crew_add(&h.crew, 4194300 + (pid_t)i, ours, i, i + 7, 0);
    assert_non_null(m);
    crew_set(m, states[i], 0);
    m->seat = i == 1 ? NO_SEAT : 40 + i; /* one was started by a version that knew no seats */
    m->hurried = i == 2;
  }
  take_copy(&h, &got);
  assert_int_equal(got.role, HANDOVER_SUPERVISOR);
  assert_int_equal(got.crew.n, 3);
  for (unsigned i = 0; i < 3; i++) {
    assert_int_equal(got.crew.at[i].pid, 4194300 + i);
    assert_int_equal(got.crew.at[i].control, h.crew.at[i].control);
    assert_int_equal(got.crew.at[i].slot, i);
    assert_int_equal(got.crew.at[i].seat, h.crew.at[i].seat);
    assert_int_equal(got.crew.at[i].generation, i + 7);
    assert_int_equal(got.crew.at[i].state, states[i]);
    assert_int_equal(got.crew.at[i].hurried, i == 2);
  }
  forget_copy(&got);
  handover_free(&h);
  for (unsigned i = 0; i < 3; i++)
    close(theirs[i]);
}

static void nothing_given_is_a_first_start(void **state)
{
  (void)state;
  struct handover h;
  struct buf why = BUF_INIT(1024);
  assert_int_equal(unsetenv("NUNCIO_HANDOVER"), 0);
  assert_int_equal(handover_take(&h, &why), 0);
  assert_int_equal(h.role, HANDOVER_NONE);
  assert_int_equal(why.n, 0);
}

static int text_file(const char *text)
{
  int fd = memfd_create("text", MFD_CLOEXEC);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
  assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
  return fd;
}

static void what_is_no_handover_is_refused_with_a_sentence(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *text; /* NULL: the variable itself is `value` */
    const char *value;
  } table[] = {
      {__LINE__, NULL, "x"},
      {__LINE__, NULL, "999999"},
      {__LINE__, NULL, "-1"},
      {__LINE__, "", NULL},
      {__LINE__, "nuncio handover 2\nrole worker\n", NULL},
      {__LINE__, "nuncio handover 1\n", NULL},
      {__LINE__, "nuncio handover 1\nrole king\n", NULL},
      {__LINE__, "nuncio handover 1\nrole worker\ngiven 5\n", NULL},
      {__LINE__, "nuncio handover 1\nrole supervisor\n", NULL},
      {__LINE__, "nuncio handover 1\nrole worker\ncontrol 999999\n", NULL},
      {__LINE__, "nuncio handover 1\nrole worker\nsocket 0 0 gemini 1965 ::\n", NULL},
      {__LINE__, "nuncio handover 1\nrole worker\nsocket 999999 0 gemini 1965 ::\n", NULL},
      {__LINE__, "nuncio handover 1\nrole supervisor\nmember 1 x 0 1 serving\n", NULL},
      {__LINE__, "nuncio handover 1\nrole worker\nseat x\n", NULL},
      {__LINE__, "nuncio handover 1\nrole worker\nvisitors 999999\n", NULL},
      {__LINE__, "nuncio handover 1\nrole worker\nkey 999999\n", NULL},
      {__LINE__, "nuncio handover 1\nrole worker\nrequests 999999\n", NULL},
      {__LINE__, "nuncio handover 1\nrole worker\nday-keys x\n", NULL},
      {__LINE__, "nuncio handover 1\nrole worker\nsettings 999999\n", NULL},
      {__LINE__, "nuncio handover 1\nrole worker\nanswer x\n", NULL},
      {__LINE__, "nuncio handover 1\nrole worker\npair 1 999999 999999\n", NULL},
      {__LINE__, "nuncio handover 1\nrole worker\npair x 1 2\n", NULL},
      {__LINE__, "nuncio handover 1\nrole supervisor\nseated 5 1\n", NULL}, /* nobody with that process id */
      {__LINE__, "nuncio handover 1\nrole supervisor\nhurried 5\n", NULL},
      {__LINE__, "nuncio handover 1\nrole supervisor\nhurried x\n", NULL},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct handover h;
    struct buf why = BUF_INIT(1024);
    char number[16];
    int flags = fcntl(0, F_GETFD);
    if (table[i].text) {
      assert_true(snprintf(number, sizeof number, "%d", text_file(table[i].text)) > 0);
      assert_int_equal(setenv("NUNCIO_HANDOVER", number, 1), 0);
    } else {
      assert_int_equal(setenv("NUNCIO_HANDOVER", table[i].value, 1), 0);
    }
    if (handover_take(&h, &why) >= 0 || !memmem(why.p, why.n, "NUNCIO_HANDOVER", 15) || getenv("NUNCIO_HANDOVER"))
      fail_msg("line %d: taken, or not a word: %.*s", table[i].line, STR_ARG(buf_str(&why)));
    assert_int_equal(h.sockets.n, 0);
    (void)fcntl(0, F_SETFD, flags);
    buf_free(&why);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_worker_gets_what_it_needs),
      cmocka_unit_test(a_reader_gets_what_is_in_use_and_where_to_answer),
      cmocka_unit_test(an_upgrade_keeps_the_crew),
      cmocka_unit_test(nothing_given_is_a_first_start),
      cmocka_unit_test(what_is_no_handover_is_refused_with_a_sentence),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
