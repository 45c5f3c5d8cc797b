/* Addresses as text, and which of them are this machine's own. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/address.h"

static void addresses(void **state)
{
  (void)state;
  static const struct {
    int line;
    int family;
    const char *text;
    bool loopback;
    const char *shown; /* NULL: as `text` */
  } rows[] = {
      {__LINE__, AF_INET, "127.0.0.1", true, NULL},
      {__LINE__, AF_INET, "127.255.255.255", true, NULL},
      {__LINE__, AF_INET, "126.255.255.255", false, NULL},
      {__LINE__, AF_INET, "128.0.0.0", false, NULL},
      {__LINE__, AF_INET, "0.0.0.0", false, NULL},
      {__LINE__, AF_INET, "1.0.0.127", false, NULL},
      {__LINE__, AF_INET6, "::1", true, NULL},
      {__LINE__, AF_INET6, "::", false, NULL},
      {__LINE__, AF_INET6, "::2", false, NULL},
      {__LINE__, AF_INET6, "::ffff:127.0.0.1", true, "127.0.0.1"},
      {__LINE__, AF_INET6, "::ffff:127.9.8.7", true, "127.9.8.7"},
      {__LINE__, AF_INET6, "::ffff:128.0.0.1", false, "128.0.0.1"},
      {__LINE__, AF_INET6, "::fffe:7f00:1", false, NULL},
      {__LINE__, AF_INET6, "2001:db8::7f00:1", false, NULL},
      {__LINE__, AF_UNIX, "?", false, NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_storage address = {.ss_family = (sa_family_t)rows[i].family};
    char text[INET6_ADDRSTRLEN];
    if (rows[i].family == AF_INET) {
      assert_int_equal(inet_pton(AF_INET, rows[i].text, &four.sin_addr), 1);
      memcpy(&address, &four, sizeof four);
    } else if (rows[i].family == AF_INET6) {
      assert_int_equal(inet_pton(AF_INET6, rows[i].text, &six.sin6_addr), 1);
      memcpy(&address, &six, sizeof six);
    }
    address_text((const struct sockaddr *)&address, text);
    if (strcmp(text, rows[i].shown ? rows[i].shown : rows[i].text) != 0 ||
        address_loopback((const struct sockaddr *)&address) != rows[i].loopback)
      fail_msg("line %d: %s", rows[i].line, text);
  }
}

static size_t network(const char *text, unsigned char out[ADDRESS_NETWORK_MOST])
{
  struct sockaddr_in four = {.sin_family = AF_INET};
  struct sockaddr_in6 six = {.sin6_family = AF_INET6};
  if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
    return address_network((const struct sockaddr *)&four, out);
  assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
  return address_network((const struct sockaddr *)&six, out);
}

/* IPv4 by the whole address, IPv6 by its first 64 bits. */
static void who_counts_as_one_visitor(void **state)
{
  (void)state;
  static const struct {
    int line;
    const char *a, *b;
    bool same;
  } rows[] = {
      {__LINE__, "192.0.2.1", "192.0.2.1", true},
      {__LINE__, "192.0.2.1", "192.0.2.2", false},
      {__LINE__, "192.0.2.1", "::ffff:192.0.2.1", true},
      {__LINE__, "::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
      {__LINE__, "2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true},
      {__LINE__, "2001:db8:1:2::1", "2001:db8:1:3::1", false},
      {__LINE__, "192.0.2.1", "c000:201::", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    unsigned char a[ADDRESS_NETWORK_MOST], b[ADDRESS_NETWORK_MOST];
    size_t n = network(rows[i].a, a), m = network(rows[i].b, b);
    if (n == 0 || (n == m && memcmp(a, b, n) == 0) != rows[i].same)
      fail_msg("line %d: %s and %s", rows[i].line, rows[i].a, rows[i].b);
  }
  const struct sockaddr none = {.sa_family = AF_UNIX};
  unsigned char out[ADDRESS_NETWORK_MOST];
  assert_int_equal(address_network(&none, out), 0);
}

/* IPv4 to 24 bits, IPv6 to 48. */
static void an_address_is_cut_B3(void **state)
{
  (void)state;
  static const struct {
    int line;
    int family;
    const char *whole, *cut;
    size_t bytes;
  } rows[] = {
      {__LINE__, AF_INET, "192.0.2.77", "192.0.2.0", 4},
      {__LINE__, AF_INET, "255.255.255.255", "255.255.255.0", 4},
      {__LINE__, AF_INET, "0.0.0.1", "0.0.0.0", 4},
      {__LINE__, AF_INET6, "2001:db8:1:2:3:4:5:6", "2001:db8:1::", 16},
      {__LINE__, AF_INET6, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff::", 16},
      {__LINE__, AF_INET6, "::1", "::", 16},
      {__LINE__, AF_INET6, "::ffff:192.0.2.77", "192.0.2.0", 4},
      {__LINE__, AF_INET6, "::fffe:192.0.2.77", "::", 16},
      {__LINE__, AF_UNIX, "", "?", 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sockaddr_in four = {.sin_family = AF_INET};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    const struct sockaddr none = {.sa_family = AF_UNIX};
    const struct sockaddr *address = &none;
    unsigned char bytes[ADDRESS_BYTES_MOST];
    char text[INET6_ADDRSTRLEN];
    if (rows[i].family == AF_INET) {
      assert_int_equal(inet_pton(AF_INET, rows[i].whole, &four.sin_addr), 1);
      address = (const struct sockaddr *)&four;
    } else if (rows[i].family == AF_INET6) {
      assert_int_equal(inet_pton(AF_INET6, rows[i].whole, &six.sin6_addr), 1);
      address = (const struct sockaddr *)&six;
    }
    address_cut(address, text);
    if (strcmp(text, rows[i].cut) != 0 || address_bytes(address, bytes) != rows[i].bytes)
      fail_msg("line %d: %s", rows[i].line, text);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(addresses), cmocka_unit_test(who_counts_as_one_visitor),
                                     cmocka_unit_test(an_address_is_cut_B3)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
