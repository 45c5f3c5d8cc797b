/* The table of subcommands. */
#include <stdio.h>

int main(void)
{
  (void)fputs("nuncio\n", stderr);
  return 2;
}
