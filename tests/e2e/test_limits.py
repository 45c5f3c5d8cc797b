"""Limits: who comes too often, with too much at once, or too many at a time, is told so and harms nobody else (issue 4,
G17). Addresses of 127.0.0.0/8 stand for the addresses of strangers."""

import os
import re
import select
import signal
import socket
import ssl
import time

import pytest

import client
from server import HAVE_IPV6, SLOWER, eventually
from test_workers import comes_up

TREE = {"index.gmi": "# Home\n", "text.txt": "text\n"}
# Bounds for what takes milliseconds on a machine that has time, and seconds where a worker starts on one that has none.
PATIENCE = 20
PATIENT = ("--timeout", "request=3600", "--timeout", "handshake=3600")


def gopher(site, source="127.0.0.1"):
    """Asks for the text; what comes."""
    with site.connect("gopher", source=source) as sock:
        client.try_send(sock, b"/text.txt\r\n")
        return client.read_to_end(sock)[0].decode()


def gemini(site, source="127.0.0.1"):
    """(status, meta), or None where the connection was closed without an answer."""
    try:
        with site.connect_tls(source=source) as sock:
            client.try_send(sock, b"gemini://localhost/text.txt\r\n")
            raw, end = client.read_to_end(sock)
    except OSError:
        return None
    return client.GeminiReply(raw, end).status, client.GeminiReply(raw, end).meta


def hold(site, count, source="127.0.0.1", schemes=("gopher", "gemini")):
    """Connections that the server has accepted and that say no more than their first byte."""
    before = site.descriptors()
    socks = []
    for i in range(count):
        scheme = schemes[i % len(schemes)]
        socks.append(site.connect(scheme, source=source))
        socks[-1].sendall(b"/" if scheme == "gopher" else b"\x16")
    eventually(lambda: site.descriptors() >= before + count, PATIENCE, "accepting them")
    return socks


def let_go(site, socks):
    before = site.descriptors()
    for sock in socks:
        sock.close()
    eventually(lambda: site.descriptors() <= before - len(socks), PATIENCE, "their end")


def gone(sock):
    """Whether the server has closed it."""
    if not select.select([sock], [], [], 0)[0]:
        return False
    try:
        return sock.recv(1, socket.MSG_PEEK) == b""
    except ConnectionResetError:
        return True


# ---------------------------------------------------------------- connections of one address


def test_connections_of_one_address_over_both_protocols_and_all_workers(serve):
    site = serve(TREE, "--limit", "address=6", "--limit-loopback", *PATIENT, workers=3)
    socks = hold(site, 6)
    for _ in range(3):
        assert re.match(r"3Too many connections from your address .* wait 10 seconds", gopher(site))
        status, meta = gemini(site)
        assert status == 44 and re.search(r"wait \d+ seconds", meta), meta
    assert gopher(site, "127.0.0.2") == "text\n"
    assert gemini(site, "127.0.0.2")[0] == 20
    let_go(site, socks[:1])
    assert gopher(site) == "text\n"
    let_go(site, socks[1:])


@pytest.mark.skipif(not HAVE_IPV6, reason="this machine has no IPv6")
def test_families_are_different_addresses(serve):
    site = serve(TREE, "--limit", "address=1", "--limit-loopback", *PATIENT)
    socks = hold(site, 1)
    assert gopher(site).startswith("3Too many connections")
    assert site.gopher("/text.txt", host="::1").text == "text\n"
    let_go(site, socks)


def test_what_a_killed_worker_had_open_is_not_counted_any_more(serve):
    site = serve(TREE, "--limit", "address=8", "--limit-loopback", *PATIENT, workers=2)
    socks = hold(site, 8, schemes=("gopher",))
    assert gopher(site).startswith("3Too many")
    victim = site.workers()[0]
    os.kill(victim, signal.SIGKILL)
    comes_up(site, 2, [victim])
    lost = [sock for sock in socks if gone(sock)]
    settled = site.descriptors_at_first + len(socks) - len(lost)
    eventually(lambda: site.descriptors() == settled, PATIENCE, "the new worker's service")
    # As many as it had are let in, and not one more; and all of them are served.
    again = hold(site, len(lost), schemes=("gopher",))
    assert gopher(site).startswith("3Too many connections")
    for sock in again:
        sock.sendall(b"text.txt\r\n")
        assert client.read_to_end(sock) == (b"text\n", client.FIN)
    for sock in socks + again:
        sock.close()
    eventually(lambda: gopher(site) == "text\n", PATIENCE, "service as before")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR2], ids=["reload", "upgrade"])
def test_counts_and_blocks_survive(serve, number):
    site = serve(TREE, "--limit", "address=4", "--limit", "requests=20", "--limit-loopback", *PATIENT, workers=2)
    socks = hold(site, 4, source="127.0.0.3")
    # (Who asks this fast may have some open still whose end the server has not seen.)
    while not gopher(site).startswith("3Too many requests"):
        pass
    for _ in range(2):
        before = site.workers()
        site.process.send_signal(number)
        # The old ones still have what is held.
        eventually(lambda: len(set(site.workers()) - set(before)) >= 2, PATIENCE, "new workers")
        eventually(lambda: any("2 new workers serve" in line for line in site.log_lines("notice")), PATIENCE, "their service")
        assert gopher(site).startswith("3Too many requests")
        assert gopher(site, "127.0.0.3").startswith("3Too many connections")
        assert gopher(site, "127.0.0.4") == "text\n"
    let_go(site, socks)
    assert gopher(site, "127.0.0.3") == "text\n"


def test_an_ordinary_crowd_on_loopback_meets_no_limit(serve):
    site = serve(TREE, "--limit", "address=1", "--limit", "requests=1", *PATIENT)
    socks = hold(site, 10)
    for _ in range(10):
        assert gopher(site) == "text\n"
    let_go(site, socks)


# ---------------------------------------------------------------- requests of one address


def test_who_asks_too_often_is_told_how_long_to_wait_and_who_goes_on_waits_longer(serve):
    site = serve(TREE, "--limit", "requests=10", "--limit-loopback", workers=2)
    for i in range(10):
        assert gopher(site) == "text\n" if i % 2 else gemini(site)[0] == 20
    status, meta = gemini(site)
    assert status == 44
    assert re.fullmatch(r"Too many requests from your address\. Please wait (2\d|30) seconds before you ask again\.",
                        meta), meta
    assert re.match(r"3Too many requests from your address\. Please wait (2\d|30) seconds ", gopher(site))
    waits = []
    for number in range(16):
        # Of one address four are told at a time: the one before must have been seen to leave.
        eventually(lambda wanted=number + 2: sum(" 44 " in line for line in site.log_lines("request")) == wanted,
                   PATIENCE, "the end of the one before")
        waits.append(int(re.search(r"wait (\d+) second", gopher(site))[1]))
    doubled = [30] * 2 + [60] * 4 + [120] * 4 + [240] * 4 + [480] * 2
    assert all(most - 10 <= wait <= most for wait, most in zip(waits, doubled)), waits
    assert gopher(site, "127.0.0.2") == "text\n"
    assert gemini(site, "127.0.0.3")[0] == 20
    lines = eventually(lambda: (lambda told: len(told) >= 18 and told)(
        [line for line in site.log_lines("request") if " 44 " in line]), PATIENCE, "the line of the last one")
    assert len(lines) == 18 and sum(" gemini localhost 44 " in line for line in lines) == 1, lines


def test_a_blocked_address_is_told_so_some_times_a_second_and_no_more(serve):
    """Each telling costs a handshake: whoever goes on and on is closed at the door instead."""
    site = serve(TREE, "--limit", "requests=3", "--limit-loopback", workers=1)
    for _ in range(3):
        assert gemini(site)[0] == 20
    began, told = time.monotonic(), 0
    for _ in range(200):
        reply = gemini(site)
        assert reply is None or reply[0] == 44
        told += reply is not None
    assert 16 <= told <= 16 * (time.monotonic() - began + 2) and told < 200
    eventually(lambda: gemini(site) is not None, 3, "being told again")
    assert gemini(site, "127.0.0.2")[0] == 20


def test_who_is_turned_away_and_stays_is_left_soon(serve):
    """After it was told, too: with the longest patience for all others."""
    site = serve(TREE, "--limit", "address=1", "--limit-loopback", "--timeout", "drain=3600", workers=1)
    with site.connect("gopher") as first, site.connect("gopher") as second:
        first.sendall(b"/")
        second.sendall(b"/\r\n")
        assert client.read_to_end(second)[0].startswith(b"3")
        before = site.descriptors()
        eventually(lambda: site.descriptors() < before, 3 + 4 * SLOWER, "its end")


def test_two_workers_count_the_same_requests(serve):
    """Whatever the kernel does with them: as many as are allowed are served, and not one more."""
    site = serve(TREE, "--limit", "requests=50", "--limit-loopback", workers=4)
    answers = [gopher(site) for _ in range(60)]
    assert answers[:50] == ["text\n"] * 50
    assert all(answer.startswith("3Too many requests") for answer in answers[50:])


# ---------------------------------------------------------------- all together


def test_connections_in_all(serve):
    """41 and a type-3 line; 32 are told at once, and the rest are closed at accept."""
    site = serve(TREE, "--limit", "connections=5", *PATIENT, workers=2)
    socks = hold(site, 5)
    assert gopher(site).startswith("3This server has more visitors than it can serve")
    assert gemini(site)[0] == 41
    crowd = [site.connect("gopher") for _ in range(60)]
    for sock in crowd:
        client.try_send(sock, b"/")
    eventually(lambda: sum(map(gone, crowd)) >= 28, PATIENCE, "the end of those who are not even told")
    told = [sock for sock in crowd if not gone(sock)]
    assert len(told) == 32
    for sock in told:
        client.try_send(sock, b"\r\n")
        raw, end = client.read_to_end(sock)
        assert raw.startswith(b"3This server has more visitors") and end == client.FIN
    for sock in crowd:
        sock.close()
    let_go(site, socks)
    assert gopher(site) == "text\n"
    warnings = [line for line in site.log_lines("warning") if "newcomers are turned away" in line]
    assert 1 <= len(warnings) <= 2 and "5 connections are open" in warnings[0], warnings


def test_those_who_are_turned_away_and_stay_silent_make_room_soon(serve):
    site = serve(TREE, "--limit", "connections=1", *PATIENT, workers=1)
    socks = hold(site, 1)
    crowd = hold(site, 32)
    assert gopher(site) == ""
    eventually(lambda: all(map(gone, crowd)), 10, "their end, though deadlines are long")
    assert gopher(site).startswith("3This server has more visitors")
    for sock in crowd:
        sock.close()
    let_go(site, socks)


# ---------------------------------------------------------------- handshakes


def test_handshakes_that_are_left_lying_make_room_for_newcomers(serve):
    site = serve(TREE, "--limit", "handshakes=5", *PATIENT, workers=1)
    hello = client.client_hello()
    socks = []
    for _ in range(12):
        sock = site.connect("gemini")
        sock.sendall(hello[:100])
        socks.append(sock)
    eventually(lambda: sum(map(gone, socks)) == 7, PATIENCE, "the oldest ones' end")
    assert [gone(sock) for sock in socks] == [True] * 7 + [False] * 5
    for _ in range(5):
        assert site.gemini("/text.txt").text == "text\n"
    # Those who have finished theirs do not count.
    done = [site.connect_tls() for _ in range(10)]
    assert site.gopher("/text.txt", tls=True).raw == b"text\n"
    for sock in done:
        sock.sendall(b"gemini://localhost/text.txt\r\n")
        assert client.read_to_end(sock)[0].startswith(b"20 ")
        sock.close()
    for sock in socks:
        sock.close()
    assert len([line for line in site.log_lines("warning") if "handshakes" in line]) == 1


class LateFlight:
    """A client that does a handshake up to its last flight, and sends that with its request when told to."""

    def __init__(self, site):
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.session = client.tls_context().wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
        self.sock = site.connect("gemini")
        self._shaken()
        self.sock.sendall(self.outgoing.read())

    def _shaken(self):
        try:
            self.session.do_handshake()
            return True
        except ssl.SSLWantReadError:
            return False

    def receive(self):
        while not self._shaken():
            self.incoming.write(self.sock.recv(65536))
        self.session.write(b"gemini://localhost/text.txt\r\n")

    def send(self):
        self.sock.sendall(self.outgoing.read())

    def answer(self):
        self.incoming.write(client.read_to_end(self.sock)[0])
        self.sock.close()
        return self.session.read(65536)


def test_a_crowd_of_newcomers_ends_no_handshake_whose_last_bytes_have_come(serve):
    """The worker finds both at once when it wakes up, and newcomers are many more than may shake hands at a time."""
    site = serve(TREE, "--limit", "handshakes=8", *PATIENT, workers=1)
    (worker,) = site.workers()
    hello = client.client_hello()

    def crowd(number):
        socks = [site.connect("gemini") for _ in range(number)]
        for sock in socks:
            sock.sendall(hello[:100])
        return socks

    # 31 at once, so that the worker is ready to take as many in its next turn; the last three mean it.
    os.kill(worker, signal.SIGSTOP)
    lying = crowd(28)
    late = [LateFlight(site) for _ in range(3)]
    os.kill(worker, signal.SIGCONT)
    for one in late:
        one.receive()
    eventually(lambda: sum(map(gone, lying)) == 23, PATIENCE, "the oldest ones' end")
    os.kill(worker, signal.SIGSTOP)
    lying += crowd(40)
    for one in late:
        one.send()
    os.kill(worker, signal.SIGCONT)
    assert [one.answer()[:3] for one in late] == [b"20 "] * 3
    for sock in lying:
        sock.close()


# ---------------------------------------------------------------- the request


def test_bytes_of_a_request(serve):
    site = serve(TREE, "--limit", "request=100")
    reply = site.gemini("/" + "a" * 100)
    assert (reply.status, reply.meta) == (59, "The URL is longer than 100 bytes.")
    assert site.gemini("/text.txt").status == 20
    assert site.gopher("/" + "a" * 100).error == "The request is longer than 100 bytes."
    assert site.gopher("/text.txt").text == "text\n"


# ---------------------------------------------------------------- descriptors


@pytest.fixture
def starved(serve):
    """A worker whose descriptors are all in use; it knew of more when it started."""
    site = serve(TREE, *PATIENT, workers=1, user=None)
    worker, = site.workers()
    limit = len(os.listdir(f"/proc/{worker}/fd")) + 15
    site.limit_descriptors((limit, limit))
    socks = hold(site, 15)
    yield site, socks
    for sock in socks:
        sock.close()


def test_those_who_wait_are_told_when_descriptors_have_run_out(starved):
    site, _ = starved
    for _ in range(20):
        assert gopher(site).startswith("3This server has more visitors than it can serve")
    assert gemini(site)[0] == 41
    assert len([line for line in site.log_lines("warning") if "cannot accept" in line]) == 1


def test_a_silent_one_at_the_last_descriptor_keeps_nobody_from_being_told_for_long(starved):
    site, _ = starved
    with site.connect("gopher") as silent:
        silent.sendall(b"/")
        started = time.monotonic()
        assert gopher(site).startswith("3This server has more visitors")
        assert time.monotonic() - started < 6 * SLOWER


def test_it_does_not_spin_and_goes_on_by_itself(starved):
    site, socks = starved
    waiting = [site.connect("gopher") for _ in range(30)]
    for sock in waiting:
        sock.sendall(b"/")
    used = site.cpu_seconds()
    time.sleep(1)
    assert site.cpu_seconds() - used < 0.2 * SLOWER, "it spins"
    for sock in waiting + socks:
        sock.close()
    # All are free again, and one is kept back as before.
    eventually(lambda: site.descriptors() == site.descriptors_at_first, PATIENCE, "the descriptors' return")
    eventually(lambda: gopher(site) == "text\n", PATIENCE, "service as before")
    assert site.gemini("/text.txt").status == 20


# ---------------------------------------------------------------- the log


def test_a_flood_of_connections_that_never_ask_does_not_fill_the_disk(serve):
    site = serve(TREE, workers=2)
    for _ in range(400):
        with site.connect("gopher") as sock:
            sock.sendall(b"/")
    eventually(lambda: len(site.log_lines("request")) >= 100, PATIENCE, "the first lines")
    assert gopher(site) == "text\n"
    lines = [line for line in site.log_lines("request") if "no request" in line]
    assert 100 <= len(lines) <= 120, len(lines)


def test_a_flood_of_those_who_are_turned_away_does_not_fill_the_disk(serve):
    site = serve(TREE, "--limit", "requests=1", "--limit-loopback", workers=2)
    for number in range(400):  # of several addresses: one alone is not told as often
        gopher(site, f"127.0.0.{2 + number % 10}")
    lines = site.log_lines("request")
    assert 110 <= len(lines) <= 130, len(lines)
    assert len([line for line in lines if " 44 " not in line]) == 10
