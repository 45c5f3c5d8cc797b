/* Rules: whatever a pattern and a path are, what a rule means it means in the same way each time, and beneath what it
 * names everything. The input: `under`, pattern and path, a line each. */
#include <stdint.h>
#include <stdlib.h>

#include "must.h"
#include "text/glob.h"
#include "text/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct str input = str_make((const char *)data, size), under = STR(""), pattern = STR(""), path;
  if (size > 4096 || !str_split(&input, '\n', &under) || !str_split(&input, '\n', &pattern))
    return 0;
  path = input.p ? input : STR("");
  if (!str_starts(under, STR("/")) || !str_ends(under, STR("/")) || str_find(under, '\0') < under.n ||
      str_find(pattern, '\0') < pattern.n)
    return 0; /* a directory of ours, and texts of the settings: they hold no NUL */

  struct rules rules;
  rules_init(&rules);
  struct rule *rule = rules_add(&rules, under, pattern);
  must(rule != NULL, "there is memory");
  struct str rest = STR("");
  bool means = rule_means(rule, path, &rest), names = rule_names(rule, path);
  must(!names || means, "what it names it means");
  must(!means || str_ends(path, rest), "the rest is the path's end");

  struct buf longer = BUF_INIT(2 * size + 64);
  buf_put_str(&longer, path);
  buf_put_str(&longer, STR("/beneath"));
  must(!means || rule_means(rule, buf_str(&longer), NULL), "what is beneath is meant too");
  buf_clear(&longer);
  buf_put_str(&longer, STR("//"));
  buf_put_str(&longer, path);
  buf_put_str(&longer, STR("//"));
  must(means == rule_means(rule, buf_str(&longer), NULL), "more slashes change nothing");
  must(names == rule_names(rule, buf_str(&longer)), "nor for the very path");
  buf_free(&longer);
  rules_free(&rules);
  return 0;
}
