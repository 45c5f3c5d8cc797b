/* The messages between supervisor and worker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "proc/control.h"

static void what_is_said_is_heard_in_order(void **state)
{
  (void)state;
  int ours, theirs;
  struct control got;
  assert_int_equal(control_pair(&ours, &theirs), 0);
  assert_int_equal(control_receive(ours, &got), 0);
  assert_true(control_send(theirs, CONTROL_READY, 0));
  assert_true(control_send(theirs, CONTROL_SERVE, UINT64_C(0x8000000000000001)));
  assert_int_equal(control_receive(ours, &got), 1);
  assert_int_equal(got.kind, CONTROL_READY);
  assert_int_equal(control_receive(ours, &got), 1);
  assert_int_equal(got.kind, CONTROL_SERVE);
  assert_true(got.slots == UINT64_C(0x8000000000000001));
  assert_true(control_send(theirs, CONTROL_STOP_NOW, 0));
  assert_int_equal(control_receive(ours, &got), 1);
  assert_int_equal(got.kind, CONTROL_STOP_NOW);
  assert_int_equal(got.kind, 6); /* numbers stay what they are */
  assert_int_equal(control_receive(ours, &got), 0);
  /* Last words are heard although the speaker is gone. */
  assert_true(control_send(theirs, CONTROL_LEAVING, 0));
  close(theirs);
  assert_int_equal(control_receive(ours, &got), 1);
  assert_int_equal(got.kind, CONTROL_LEAVING);
  assert_int_equal(control_receive(ours, &got), ERR_IO);
  assert_false(control_send(ours, CONTROL_STOP, 0));
  close(ours);
}

static void what_another_version_may_say_is_skipped(void **state)
{
  (void)state;
  static const struct {
    uint32_t kind, reserved;
    uint64_t slots;
  } later = {.kind = 77}, nothing = {.kind = 0};
  int ours, theirs;
  struct control got;
  assert_int_equal(control_pair(&ours, &theirs), 0);
  assert_int_equal(send(theirs, &later, sizeof later, 0), sizeof later);
  assert_int_equal(send(theirs, &nothing, sizeof nothing, 0), sizeof nothing);
  assert_int_equal(send(theirs, "short", 5, 0), 5);
  assert_int_equal(control_receive(ours, &got), 0);
  assert_true(control_send(theirs, CONTROL_READY, 0));
  assert_int_equal(control_receive(ours, &got), 1);
  assert_int_equal(got.kind, CONTROL_READY);
  close(ours);
  close(theirs);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_said_is_heard_in_order),
      cmocka_unit_test(what_another_version_may_say_is_skipped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
