/* What is asked of a Gopher server, rule by rule. */
#include "probe/gopher.h"

#include "probe/gopher_judge.h"
#include "probe/menu_line.h"

#define CRLF "\r\n"

static const char no_item[] = "no item of the first menu leads to another menu or text of this server";
static const char no_text[] = "no item of the first two menus is a text (type 0) of this server";
static const char no_search[] = "no item of the first two menus is a search (type 7) of this server";

/* `spec` stands where RFC 1436 asks for it, or where a reader is harmed. */
const struct question gopher_questions[] = {
    /* The first menu, from all sides. */
    {"P7", "each line of the first menu has four fields", STR_INIT(CRLF), judge_menu_lines, .keep = KEPT_ROOT,
     .spec = true},
    {"P8", "it ends with a dot", .again = true, .judge = judge_menu_end, .spec = true},
    {"P18", "FIN after its last byte", .again = true, .judge = judge_close, .spec = true},
    {"P9", "its lines are at most 67 columns wide", .again = true, .judge = judge_menu_width},
    {"P19", "its items name this host and port", .again = true, .judge = judge_menu_place},
    {"P11", "its links out of Gopher are harmless and asked of this server", .again = true, .judge = judge_menu_links,
     .spec = true},
    {"P15", "its .gmi pages are menus", .again = true, .judge = judge_menu_pages},

    /* The request. */
    {"P1", "a bare LF ends a request", STR_INIT("\n"), judge_same, .like = KEPT_ROOT, .quiet = true},
    {"P1", "a request without an end is refused", STR_INIT("/{fill}"), judge_endless, .fill = 2048, .quiet = true},
    {"P2", "a slash is the first menu too", STR_INIT("/" CRLF), judge_same, .like = KEPT_ROOT},
    {"P2", "an item of the first menu is there", STR_INIT("{item}" CRLF), judge_something, no_item, .keep = KEPT_ITEM,
     .spec = true},
    {"P2", "it is the same with one slash in front", STR_INIT("/{bare}" CRLF), judge_same, no_item, .like = KEPT_ITEM},
    {"P2", "with none", STR_INIT("{bare}" CRLF), judge_same, no_item, .like = KEPT_ITEM},
    {"P2", "with two", STR_INIT("//{bare}" CRLF), judge_same, no_item, .like = KEPT_ITEM},
    {"P2", "and with a dot between them", STR_INIT("/./{bare}" CRLF), judge_same, no_item, .like = KEPT_ITEM},
    {"P2", "a selector above the root is refused", STR_INIT("/../../../../../../etc/passwd" CRLF), judge_refused,
     .spec = false},
    {"P2", "without its slash too", STR_INIT("../../../../../../etc/passwd" CRLF), judge_refused, .spec = false},
    {"P2", "and percent-encoded", STR_INIT("/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd" CRLF), judge_refused,
     .spec = false},
    {"P2", "NUL is refused", STR_INIT("/nuncio\0" CRLF), judge_refused, .spec = false},
    {"P3", "a search answers with a menu", STR_INIT("{search}\tnuncio" CRLF), judge_search, no_search, .spec = true},

    /* Gopher+. */
    {"P4", "TAB $ asks for a menu's attributes", STR_INIT("\t$" CRLF), judge_plus_menu, .quiet = true},
    {"P4", "TAB ! for an item's", STR_INIT("\t!" CRLF), judge_plus_menu, .quiet = true},
    {"P4", "TAB + is no search", STR_INIT("\t+" CRLF), judge_plus, .quiet = true},

    /* Neighbours. */
    {"P5", "a web browser gets a page", STR_INIT("GET / HTTP/1.0" CRLF CRLF), judge_http, .quiet = true},
    {"P6", "TLS on the same port", STR_INIT(CRLF), judge_gophers, .channel = CHANNEL_TLS, .like = KEPT_ROOT},
    {"P12", "URL: answers a page that leads there", STR_INIT("URL:https://example.org/nuncio" CRLF), judge_url,
     .spec = false},
    {"P12", "but to no script", STR_INIT("URL:javascript:alert(1)" CRLF), judge_url_unsafe, .spec = false},
    {"P12", "what is in it is escaped", STR_INIT("URL:https://example.org/\"><script>nuncio</script>" CRLF),
     judge_url_escaped, .spec = false},

    /* Answers. */
    {"P13", "an error is an item of type 3", STR_INIT("/nuncio-is-not-there" CRLF), judge_error_line, .spec = true},
    {"P7", "the error's lines have four fields", .again = true, .judge = judge_error_lines, .spec = true},
    {"P8", "and end with a dot", .again = true, .judge = judge_error_end, .spec = true},
    {"P14", "a text ends with the connection", STR_INIT("{text}" CRLF), judge_document, no_text, .spec = false},
    {"P17", "caps.txt is there", STR_INIT("caps.txt" CRLF), judge_caps, .spec = false},
    {"P17", "with a slash too", STR_INIT("/caps.txt" CRLF), judge_caps, .spec = false},

    {"P18", "every answer was ended by FIN", .summary = true, .judge = judge_endings, .spec = true},
};

const size_t gopher_question_count = sizeof gopher_questions / sizeof *gopher_questions;

static void learn(struct facts *facts, enum fact fact, struct str selector)
{
  struct buf *known = &facts->fact[fact];
  if (known->n == 0 && selector.n <= FACT_MOST)
    buf_put_str(known, selector);
}

static bool leads_to_root(struct str selector)
{
  return selector.n == 0 || str_eq(selector, STR("/"));
}

void gopher_learn(struct facts *facts, enum kept kept)
{
  struct str rest = buf_str(&facts->kept[kept]);
  struct menu_line line;
  while (menu_line_next(&rest, &line)) {
    if (line.fault || !menu_line_leads_to(&line, str_from(facts->target->host), facts->target->port))
      continue;
    if (kept == KEPT_ROOT && (line.type == '0' || line.type == '1') && !leads_to_root(line.selector))
      learn(facts, FACT_ITEM, line.selector);
    if (line.type == '0')
      learn(facts, FACT_TEXT, line.selector);
    if (line.type == '7')
      learn(facts, FACT_SEARCH, line.selector);
  }
}
