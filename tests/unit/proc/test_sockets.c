/* Listening sockets: a machine that lacks a family, a port that is taken. */
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/err.h"
#include "proc/sockets.h"

/* The family that this machine lacks, or 0. This definition of socket(2) comes before the C library's. */
static int lacking;

int socket(int family, int type, int protocol)
{
  int (*real)(int, int, int);
  void *symbol = dlsym(RTLD_NEXT, "socket");
  memcpy(&real, &symbol, sizeof real);
  if (family == lacking) {
    errno = EAFNOSUPPORT;
    return -1;
  }
  return real(family, type, protocol);
}

/* The port that the system is to choose next for IPv6, or 0: as it likes. */
static unsigned taken;

/* Before the C library's as well, and with the type that it is declared with there. */
int bind(int fd, __CONST_SOCKADDR_ARG address, socklen_t length)
{
  int (*real)(int, const struct sockaddr *, socklen_t);
  void *symbol = dlsym(RTLD_NEXT, "bind");
  memcpy(&real, &symbol, sizeof real);
  const struct sockaddr *wanted = address.__sockaddr__;
  struct sockaddr_in6 v6;
  if (!taken || wanted->sa_family != AF_INET6 || length != sizeof v6)
    return real(fd, wanted, length);
  memcpy(&v6, wanted, sizeof v6);
  if (v6.sin6_port == 0)
    v6.sin6_port = htons((uint16_t)taken);
  return real(fd, (const struct sockaddr *)&v6, length);
}

static int open_value(struct sockets *sockets, const char *value, struct buf *why)
{
  struct listen_list list = {.n = 0};
  assert_int_equal(settings_listen(&list, str_from(value), why), 0);
  return sockets_open(sockets, &proto_gopher, &list, 1, why);
}

/* A default, or a bare port, means both families: one that is lacking is skipped. An address that was asked for is not.
 */
static void a_lacking_family_is_skipped_B2(void **state)
{
  (void)state;
  static const struct {
    int line;
    int lacking;
    const char *value;
    int result;
    size_t n;
  } table[] = {
      {__LINE__, AF_INET6, "0", 0, 1},
      {__LINE__, AF_INET, "0", 0, 1},
      {__LINE__, AF_INET6, "localhost:0", 0, 1},
      {__LINE__, AF_INET6, "[::]:0", ERR_IO, 0},
      {__LINE__, AF_INET, "127.0.0.1:0", ERR_IO, 0},
  };
  log_open(LOG_WARNING); /* the notice is not for this test's reader */
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct sockets sockets = SOCKETS_INIT;
    struct buf why = BUF_INIT(1024);
    lacking = table[i].lacking;
    int result = open_value(&sockets, table[i].value, &why);
    if ((result == 0) != (table[i].result == 0) || sockets.n != table[i].n || (result < 0) != (why.n > 0))
      fail_msg("line %d: %s gave %d with %zu sockets", table[i].line, table[i].value, result, sockets.n);
    if (sockets.n && (sockets.at[0].port == 0 || sockets_port(&sockets, &proto_gopher) != sockets.at[0].port))
      fail_msg("line %d: no port", table[i].line);
    sockets_close(&sockets);
    buf_free(&why);
  }
  lacking = 0;
}

static void a_port_that_is_taken_is_named(void **state)
{
  (void)state;
  struct sockets first = SOCKETS_INIT, second = SOCKETS_INIT;
  struct buf why = BUF_INIT(1024);
  assert_int_equal(open_value(&first, "127.0.0.1:0", &why), 0);
  char value[64];
  assert_true(snprintf(value, sizeof value, "127.0.0.1:%u", first.at[0].port) > 0);
  assert_int_equal(open_value(&second, value, &why), ERR_BUSY);
  assert_non_null(memmem(why.p, why.n, value, strlen(value)));
  assert_non_null(memmem(why.p, why.n, "--gopher", 8));
  sockets_close(&first);
  sockets_close(&second);
  buf_free(&why);
}

/* One socket for each slot and address, all on the port that the system chose for the first; and a port that others
 * share is as busy as any. */
static void slots_share_a_port(void **state)
{
  (void)state;
  struct sockets first = SOCKETS_INIT, second = SOCKETS_INIT;
  struct buf why = BUF_INIT(1024);
  struct listen_list list = {.n = 0};
  assert_int_equal(settings_listen(&list, STR("127.0.0.1:0"), &why), 0);
  assert_int_equal(sockets_open(&first, &proto_gopher, &list, 4, &why), 0);
  assert_int_equal(first.n, 4);
  assert_int_equal(sockets_slots(&first), 4);
  for (unsigned i = 0; i < 4; i++) {
    assert_int_equal(first.at[i].slot, i);
    assert_int_equal(first.at[i].port, first.at[0].port);
  }
  list.at[0].port = first.at[0].port;
  assert_int_equal(sockets_open(&second, &proto_gopher, &list, 4, &why), ERR_BUSY);
  buf_clear(&why);
  assert_int_equal(sockets_open(&second, &proto_gopher, &list, 1, &why), ERR_BUSY);
  sockets_close(&first);
  sockets_close(&second);
  buf_free(&why);
}

/* Both families of one value have the port that the system chose for the first, on every slot. */
static void families_share_a_port_of_the_systems_choice_B2(void **state)
{
  (void)state;
  for (unsigned slots = 1; slots <= 2; slots++) {
    struct sockets sockets = SOCKETS_INIT;
    struct listen_list list = {.n = 0};
    struct buf why = BUF_INIT(1024);
    assert_int_equal(settings_listen(&list, STR("localhost:0"), &why), 0);
    assert_int_equal(sockets_open(&sockets, &proto_gopher, &list, slots, &why), 0);
    for (size_t i = 0; i < sockets.n; i++)
      assert_int_equal(sockets.at[i].port, sockets.at[0].port);
    sockets_close(&sockets);
    buf_free(&why);
  }
}

/* Somebody has the port at the other family: it gets one of its own there. */
static void a_port_that_one_family_lacks_is_another_there(void **state)
{
  (void)state;
  struct sockets holder = SOCKETS_INIT, sockets = SOCKETS_INIT;
  struct listen_list list = {.n = 0};
  struct buf why = BUF_INIT(1024);
  assert_int_equal(open_value(&holder, "127.0.0.1:0", &why), 0);
  taken = holder.at[0].port;
  assert_int_equal(settings_listen(&list, STR("localhost:0"), &why), 0);
  assert_int_equal(sockets_open(&sockets, &proto_gopher, &list, 2, &why), 0);
  taken = 0;
  size_t n = sockets.n;
  if (n == 4) { /* this machine has IPv6 */
    assert_int_equal(sockets.at[0].port, holder.at[0].port);
    assert_int_equal(sockets.at[1].port, sockets.at[0].port);
    assert_true(sockets.at[2].port && sockets.at[2].port != sockets.at[0].port);
    assert_int_equal(sockets.at[3].port, sockets.at[2].port);
  } else {
    assert_int_equal(n, 2);
  }
  sockets_close(&holder);
  sockets_close(&sockets);
  buf_free(&why);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_lacking_family_is_skipped_B2),
      cmocka_unit_test(a_port_that_is_taken_is_named),
      cmocka_unit_test(slots_share_a_port),
      cmocka_unit_test(families_share_a_port_of_the_systems_choice_B2),
      cmocka_unit_test(a_port_that_one_family_lacks_is_another_there),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
