"""What a service manager is told (sd_notify(3)); this test plays the manager."""

import contextlib
import os
import re
import shutil
import signal
import socket
import struct
import tempfile
import time
from pathlib import Path

import pytest

from pairs import make_pair
from server import PROGRAM, SEES_DESCRIPTORS, SLOWER, eventually
from tree import plant

TREE = {"index.gmi": "# Home\n"}
CREDENTIALS = struct.Struct("iii")


class Manager:
    """The other end of NOTIFY_SOCKET, at a path or (with @) an abstract name."""

    def __init__(self, address):
        self.address = address
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.sock.bind("\0" + address[1:] if address.startswith("@") else address)
        self.sock.settimeout(15 * SLOWER)

    @property
    def words(self):
        return ["env", f"NOTIFY_SOCKET={self.address}"]

    def hear(self):
        """The next message, as {name: value}; and the sender's process id as `sender`."""
        data, ancillary, _, _ = self.sock.recvmsg(4096, socket.CMSG_SPACE(CREDENTIALS.size))
        text = data.decode()
        assert text.endswith("\n") and "\0" not in text
        said = dict(line.split("=", 1) for line in text.splitlines())
        said["sender"] = CREDENTIALS.unpack(ancillary[0][2])[0]
        return said

    def hears_nothing(self):
        self.sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            return self.sock.recv(4096) == b""
        self.sock.settimeout(15 * SLOWER)
        return True


@pytest.fixture(params=["path", "abstract"])
def manager(request):
    folder = tempfile.mkdtemp()  # a short one: such a path has 107 bytes at most
    made = Manager(f"{folder}/notify" if request.param == "path" else f"@nuncio-test-{os.getpid()}-{time.time_ns()}")
    yield made
    made.sock.close()
    shutil.rmtree(folder)


def test_from_the_start_to_the_end(manager, serve):
    site = serve(TREE, before=manager.words)
    said = manager.hear()
    assert (said["READY"], said["STATUS"], said["sender"]) == ("1", "2 workers serve", site.pid)

    before = time.monotonic_ns() // 1000
    site.process.send_signal(signal.SIGHUP)
    said = manager.hear()
    assert (said["RELOADING"], said["STATUS"]) == ("1", "reloading")
    assert before <= int(said["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
    said = manager.hear()
    assert (said["READY"], said["STATUS"]) == ("1", "2 workers serve")
    assert site.gemini("/").text == "# Home\n"

    site.signal(signal.SIGTERM)
    said = manager.hear()
    assert said["STOPPING"] == "1" and said["STATUS"]
    site.wait()
    assert manager.hears_nothing()


def test_an_upgrade_keeps_the_process_and_goes_on_telling(manager, serve):
    site = serve(TREE, before=manager.words)
    assert manager.hear()["READY"] == "1"
    for _ in range(2):
        site.process.send_signal(signal.SIGUSR2)
        said = manager.hear()
        assert (said["RELOADING"], said["STATUS"]) == ("1", "upgrading")
        said = manager.hear()
        while "RELOADING" in said:  # the new version tries its settings out, too
            said = manager.hear()
        assert (said["READY"], said["STATUS"], said["sender"]) == ("1", "2 workers serve", site.pid)
    site.process.send_signal(signal.SIGHUP)
    assert manager.hear()["RELOADING"] == "1"
    assert manager.hear()["READY"] == "1"
    assert site.log().count("upgraded: this is nuncio") == 2


def test_a_reload_that_fails_is_over_all_the_same(manager, serve, tmp_path):
    make_pair(tmp_path / "certs", "localhost")
    site = serve(TREE, certs=tmp_path / "certs", before=manager.words)
    assert manager.hear()["READY"] == "1"
    (tmp_path / "certs" / "localhost.crt").write_text("rubbish\n")
    site.process.send_signal(signal.SIGHUP)
    assert manager.hear()["RELOADING"] == "1"
    said = manager.hear()
    assert said["READY"] == "1" and "2 workers serve" in said["STATUS"] and "reload failed" in said["STATUS"]
    assert site.gemini("/").text == "# Home\n"


def test_an_upgrade_that_fails_is_over_all_the_same(manager, serve, tmp_path):
    program = tmp_path / "nuncio"
    shutil.copy2(PROGRAM, program)
    os.chmod(tmp_path, 0o755)
    # env finds the program that follows, which is ours, and becomes the copy in its place.
    site = serve(TREE, before=[*manager.words, "sh", "-c", f'shift; exec "{program}" "$@"', "sh"])
    assert manager.hear()["READY"] == "1"
    program.unlink()
    program.write_text("#!/bin/false\n")
    program.chmod(0o755)
    site.process.send_signal(signal.SIGUSR2)
    assert manager.hear()["RELOADING"] == "1"
    said = manager.hear()
    assert said["READY"] == "1" and "upgrade failed" in said["STATUS"]
    assert site.gemini("/").text == "# Home\n"


@pytest.mark.skipif(not SEES_DESCRIPTORS, reason="root alone can look into a process that is locked in")
def test_workers_cannot_speak_for_the_service(manager, serve):
    site = serve(TREE, before=manager.words)
    for worker in site.workers():
        assert b"NOTIFY_SOCKET" not in Path(f"/proc/{worker}/environ").read_bytes()


@pytest.mark.parametrize("address", ["relative", "/", "@", "vsock:2:1234", "/" + "x" * 107, "\x1b[2J"])
def test_an_address_that_cannot_be_used_is_a_warning(address, serve):
    site = serve(TREE, before=["env", f"NOTIFY_SOCKET={address}"])
    assert site.gemini("/").text == "# Home\n"
    warning, = site.log_lines("warning")
    assert "NOTIFY_SOCKET" in warning


def test_a_manager_that_is_gone_is_a_warning(serve, tmp_path):
    site = serve(TREE, before=["env", f"NOTIFY_SOCKET=/tmp/nobody-{os.getpid()}"])
    assert site.gemini("/").text == "# Home\n"
    warning = eventually(lambda: site.log_lines("warning"), 5, "a warning")
    assert "cannot be told" in warning[0]


def test_a_manager_that_does_not_listen_keeps_nobody_waiting(serve):
    """Its queue is full: what is to be said is lost after a second, and the service goes on."""
    folder = tempfile.mkdtemp()
    manager = Manager(f"{folder}/notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as noise:
        noise.setblocking(False)
        noise.connect(manager.address)
        with contextlib.suppress(BlockingIOError):
            while True:
                noise.send(b"x")
        began = time.monotonic()
        site = serve(TREE, before=manager.words)
        eventually(lambda: "cannot be told" in site.log(), 5, "a warning")
        assert time.monotonic() - began < 8 * SLOWER
        assert site.gemini("/").text == "# Home\n"
        assert re.search(r"Resource temporarily unavailable|cannot be told", site.log())
    manager.sock.close()
    site.stop()
    shutil.rmtree(folder)
