/* The ring of ticket keys: shared by workers, rotated under them, and only ever a real one. */
#define OPENSSL_SUPPRESS_DEPRECATED /* for RAND_set_rand_method */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/rand.h>

#include "../../support/tls_world.h"
#include "base/err.h"
#include "tls/tickets.h"

enum { START = 1000, DAY = TICKETS_SECONDS };

/* A supervisor with two workers: each has its own mapping and server, and both read the same pairs. */
struct house {
  struct rig_world one, two;
  struct tickets *supervisor, *tickets[2];
  struct rig_client client;
};

static struct tickets *map(int fd, bool writer)
{
  struct buf why = BUF_INIT(4096);
  struct tickets *t;
  if (tickets_map(fd, writer, &t, &why) < 0)
    fail_msg("%.*s", STR_ARG(buf_str(&why)));
  assert_int_equal(why.n, 0);
  return t;
}

static void house_make(struct house *h)
{
  struct buf why = BUF_INIT(4096);
  int fd;
  rig_world_of_two(&h->one);
  h->two = h->one;
  buf_init(&h->two.why, 4096);
  assert_int_equal(tickets_create(&fd, START, &why), 0);
  assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
  h->supervisor = map(fd, true);
  struct rig_world *const worlds[] = {&h->one, &h->two};
  tls_server_free(h->one.server);
  for (size_t i = 0; i < 2; i++) {
    h->tickets[i] = map(fd, false);
    assert_int_equal(tls_server_new(h->tickets[i], &worlds[i]->server), 0);
    assert_int_equal(rig_add(worlds[i], "one.example", 0), 0);
    assert_int_equal(rig_add(worlds[i], "two.example", 1), 0);
  }
  close(fd); /* the mappings hold the memory */
  rig_client_init(&h->client, "one.example", TLS1_3_VERSION);
}

static void house_free(struct house *h)
{
  rig_client_free(&h->client);
  tls_server_free(h->two.server);
  rig_world_free(&h->one);
  for (size_t i = 0; i < 2; i++)
    tickets_unmap(h->tickets[i]);
  tickets_unmap(h->supervisor);
}

/* One connection that shows the last ticket, if there is one. The ticket that comes back is another one. */
static bool visit(struct house *h, struct rig_world *w, const char *sni)
{
  SSL_SESSION *before = h->client.ticket;
  if (before)
    SSL_SESSION_up_ref(before);
  rig_client_again(&h->client, sni);
  struct tls_session *s = tls_session_new(w->server);
  if (rig_pump(&h->client, s, 0, NULL) != TLS_OPEN)
    fail_msg("%s", tls_session_fault(s));
  bool resumed = tls_session_resumed(s);
  assert_int_equal(SSL_session_reused(h->client.ssl), resumed);
  assert_ptr_not_equal(h->client.ticket, before);
  SSL_SESSION_free(before);
  tls_session_free(s);
  return resumed;
}

/* The name of the key that the client's ticket is sealed with: its first bytes (RFC 5077, section 4). */
static void key_name(const struct house *h, unsigned char name[16])
{
  const unsigned char *ticket;
  size_t n;
  SSL_SESSION_get0_ticket(h->client.ticket, &ticket, &n);
  assert_true(n > 16);
  memcpy(name, ticket, 16);
}

static void rotate(struct house *h, uint64_t now)
{
  assert_int_equal(tickets_rotate(h->supervisor, now), 0);
}

static void a_ticket_is_good_at_every_worker(void **state)
{
  (void)state;
  struct house h = {.client.ticket = NULL};
  unsigned char first[16], second[16];
  house_make(&h);
  assert_false(visit(&h, &h.one, "one.example"));
  assert_int_equal(SSL_SESSION_get_ticket_lifetime_hint(h.client.ticket), DAY);
  key_name(&h, first);
  assert_true(visit(&h, &h.two, "one.example"));
  key_name(&h, second);
  assert_memory_equal(first, second, sizeof first);
  assert_true(visit(&h, &h.one, "one.example"));
  assert_false(visit(&h, &h.two, "two.example")); /* G5: another site */
  house_free(&h);
}

/* More tickets than random bytes are drawn for at once, at two workers. */
static void no_two_tickets_have_the_same_iv(void **state)
{
  (void)state;
  enum { TICKETS = 150, NAME = 16, IV = 16 };
  static unsigned char ivs[TICKETS][IV];
  struct house h = {.client.ticket = NULL};
  house_make(&h);
  for (size_t i = 0; i < TICKETS; i++) {
    const unsigned char *ticket;
    size_t n;
    assert_int_equal(visit(&h, i % 2 ? &h.two : &h.one, "one.example"), i > 0);
    SSL_SESSION_get0_ticket(h.client.ticket, &ticket, &n);
    assert_true(n > NAME + IV);
    memcpy(ivs[i], ticket + NAME, IV);
    for (size_t k = 0; k < i; k++)
      assert_memory_not_equal(ivs[k], ivs[i], IV);
  }
  house_free(&h);
}

static void two_keys_are_accepted_and_no_third(void **state)
{
  (void)state;
  struct house h = {.client.ticket = NULL};
  unsigned char first[16], second[16], third[16];
  house_make(&h);
  assert_false(visit(&h, &h.one, "two.example"));
  key_name(&h, first);
  for (uint64_t day = 1; day <= 9; day++) { /* round the ring, more than twice */
    rotate(&h, START + day * DAY);
    assert_true(visit(&h, &h.two, "two.example"));
    key_name(&h, second);
    assert_memory_not_equal(first, second, sizeof first); /* the answer is under the new key */
    memcpy(first, second, sizeof first);
  }
  rotate(&h, START + 10 * DAY);
  rotate(&h, START + 11 * DAY);
  assert_false(visit(&h, &h.one, "two.example"));
  key_name(&h, third);
  assert_memory_not_equal(second, third, sizeof second);
  house_free(&h);
}

static void a_key_that_slept_too_long_is_not_kept(void **state)
{
  (void)state;
  struct house h = {.client.ticket = NULL};
  house_make(&h);
  assert_false(visit(&h, &h.one, NULL));
  rotate(&h, START + 2 * DAY - 1);
  assert_true(visit(&h, &h.one, NULL));
  rotate(&h, START + 4 * DAY - 1);
  assert_false(visit(&h, &h.one, NULL));
  rotate(&h, 5); /* a clock that is not the ring's */
  assert_false(visit(&h, &h.one, NULL));
  house_free(&h);
}

/* How many times random bytes come before they fail once. */
static unsigned good_calls;

static int bytes_that_run_out(unsigned char *out, int n)
{
  return good_calls-- == 0 ? 0 : RAND_OpenSSL()->bytes(out, n);
}

/* A key takes three calls; after a long sleep two keys are made. */
static void without_random_bytes_everything_is_as_it_was(void **state)
{
  (void)state;
  RAND_METHOD scarce = *RAND_OpenSSL();
  scarce.bytes = bytes_that_run_out;
  for (unsigned days = 1; days <= 2; days++)
    for (unsigned good = 0; good < 3 * days; good++) {
      struct house h = {.client.ticket = NULL};
      unsigned char before[16], after[16];
      house_make(&h);
      assert_false(visit(&h, &h.one, NULL));
      key_name(&h, before);
      good_calls = good;
      assert_int_equal(RAND_set_rand_method(&scarce), 1);
      int err = tickets_rotate(h.supervisor, START + days * DAY);
      assert_int_equal(RAND_set_rand_method(RAND_OpenSSL()), 1);
      assert_int_equal(err, ERR_TLS);
      assert_true(tickets_due(h.supervisor, START + days * DAY));
      if (!visit(&h, &h.two, NULL))
        fail_msg("%u days, %u calls: the ticket was refused", days, good);
      key_name(&h, after);
      assert_memory_equal(before, after, sizeof before);
      rotate(&h, START + days * DAY);
      assert_int_equal(visit(&h, &h.two, NULL), days == 1);
      house_free(&h);
    }
}

/* A reader that has read the number is still copying its key. */
static void a_rotation_writes_where_no_reader_can_be(void **state)
{
  (void)state;
  for (uint64_t days = 1; days <= 2; days++) {
    struct buf why = BUF_INIT(4096);
    unsigned char before[4096];
    size_t written = 0, head = 24; /* the name of the layout, and the number */
    int fd;
    assert_int_equal(tickets_create(&fd, START, &why), 0);
    struct tickets *writer = map(fd, true);
    size_t size = (size_t)lseek(fd, 0, SEEK_END);
    assert_true(size > head && size <= sizeof before);
    assert_int_equal(tickets_rotate(writer, START + DAY), 0);
    const unsigned char *ring = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(ring, MAP_FAILED);
    memcpy(before, ring, size);
    assert_int_equal(tickets_rotate(writer, START + DAY + days * DAY), 0);
    for (size_t i = head; i < size; i++) {
      if (before[i] != 0 && ring[i] != before[i])
        fail_msg("%u days: byte %zu of a key in use was overwritten", (unsigned)days, i);
      written += ring[i] != before[i];
    }
    assert_true(written > days * 60 && written <= days * 88); /* keys of 88 bytes, some of them 0 by chance */
    assert_int_equal(munmap((void *)(uintptr_t)ring, size), 0);
    tickets_unmap(writer);
    close(fd);
  }
}

/* Which slots of the ring hold a key: bit by bit. */
static unsigned held(const unsigned char *ring, size_t size)
{
  unsigned slots = 0;
  for (size_t i = 24; i < size; i++) /* behind the name of the layout, and the number */
    if (ring[i])
      slots |= 1U << (i - 24) / 88;
  return slots;
}

/* Tickets promise a day, and their key is accepted for a day more: whoever reads the memory later finds none of it. */
static void a_key_that_is_not_accepted_any_more_is_wiped(void **state)
{
  (void)state;
  static const struct {
    int line;
    uint64_t after; /* the second rotation, after the first */
    unsigned before, tidied;
  } rows[] = {
      /* The number counts from 1, and its key is in that slot of four. */
      {__LINE__, DAY, 1U << 1 | 1U << 2 | 1U << 3, 1U << 2 | 1U << 3},
      {__LINE__, 2 * DAY, 1U << 0 | 1U << 1 | 1U << 2 | 1U << 3, 1U << 3 | 1U << 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct buf why = BUF_INIT(4096);
    unsigned char before[4096];
    int fd;
    assert_int_equal(tickets_create(&fd, START, &why), 0);
    struct tickets *writer = map(fd, true), *reader = map(fd, false);
    size_t size = (size_t)lseek(fd, 0, SEEK_END);
    const unsigned char *ring = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(ring, MAP_FAILED);
    tickets_tidy(writer);
    assert_int_equal(held(ring, size), 1U << 1);
    assert_int_equal(tickets_rotate(writer, START + DAY), 0);
    tickets_tidy(writer);
    assert_int_equal(held(ring, size), 1U << 1 | 1U << 2);
    assert_int_equal(tickets_rotate(writer, START + DAY + rows[i].after), 0);
    memcpy(before, ring, size);
    tickets_tidy(reader); /* it may not write */
    assert_memory_equal(before, ring, size);
    tickets_tidy(writer);
    if (held(before, size) != rows[i].before || held(ring, size) != rows[i].tidied)
      fail_msg("row at line %d: %x, then %x", rows[i].line, held(before, size), held(ring, size));
    for (size_t k = 0; k < size; k++)
      assert_true(ring[k] == before[k] || ring[k] == 0);
    assert_int_equal(munmap((void *)(uintptr_t)ring, size), 0);
    tickets_unmap(reader);
    tickets_unmap(writer);
    close(fd);
  }
}

static void tidying_takes_no_ticket_from_anybody(void **state)
{
  (void)state;
  struct house h = {.client.ticket = NULL};
  house_make(&h);
  assert_false(visit(&h, &h.one, NULL));
  for (uint64_t day = 1; day <= 5; day++) {
    rotate(&h, START + day * DAY);
    tickets_tidy(h.supervisor);
    assert_true(visit(&h, &h.two, NULL)); /* under the key before */
    tickets_tidy(h.supervisor);
    assert_true(visit(&h, &h.one, NULL)); /* under the current one */
  }
  house_free(&h);
}

static void tickets_that_are_none_cost_a_full_handshake(void **state)
{
  (void)state;
  struct house h = {.client.ticket = NULL};
  house_make(&h);
  assert_false(visit(&h, &h.one, NULL));
  /* A bit of the key's name, of the IV, of the body, of the MAC. A client offers what its session holds. */
  const unsigned char *ticket;
  size_t n, start;
  for (size_t i = 0; i < 4; i++) {
    assert_true(visit(&h, &h.one, NULL) || i > 0);
    SSL_SESSION_get0_ticket(h.client.ticket, &ticket, &n);
    unsigned char *encoded = NULL;
    int length = i2d_SSL_SESSION(h.client.ticket, &encoded);
    assert_true(length > 0);
    unsigned char *at = memmem(encoded, (size_t)length, ticket, n);
    assert_non_null(at);
    start = (size_t)(at - encoded);
    const size_t where[] = {3, 16 + 5, n / 2, n - 1};
    encoded[start + where[i]] ^= 0x10;
    const unsigned char *end = encoded;
    SSL_SESSION_free(h.client.ticket);
    h.client.ticket = d2i_SSL_SESSION(NULL, &end, length);
    assert_non_null(h.client.ticket);
    if (visit(&h, &h.two, NULL))
      fail_msg("a ticket with byte %zu of %zu changed was taken", where[i], n);
    OPENSSL_free(encoded);
  }
  house_free(&h);
}

static void tickets_of_another_ring_are_not_taken(void **state)
{
  (void)state;
  struct house h = {.client.ticket = NULL}, other = {.client.ticket = NULL};
  house_make(&h);
  house_make(&other);
  assert_false(visit(&h, &h.one, NULL));
  assert_false(visit(&h, &other.one, NULL));
  assert_true(visit(&h, &other.two, NULL));
  house_free(&other);
  house_free(&h);
}

static void a_rotation_is_due_after_a_day(void **state)
{
  (void)state;
  struct buf why = BUF_INIT(4096);
  int fd;
  assert_int_equal(tickets_create(&fd, START, &why), 0);
  struct tickets *writer = map(fd, true), *reader = map(fd, false);
  assert_false(tickets_due(writer, START));
  assert_false(tickets_due(writer, START + DAY - 1));
  assert_true(tickets_due(writer, START + DAY));
  assert_true(tickets_due(writer, START - 1));
  assert_int_equal(tickets_rotate(reader, START + DAY), ERR_DENIED);
  assert_true(tickets_due(reader, START + DAY));
  assert_int_equal(tickets_rotate(writer, START + DAY), 0);
  assert_false(tickets_due(reader, START + DAY));
  tickets_unmap(reader);
  tickets_unmap(writer);
  /* The next supervisor gets the descriptor, and with it the age. */
  writer = map(fd, true);
  assert_false(tickets_due(writer, START + 2 * DAY - 1));
  assert_true(tickets_due(writer, START + 2 * DAY));
  tickets_unmap(writer);
  close(fd);
  assert_true(tickets_now() > 0);
}

/* ---------------------------------------------------------------- foreign descriptors */

static int memory(unsigned flags, int seals, off_t size, const char *content)
{
  int fd = memfd_create("test", flags);
  assert_true(fd >= 0);
  assert_int_equal(ftruncate(fd, size), 0);
  assert_int_equal(pwrite(fd, content, strlen(content), 0), strlen(content));
  if (seals)
    assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
  return fd;
}

static void a_descriptor_that_is_no_ring_is_refused_with_a_sentence(void **state)
{
  (void)state;
  struct buf why = BUF_INIT(4096);
  const int both = F_SEAL_SHRINK | F_SEAL_GROW;
  int fd;
  assert_int_equal(tickets_create(&fd, START, &why), 0);
  off_t size = lseek(fd, 0, SEEK_END);
  close(fd);
  const struct {
    int line, fd;
    const char *says;
  } rows[] = {
      {__LINE__, -1, "Bad file descriptor"},
      {__LINE__, open("/dev/null", O_RDWR), "no sealed memory"},
      {__LINE__, open("/", O_RDONLY), "no sealed memory"},
      {__LINE__, memory(0, 0, size, "nuncio tickets 1"), "no sealed memory"},
      {__LINE__, memory(MFD_ALLOW_SEALING, F_SEAL_GROW, size, "nuncio tickets 1"), "no sealed memory"},
      {__LINE__, memory(MFD_ALLOW_SEALING, both, size - 1, "nuncio tickets 1"), "another size"},
      {__LINE__, memory(MFD_ALLOW_SEALING, both, 1 << 20, "nuncio tickets 1"), "another size"},
      {__LINE__, memory(MFD_ALLOW_SEALING, both, size, "nuncio tickets 0"), "another version"},
      {__LINE__, memory(MFD_ALLOW_SEALING, both, size, ""), "another version"},
      {__LINE__, memory(MFD_ALLOW_SEALING, both, size, "nuncio tickets 1"), "no key"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    for (unsigned writer = 0; writer < 2; writer++) {
      struct tickets *t;
      buf_clear(&why);
      if (tickets_map(rows[i].fd, writer, &t, &why) != ERR_SYNTAX || t)
        fail_msg("row at line %d was taken", rows[i].line);
      buf_put_c(&why, '\0');
      if (!strstr(why.p, rows[i].says) || !strstr(why.p, "session tickets"))
        fail_msg("row at line %d: %s", rows[i].line, why.p);
    }
  for (size_t i = 1; i < sizeof rows / sizeof *rows; i++)
    close(rows[i].fd);
  buf_free(&why);
}

static void the_memory_cannot_be_cut_off_under_a_worker(void **state)
{
  (void)state;
  struct buf why = BUF_INIT(4096);
  int fd;
  assert_int_equal(tickets_create(&fd, START, &why), 0);
  assert_int_equal(ftruncate(fd, 0), -1);
  assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1); /* nor can rotation be stopped */
  close(fd);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_ticket_is_good_at_every_worker),
      cmocka_unit_test(no_two_tickets_have_the_same_iv),
      cmocka_unit_test(two_keys_are_accepted_and_no_third),
      cmocka_unit_test(a_key_that_slept_too_long_is_not_kept),
      cmocka_unit_test(without_random_bytes_everything_is_as_it_was),
      cmocka_unit_test(a_rotation_writes_where_no_reader_can_be),
      cmocka_unit_test(a_key_that_is_not_accepted_any_more_is_wiped),
      cmocka_unit_test(tidying_takes_no_ticket_from_anybody),
      cmocka_unit_test(tickets_that_are_none_cost_a_full_handshake),
      cmocka_unit_test(tickets_of_another_ring_are_not_taken),
      cmocka_unit_test(a_rotation_is_due_after_a_day),
      cmocka_unit_test(a_descriptor_that_is_no_ring_is_refused_with_a_sentence),
      cmocka_unit_test(the_memory_cannot_be_cut_off_under_a_worker),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
