/* Socket activation by the protocol of sd_listen_fds(3), which is documented as stable. */
#include "proc/activation.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"

enum { DESCRIPTORS_FIRST = 3, DESCRIPTORS_MOST = 2 * LISTEN_MAX };

static const struct proto *find_proto(struct str name)
{
  if (str_eq(name, str_from(proto_gemini.name)))
    return &proto_gemini;
  return str_eq(name, str_from(proto_gopher.name)) ? &proto_gopher : NULL;
}

static int take_one(struct sockets *s, int fd, struct str name, unsigned slots, struct buf *why)
{
  const struct proto *proto = find_proto(name);
  if (!proto) {
    buf_printf(why,
               "the socket that was handed over as descriptor %d is called `%.*s`: call it gemini or gopher "
               "(FileDescriptorName= in its socket unit; LISTEN_FDNAMES elsewhere)",
               fd, STR_ARG(name));
    return ERR_SYNTAX;
  }
  int err = sockets_share(s, proto, fd, slots);
  if (err == ERR_SYNTAX)
    buf_printf(why, "descriptor %d, which was handed over for %s, is no TCP socket that listens", fd, proto->name);
  else if (err)
    buf_printf(why, "the socket that was handed over for %s cannot be shared: %s", proto->name, err_text(err));
  return err;
}

static int take_all(struct sockets *s, struct str count, struct str names, unsigned slots, struct buf *why)
{
  unsigned n = 0;
  if (str_number(count, &n) < 0 || n > DESCRIPTORS_MOST) {
    buf_printf(why, "LISTEN_FDS is `%.*s`, and should be a number of sockets from 0 to %d", STR_ARG(count),
               DESCRIPTORS_MOST);
    return ERR_SYNTAX;
  }
  /* Before any descriptor is made here, which would get the number of one that is missing. */
  for (unsigned i = 0; i < n; i++) {
    if (fcntl(DESCRIPTORS_FIRST + (int)i, F_SETFD, FD_CLOEXEC) == 0)
      continue;
    buf_printf(why, "LISTEN_FDS is %u, but descriptor %u is not open", n, DESCRIPTORS_FIRST + i);
    return ERR_SYNTAX;
  }
  int err = 0;
  for (unsigned i = 0; err == 0 && i < n; i++) {
    struct str name = STR("unknown"); /* as sd_listen_fds_with_names(3) calls one without a name */
    (void)str_split(&names, ':', &name);
    err = take_one(s, DESCRIPTORS_FIRST + (int)i, name, slots, why);
  }
  return err;
}

static struct str variable(const char *name)
{
  return str_from(getenv(name)); /* NOLINT(concurrency-mt-unsafe): no thread was started yet */
}

int activation_take(struct sockets *s, unsigned slots, struct buf *why)
{
  static const char *const variables[] = {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"};
  unsigned pid = 0;
  int err = 0;
  /* They may have been meant for a process that started us without taking them out. */
  if (str_number(variable("LISTEN_PID"), &pid) == 0 && (pid_t)pid == getpid())
    err = take_all(s, variable("LISTEN_FDS"), variable("LISTEN_FDNAMES"), slots, why);
  for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
    if (unsetenv(variables[i]) < 0 && err == 0)
      err = ERR_NOMEM;
  return err;
}
