"""A FIFO, a socket or a device, wherever it stands in a capsule, is 51, is never opened, and stops nobody (G13). Run in
both ways of looking a path up."""

import ctypes
import errno
import os
import stat
import struct
import subprocess
import sys
import threading
import time

import pytest

from rights import UNPRIVILEGED_FILES, without_openat2
from server import SLOWER
from tree import Fifo, Link, Socket, plant

BOTH_WAYS = True

OVERVIEW = "A Meeting\n\n1. The first point.\n\n2. The second point.\n"
TREE = {
    "index.gmi": "# Home\n",
    "pipe.txt": Fifo(),
    "pipe.gmi": Fifo(),
    "socket.txt": Socket(),
    "to-pipe.gmi": Link("pipe.txt"),
    "to-socket.txt": Link("socket.txt"),
    "through/to-pipe.txt": Link("../linked-dir/pipe.txt"),
    "linked-dir": Link("plain"),
    "plain/pipe.txt": Fifo(),
    "plain/page.gmi": "# A page\n",
    "piped.overview.txt": Fifo(),
    "linked.overview.txt": Link("pipe.txt"),
    "meeting.overview.txt": OVERVIEW,
    "index/index.gmi": Fifo(),
    "index/page.gmi": "# A page\n",
    "index-link/index.gmi": Link("../socket.txt"),
    "index-link/page.gmi": "# A page\n",
    "map/gophermap": Fifo(),
    "map/page.gmi": "# A page\n",
    "both/gophermap": Socket(),
    "both/index.gmi": "# Both\n",
    "listed/a.gmi": Fifo(),
    "listed/b.overview.txt": Fifo(),
    "listed/c.txt": Socket(),
    "listed/d.gmi": Link("../pipe.gmi"),
    "listed/e.gmi": "# A page\n",
    "robots.txt": Fifo(),
    "caps.txt": Fifo(),
}
SPECIAL = ["/pipe.txt", "/pipe.gmi", "/socket.txt", "/to-pipe.gmi", "/to-socket.txt", "/through/to-pipe.txt",
           "/linked-dir/pipe.txt", "/piped.overview.txt", "/linked.overview.txt", "/piped/", "/piped/1.gmi", "/linked/",
           "/robots.txt", "/pipe.txt/", "/pipe.gmi/x", "/index/index.gmi", "/map/gophermap", "/listed/a.gmi",
           "/listed/d.gmi"]


def devices(root):
    """Plants devices that do something when they are read, where this user may."""
    made = []
    for name, major, minor in (("zero.txt", 1, 5), ("terminal.gmi", 5, 0)):
        try:
            os.mknod(root / name, stat.S_IFCHR | 0o666, os.makedev(major, minor))
            made.append("/" + name)
        except PermissionError:
            pass
    return made


class Openings:
    """Which files below a folder are opened, by inotify. A look (O_PATH) is none."""

    def __init__(self, root):
        self.libc = ctypes.CDLL(None, use_errno=True)
        in_open, in_nonblock = 0x20, 0o4000
        self.fd, self.folders = self.libc.inotify_init1(in_nonblock), {}
        assert self.fd >= 0
        for folder, _, _ in os.walk(root):
            watch = self.libc.inotify_add_watch(self.fd, os.fsencode(folder), in_open)
            assert watch >= 0
            self.folders[watch] = folder

    def seen(self):
        paths = set()
        while True:
            try:
                data = os.read(self.fd, 1 << 16)
            except BlockingIOError:
                return paths
            while data:
                watch, _, _, length = struct.unpack_from("iIII", data)
                name = os.fsdecode(data[16 : 16 + length].rstrip(b"\0"))
                paths.add(os.path.join(self.folders[watch], name) if name else self.folders[watch])
                data = data[16 + length :]

    def close(self):
        os.close(self.fd)


def is_special(path):
    mode = os.stat(path).st_mode
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


@pytest.fixture(scope="module")
def site(serve_for_module, tmp_path_factory):
    capsule = plant(tmp_path_factory.mktemp("special") / "capsule", TREE)
    devices(capsule)
    return serve_for_module(capsule=capsule)


@pytest.fixture
def nothing_special_is_opened(site):
    openings = Openings(site.capsule)
    (site.capsule / "plain/page.gmi").read_bytes()
    assert str(site.capsule / "plain/page.gmi") in openings.seen()  # so it would be noticed
    yield
    assert not [path for path in openings.seen() if is_special(path)]
    openings.close()


@pytest.mark.parametrize("path", SPECIAL)
def test_it_is_51_G13(site, nothing_special_is_opened, path):
    started = time.monotonic()
    assert site.gemini(path).status == 51
    assert site.gopher(path).error
    assert site.gopher(path, tls=True).error
    assert site.gopher(path + "\t!").raw  # what the item is called, to a client of Gopher+
    assert time.monotonic() - started < 2 * SLOWER


def test_devices_too_G13(site, nothing_special_is_opened, tmp_path):
    if not devices(tmp_path):
        pytest.skip("this user may not make devices")
    for path in ("/zero.txt", "/terminal.gmi"):
        assert site.gemini(path).status == 51
        assert site.gopher(path).error
    for reply in (site.gemini("/listed/"), site.gopher("/listed/")):
        assert "zero" not in reply.text


@pytest.mark.parametrize("path", ["/index/", "/index-link/", "/map/", "/both/", "/listed/", "/", "/meeting/", "/caps.txt"])
def test_a_folder_of_such_things_answers_at_once(site, nothing_special_is_opened, path):
    started = time.monotonic()
    for reply in (site.gemini(path), site.gopher(path), site.gopher(path + "\t$")):
        assert reply.raw and "pipe" not in reply.text.replace("piped", "")
    assert time.monotonic() - started < 2 * SLOWER


@pytest.mark.parametrize("path", ["/index/", "/index-link/", "/map/"])
def test_in_an_indexs_place_it_refuses_the_folder(site, nothing_special_is_opened, path):
    """Whoever put an index there did not mean the folder to be listed."""
    assert site.gemini(path).status == 51
    assert site.gopher(path).error


def test_a_listing_shows_what_can_be_asked_for_and_nothing_else(site):
    for links in ([target for target, _ in site.gemini("/listed/").links],
                  [item.selector for item in site.gopher("/listed/").menu if item.type in "0123456789hIg"]):
        names = {link.strip("/").rpartition("/")[2] for link in links} - {"..", ""}
        assert names == {"e.gmi"}, links


def test_what_is_real_beside_them_is_served(site):
    assert site.gemini("/meeting/1.gmi").status == 20
    assert site.gemini("/both/").text == "# Both\n"
    assert site.gemini("/plain/page.gmi").text == "# A page\n"


def test_the_owner_hears_of_it_once_G13(serve):
    """A reader who goes on asking fills no log."""
    site = serve({"index.gmi": "# Home\n", "pipe.gmi": Fifo(), "socket.txt": Socket(), "map/gophermap": Fifo()},
                 "--workers", "1")
    for _ in range(3):
        for path in ("/pipe.gmi", "/socket.txt", "/map/", "/not-there"):
            assert site.gemini(path).status == 51
    said = [line.rpartition("warning ")[2] for line in site.log_lines("warning")]
    assert sorted(said) == [f"{path}: not a regular file" for path in ("/map/gophermap", "/pipe.gmi", "/socket.txt")]


def test_nobody_waits_for_them(site):
    """More requests at once than there are workers and threads in their pools."""
    threads = [threading.Thread(target=site.gemini, args=(path,)) for path in SPECIAL * 3]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    assert site.gemini("/").text == "# Home\n"
    assert site.gopher("/plain/page.gmi").menu
    for thread in threads:
        thread.join()
    assert time.monotonic() - started < 5 * SLOWER


def test_a_pipe_that_takes_a_pages_place_is_51_and_goes_again(serve):
    """What was in memory of the page must not outlive it."""
    site = serve({"index.gmi": "# Home\n", "page.gmi": "# A page\n"}, "--cache", "1")
    for _ in range(2):
        assert site.gemini("/page.gmi").text == "# A page\n"
        (site.capsule / "page.gmi").rename(site.capsule / "kept")
        os.mkfifo(site.capsule / "page.gmi")
        assert site.gemini("/page.gmi").status == 51
        assert site.gopher("/page.gmi").error
        (site.capsule / "kept").rename(site.capsule / "page.gmi")
    assert site.gemini("/page.gmi").text == "# A page\n"


# ---------------------------------------------------------------- how openat2 may be missing


def test_the_filter_of_these_tests_does_what_it_says():
    """Else the second way would never have been gone."""
    for number in (errno.ENOSYS, errno.EPERM, errno.EAGAIN):
        ask = "import ctypes; c = ctypes.CDLL(None, use_errno=True); c.syscall(437, -1, b'.', None, 0); " \
              "print(ctypes.get_errno())"
        said = subprocess.run([sys.executable, "-c", ask], preexec_fn=without_openat2(number), capture_output=True,
                              text=True, check=True).stdout
        assert int(said) == number


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EPERM, errno.EAGAIN])
def test_a_kernel_without_openat2_gives_the_same_answers_G13(serve, tmp_path, number, lookup):
    """EPERM is what a container's filter may say; EAGAIN for ever, a machine that renames without a rest."""
    if lookup:
        pytest.skip("this sets a filter of its own")
    secret = plant(tmp_path / "outside", {"secret.txt": "a secret\n"}) / "secret.txt"
    capsule = plant(tmp_path / "capsule", {
        **TREE, "out.txt": Link(secret), "climb.txt": Link("../outside/secret.txt"), "up/in.txt": Link("../plain/page.gmi"),
        "loop": Link("loop"), "dangling": Link("nowhere")})
    paths = [*SPECIAL, "/", "/meeting/", "/meeting/2.gmi", "/plain", "/plain/page.gmi", "/out.txt", "/climb.txt",
             "/up/in.txt", "/loop", "/dangling", "/listed/", "/map/", "/both/", "/" + "a" * 300, "/plain/page.gmi/"]
    usual = serve(capsule=capsule)
    walking = serve(capsule=capsule, preexec=without_openat2(number))
    for path in paths:
        a, b = usual.gemini(path), walking.gemini(path)
        assert (a.status, a.meta, a.text) == (b.status, b.meta, b.text), path
        a, b = usual.gopher(path), walking.gopher(path)
        port = str(usual.gopher_port), str(walking.gopher_port)
        assert a.text.replace(port[0], "") == b.text.replace(port[1], ""), path
    assert usual.gemini("/out.txt").status == usual.gemini("/climb.txt").status == 51
    assert usual.gemini("/up/in.txt").text == "# A page\n"
