"""A disk that answers late or is broken is our fault, not the reader's, and nobody else's business (G17, issues 2 and 4)."""

import os
import socket
import struct
import subprocess
import time

import pytest

import client
from server import ROOT, SANITIZED, SLOWER, eventually
from test_files import READERS, body_of, start_gopher
from tree import Sparse

TREE = {"index.gmi": "# Home\n", "a.txt": "slow\n", "page.gmi": "=> coldone One\n=> coldtwo Two\n=> coldthree Three\n",
        "coldone": "text\n", "coldtwo": "text\n", "coldthree": "text\n"}

pytestmark = pytest.mark.skipif(SANITIZED, reason="the sanitizer's own library must be preloaded first")


@pytest.fixture(scope="module")
def preload(tmp_path_factory):
    library = tmp_path_factory.mktemp("slow") / "slow_disk.so"
    subprocess.run([os.environ.get("CC", "cc"), "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library,
                    ROOT / "tests/e2e/slow_disk.c", "-ldl"], check=True)
    return library


def slow(library, what, seconds):
    return ["env", f"LD_PRELOAD={library}", f"SLOW_{what}_SECONDS={seconds}"]


def test_who_waits_for_our_disk_is_told_so_G17(serve, preload):
    site = serve(TREE, "--timeout", "write=0.5", before=slow(preload, "READ", 3))
    assert site.gemini("/a.txt").status == 40
    assert site.gopher("/a.txt").error
    assert not any("reads too slowly" in line for line in site.log_lines())


def test_a_read_that_hangs_does_not_hold_up_the_stop(serve, preload):
    site = serve(TREE, "--timeout", "write=0.5", before=slow(preload, "READ", 25))
    with site.connect("gopher") as sock:
        sock.sendall(b"/a.txt\r\n")
        assert client.read_to_end(sock)[0].startswith(b"3")
    site.signal()
    site.wait(5)


@pytest.mark.parametrize("request_line", [b"/page.gmi\r\n", b"/coldone\r\n", b"/coldone\t+\r\n",
                                          b"GET /coldone HTTP/1.0\r\n"])
def test_a_name_that_is_not_cached_stalls_nobody_else(serve, preload, request_line):
    site = serve(TREE, before=slow(preload, "NAME", 3))
    with site.connect("gopher") as sock:
        sock.sendall(request_line)
        started = time.monotonic()
        for _ in range(10):
            assert site.gopher("/index.gmi").menu
        assert time.monotonic() - started < 2 * SLOWER
        assert client.read_to_end(sock)[0]


@pytest.mark.parametrize("scheme", ["gemini", "gopher", "gophers"])
def test_an_answer_that_is_not_made_in_time_is_40_B1_G17(serve, preload, scheme):
    """`--timeout handle=`: the disk has not even said what the file is."""
    site = serve(TREE, "--timeout", "handle=0.5", before=slow(preload, "NAME", 3))
    started = time.monotonic()
    if scheme == "gemini":
        reply = site.gemini("/coldone")
        assert (reply.status, "too long" in reply.meta) == (40, True)
    else:
        assert "too long" in site.gopher("/coldone", tls=scheme == "gophers").error
    assert 0.4 < time.monotonic() - started < 2.5 * SLOWER


@pytest.mark.parametrize("scheme", ["gemini", "gopher"])
def test_who_has_left_does_not_keep_the_disk_from_others(serve, preload, scheme):
    """Each of them would take the pool's four threads a quarter of the second that one look takes."""
    site = serve(TREE, before=slow(preload, "NAME", 1))
    began = time.monotonic()
    for number in range(100):
        with site.connect_tls() if scheme == "gemini" else site.connect("gopher") as sock:
            sock.sendall(b"gemini://localhost/cold%d\r\n" % number if scheme == "gemini" else b"/cold%d\r\n" % number)
            time.sleep(0.002)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    reply = site.gopher("/coldone")
    assert reply.text == "text\n"
    assert time.monotonic() - began < 15 * SLOWER  # 25 s and more where all of them are waited for


BAD_BLOCK = 3_000_000


def broken(library, at):
    return ["env", f"LD_PRELOAD={library}", f"BROKEN_FROM={at}"]


@pytest.mark.parametrize("start", READERS)
def test_a_disk_error_in_the_middle_of_a_file_shows_G3_P18(serve, preload, start):
    """As with a file cut short: no close_notify over TLS, RST over TCP, and the log says which file and why."""
    site = serve({"big.bin": Sparse(8 << 20), "index.gmi": "# Home\n"}, before=broken(preload, BAD_BLOCK))
    with start(site, "/big.bin") as sock:
        raw, end = client.read_to_end(sock)
    assert len(body_of(start, raw)) <= BAD_BLOCK
    assert end in ((client.RESET,) if start is start_gopher else (client.RESET, client.FIN))
    warnings = [line for line in site.log_lines("warning") if "big.bin" in line]
    assert len(warnings) == 1 and "cut short" in warnings[0] and "input or output failed" in warnings[0], warnings
    eventually(lambda: [line for line in site.log_lines("request") if "cut short: its source failed" in line], 5,
               "the request's line")
    assert site.gemini("/").status == 20


@pytest.mark.parametrize("name", ["page.gmi", "text.txt", "README", "map/", "meeting/", "big.bin", "photo.png"])
def test_a_disk_error_at_the_first_byte_is_told_G17(serve, preload, name):
    """Never a page with a part missing."""
    site = serve({"page.gmi": "# A page\n", "text.txt": "text\n", "README": "text\n", "map/gophermap": "Hello\n",
                  "meeting.overview.txt": "A Meeting\n\n1. One.\n", "big.bin": Sparse(8 << 20), "photo.png": "x"},
                 before=broken(preload, 0))
    assert site.gemini("/" + name).status == 40
    assert site.gopher("/" + name).error
    assert site.gopher("/" + name, tls=True).error
    assert [line for level in ("warning", "error") for line in site.log_lines(level)
            if name.rstrip("/") in line and "failed" in line]
