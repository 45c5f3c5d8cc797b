/* The cache: bounded, the page used longest ago goes first; pages live as long as somebody holds them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "site/cache.h"
#include "site/once.h"
#include "site/page.h"

static struct page *page_of(size_t n, char fill)
{
  struct buf b = BUF_INIT(1 << 24);
  char *room = buf_room(&b, n + 1);
  assert_non_null(room);
  memset(room, fill, n);
  buf_added(&b, n);
  struct page *p = page_make();
  assert_non_null(p);
  p->bytes = bytes_take(&b);
  assert_non_null(p->bytes);
  return p;
}

static void put(struct cache *c, const char *key, size_t n, char fill)
{
  struct page *p = page_of(n, fill);
  cache_put(c, 'k', str_from(key), &p->held, page_cost(p));
  page_unref(p);
}

static char first(struct cache *c, const char *key)
{
  const struct page *p = (const struct page *)cache_get(c, 'k', str_from(key));
  return p ? p->bytes->p[0] : '-';
}

static void a_page_is_found_under_its_name(void **state)
{
  (void)state;
  struct cache *c = cache_open(100000);
  assert_non_null(c);
  put(c, "one", 100, '1');
  put(c, "two", 100, '2');
  assert_int_equal(first(c, "one"), '1');
  assert_int_equal(first(c, "two"), '2');
  assert_int_equal(first(c, "three"), '-');
  assert_int_equal(first(c, ""), '-');
  put(c, "one", 50, 'x'); /* in the place of the old one */
  assert_int_equal(first(c, "one"), 'x');
  assert_int_equal(cache_count(c), 2);
  cache_clear(c);
  assert_int_equal(cache_count(c), 0);
  assert_int_equal(cache_used(c), 0);
  assert_int_equal(first(c, "one"), '-');
  cache_close(c);
}

static void the_page_used_longest_ago_goes_first(void **state)
{
  (void)state;
  struct cache *c = cache_open(35000);
  assert_non_null(c);
  put(c, "a", 10000, 'a');
  put(c, "b", 10000, 'b');
  put(c, "c", 10000, 'c');
  assert_int_equal(first(c, "a"), 'a'); /* b is the oldest now */
  put(c, "d", 10000, 'd');
  assert_int_equal(first(c, "b"), '-');
  assert_int_equal(first(c, "a"), 'a');
  put(c, "e", 25000, 'e'); /* takes the place of several */
  assert_int_equal(first(c, "e"), 'e');
  assert_int_equal(cache_count(c), 1);
  put(c, "f", 36000, 'f'); /* larger than all of it: not kept, and nothing is lost for it */
  assert_int_equal(first(c, "f"), '-');
  assert_int_equal(first(c, "e"), 'e');
  put(c, "e", 36000, 'E'); /* but the old version is not given out any more */
  assert_int_equal(first(c, "e"), '-');
  cache_close(c);
}

static void a_page_outlives_its_eviction(void **state)
{
  (void)state;
  struct cache *c = cache_open(20000);
  assert_non_null(c);
  put(c, "a", 10000, 'a');
  struct page *held = page_ref((struct page *)cache_get(c, 'k', STR("a")));
  put(c, "b", 15000, 'b');
  assert_int_equal(first(c, "a"), '-');
  cache_close(c);
  assert_int_equal(held->bytes->p[9999], 'a');
  page_unref(held);
}

/* Never above its maximum, and the sum of what it holds is what it says, over many random calls. */
static void it_stays_within_its_bounds(void **state)
{
  (void)state;
  enum { MAX = 200000, KEYS = 400, STEPS = 60000 };
  struct cache *c = cache_open(MAX);
  assert_non_null(c);
  uint64_t seed = 1965;
  size_t hits = 0;
  for (int i = 0; i < STEPS; i++) {
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    unsigned key = (unsigned)(seed >> 40) % KEYS, size = (unsigned)(seed >> 20) % 5000;
    char name[32], fill = (char)('A' + key % 26);
    (void)snprintf(name, sizeof name, "key %u", key);
    if (seed >> 63) {
      put(c, name, size + 1, fill);
    } else if (first(c, name) != '-') {
      assert_int_equal(first(c, name), fill);
      hits++;
    }
    assert_true(cache_used(c) <= MAX);
    assert_true(cache_used(c) > 0 || cache_count(c) == 0);
  }
  assert_true(hits > STEPS / 20);
  cache_clear(c);
  assert_int_equal(cache_used(c), 0);
  cache_close(c);
}

/* What is kept already may grow (a menu is added to its page): others make room for it, and it goes itself where all of
 * the cache would not do. */
static void what_grows_takes_the_room_of_others(void **state)
{
  (void)state;
  enum { MAX = 35000 };
  struct cache *c = cache_open(MAX);
  assert_non_null(c);
  put(c, "a", 10000, 'a');
  put(c, "b", 10000, 'b');
  put(c, "c", 10000, 'c');
  struct cached *b = cache_get(c, 'k', STR("b"));
  size_t used = cache_used(c);
  cache_grow(b, 1000);
  assert_int_equal(cache_used(c), used + 1000);
  assert_int_equal(cache_count(c), 3);
  cache_grow(b, 10000);
  assert_true(cache_used(c) <= MAX);
  assert_int_equal(cache_count(c), 2);
  assert_int_equal(first(c, "a"), '-');
  assert_int_equal(first(c, "b"), 'b');
  cache_shrink(b, 11000);
  cache_drop(cache_get(c, 'k', STR("c")));
  assert_int_equal(cache_used(c), used / 3);
  put(c, "d", 10000, 'd');
  assert_int_equal(first(c, "b"), 'b'); /* d is the older one */
  cache_grow(b, MAX);
  assert_int_equal(first(c, "b"), '-');
  assert_int_equal(first(c, "d"), 'd');
  assert_int_equal(cache_used(c), used / 3);
  cache_close(c);
}

static void a_document_is_believed_while_its_file_is_the_same(void **state)
{
  (void)state;
  struct page *p = page_of(1, 'x');
  p->id = (struct file_id){1, 2, 3, 4, 5};
  p->settled = true;
  struct file_id same = {1, 2, 3, 4, 5}, larger = {1, 2, 9, 4, 5}, younger = {1, 2, 3, 9, 5}, other = {1, 9, 3, 4, 5};
  struct file_id set_back = {1, 2, 3, 4, 9};
  assert_true(page_trusted(p, &same));
  assert_false(page_trusted(p, &larger));
  assert_false(page_trusted(p, &younger));
  assert_false(page_trusted(p, &other));
  assert_false(page_trusted(p, &set_back));
  p->settled = false;
  assert_false(page_trusted(p, &same));
  page_unref(p);
}

static void what_was_said_is_remembered_up_to_a_bound(void **state)
{
  (void)state;
  static struct once once;
  for (uint64_t i = 1; i <= ONCE_REMEMBERED; i++)
    assert_true(once_first(&once, i));
  for (uint64_t i = 1; i <= ONCE_REMEMBERED; i++)
    assert_false(once_first(&once, i));
  assert_true(once_first(&once, 100000)); /* forgets the oldest */
  assert_true(once_first(&once, 1));
  assert_false(once_first(&once, 100000));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_page_is_found_under_its_name),
      cmocka_unit_test(the_page_used_longest_ago_goes_first),
      cmocka_unit_test(a_page_outlives_its_eviction),
      cmocka_unit_test(it_stays_within_its_bounds),
      cmocka_unit_test(what_grows_takes_the_room_of_others),
      cmocka_unit_test(a_document_is_believed_while_its_file_is_the_same),
      cmocka_unit_test(what_was_said_is_remembered_up_to_a_bound),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
