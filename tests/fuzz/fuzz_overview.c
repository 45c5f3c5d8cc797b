/* Fuzz target: an overview keeps its words in order, on well-made pages; and its summary agrees with it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/overview_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good, const char *what)
{
  if (good)
    return;
  (void)fprintf(stderr, "overview: %s\n", what);
  abort();
}

/* The summary of a document that is shorter than its head says what the document says. */
static void check_summary(struct str source)
{
  struct overview *o = NULL;
  struct buf title = BUF_INIT(3 * OVERVIEW_HEAD + 64);
  char date[11];
  must(overview_summary(str_head(source, OVERVIEW_HEAD), CHECK_NAME, &title, date) == 0, "no summary");
  must(utf8_valid(buf_str(&title)) && !str_has_control(buf_str(&title)), "the summary's title is no line of text");
  must(date[0] == '\0' || strlen(date) == 10, "the summary's date");
  if (source.n < OVERVIEW_HEAD) {
    must(overview_parse(source, CHECK_NAME, &o) == 0, "not parsed");
    must(str_eq(buf_str(&title), overview_title(o)), "the summary has another title");
    overview_free(o);
  }
  buf_free(&title);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct str source = {(const char *)data, size};
  const char *fault = overview_check(source);
  must(!fault, fault ? fault : "");
  check_summary(source);
  return 0;
}
