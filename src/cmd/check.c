/* `nuncio check`: looks for what is to be mended before a reader meets it. */
#include "cmd/check_capsule.h"
#include "cmd/cmd.h"

int cmd_check(int argc, char **argv)
{
  return check_capsule(argc, argv);
}
