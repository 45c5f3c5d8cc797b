/* `nuncio check`: looks at what is to be served, and says what is wrong. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cmd/check_settings.h"
#include "cmd/cmd.h"
#include "cmd/complain.h"

static const char usage[] = "usage: nuncio check -c FILE\n"
                            "\n"
                            "  -c, --config FILE   the settings file, and the folders and certificates that it names\n";

static bool names_file(const char *word)
{
  return strncmp(word, "-c", 2) == 0 || strncmp(word, "--config", 8) == 0;
}

int cmd_check(int argc, char **argv)
{
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--help") == 0) {
      (void)fputs(usage, stdout);
      return EXIT_OK;
    }
    if (names_file(argv[i]))
      return check_settings(argc, argv);
  }
  complain("check", "what is to be checked? `nuncio check --help` tells");
  return EXIT_USAGE;
}
