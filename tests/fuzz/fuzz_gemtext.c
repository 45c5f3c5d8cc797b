/* Gemtext to menu: whatever a page holds, the menu is whole, wrapped, complete, and the same in pieces of any size. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/menu_check.h"
#include "must.h"
#include "text/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool here(void *context, struct str scheme, struct str host, struct str port)
{
  (void)context;
  (void)scheme;
  return str_eq_nocase(host, STR("h")) && port.n == 0;
}

static void make(struct str page, unsigned columns, size_t piece, struct buf *menu)
{
  const struct menu_place place = {.host = STR("h"), .port = 70, .columns = columns, .is_here = here};
  struct menu_filter f;
  must(menu_filter_begin(&f, &place, STR("/d/p.gmi")) == 0, "begin");
  while (page.n) {
    must(menu_filter_feed(&f, str_head(page, piece), menu) == 0, "feed");
    page = str_skip(page, piece);
  }
  must(menu_filter_end(&f, menu) == 0, "end");
  menu_filter_free(&f);
}

/* P2, P12: selectors of ours can be sent as they are; what must not be followed is no item. */
static void check_items(struct str menu)
{
  struct menu_row row;
  while (menu.n) {
    must(menu_row(&menu, &row) == NULL, "row");
    if (row.type == '.' || row.type == 'i' || !str_eq(row.host, STR("h")))
      continue;
    for (size_t i = 0; i < row.selector.n; i++)
      must(row.selector.p[i] >= ' ' && row.selector.p[i] < 0x7f, "a selector of ours is printable ASCII");
    if (str_starts(row.selector, STR("URL:")))
      must(!uri_scheme_unsafe(uri_scheme(str_skip(row.selector, 4))), "no unsafe URL");
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size < 2)
    return 0;
  unsigned columns = MENU_COLUMNS_MIN + data[0] % 80;
  size_t piece = 1U + data[1];
  struct str page = str_make((const char *)data + 2, size - 2);
  struct buf whole = BUF_INIT(64 * size + 4096), pieces = BUF_INIT(64 * size + 4096);
  make(page, columns, size, &whole);
  make(page, columns, piece, &pieces);
  must(str_eq(buf_str(&whole), buf_str(&pieces)), "pieces give the same menu");
  if (size < 32 * 1024) {
    const char *fault = menu_check(page, columns, buf_str(&whole));
    must(!fault, fault);
  }
  check_items(buf_str(&whole));
  buf_free(&whole);
  buf_free(&pieces);
  return 0;
}
