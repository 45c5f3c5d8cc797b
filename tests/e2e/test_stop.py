"""How `nuncio serve` stops: nothing in progress is lost, and nothing holds it up for ever (issue 2)."""

import signal
import socket
import ssl
import struct
import threading
import time

import pytest

import client
from server import SLOWER, eventually
from tree import Sparse

TREE = {"index.gmi": "# Home\n", "big.bin": Sparse(24 << 20)}


def stopping(site):
    """Waits until the server has taken the signal."""
    eventually(lambda: any("stopping" in line for line in site.log_lines("notice")), 3, "the notice")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_download_in_progress_is_finished(serve, number):
    site = serve(TREE)
    slow = site.connect_tls(receive_buffer=16384)
    slower = site.connect("gopher", receive_buffer=16384)
    with slow, slower:
        slow.sendall(b"gemini://localhost/big.bin\r\n")
        slower.sendall(b"/big.bin\r\n")
        first, _ = client.read_to_end(slow, 100_000)
        second, _ = client.read_to_end(slower, 100_000)
        site.signal(number)
        stopping(site)
        assert site.alive()
        rest, end = client.read_to_end(slow)
        assert (len((first + rest).partition(b"\r\n")[2]), end) == (24 << 20, client.CLOSE_NOTIFY)
        rest, end = client.read_to_end(slower)
        assert (len(second + rest), end) == (24 << 20, client.FIN)
    site.wait()


def test_nobody_is_left_waiting_at_the_door_while_it_finishes(serve):
    """Who comes now is refused at once, and so can try elsewhere, or again."""
    site = serve(TREE)
    with site.connect("gopher", receive_buffer=4096) as sock:
        sock.sendall(b"/big.bin\r\n")
        client.read_to_end(sock, 1000)
        site.signal()
        stopping(site)
        eventually(lambda: site.refuses("gopher"), 2, "a refusal")
        assert site.alive()


def test_idle_connections_do_not_hold_it_up(serve):
    site = serve(TREE)
    before = site.descriptors()
    idle = [site.connect("gemini"), site.connect("gopher")]
    # TCP_DEFER_ACCEPT keeps those who say nothing in the kernel for a second or more.
    eventually(lambda: site.descriptors() >= before + 2, 10, "their acceptance")
    started = time.monotonic()
    site.signal()
    site.wait(5)
    assert time.monotonic() - started < 3 * SLOWER
    for sock in idle:
        sock.close()


def test_a_reader_who_does_not_read_does_not_hold_it_up_for_ever(serve):
    site = serve(TREE, "--timeout", "write=0.5")
    with site.connect("gopher", receive_buffer=4096) as sock:
        sock.sendall(b"/big.bin\r\n")
        client.read_to_end(sock, 1000)
        site.signal()
        site.wait(5)


def test_readers_who_go_on_reading_have_ten_seconds(serve):
    """They take a little all the time, which no other deadline minds. Then the answer is cut short: no close_notify."""
    site = serve(TREE)
    with site.connect_tls(receive_buffer=4096) as over_tls, site.connect("gopher", receive_buffer=4096) as plain:
        over_tls.sendall(b"gemini://localhost/big.bin\r\n")
        plain.sendall(b"/big.bin\r\n")
        client.read_to_end(over_tls, 1000), client.read_to_end(plain, 1000)
        started, reset = time.monotonic(), set()
        site.signal()
        while site.alive():
            assert time.monotonic() - started < 12 * SLOWER
            for sock in (over_tls, plain):
                try:
                    sock.recv(2000)
                except (ConnectionResetError, ssl.SSLEOFError):  # it is over there, and a socket tells so once
                    reset.add(sock)
                except OSError:
                    pass
            time.sleep(0.1)
        assert 9.5 < time.monotonic() - started
        site.wait()
        assert plain in reset or client.read_to_end(plain)[1] == client.RESET
        assert over_tls in reset or client.read_to_end(over_tls)[1] in (client.RESET, client.FIN)
    assert len([line for line in site.log_lines("request") if "cut short: the server stops" in line]) == 2


def test_a_second_signal_stops_at_once(serve):
    site = serve(TREE)
    with site.connect("gopher", receive_buffer=4096) as sock:
        sock.sendall(b"/big.bin\r\n")
        client.read_to_end(sock, 1000)
        site.signal(signal.SIGINT)
        stopping(site)
        site.signal(signal.SIGINT)
        site.wait(3)


def half_a_hello(site):
    sock = site.connect("gemini")
    sock.sendall(client.client_hello()[:3])
    return sock


def half_a_selector(site):
    sock = site.connect("gopher")
    sock.sendall(b"/page")
    return sock


@pytest.mark.parametrize("begin", [half_a_hello, half_a_selector, lambda site: site.connect_tls()],
                         ids=["part of a ClientHello", "part of a selector", "a handshake and no request"])
def test_those_who_have_not_asked_get_a_second_to(serve, begin):
    site = serve(TREE)
    with begin(site):
        time.sleep(0.1)  # what was sent is in the server's hands
        started = time.monotonic()
        site.signal()
        site.wait(6)
        assert time.monotonic() - started < 4 * SLOWER


def test_a_crowd_that_has_reached_the_door_is_served(serve):
    """More than one turn of the accept loop: all of them have sent their request when the signal comes."""
    site = serve(TREE)
    site.signal(signal.SIGSTOP)
    crowd = [site.connect("gopher") for _ in range(200)]
    for sock in crowd:
        sock.sendall(b"/\r\n")
    site.signal()
    site.signal(signal.SIGCONT)
    for sock in crowd:
        answer, end = client.read_to_end(sock)
        assert (answer[-3:], end) == (b".\r\n", client.FIN)
        sock.close()
    site.wait()


def test_a_flood_at_the_door_does_not_put_off_the_stop(serve):
    """There is always one more to be let in: those who are inside must not wait for the last."""
    site = serve(dict(TREE, **{"big.bin": Sparse(64 << 20)}), workers=1)
    over = threading.Event()

    def flood():
        while not over.is_set():
            try:
                with socket.create_connection(("127.0.0.1", site.gopher_port), 1) as sock:
                    sock.sendall(b"x")
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:
                time.sleep(0.01)

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        with site.connect("gopher", receive_buffer=4096) as reader:
            reader.sendall(b"/big.bin\r\n")
            assert reader.recv(1)
            site.signal()
            received = 1
            while piece := reader.recv(1 << 20):
                received += len(piece)
        assert received == 64 << 20
        site.wait(12)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not any("does not answer" in line for line in site.log_lines())
