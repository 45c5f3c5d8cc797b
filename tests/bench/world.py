"""Where things are in one run: programs, folders, cores. The folders are temporary and go with the run."""

import getpass
import itertools
import os
from dataclasses import dataclass, field
from pathlib import Path

import capsule

OVERVIEW = Path(__file__).resolve().parents[2] / "capsule" / "japan-russia-foreign-ministers-2012-09.overview.txt"


@dataclass
class World:
    nuncio: Path  # the programs
    floor: Path
    work: Path  # a new temporary folder; servers write into it
    server_core: int
    load_core: int
    numbers: itertools.count = field(default_factory=itertools.count)  # for names of files

    @property
    def capsule(self):
        return self.work / "capsule"

    @property
    def certificates(self):
        return self.work / "certificates"

    @property
    def user(self):
        return getpass.getuser()

    @property
    def cores_differ(self):
        return self.server_core != self.load_core

    def plant(self):
        if os.geteuid() == 0:
            self.work.chmod(0o755)  # some peers refuse to be root and run as nobody, who must get to the capsule
        capsule.plant(self.capsule, OVERVIEW)
        capsule.make_certificate(self.certificates)


def two_cores():
    """(the server's, the load's) of those that we may use; the same one where there is no other."""
    cores = sorted(os.sched_getaffinity(0))
    return cores[0], cores[-1] if len(cores) == 1 else cores[1]
