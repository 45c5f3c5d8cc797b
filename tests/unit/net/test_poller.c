/* What the poller tells of a socket whose sides end one after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/poller.h"

enum { OURS, THEIRS };

/* The socket first: its callback finds the rest behind it. */
struct desk {
  struct polled socket;
  struct poller poller;
  uv_loop_t loop;
  int pair[2];
  int told; /* the events of the last turn */
};

static void on_ready(struct polled *socket, int events)
{
  struct desk *d = (struct desk *)((char *)socket - offsetof(struct desk, socket));
  d->told = events;
}

static void open_desk(struct desk *d)
{
  assert_int_equal(uv_loop_init(&d->loop), 0);
  assert_int_equal(poller_open(&d->poller, &d->loop), 0);
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, d->pair), 0);
  d->socket = (struct polled){.fd = d->pair[OURS], .ready = on_ready};
  assert_int_equal(poller_watch(&d->poller, &d->socket, UV_READABLE), 0);
}

static void close_desk(struct desk *d)
{
  poller_leave(&d->poller, &d->socket);
  poller_close(&d->poller);
  (void)uv_run(&d->loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&d->loop), 0);
  close(d->pair[OURS]);
  close(d->pair[THEIRS]);
}

static int turn(struct desk *d)
{
  d->told = 0;
  (void)uv_run(&d->loop, UV_RUN_NOWAIT);
  return d->told;
}

static void it_tells_when_both_sides_have_ended(void **state)
{
  (void)state;
  for (int we_first = 0; we_first < 2; we_first++) {
    struct desk d;
    char bytes[8];
    open_desk(&d);
    assert_int_equal(turn(&d), 0);
    assert_int_equal(shutdown(d.pair[we_first ? OURS : THEIRS], SHUT_WR), 0);
    assert_int_equal(turn(&d), we_first ? 0 : UV_READABLE); /* a side alone is no end: the other may go on */
    if (we_first)
      assert_int_equal(write(d.pair[THEIRS], "last", 4), 4);
    assert_int_equal(turn(&d), UV_READABLE);
    assert_int_equal(shutdown(d.pair[we_first ? THEIRS : OURS], SHUT_WR), 0);
    assert_int_equal(turn(&d), UV_READABLE | POLLED_ENDED);
    assert_int_equal(read(d.pair[OURS], bytes, sizeof bytes), we_first ? 4 : 0); /* what came before is there still */
    close_desk(&d);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_tells_when_both_sides_have_ended),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
