/* The subcommands, one file each. main.c holds their table. */
#ifndef NUNCIO_CMD_CMD_H
#define NUNCIO_CMD_CMD_H

/* What a command leaves with. */
enum exit_status {
  EXIT_OK = 0,
  EXIT_FAULT = 1, /* it could not be done: one line on standard error says what and how to mend it */
  EXIT_USAGE = 2, /* the command line was wrong */
};

/* Each takes the arguments from its own name on (argv[0] is `serve`, and so on) and returns an exit_status. */
int cmd_serve(int argc, char **argv);
int cmd_cert(int argc, char **argv);
int cmd_render(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_bench(int argc, char **argv);

#endif
