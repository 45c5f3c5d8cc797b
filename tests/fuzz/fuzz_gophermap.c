/* Gophermaps and `.gph` menus: any bytes are a whole menu and gemtext that shows the same names and leads nowhere
 * unsafe. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/menu_check.h"
#include "must.h"
#include "text/gophermap.h"
#include "text/gph.h"
#include "text/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The next line of the map, as long as there is one that is to be read. */
static bool next(struct str *map, struct gophermap_line *line)
{
  struct str raw;
  if (!str_line(map, &raw) || str_eq(raw, STR(".")))
    return false;
  gophermap_parse(raw, line);
  must(line->type > ' ' && line->type < 0x7f && line->port <= 65535, "a line's type and port");
  must(line->has_selector || str_eq(line->selector, line->type == 'i' ? STR("") : line->name), "the name serves");
  return true;
}

static void check_menu(struct str map, struct str menu)
{
  struct gophermap_line line;
  struct menu_row row;
  while (next(&map, &line)) {
    must(menu_row(&menu, &row) == NULL, "row");
    struct buf name = BUF_INIT(8 * line.name.n + 16);
    plain_put(&name, line.name);
    struct str want = buf_str(&name);
    must(row.type == line.type || row.type == 'i', "type");
    must(menu_eat(&want, str_head(row.display, row.type == line.type ? row.display.n : 0)), "name");
    must(row.type != line.type || str_trim(want).n == 0, "the whole name");
    buf_free(&name);
  }
  must(str_eq(menu, STR(".\r\n")), "the end");
}

static void check_target(struct str target)
{
  struct str scheme = uri_scheme(target);
  must(target.n > 0 && plain_is(target) && str_find(target, ' ') == target.n, "a target is one word");
  must(!uri_scheme_unsafe(scheme), "a target is safe");
  if (scheme.n == 0) {
    struct buf path = BUF_INIT(target.n + 16);
    must(str_starts(target, STR("/")) && !str_starts(target, STR("//")), "a target inside is a path");
    /* The query of a search holds a reader's words, which may be any bytes: it is no part of the path. */
    must(uri_path(&path, str_head(target, str_find(target, '?')), true) == 0, "a target inside does not climb");
    buf_free(&path);
  }
}

static void check_gemtext(struct str map, struct str page)
{
  struct gophermap_line line;
  struct gemtext_line parsed;
  struct str raw;
  bool preformatted = false;
  must(page.n == 0 || str_ends(page, STR("\n")), "a page ends with a line end");
  must(utf8_valid(page), "a page is UTF-8");
  while (str_line(&page, &raw)) {
    gemtext_parse(raw, &preformatted, &parsed);
    if (parsed.type == GEMTEXT_FENCE)
      continue;
    must(next(&map, &line), "a line for each line");
    must(parsed.type == GEMTEXT_TEXT || parsed.type == GEMTEXT_PRE ||
             (parsed.type == GEMTEXT_LINK && line.type != 'i' && line.type != '3'),
         "the type of a line");
    if (parsed.type == GEMTEXT_LINK)
      check_target(parsed.target);
    struct buf name = BUF_INIT(8 * line.name.n + 16);
    plain_put(&name, line.name);
    struct str shown = parsed.text;
    must(menu_eat(&shown, buf_str(&name)), "the whole name");
    must(line.type != 'i' || str_trim(shown).n == 0, "nothing is invented");
    buf_free(&name);
  }
  must(!next(&map, &line), "every line is there");
  must(!preformatted, "every fence is closed");
}

static void check_map(struct str map)
{
  const struct menu_place place = {.host = STR("h"), .port = 70};
  size_t size = map.n;
  struct buf menu = BUF_INIT(64 * size + 4096), page = BUF_INIT(64 * size + 4096);
  must(gophermap_menu(map, STR("/my%20dir/"), &place, &menu) == 0, "menu");
  must(gophermap_gemtext(map, STR("/my%20dir/"), &page) == 0, "gemtext");
  if (str_starts(map, STR("\xef\xbb\xbf")))
    map = str_skip(map, 3);
  check_menu(map, buf_str(&menu));
  check_gemtext(map, buf_str(&page));
  buf_free(&menu);
  buf_free(&page);
}

/* The same bytes as a `.gph` menu: the map that they stand for has as many lines, and none that ends it. */
static void check_gph(struct str gph)
{
  struct buf map = BUF_INIT(8 * gph.n + 64);
  struct str line, rest = gph, made;
  must(gph_gophermap(gph, &map) == 0, "a map");
  for (made = buf_str(&map); str_line(&rest, &line);)
    must(str_line(&made, &line) && str_find(line, '\t') < line.n, "an item or information for each line");
  must(made.n == 0, "no line more");
  check_map(buf_str(&map));
  buf_free(&map);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct str bytes = str_make((const char *)data, size);
  check_map(bytes);
  check_gph(bytes);
  return 0;
}
