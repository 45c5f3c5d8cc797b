/* Messages between supervisor and workers: 16 bytes each, over a SOCK_SEQPACKET pair. */
#include "proc/control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

/* Room for one descriptor and no more: the kernel closes any others. */
union ancillary {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(int))];
};

bool control_send_descriptor(int fd, enum control_kind kind, int descriptor)
{
  struct wire_message message = {.kind = (uint32_t)kind};
  struct iovec part = {&message, sizeof message};
  union ancillary ancillary = {.bytes = {0}};
  const struct msghdr all = {
      .msg_iov = &part,
      .msg_iovlen = 1,
      .msg_control = &ancillary,
      .msg_controllen = sizeof ancillary.bytes,
  };
  ancillary.header =
      (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
  memcpy(CMSG_DATA(&ancillary.header), &descriptor, sizeof descriptor);
  ssize_t n;
  do
    n = sendmsg(fd, &all, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n == sizeof message;
}

static bool known(uint32_t kind)
{
  return kind >= CONTROL_READY && kind <= CONTROL_LOG_LOST;
}

/* As recv(2). *descriptor: one that came along, or -1. */
static ssize_t receive(int fd, struct wire_message *message, int *descriptor)
{
  struct iovec part = {message, sizeof *message};
  union ancillary ancillary = {.bytes = {0}};
  struct msghdr all = {
      .msg_iov = &part,
      .msg_iovlen = 1,
      .msg_control = &ancillary,
      .msg_controllen = CMSG_LEN(sizeof(int)), /* with the padding of CMSG_SPACE a second one would fit */
  };
  *descriptor = -1;
  ssize_t n = recvmsg(fd, &all, MSG_CMSG_CLOEXEC);
  const struct cmsghdr *header = n < 0 ? NULL : CMSG_FIRSTHDR(&all);
  if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
      header->cmsg_len == CMSG_LEN(sizeof(int)))
    memcpy(descriptor, CMSG_DATA(header), sizeof *descriptor);
  return n;
}

int control_receive(int fd, struct control *out)
{
  for (;;) {
    struct wire_message message = {0};
    int descriptor;
    ssize_t n = receive(fd, &message, &descriptor);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && errno == EAGAIN)
      return 0;
    bool good = n == sizeof message && known(message.kind);
    if (descriptor >= 0 && (!good || message.kind != CONTROL_LOG)) {
      close(descriptor);
      descriptor = -1;
    }
    if (n <= 0)
      return ERR_IO;
    if (good) {
      *out =
          (struct control){.kind = (enum control_kind)message.kind, .slots = message.slots, .descriptor = descriptor};
      return 1;
    }
  }
}
