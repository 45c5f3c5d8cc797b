/* Messages between supervisor and workers: 16 bytes each, over a SOCK_SEQPACKET pair. */
#include "proc/control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"

/* As it goes over the socket: both sides are on one machine, so in its own byte order. */
struct wire_message {
  uint32_t kind, reserved;
  uint64_t slots;
};

int control_pair(int *supervisor, int *worker)
{
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
    return ERR_BUSY;
  *supervisor = ends[0];
  *worker = ends[1];
  return 0;
}

bool control_send(int fd, enum control_kind kind, uint64_t slots)
{
  const struct wire_message message = {.kind = (uint32_t)kind, .slots = slots};
  ssize_t n;
  do
    n = send(fd, &message, sizeof message, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n == sizeof message;
}

static bool known(uint32_t kind)
{
  return kind >= CONTROL_READY && kind <= CONTROL_STOP_NOW;
}

int control_receive(int fd, struct control *out)
{
  for (;;) {
    struct wire_message message;
    ssize_t n = recv(fd, &message, sizeof message, 0);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && errno == EAGAIN)
      return 0;
    if (n <= 0)
      return ERR_IO;
    if (n == sizeof message && known(message.kind)) {
      *out = (struct control){.kind = (enum control_kind)message.kind, .slots = message.slots};
      return 1;
    }
  }
}
