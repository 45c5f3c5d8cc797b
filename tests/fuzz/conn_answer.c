/* What must hold for whatever a connection answered. */
#include "conn_answer.h"

#include <string.h>

#include "../support/menu_check.h"
#include "conn_world.h"
#include "must.h"
#include "site/response.h"

enum { KEPT_MOST = 64 };

static struct buf kept[WAYS][KEPT_MOST];

/* G15, G20, G21. */
static void check_gemini(struct str answer)
{
  static const char codes[] = "10 11 20 30 31 40 41 42 43 44 50 51 52 53 59 60 61 62 ";
  char code[4] = "";
  size_t end = str_find(answer, '\r');
  must(end + 1 < answer.n && answer.p[end + 1] == '\n' && end > 3 && end <= 3 + META_MAX, "a header is one line");
  struct str meta = str_skip(str_head(answer, end), 3), body = str_skip(answer, end + 2);
  memcpy(code, answer.p, 3);
  must(code[2] == ' ' && strstr(codes, code), "a header's code is one of the specification's");
  must(utf8_valid(meta) && !str_has_control(meta), "a header's meta is text");
  must(code[0] == '2' || body.n == 0, "a body comes only after 20");
  must(code[0] != '3' || !str_starts(meta, STR("//")), "a redirect leads to no other host (G16)");
  if (code[0] != '2')
    return;
  if (!str_starts(meta, STR("text/gemini")))
    must(conn_world_holds(body), "a file is sent byte for byte");
  must(!str_starts(meta, STR("text/gemini")) || (utf8_valid(body) && str_ends(body, STR("\n"))),
       "a page is whole lines");
}

/* P7, P8. */
static void check_gopher(struct str answer)
{
  struct menu_row row = {.type = '\0'};
  if (conn_world_holds(answer) || str_starts(answer, STR("+-1\r\n")) || str_starts(answer, STR("HTTP/1.0 ")) ||
      str_starts(answer, STR("<!DOCTYPE html>")) || str_starts(answer, STR("CAPS")))
    return;
  while (row.type != '.') {
    const char *wrong = menu_row(&answer, &row);
    must(!wrong, wrong ? wrong : "");
  }
  must(answer.n == 0, "nothing follows a menu's end");
}

void conn_answer_check(enum conn_way way, struct str answer)
{
  if (way == WAY_GEMINI)
    check_gemini(answer);
  else
    check_gopher(answer);
}

void conn_answer_keep(enum conn_way way, unsigned i, struct str answer)
{
  must(i < KEPT_MOST, "a list of requests");
  buf_init(&kept[way][i], 1 << 20);
  buf_put_str(&kept[way][i], answer);
}

void conn_answer_due(enum conn_way way, unsigned i, struct str answer)
{
  struct str due = buf_str(&kept[way][i]);
  bool error = way == WAY_GEMINI ? str_starts(answer, STR("4"))
                                 : str_starts(answer, STR("3")) || str_starts(answer, STR("+-1\r\n+INFO: 3"));
  if (error || str_eq(answer, due))
    return;
  /* Only where that file is asked for can its first part be the whole. */
  struct str head = way == WAY_GEMINI ? str_head(due, str_find(due, '\n') + 1) : str_head(due, 0);
  must(str_starts(answer, head) && conn_world_holds(str_skip(answer, head.n)) && due.n == head.n + WORLD_BIG,
       "what came whole is what was asked for");
}
