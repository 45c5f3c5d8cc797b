/* What needs no Landlock and no seccomp. */
#include "proc/sandbox.h"

#include <sys/prctl.h>
#include <sys/resource.h>

/* A limit of 0 does not count where the kernel pipes cores to a program (core(5)); a process that may not be dumped
 * writes none either way, and its memory cannot be read through /proc or ptrace by others of its user. */
void sandbox_no_dumps(void)
{
  const struct rlimit none = {0, 0};
  (void)setrlimit(RLIMIT_CORE, &none);
  (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
