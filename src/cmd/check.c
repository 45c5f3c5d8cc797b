/* `nuncio check`: looks for what is wrong. */
#include "cmd/check_server.h"
#include "cmd/cmd.h"

int cmd_check(int argc, char **argv)
{
  return check_server(argc, argv);
}
