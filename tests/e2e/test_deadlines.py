"""Every wait has an end: deadlines for handshake, request and reading (B1)."""

import socket
import ssl
import time

import pytest

import client
from client import client_hello
from server import SLOWER, eventually
from tree import Sparse

TREE = {"index.gmi": "# Home\n", "text.txt": "text\n", "big.bin": Sparse(64 << 20)}
QUICK = ("--timeout", "handshake=0.6", "--timeout", "request=0.6", "--timeout", "write=0.6", "--timeout", "drain=0.6")


@pytest.fixture(scope="module")
def hasty(serve_for_module):
    """A server whose deadlines are short."""
    return serve_for_module(TREE, *QUICK)


def trickle(sock, data, pause=0.05):
    """Sends a byte at a time until the peer ends it; how long that took, and what came."""
    started = time.monotonic()
    sock.settimeout(pause)
    for byte in data:
        try:
            sock.sendall(bytes([byte]))
            piece = sock.recv(4096)
        except socket.timeout:
            continue
        except (OSError, ssl.SSLError):
            break
        if not piece:
            break
    else:
        pytest.fail("the peer waited to the end")
    return time.monotonic() - started


@pytest.mark.parametrize("scheme, data", [
    ("gemini", client_hello()),  # a handshake that does not get on
    ("gopher", b"/" + b"a" * 200),  # a selector
    ("gopher", client_hello()),  # a handshake on the Gopher port
], ids=["a handshake", "a selector", "a handshake on the Gopher port"])
def test_bytes_that_trickle_do_not_put_a_deadline_off_B1(hasty, scheme, data):
    with hasty.connect(scheme) as sock:
        assert trickle(sock, data) < 4 * SLOWER


def test_a_request_that_trickles_over_tls_does_not_put_a_deadline_off_B1(hasty):
    with hasty.connect_tls() as sock:
        assert trickle(sock, b"gemini://localhost/?" + b"a" * 200) < 4 * SLOWER


@pytest.mark.parametrize("scheme, data", [
    ("gemini", b""), ("gemini", b"\x16"), ("gemini", client_hello()[:100]), ("gemini", client_hello()),
    ("gopher", b""), ("gopher", b"/text"), ("gopher", b"\x16"), ("gopher", client_hello()[:100])],
    ids=lambda value: f"{len(value)} bytes" if isinstance(value, bytes) else value)
def test_silence_has_an_end_B1(hasty, scheme, data):
    """With nothing sent at all the kernel holds the connection back for a second before we see it."""
    with hasty.connect(scheme) as sock:
        sock.sendall(data)
        sock.settimeout(5 * SLOWER)
        _, end = client.read_to_end(sock)
    assert end in (client.FIN, client.RESET)


@pytest.mark.parametrize("scheme", ["gemini", "gopher"])
def test_a_reader_who_never_reads_is_left_B1(hasty, scheme):
    before = hasty.descriptors()
    sock = hasty.connect_tls(receive_buffer=4096) if scheme == "gemini" else hasty.connect(scheme, receive_buffer=4096)
    with sock:
        sock.sendall(b"gemini://localhost/big.bin\r\n" if scheme == "gemini" else b"/big.bin\r\n")
        eventually(lambda: hasty.descriptors() > before, 3, "the download's start")
        eventually(lambda: hasty.descriptors() <= before, 5, "the download's end")
        sock.settimeout(5)
        _, end = client.read_to_end(sock)
        assert end in (client.FIN, client.RESET)  # never close_notify: it was cut short


def test_a_slow_reader_who_goes_on_reading_is_served_B1(hasty):
    """0.6 s without any progress would end it; a little every 0.1 s does not."""
    with hasty.connect_tls(receive_buffer=65536) as sock:
        sock.sendall(b"gemini://localhost/big.bin\r\n")
        length = 0
        for _ in range(15):
            piece = sock.recv(32768)
            assert piece
            length += len(piece)
            time.sleep(0.1)
        rest, end = client.read_to_end(sock)
    assert end == client.CLOSE_NOTIFY
    assert length + len(rest) > 64 << 20
