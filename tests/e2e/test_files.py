"""Files of any size: streamed with bounded memory, and honest about their end (G3, P18, issue 2)."""

import hashlib
import os
import time

import pytest

import client
from server import SANITIZED, SLOWER, eventually
from tree import Sparse

GIB = 1 << 30
MIB = 1 << 20


def start_gemini(site, path, **more):
    sock = site.connect_tls(**more)
    sock.sendall(f"gemini://localhost{path}\r\n".encode())
    return sock


def start_gopher(site, path, **more):
    sock = site.connect("gopher", **more)
    sock.sendall(f"{path}\r\n".encode())
    return sock


def start_gophers(site, path, **more):
    sock = site.connect_tls("gopher", **more)
    sock.sendall(f"{path}\r\n".encode())
    return sock


READERS = [start_gemini, start_gopher, start_gophers]


def body_of(start, raw):
    return raw.partition(b"\r\n")[2] if start is start_gemini else raw


@pytest.mark.skipif(SANITIZED, reason="the sanitizers' own memory would be measured")
@pytest.mark.parametrize("start", READERS)
def test_a_gib_to_ten_slow_readers_takes_little_memory(serve, start):
    site = serve({"big.bin": Sparse(GIB)})
    start(site, "/big.bin").close()  # what the first request costs is no reader's
    eventually(lambda: len(site.log_lines("request")) == 1)
    before = site.memory_kib()
    readers = [start(site, "/big.bin", receive_buffer=16384) for _ in range(10)]
    most = before
    for _ in range(20):  # each takes a little, in turn
        for sock in readers:
            assert sock.recv(65536)
        most = max(most, site.memory_kib())
    # They stop reading altogether; the server must not read on for them.
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        most = max(most, site.memory_kib())
    for sock in readers:
        sock.close()
    assert (most - before) / 10 < 400, f"{(most - before) / 10} KiB for each reader"
    eventually(lambda: site.descriptors() <= site.descriptors_at_first + 4, 5, "the readers' end")


@pytest.mark.parametrize("start", READERS)
def test_a_large_file_arrives_whole(serve, start):
    size = (64 if SANITIZED else 256) * MIB + 12345
    site = serve({"big.bin": Sparse(size)})
    with open(site.capsule / "big.bin", "r+b") as f:  # marks that show an order gone wrong
        for at in range(0, size - 8, MIB // 3):
            f.seek(at)
            f.write(at.to_bytes(8, "big"))
    with open(site.capsule / "big.bin", "rb") as f:
        wanted = hashlib.file_digest(f, "sha256").hexdigest()
    digest, length, head = hashlib.sha256(), 0, b""
    with start(site, "/big.bin") as sock:
        while start is start_gemini and b"\r\n" not in head:
            head += sock.recv(64)
        head = body_of(start, head)
        digest.update(head)
        length += len(head)
        buffer = memoryview(bytearray(MIB))
        while n := sock.recv_into(buffer):
            digest.update(buffer[:n])
            length += n
    assert (length, digest.hexdigest()) == (size, wanted)


@pytest.mark.parametrize("start", READERS)
def test_a_file_cut_short_while_it_is_sent_shows_G3_P18(serve, start):
    """No close_notify over TLS and RST over TCP: a reader must be able to tell that this was not all."""
    site = serve({"big.bin": Sparse(64 * MIB)})
    with start(site, "/big.bin", receive_buffer=16384) as sock:
        raw, _ = client.read_to_end(sock, 100_000)
        os.truncate(site.capsule / "big.bin", MIB)
        rest, end = client.read_to_end(sock)
    assert len(raw) + len(rest) < 64 * MIB
    assert end in ((client.RESET,) if start is start_gopher else (client.RESET, client.FIN))
    assert [line for line in site.log_lines("warning") if "big.bin" in line]


@pytest.mark.parametrize("start", READERS)
def test_a_file_that_grows_is_sent_at_its_old_length(serve, start):
    site = serve({"log.txt": Sparse(24 * MIB)})
    with start(site, "/log.txt", receive_buffer=16384) as sock:
        raw, _ = client.read_to_end(sock, 100_000)
        with open(site.capsule / "log.txt", "ab") as f:
            f.write(b"more" * 1000)
        rest, end = client.read_to_end(sock)
    assert len(body_of(start, raw + rest)) == 24 * MIB
    assert end == (client.FIN if start is start_gopher else client.CLOSE_NOTIFY)


def test_a_file_deleted_while_it_is_sent_arrives_whole(serve):
    site = serve({"big.bin": Sparse(24 * MIB)})
    with start_gemini(site, "/big.bin", receive_buffer=16384) as sock:
        raw, _ = client.read_to_end(sock, 100_000)
        (site.capsule / "big.bin").unlink()
        rest, end = client.read_to_end(sock)
    assert (len(body_of(start_gemini, raw + rest)), end) == (24 * MIB, client.CLOSE_NOTIFY)


def test_a_page_of_many_megabytes_becomes_a_menu_in_bounded_memory(serve):
    line = "A line of text that is repeated until the page is far larger than any buffer.\n"
    site = serve({"page.gmi": "# Long\n" + line * 200_000})
    site.gopher("/")
    before = site.memory_kib()
    reply = site.gopher("/page.gmi")
    assert len([item for item in reply.menu if item.display.startswith("A line of")]) == 200_000
    if not SANITIZED:
        assert site.memory_kib() - before < 8 * 1024  # the page has 15 MiB


def test_other_readers_are_answered_while_large_files_go_out(serve):
    site = serve({"index.gmi": "# Home\n", "big.bin": Sparse(GIB)})
    readers = [start_gemini(site, "/big.bin") for _ in range(4)]
    try:
        for _ in range(20):
            for sock in readers:
                sock.recv(65536)
            started = time.monotonic()
            assert site.gemini("/").status == 20
            assert time.monotonic() - started < 1 * SLOWER
    finally:
        for sock in readers:
            sock.close()


@pytest.mark.parametrize("scheme", ["gemini", "gopher"])
def test_what_still_lies_in_the_kernel_arrives_P18(serve, scheme):
    """All is sent as the server sees it, the drain's time is over, and the reader, who has most of it still to read, says
    something: that must draw no RST."""
    site = serve({"big.bin": Sparse(1 << 20)}, "--timeout", "drain=0.2")
    sock = site.connect_tls(receive_buffer=4096) if scheme == "gemini" else site.connect("gopher", receive_buffer=4096)
    with sock:
        sock.sendall(b"gemini://localhost/big.bin\r\n" if scheme == "gemini" else b"/big.bin\r\n")
        first, _ = client.read_to_end(sock, 1000)
        time.sleep(1)
        sock.sendall(b"x")
        rest, end = client.read_to_end(sock)
        header = b"20 application/octet-stream\r\n" if scheme == "gemini" else b""
        assert len(first + rest) == len(header) + (1 << 20)
        assert end == (client.CLOSE_NOTIFY if scheme == "gemini" else client.FIN)
