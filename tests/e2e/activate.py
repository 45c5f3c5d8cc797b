"""Becomes a program that is given listening sockets, as systemd does it (sd_listen_fds(3)):

    activate.py NAME=ADDRESS:PORT ... -- PROGRAM ...

`NAME=fd:N` hands on a socket that is open already, and `NAME=udp` and `NAME=file` what is no such socket.
"""

import fcntl
import os
import socket
import sys

FIRST, OUT_OF_THE_WAY = 3, 200


def open_one(address):
    if address == "udp":
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).detach()
    if address == "file":
        return os.open("/dev/null", os.O_RDONLY)
    host, _, port = address.rpartition(":")
    if host == "fd":
        return int(port)
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    if ":" in host:  # both families, as a socket unit has it unless told otherwise
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.bind((host.strip("[]"), int(port)))
    sock.listen(64)
    return sock.detach()


def main(words):
    cut = words.index("--")
    given = [word.partition("=") for word in words[:cut]]
    opened = [fcntl.fcntl(open_one(address), fcntl.F_DUPFD, OUT_OF_THE_WAY) for _, _, address in given]
    for i, fd in enumerate(opened):
        os.dup2(fd, FIRST + i)  # which a new program inherits
        os.close(fd)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(opened)),
                      LISTEN_FDNAMES=":".join(name for name, _, _ in given))
    os.execvp(words[cut + 1], words[cut + 1:])


if __name__ == "__main__":
    main(sys.argv[1:])
