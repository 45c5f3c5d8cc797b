/* Gophermaps in gophernicus' dialect: what each line asks for (P16). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "text/gophermap_dialect.h"

static void the_first_character_decides_P16(void **state)
{
  (void)state;
  static const struct {
    int row;
    const char *line;
    enum dialect_kind kind;
    const char *text;
    char type;
  } table[] = {
      {__LINE__, "", DIALECT_PLAIN, "", 0},
      {__LINE__, "Some words", DIALECT_PLAIN, "Some words", 0},
      {__LINE__, " #not one", DIALECT_PLAIN, " #not one", 0},
      {__LINE__, "0Text\ta.txt", DIALECT_PLAIN, "0Text\ta.txt", 0},
      {__LINE__, "\t", DIALECT_PLAIN, "\t", 0},
      {__LINE__, "#", DIALECT_COMMENT, NULL, 0},
      {__LINE__, "## words\tand a tab", DIALECT_COMMENT, NULL, 0},
      {__LINE__, "!A title", DIALECT_TITLE, "A title", 0},
      {__LINE__, "!", DIALECT_TITLE, "", 0},
      {__LINE__, "-hidden file.txt", DIALECT_HIDE, "hidden file.txt", 0},
      {__LINE__, "-----", DIALECT_HIDE, "----", 0},
      {__LINE__, "-", DIALECT_COMMENT, NULL, 0},
      {__LINE__, ":png=g", DIALECT_TYPE, "png", 'g'},
      {__LINE__, ":txt=0 and more", DIALECT_TYPE, "txt", '0'},
      {__LINE__, ":a=;", DIALECT_TYPE, "a", ';'},
      {__LINE__, ":", DIALECT_FAULT, NULL, 0},
      {__LINE__, ":png", DIALECT_FAULT, NULL, 0},
      {__LINE__, ":png=", DIALECT_FAULT, NULL, 0},
      {__LINE__, ":=g", DIALECT_FAULT, NULL, 0},
      {__LINE__, ":png= g", DIALECT_FAULT, NULL, 0},
      {__LINE__, ":png=\xc3\xa9", DIALECT_FAULT, NULL, 0},
      {__LINE__, "~", DIALECT_USERS, NULL, 0},
      {__LINE__, "~ words", DIALECT_USERS, NULL, 0},
      {__LINE__, "%", DIALECT_HOSTS, NULL, 0},
      {__LINE__, "=other map ", DIALECT_INCLUDE, "other map", 0},
      {__LINE__, "=/other", DIALECT_INCLUDE, "/other", 0},
      {__LINE__, "=", DIALECT_FAULT, NULL, 0},
      {__LINE__, "= ", DIALECT_FAULT, NULL, 0},
      {__LINE__, "*", DIALECT_LISTING, NULL, 0},
      {__LINE__, "* words\t", DIALECT_LISTING, NULL, 0},
      {__LINE__, ".", DIALECT_END, NULL, 0},
      {__LINE__, "...", DIALECT_END, NULL, 0},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    struct dialect_line line;
    dialect_parse(str_from(table[i].line), &line);
    if (line.kind != table[i].kind || (table[i].text && !str_eq(line.text, str_from(table[i].text))) ||
        line.type != table[i].type || (line.why != NULL) != (line.kind == DIALECT_FAULT))
      fail_msg("line %d: %d '%.*s' %c", table[i].row, (int)line.kind, STR_ARG(line.text), line.type);
  }
}

/* What was information stays it, and a dot is no end. */
static void lines_are_put_into_a_plain_map_P16(void **state)
{
  (void)state;
  static const struct {
    int row;
    const char *line, *put;
  } table[] = {
      {__LINE__, "words", "iwords\t\n"},
      {__LINE__, "", "i\t\n"},
      {__LINE__, "iwords\t\terror.host\t1", "iwords\t\n"},
      {__LINE__, "\ta\tb", "i a b\t\n"},
      {__LINE__, "0Text\ta.txt\texample.org\t70", "0Text\ta.txt\texample.org\t70\n"},
      {__LINE__, "1sub\t", "1sub\t\n"},
  };
  struct buf out = BUF_INIT(256);
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    buf_clear(&out);
    dialect_put_plain(&out, str_from(table[i].line));
    if (!str_eq(buf_str(&out), str_from(table[i].put)))
      fail_msg("line %d: '%.*s'", table[i].row, STR_ARG(buf_str(&out)));
  }
  buf_clear(&out);
  dialect_put_info(&out, STR("."));
  dialect_put_info(&out, STR("0a\tb"));
  assert_true(str_eq(buf_str(&out), STR("i.\t\ni0a b\t\n")));
  buf_free(&out);
}

static void a_suffix_is_what_follows_the_last_dot(void **state)
{
  (void)state;
  static const struct {
    int row;
    const char *name, *suffix;
    bool has;
  } table[] = {
      {__LINE__, "a.png", "png", true},        {__LINE__, "a.PNG", "png", true},
      {__LINE__, "a.png.txt", "png", false},   {__LINE__, "a.tar.gz", "gz", true},
      {__LINE__, "a.tar.gz", "tar.gz", false}, {__LINE__, "png", "png", false},
      {__LINE__, "a.png", ".png", false},      {__LINE__, "a.", "png", false},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (dialect_has_suffix(str_from(table[i].name), str_from(table[i].suffix)) != table[i].has)
      fail_msg("line %d", table[i].row);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_first_character_decides_P16),
      cmocka_unit_test(lines_are_put_into_a_plain_map_P16),
      cmocka_unit_test(a_suffix_is_what_follows_the_last_dot),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
