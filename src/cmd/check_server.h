/* `nuncio check URL`: a running server, asked about every rule that can be seen from outside. */
#ifndef NUNCIO_CMD_CHECK_SERVER_H
#define NUNCIO_CMD_CHECK_SERVER_H

/* argv[0] is `check`. An exit_status: EXIT_FAULT where a rule fails or the server cannot be reached. */
int check_server(int argc, char **argv);

#endif
