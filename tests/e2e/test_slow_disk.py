"""A disk that answers late is our fault, not the reader's, and nobody else's business (G17, issue 2)."""

import os
import subprocess
import time

import pytest

import client
from server import ROOT, SANITIZED, SLOWER

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
