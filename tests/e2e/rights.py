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


def without_openat2(number):
    """What a child calls so that openat2 fails with this errno in it and in whatever it becomes: ENOSYS as in a kernel
    before Linux 5.6, EPERM as in some containers. A seccomp filter of four instructions; the call has the same number
    on every processor."""
    openat2, load, jump_if_equal, answer = 437, 0x20, 0x15, 0x06
    seccomp_errno, seccomp_allow = 0x00050000, 0x7FFF0000
    pr_set_no_new_privs, pr_set_seccomp, mode_filter = 38, 22, 2
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in (
        (load, 0, 0, 0), (jump_if_equal, 0, 1, openat2), (answer, 0, 0, seccomp_errno | number),
        (answer, 0, 0, seccomp_allow))))
    program = ctypes.create_string_buffer(struct.pack("H6xQ" if ctypes.sizeof(ctypes.c_void_p) == 8 else "H2xI", 4,
                                                      ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)

    def in_child():
        if (libc.prctl(pr_set_no_new_privs, 1, 0, 0, 0) != 0 or
                libc.prctl(pr_set_seccomp, mode_filter, program, code, 0) != 0):  # `code` goes along to be kept alive
            raise OSError(ctypes.get_errno(), "prctl")

    return in_child


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
