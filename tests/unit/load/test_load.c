/* The loop of the load, against a small Gopher server in a process of its own. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "load/load.h"

enum { TARGETS = 2, LIFE_SECONDS = 30 };

/* A socket on a port of the system's choice; where it does not listen, its port refuses. */
static int bound(struct sockaddr_in *out, bool listening)
{
  socklen_t length = sizeof *out;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  *out = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  assert_int_equal(bind(fd, (const struct sockaddr *)out, sizeof *out), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)out, &length), 0);
  if (listening)
    assert_int_equal(listen(fd, 16), 0);
  return fd;
}

/* Answers one after the other until it is killed, or its time is over. */
static void serve(int listener)
{
  (void)alarm(LIFE_SECONDS);
  for (;;) {
    char byte = 0;
    int fd = accept(listener, NULL, NULL);
    while (fd >= 0 && byte != '\n' && read(fd, &byte, 1) == 1) {
      /* the request */
    }
    (void)!write(fd, "text\r\n", 6);
    close(fd);
  }
}

static void add_address(struct target *target, const struct sockaddr_in *address)
{
  memcpy(&target->addresses[target->n_addresses], address, sizeof *address);
  target->lengths[target->n_addresses++] = sizeof *address;
}

/* The name of the first target leads to an address that refuses, and then to one that answers. */
static void a_switch_of_address_skips_no_target(void **state)
{
  (void)state;
  static const uint64_t requests[] = {1, 2, 3, 8};
  struct sockaddr_in deaf, good;
  int refusing = bound(&deaf, false), listener = bound(&good, true);
  pid_t server = fork();
  if (server == 0)
    serve(listener);
  assert_true(server > 0);
  for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
    for (unsigned concurrency = 1; concurrency <= 3; concurrency++) {
      struct target targets[TARGETS];
      struct buf why = BUF_INIT(1024);
      struct load_result result;
      for (size_t t = 0; t < TARGETS; t++) {
        assert_int_equal(target_parse(STR("gopher://one.example/0text"), &targets[t], &why), 0);
        if (t == 0)
          add_address(&targets[t], &deaf);
        add_address(&targets[t], &good);
      }
      const struct load_plan plan = {.targets = targets,
                                     .n_targets = TARGETS,
                                     .concurrency = concurrency,
                                     .requests = requests[i],
                                     .timeout_ms = UINT64_C(1000) * LIFE_SECONDS};
      assert_int_equal(load_run(&plan, &result), 0);
      assert_int_equal(result.requests, requests[i]);
      assert_int_equal(result.failed, 0);
      if (!result.firsts[0].known || result.firsts[1].known != (requests[i] > 1))
        fail_msg("%u requests by %u clients: the first target was %sasked, the second one %sasked",
                 (unsigned)requests[i], concurrency, result.firsts[0].known ? "" : "not ",
                 result.firsts[1].known ? "" : "not ");
      load_result_free(&result);
      for (size_t t = 0; t < TARGETS; t++)
        target_free(&targets[t]);
      buf_free(&why);
    }
  assert_int_equal(kill(server, SIGKILL), 0);
  assert_int_equal(waitpid(server, NULL, 0), server);
  close(listener);
  close(refusing);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_switch_of_address_skips_no_target),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
