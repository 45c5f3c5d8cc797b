"""What a server meets elsewhere: fewer rights than root has, a network of its own; and the programs that are needed."""

import ctypes
import fcntl
import os
import shutil
import socket
import struct
from pathlib import Path


def tool(name):
    """The path of a program that the tests need; `make deps` installs them all."""
    path = shutil.which(name)
    assert path, f"{name} is not installed: run `make deps test`"
    return path


def without_rights(*names):
    """The words to put before a command so that it runs without these capabilities. An ordinary user has none."""
    if os.geteuid() != 0:
        return []
    drop = ",".join("-" + name for name in names)
    return ["setpriv", f"--bounding-set={drop}", f"--inh-caps={drop}", "--"]


# Root reads any file; a server that is to meet an unreadable one runs without that right.
UNPRIVILEGED_FILES = without_rights("dac_override", "dac_read_search")
UNPRIVILEGED_PORTS = without_rights("net_bind_service")


# An address that is this machine's own and not loopback, in a network of a test's own.
OWN_ADDRESS = "192.0.2.1"


def own_network(privileged=True):
    """Called in a child: gives it a network of its own, where every port is free, with OWN_ADDRESS in it. An ordinary
    user is root there, if it is to be privileged."""
    clone_newuser, clone_newnet = 0x10000000, 0x40000000
    user, group = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(clone_newnet if user == 0 else clone_newuser | clone_newnet) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    if user != 0:
        inside = (0, 0) if privileged else (user, group)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{inside[0]} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{inside[1]} {group} 1")
    siocsifflags, siocsifaddr, iff_up = 0x8914, 0x8916, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, siocsifflags, struct.pack("16sh22x", b"lo", iff_up))
        address = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(OWN_ADDRESS))
        fcntl.ioctl(sock, siocsifaddr, struct.pack("16s16s8x", b"lo:1", address))


def in_network_of(server):
    """The words to put before a command that is to run in that network."""
    user = [] if os.geteuid() == 0 else ["-U", "--preserve-credentials"]
    return [tool("nsenter"), "-t", str(server.pid), *user, "-n"]
