/* Options of a command's line. */
#include "cmd/option.h"

#include <string.h>

#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/complain.h"

/* `word` is the one in which it stands. */
static void complain_of(const char *command, int code, const char *word)
{
  const char letter[] = {'-', (char)optopt, '\0'};
  const char *what = "no such option";
  if (code == ':')
    what = "this option needs a value";
  else if (optopt != 0 && strncmp(word, "--", 2) == 0 && strchr(word, '='))
    what = "this option takes no value";
  else if (optopt != 0)
    word = letter; /* of several in one word */
  complain(command, "%s: %s (`nuncio %s --help` tells)", what, word, command);
}

int option_next(const char *command, int argc, char **argv, const char *letters, const struct option *options,
                int *index)
{
  opterr = 0; /* one line of our own says more than two of getopt's */
  int code = getopt_long(argc, argv, letters, options, index);
  if (code != '?' && code != ':')
    return code;
  complain_of(command, code, argv[optind - 1]);
  return OPTION_WRONG;
}

int option_number(const char *command, const char *option, unsigned most, unsigned *out)
{
  unsigned n;
  if (str_number(str_from(optarg), &n) == 0 && n >= 1 && n <= most) {
    *out = n;
    return -1;
  }
  complain(command, "%s %s: a number from 1 to %u is wanted", option, optarg, most);
  return EXIT_USAGE;
}
