"""`nuncio bench`: a load on real servers, and on such as answer wrongly."""

import json
import os
import pty
import re
import resource
import signal
import socket
import ssl
import subprocess
import termios
import time

import pytest

from fake_server import FakeServer, finish, hold, offered_ticket, request, reset, server_context
from pairs import make_pair
from server import ENVIRONMENT, HAVE_IPV6, PROGRAM, SLOWER, eventually, free_port, run

PAGE = "# Home\n" + "A line of text.\n" * 60
TREE = {"index.gmi": PAGE, "a.txt": "text\n" * 100, "big.bin": b"0123456789abcdef" * 65536}


@pytest.fixture(scope="module")
def site(serve_for_module):
    return serve_for_module(TREE)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return make_pair(tmp_path_factory.mktemp("pair"), "localhost") / "localhost"


def bench(*words, status=0, **more):
    done = run("bench", *words, **more)
    assert done.returncode == status, (done.stdout, done.stderr)
    return done


def bench_json(*words, status=0, **more):
    done = bench("--json", *words, status=status, **more)
    assert done.stdout.count("\n") == 1 and done.stdout.endswith("\n"), done.stdout
    return json.loads(done.stdout)


def refused(*words, status=2):
    """The one line that says why."""
    done = bench(*words, status=status)
    lines = done.stderr.splitlines()
    assert done.stdout == "" and len(lines) == 1 and lines[0].startswith("nuncio bench: "), done
    return lines[0]


# ---------------------------------------------------------------- against our own server


def test_every_scheme_is_counted_and_checked(site):
    gemini = f"gemini://localhost:{site.gemini_port}/"
    gopher = f"localhost:{site.gopher_port}/0a.txt"
    for urls, handshakes, size in (([gemini], 60, len(PAGE) + len("20 text/gemini\r\n")),
                                   ([f"gopher://{gopher}"], 0, 500), ([f"gophers://{gopher}"], 60, 500)):
        got = bench_json("-n", 60, "-c", 4, *urls)
        assert (got["urls"], got["concurrency"], got["requests"], got["failed"]) == (urls, 4, 60, 0)
        assert got["errors"] == {}
        assert got["handshakes"] == {"full": handshakes, "resumed": 0}
        # With a charset or without: the header is not what this is about.
        assert 60 * size <= got["bytes"] <= 60 * (size + 40)
        us = got["latency_us"]
        assert 0 < us["min"] <= us["p50"] <= us["p90"] <= us["p99"] <= us["p999"] <= us["max"]
        assert us["max"] < got["seconds"] * 1e6 + 1000
        assert got["requests_per_second"] == pytest.approx(60 / got["seconds"], rel=0.2)
        assert 0 < got["cpu_us"] < got["seconds"] * 1e6 * 2 + 1e5


def test_urls_are_asked_for_in_turn(site):
    urls = [f"gemini://localhost:{site.gemini_port}/", f"gemini://localhost:{site.gemini_port}/missing",
            f"gopher://localhost:{site.gopher_port}/0a.txt", f"gophers://localhost:{site.gopher_port}/1"]
    got = bench_json("-n", 40, "-c", 3, *urls)
    assert (got["urls"], got["requests"], got["failed"]) == (urls, 40, 0)
    assert got["handshakes"]["full"] == 30
    assert [(first["status"], first["bytes"]) for first in got["firsts"][:3]] == [(20, len(PAGE)), (51, 0), (None, 500)]
    assert got["firsts"][3]["status"] is None and got["firsts"][3]["bytes"] > 0
    assert (got["tls_fault"], got["interrupted"], got["gave_up"]) == (None, False, False)
    said = bench("-n", 8, *urls).stdout
    assert "/missing\n  status 51, 0 bytes\n" in said
    assert "/0a.txt\n  500 bytes\n" in said


def test_the_server_sees_requests_and_nothing_else(serve):
    server = serve(TREE)
    bench("-n", 30, "-c", 5, f"gemini://localhost:{server.gemini_port}/a.txt",
          f"gopher://127.0.0.1:{server.gopher_port}/0a.txt")
    lines = eventually(lambda: len(server.log_lines("request")) >= 30 and server.log_lines("request"), what="the log")
    assert len(lines) == 30
    assert not [line for line in lines if "no request" in line or "cut short" in line]


def test_resumed_handshakes_are_counted(site):
    got = bench_json("-n", 100, "-c", 4, "--resume", f"gemini://localhost:{site.gemini_port}/")
    assert got["failed"] == 0
    # The first of each client's cannot resume; afterwards each brings a ticket for the next.
    assert got["handshakes"] == {"full": 4, "resumed": 96}


def test_a_large_body_is_read_to_its_end(site):
    for url in (f"gemini://localhost:{site.gemini_port}/big.bin", f"gopher://localhost:{site.gopher_port}/9big.bin"):
        got = bench_json("-n", 20, "-c", 4, url)
        assert got["failed"] == 0
        assert got["bytes"] >= 20 << 20


def test_more_clients_than_requests_and_many_at_once(site):
    got = bench_json("-n", 7, "-c", 500, f"gopher://localhost:{site.gopher_port}/")
    assert (got["requests"], got["failed"], got["concurrency"]) == (7, 0, 7)
    got = bench_json("-n", 1500, "-c", 500, f"gopher://localhost:{site.gopher_port}/")
    assert (got["requests"], got["failed"]) == (1500, 0)


def test_a_duration_ends_it(site):
    began = time.monotonic()
    got = bench_json("-d", 1, "-c", 2, f"gopher://localhost:{site.gopher_port}/")
    # The loop's clock has milliseconds.
    assert 0.99 <= got["load_seconds"] <= got["seconds"] < 1.5 * SLOWER
    assert time.monotonic() - began < 3 * SLOWER
    assert got["requests"] > 20 and got["failed"] == 0


def test_one_that_hangs_does_not_slow_the_others_down():
    """The rate is that of the second under load, not of the wait for a straggler."""
    def answer(sock, number):
        if number == 3:
            hold(sock)
        else:
            gemini_answer()(sock, number)
    with FakeServer(answer) as server:
        got = bench_json("-d", 1, "-c", 4, "--timeout", 4, f"gopher://127.0.0.1:{server.port}/", status=1)
    assert got["errors"] == {"timeout": 1}
    assert 4 <= got["seconds"] and 0.99 <= got["load_seconds"] < 2
    answered = got["requests"] - got["failed"]
    # Both numbers are rounded; with the wait counted in, the rate would be a fifth.
    assert answered * 0.99 - 4 <= got["requests_per_second"] * got["load_seconds"] <= answered * 1.01 + 1


@pytest.mark.skipif(not HAVE_IPV6, reason="this machine has no IPv6")
def test_an_ipv6_literal(site):
    port = site.port("gemini", "::1")
    assert bench_json("-n", 3, f"gemini://[::1]:{port}/")["failed"] == 0


def test_a_name_with_an_address_where_nobody_listens(serve):
    """`localhost` may lead to ::1 first; a server on 127.0.0.1 only is found all the same."""
    server = serve(TREE, gemini=["127.0.0.1:0"], gopher=["127.0.0.1:0"])
    got = bench_json("-n", 20, "-c", 5, f"gemini://localhost:{server.gemini_port}/")
    assert (got["requests"], got["failed"]) == (20, 0)


def test_the_text_for_people(site):
    url = f"gemini://localhost:{site.gemini_port}/"
    said = bench("-n", 200, "--resume", url).stdout
    assert said.startswith(f"{url}\n  status 20, {len(PAGE):,} bytes\n")
    for words in ("requests    200 in ", " by 10 clients, none failed\n", "requests a second", "handshakes  10 full, 190"
                  " resumed\n", "p50", "p90", "p99", "p99.9", "max"):
        assert words in said, said
    rows = re.findall(r"^  (?:up to|above) +[0-9.]+ ms +([0-9.]+)%  #*$", said, re.MULTILINE)
    assert 1 <= len(rows) <= 12
    assert sum(map(float, rows)) == pytest.approx(100, abs=0.1)
    assert all(len(line) <= 80 for line in said.splitlines())


# ---------------------------------------------------------------- against servers that are wrong


def gemini_answer(header=b"20 text/gemini\r\n", body=b"# Hello\n", end=finish):
    def answer(sock, number):
        request(sock)
        sock.sendall(header + body)
        end(sock)
    return answer


def one_failure(server, scheme, kind, *words, fails=3, n=4):
    """The kind's name and count; the first answer is a good one unless all fail."""
    got = bench_json("-n", n, "-c", 1, *words, f"{scheme}://localhost:{server.port}/", status=1)
    assert got["errors"] == {kind: fails}
    assert (got["requests"], got["failed"]) == (n, fails)
    said = bench("-n", n, "-c", 1, *words, f"{scheme}://localhost:{server.port}/", status=1).stdout
    assert kind in said
    return said


def from_the_second(right, wrong):
    """Each run of four gets a good answer and three bad ones."""
    return lambda sock, number: (right if number % 4 == 1 else wrong)(sock, number)


def test_a_right_one_passes(pair):
    """Also one that waits for the client's close_notify before it closes."""
    with FakeServer(gemini_answer(), server_context(pair)) as server:
        got = bench_json("-n", 8, "-c", 2, f"gemini://localhost:{server.port}/")
        assert (got["failed"], got["bytes"]) == (0, 8 * 24)
        assert got["seconds"] < 5 * SLOWER
        assert set(server.snis) == {"localhost"}
        assert server.failures == []


def test_no_sni_for_an_ip_literal_G2(pair):
    with FakeServer(gemini_answer(), server_context(pair)) as server:
        bench("-n", 2, f"gemini://127.0.0.1:{server.port}/")
        assert set(server.snis) == {None}


@pytest.mark.parametrize("settings", [
    {"most": ssl.TLSVersion.TLSv1_2}, {"group": "prime256v1"}, {"group": "secp384r1"},
    {"most": ssl.TLSVersion.TLSv1_2, "group": "secp521r1"},
])
@pytest.mark.parametrize("resume", [[], ["--resume"]])
def test_any_server_of_today_will_do(pair, settings, resume):
    with FakeServer(gemini_answer(), server_context(pair, **settings)) as server:
        got = bench_json("-n", 12, "-c", 2, *resume, f"gemini://localhost:{server.port}/")
        assert got["failed"] == 0
        assert sum(got["handshakes"].values()) == 12
        assert got["handshakes"]["full"] < 12 if resume else got["handshakes"]["resumed"] == 0


@pytest.mark.parametrize("tickets", [1, 2])
def test_each_ticket_is_used_once(pair, tickets):
    context = server_context(pair, least=ssl.TLSVersion.TLSv1_3)
    context.num_tickets = tickets
    with FakeServer(gemini_answer(), context) as server:
        got = bench_json("-n", 40, "-c", 5, "--resume", f"gemini://localhost:{server.port}/")
        offered = [ticket for ticket in map(offered_ticket, server.hellos) if ticket]
    assert got["handshakes"] == {"full": 5, "resumed": 35}
    assert context.session_stats()["hits"] == 35
    assert len(offered) == 35 and len(set(offered)) == 35


def test_a_server_that_gives_no_tickets(pair):
    context = server_context(pair, least=ssl.TLSVersion.TLSv1_3)
    context.num_tickets = 0
    with FakeServer(gemini_answer(), context) as server:
        got = bench_json("-n", 10, "-c", 2, "--resume", f"gemini://localhost:{server.port}/")
    assert (got["failed"], got["handshakes"]) == (0, {"full": 10, "resumed": 0})


def test_a_missing_close_notify_G3(pair):
    with FakeServer(gemini_answer(end=lambda sock: None), server_context(pair)) as server:
        one_failure(server, "gemini", "no close_notify", fails=4)
        one_failure(server, "gophers", "no close_notify", fails=4)


@pytest.mark.parametrize("kind, wrong", [
    ("other length", gemini_answer(body=b"# Hell\n")),
    ("other length", gemini_answer(body=b"")),
    ("other status", gemini_answer(header=b"51 gone\r\n", body=b"")),
    ("bad header", gemini_answer(header=b"20 text/gemini\n")),
    ("bad header", gemini_answer(header=b"51 gone\r\n")),
    ("bad header", gemini_answer(header=b"", body=b"20 text/gem")),
    ("no answer", gemini_answer(header=b"", body=b"")),
])
def test_a_wrong_answer_gemini(pair, kind, wrong):
    with FakeServer(from_the_second(gemini_answer(), wrong), server_context(pair)) as server:
        one_failure(server, "gemini", kind)


@pytest.mark.parametrize("kind, wrong", [
    ("other length", gemini_answer(body=b"# Hello")),
    ("other length", gemini_answer(header=b"", body=b"")),
    ("reset", gemini_answer(end=reset)),
])
def test_a_wrong_answer_gopher(kind, wrong):
    with FakeServer(from_the_second(gemini_answer(), wrong)) as server:
        one_failure(server, "gopher", kind)


def test_an_empty_document_of_gopher_is_an_answer(pair):
    empty = gemini_answer(header=b"", body=b"")
    for scheme, context in (("gopher", None), ("gophers", server_context(pair))):
        with FakeServer(empty, context) as server:
            got = bench_json("-n", 4, "-c", 2, f"{scheme}://localhost:{server.port}/0empty.txt")
        assert (got["failed"], got["bytes"], got["firsts"]) == (0, 0, [{"status": None, "bytes": 0}])
    with FakeServer(gemini_answer(header=b"", body=b"", end=lambda sock: None), server_context(pair)) as server:
        one_failure(server, "gophers", "no answer", fails=4)


def test_a_reset_before_the_handshake():
    def answer(sock, number):
        sock.recv(100)
        reset(sock)
    with FakeServer(answer) as server:
        one_failure(server, "gemini", "reset", fails=4)


def test_a_server_without_tls_where_tls_is_asked_for():
    with FakeServer(lambda sock, number: sock.sendall(b"59 no TLS here\r\n")) as server:
        said = one_failure(server, "gemini", "tls", fails=4)
        assert "the server does not speak TLS" in said
        got = bench_json("-n", 1, f"gemini://localhost:{server.port}/", status=1)
        assert (got["tls_fault"], got["firsts"]) == ("the server does not speak TLS", [None])


@pytest.mark.parametrize("scheme", ["gemini", "gopher"])
def test_silence_has_an_end(scheme):
    with FakeServer(lambda sock, number: hold(sock)) as server:
        began = time.monotonic()
        got = bench_json("-n", 4, "-c", 4, "--timeout", 1, f"{scheme}://localhost:{server.port}/", status=1)
        assert 1 <= time.monotonic() - began < 5 * SLOWER
        assert got["errors"] == {"timeout": 4}


def test_an_answer_without_end_has_an_end():
    def answer(sock, number):
        request(sock)
        while True:
            sock.sendall(b"x" * 65536)
    with FakeServer(answer) as server:
        got = bench_json("-n", 2, "-c", 2, "--timeout", 1, f"gopher://localhost:{server.port}/", status=1)
        assert got["errors"] == {"timeout": 2}
        assert got["bytes"] > 0


def test_a_full_queue_is_a_connect_timeout():
    """A listener that accepts nobody: the kernel lets the first ones in, and answers the others' SYN no more."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        got = bench_json("-n", 6, "-c", 6, "--timeout", 1, f"gopher://127.0.0.1:{listener.getsockname()[1]}/", status=1)
    assert got["errors"].pop("timeout") >= 1
    assert got["errors"].pop("connect timeout") >= 1
    assert got["errors"] == {} and got["failed"] == 6


def test_nobody_there():
    port = free_port()
    got = bench_json("-n", 5, f"gemini://localhost:{port}/", status=1)
    assert got["errors"] == {"connection refused": 5}


def test_it_gives_up_where_nothing_is_answered():
    began = time.monotonic()
    done = bench("-d", 60, "-c", 20, f"gemini://localhost:{free_port()}/", status=1)
    assert time.monotonic() - began < 10 * SLOWER
    assert re.search(r"^nuncio bench: gave up: none of the first 1\d\d requests was answered$", done.stderr, re.M)
    assert "connection refused" in done.stdout
    got = bench_json("-d", 60, "-c", 20, f"gopher://localhost:{free_port()}/", status=1)
    assert got["gave_up"] is True and got["firsts"] == [None]


def test_a_server_that_goes_away_is_not_hammered():
    """After a failure a client rests: a dead second costs a hundred errors a client, not a hundred thousand."""
    with FakeServer(gemini_answer()) as server:
        with subprocess.Popen([PROGRAM, "bench", "--json", "-d", "2", "-c", "2", f"gopher://127.0.0.1:{server.port}/"],
                              env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
            eventually(lambda: server.connections > 10, what="the load's beginning")
            server.stop()
            got = json.loads(process.communicate(timeout=20 * SLOWER)[0])
    assert process.returncode == 1
    assert 10 <= got["errors"]["connection refused"] <= 2 * 250
    assert got["requests"] - got["failed"] > 5


# ---------------------------------------------------------------- the command


def test_help():
    said = bench("--help").stdout
    for option in ("-c", "-n", "-d", "--timeout", "--resume", "--json", "--i-own-this-host", "--help"):
        assert re.search(rf"^  {option}\b", said, re.MULTILINE), option
    assert bench("-h").stdout == said
    assert re.search(r"^  bench ", run("--help").stdout, re.MULTILINE)


@pytest.mark.parametrize("words, says", [
    ([], "a URL is missing"),
    (["-n", "5"], "a URL is missing"),
    (["-n", "0", "gopher://localhost/"], "-n 0"),
    (["-n", "x", "gopher://localhost/"], "-n x"),
    (["-n", "-5", "gopher://localhost/"], "-n -5"),
    (["-n", "1000000000", "gopher://localhost/"], "-n 1000000000"),
    (["-c", "0", "gopher://localhost/"], "-c 0"),
    (["-c", "100001", "gopher://localhost/"], "-c 100001"),
    (["-c"], "needs a value"),
    (["-d", "1.5", "gopher://localhost/"], "-d 1.5"),
    (["--timeout", "0", "gopher://localhost/"], "--timeout 0"),
    (["--timeout=1h", "gopher://localhost/"], "--timeout 1h"),
    (["--json=yes", "gopher://localhost/"], "takes no value"),
    (["--frobnicate", "gopher://localhost/"], "no such option"),
    (["-x", "gopher://localhost/"], "no such option"),
    (["-n", "5", "-d", "5", "gopher://localhost/"], "-n and -d"),
    (["https://localhost/"], "https://localhost/: not a gemini://"),
    (["gopher://localhost/", "nonsense"], "nonsense: not a gemini://"),
    (["gemini://user@localhost/"], "user names"),
    (["gemini://localhost/" + "x" * 2000], "1024 bytes"),
    (["gemini://\x1b[2J/"], "\\x1b"),
])
def test_a_wrong_command_line_is_status_2(words, says):
    assert says in refused(*words)


@pytest.mark.parametrize("url", ["gopher://192.0.2.1/", "gemini://[2001:db8::1]/", "gemini://0.0.0.0/"])
def test_another_host_is_refused(url):
    """Also where it is one among several, and before anything is sent."""
    said = refused("gopher://localhost/", url)
    assert url in said and "--i-own-this-host" in said


def test_a_name_that_leads_nowhere():
    assert "no-such-host.invalid" in refused("gemini://no-such-host.invalid/", status=1)


def test_another_host_of_ones_own(site):
    """With the option any address goes; here it is a loopback one, since no test leaves this machine."""
    assert bench_json("-n", 3, "--i-own-this-host", f"gemini://127.0.0.1:{site.gemini_port}/")["failed"] == 0


def test_fewer_descriptors_than_clients(site):
    def limit(soft, hard):
        return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    url = f"gopher://127.0.0.1:{site.gopher_port}/"
    done = run("bench", "-n", 300, "-c", 300, url, preexec_fn=limit(200, 200))
    assert (done.returncode, done.stdout) == (1, "")
    assert "-c 300: only 200 open files" in done.stderr and "-c 168" in done.stderr
    assert run("bench", "-n", 168, "-c", 168, url, preexec_fn=limit(200, 200)).returncode == 0
    # The soft limit is ours to raise.
    assert run("bench", "-n", 300, "-c", 300, url, preexec_fn=limit(200, 400)).returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_prints_what_was_measured(number):
    with FakeServer(gemini_answer()) as server:
        with subprocess.Popen([PROGRAM, "bench", "--json", "-d", "60", f"gopher://127.0.0.1:{server.port}/"],
                              env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
            eventually(lambda: server.connections > 50, what="the load's beginning")
            process.send_signal(number)
            got = json.loads(process.communicate(timeout=5 * SLOWER)[0])
    assert process.returncode == 0
    assert got["interrupted"] is True and got["gave_up"] is False
    # What was under way is cut off and not counted.
    assert 30 < got["requests"] <= server.connections and got["failed"] == 0 and got["seconds"] < 30


def test_interrupted_before_anything_was_measured():
    with FakeServer(lambda sock, number: hold(sock)) as server:
        with subprocess.Popen([PROGRAM, "bench", f"gopher://127.0.0.1:{server.port}/"], env=ENVIRONMENT,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            eventually(lambda: server.connections == 10, what="the load's beginning")
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=5 * SLOWER)
    assert process.returncode == 1
    assert "nothing was measured" in err


def test_progress_on_a_terminal_only(site):
    url = f"gopher://localhost:{site.gopher_port}/"
    assert bench("-d", 1, url).stderr == ""
    ours, theirs = pty.openpty()
    with subprocess.Popen([PROGRAM, "bench", "-d", "2", url], env=ENVIRONMENT, stdout=subprocess.PIPE,
                          stderr=theirs) as process:
        os.close(theirs)
        out = process.communicate(timeout=20 * SLOWER)[0].decode()
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    text = shown.decode()
    assert process.returncode == 0 and "\x1b" not in out and "\r" not in out
    steps = re.findall(r"\r([0-9,]+) requests, [0-9,]+ a second, 0 errors\x1b\[K", text)
    assert 2 <= len(steps) <= 5
    counts = [int(step.replace(",", "")) for step in steps]
    assert counts == sorted(counts) and counts[0] > 0
    assert text.endswith("\r\x1b[K")


def test_a_stopped_terminal_does_not_stop_the_load(site):
    ours, theirs = pty.openpty()
    termios.tcflow(theirs, termios.TCOOFF)  # what Ctrl-S does
    with subprocess.Popen([PROGRAM, "bench", "--json", "-d", "2", f"gopher://localhost:{site.gopher_port}/"],
                          env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=theirs) as process:
        try:
            got = json.loads(process.communicate(timeout=6 * SLOWER)[0])
        finally:
            process.kill()
            os.close(theirs)
            os.close(ours)
    assert process.returncode == 0 and got["failed"] == 0
    assert 1.9 < got["seconds"] < 3 * SLOWER


def test_a_reader_of_the_report_that_leaves(site):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([PROGRAM, "bench", "-n", "1", f"gopher://localhost:{site.gopher_port}/"], stdout=full,
                              stderr=subprocess.PIPE, env=ENVIRONMENT, timeout=20, text=True)
    assert done.returncode == 1 and done.stderr.startswith("nuncio bench: the report: ")
