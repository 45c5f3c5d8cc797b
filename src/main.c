/* The table of subcommands. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/complain.h"

static const struct command {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *summary;
} commands[] = {
    {"serve", cmd_serve, "publish a folder over Gemini and Gopher"},
    {"cert", cmd_cert, "show, make and renew certificates"},
    {"render", cmd_render, "print what a reader would get, without a server"},
    {"check", cmd_check, "tell what is to be mended: settings, a capsule, a running server"},
    {"bench", cmd_bench, "put a server of your own under load, and say how it bore it"},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_usage(FILE *out)
{
  (void)fputs("usage: nuncio COMMAND [options]\n\n", out);
  for (size_t i = 0; i < COMMANDS; i++)
    (void)fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
  (void)fputs("\n`nuncio COMMAND --help` tells more; `nuncio --version` the version.\n", out);
}

/* Started without one of the three standard descriptors, a file or a socket of ours would come to have its number, and
 * what is meant for a person would be written into it. */
static void have_standard_descriptors(void)
{
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
      _exit(EXIT_FAULT);
}

int main(int argc, char **argv)
{
  have_standard_descriptors();
  if (argc < 2) {
    print_usage(stderr);
    return EXIT_USAGE;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
    print_usage(stdout);
    return EXIT_OK;
  }
  if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
    (void)puts("nuncio " NUNCIO_VERSION);
    return EXIT_OK;
  }
  for (size_t i = 0; i < COMMANDS; i++)
    if (strcmp(argv[1], commands[i].name) == 0)
      return commands[i].run(argc - 1, argv + 1);
  complain(NULL, "there is no command `%s`; `nuncio --help` lists them", argv[1]);
  return EXIT_USAGE;
}
