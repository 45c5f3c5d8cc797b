/* The messages between supervisor and worker. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
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

static unsigned descriptors(void)
{
  unsigned n = 0;
  for (int fd = 0; fd < 256; fd++)
    n += fcntl(fd, F_GETFD) >= 0;
  return n;
}

static void a_descriptor_goes_along(void **state)
{
  (void)state;
  int ours, theirs, ends[2];
  struct control got;
  char byte = 'x';
  assert_int_equal(control_pair(&ours, &theirs), 0);
  assert_int_equal(pipe(ends), 0);
  unsigned before = descriptors();
  assert_true(control_send_descriptor(ours, CONTROL_LOG, ends[1]));
  assert_true(control_send(ours, CONTROL_DRAIN, 0));
  assert_int_equal(control_receive(theirs, &got), 1);
  assert_int_equal(got.kind, CONTROL_LOG);
  assert_int_equal(got.kind, 7); /* numbers stay what they are */
  assert_true(got.descriptor >= 0 && fcntl(got.descriptor, F_GETFD) & FD_CLOEXEC);
  assert_int_equal(write(got.descriptor, "y", 1), 1);
  assert_int_equal(read(ends[0], &byte, 1), 1);
  assert_int_equal(byte, 'y');
  close(got.descriptor);
  assert_int_equal(control_receive(theirs, &got), 1);
  assert_int_equal(got.kind, CONTROL_DRAIN);
  assert_int_equal(got.descriptor, -1);
  assert_int_equal(descriptors(), before);

  /* With a message that has none to have, or an unknown one, it is closed. */
  assert_true(control_send_descriptor(ours, CONTROL_STOP, ends[1]));
  assert_true(control_send_descriptor(ours, (enum control_kind)77, ends[1]));
  assert_int_equal(control_receive(theirs, &got), 1);
  assert_int_equal(got.kind, CONTROL_STOP);
  assert_int_equal(got.descriptor, -1);
  assert_int_equal(control_receive(theirs, &got), 0);
  assert_int_equal(descriptors(), before);
  close(ours);
  close(theirs);
  close(ends[0]);
  close(ends[1]);
}

/* A worker that strangers have taken over may send what it likes. */
static void more_descriptors_than_one_stay_away(void **state)
{
  (void)state;
  int ours, theirs;
  struct control got;
  struct {
    uint32_t kind, reserved;
    uint64_t slots;
  } message = {.kind = CONTROL_LOG};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(3 * sizeof(int))];
  } ancillary = {.bytes = {0}};
  struct iovec part = {&message, sizeof message};
  const struct msghdr all = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = &ancillary, .msg_controllen = sizeof ancillary.bytes};
  const int sent[3] = {0, 1, 2};
  ancillary.header =
      (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof sent), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  memcpy(CMSG_DATA(&ancillary.header), sent, sizeof sent);
  assert_int_equal(control_pair(&ours, &theirs), 0);
  unsigned before = descriptors();
  assert_int_equal(sendmsg(ours, &all, 0), sizeof message);
  assert_int_equal(control_receive(theirs, &got), 1);
  assert_int_equal(got.kind, CONTROL_LOG);
  if (got.descriptor >= 0)
    close(got.descriptor);
  assert_int_equal(descriptors(), before);
  close(ours);
  close(theirs);
}

static void where_there_is_no_place_for_it_the_message_comes_alone(void **state)
{
  (void)state;
  int ours, theirs;
  struct control got;
  struct rlimit usual, none;
  assert_int_equal(control_pair(&ours, &theirs), 0);
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
  assert_true(control_send_descriptor(ours, CONTROL_LOG, theirs));
  none = usual;
  none.rlim_cur = 0;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
  int result = control_receive(theirs, &got);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
  assert_int_equal(result, 1);
  assert_int_equal(got.kind, CONTROL_LOG);
  assert_int_equal(got.descriptor, -1);
  close(ours);
  close(theirs);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_said_is_heard_in_order),
      cmocka_unit_test(what_another_version_may_say_is_skipped),
      cmocka_unit_test(a_descriptor_goes_along),
      cmocka_unit_test(more_descriptors_than_one_stay_away),
      cmocka_unit_test(where_there_is_no_place_for_it_the_message_comes_alone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
