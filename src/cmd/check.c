/* `nuncio check`: looks for what is to be mended before a reader meets it, in settings, a capsule or a running server.
 */
#include "cmd/check_capsule.h"
#include "cmd/check_server.h"
#include "cmd/check_settings.h"
#include "cmd/cmd.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
    "usage: nuncio check -c FILE\n"
    "       nuncio check [-c FILE] [options] CAPSULE\n"
    "       nuncio check [options] gemini://HOST[:PORT]/\n"
    "       nuncio check [options] gopher://HOST[:PORT]/\n"
    "\n"
    "Looks at a settings file, and at the folders, files, certificates and user that it names. The exit status is 1\n"
    "where there is a fault.\n"
    "\n"
    "  -c, --config FILE   the file\n"
    "\n"
    "Or reads a whole capsule as Gemini and Gopher would show it, and tells what its author should mend: links that "
    "lead\n"
    "nowhere or leave the site, pages that nothing leads to, text that is not UTF-8, gemtext and gophermaps that look "
    "like\n"
    "a mistake, overviews without pages. Nothing is changed, and nothing outside the folder is read. The exit status "
    "is 1\n"
    "where there is an error among the findings.\n"
    "\n"
    "  -c, --config FILE   the capsule is the root of a site in this settings file: its names, what the file says of "
    "some\n"
    "                      paths, its kind of gophermaps and its users count, whose pages are looked for and not "
    "read;\n"
    "                      it may be what a site publishes of a user's home (user-dirs), too: it is checked as "
    "/~NAME/\n"
    "  --at PATH           the folder is what is served at this path, such as /~ann/, of a site that is not known "
    "otherwise\n"
    "  --host NAME         a host name that the capsule is served under, where there is no settings file; may be "
    "repeated\n"
    "                      (default localhost)\n"
    "  --json              for machines: one JSON object a line for each finding\n"
    "\n"
    "Or asks a running server about every rule that can be seen from outside, one connection at a time, and says of "
    "each\n"
    "whether it passed or failed, what was sent and what came back. A note is what it may do otherwise, or what cannot "
    "be\n"
    "judged. The exit status is 1 where a rule failed or the server could not be reached.\n"
    "\n"
    "  --timeout SECONDS   how long each connection may take (default 10)\n"
    "  --json              print one JSON object a line\n"
    "  --i-own-this-host   allow addresses other than this machine's own loopback\n"
    "\n"
    "  --help              this text\n";

static bool asks_for_help(const char *word)
{
  return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static bool names_file(const char *word)
{
  return strncmp(word, "-c", 2) == 0 || strncmp(word, "--config", 8) == 0;
}

/* Whether there is a word besides options and their values: a capsule, then. */
static bool names_capsule(int argc, char **argv)
{
  static const char *const with_value[] = {"-c", "--config", "--host", "--at"};
  for (int i = 1; i < argc; i++) {
    bool takes = false;
    for (size_t k = 0; k < sizeof with_value / sizeof *with_value; k++)
      takes = takes || strcmp(argv[i], with_value[k]) == 0;
    if (takes)
      i++;
    else if (argv[i][0] != '-')
      return true;
  }
  return false;
}

int cmd_check(int argc, char **argv)
{
  bool url = false, file = false;
  for (int i = 1; i < argc; i++) {
    if (asks_for_help(argv[i])) {
      (void)fputs(usage, stdout);
      return EXIT_OK;
    }
    url = url || strstr(argv[i], "://");
    file = file || names_file(argv[i]);
  }
  if (file && (url || !names_capsule(argc, argv)))
    return check_settings(argc, argv);
  return url ? check_server(argc, argv) : check_capsule(argc, argv);
}
