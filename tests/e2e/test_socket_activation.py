"""Socket activation: listening sockets from whoever starts the server (issue 5, "Installed like any daemon")."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import client
from server import AS_BUILT, HAVE_IPV6, PROGRAM, SEES_DESCRIPTORS, SLOWER, eventually, run
from test_workers import Crowd, comes_up
from tree import Sparse, plant

TREE = {"index.gmi": "# Home\n", "text.txt": "text\n", "big.bin": Sparse(24 << 20), "folder/page.gmi": "# Page\n"}
BOTH = ("gemini=127.0.0.1:0", "gopher=127.0.0.1:0")


def activate(*sockets, **environment):
    """The words to put before the program: it is given these sockets, and these variables are changed afterwards."""
    changed = [f"{name}={value}" for name, value in environment.items()]
    launcher = Path(__file__).with_name("activate.py")
    return [sys.executable, str(launcher), *sockets, "--", *(["env", *changed] if changed else [])]


def refused(tmp_path, *words, sockets=BOTH, **environment):
    """What a server says that does not start."""
    plant(tmp_path / "capsule", TREE)
    done = run("serve", *words, before=activate(*sockets, **environment), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    line, = done.stderr.splitlines()
    return line


def test_the_sockets_given_are_served_and_no_others(serve):
    site = serve(TREE, before=activate(*BOTH), ports=False)
    assert [listener[:2] for listener in site.listeners] == [("gemini", "127.0.0.1"), ("gopher", "127.0.0.1")]
    assert site.gemini("/").text == "# Home\n"
    assert site.gopher("/text.txt").text == "text\n"
    assert site.gopher("/text.txt", tls=True).text == "text\n"


def test_several_sockets_may_speak_one_protocol_and_the_other_is_off(serve):
    site = serve(TREE, before=activate("gopher=127.0.0.1:0", "gopher=127.0.0.1:0"), ports=False)
    assert [name for name, _, _ in site.listeners] == ["gopher", "gopher"]
    for _, host, port in site.listeners:
        assert client.gopher(host, port, b"/text.txt\r\n").text == "text\n"


def test_menus_and_pages_name_the_ports_given_P19(serve):
    site = serve(TREE, before=activate(*BOTH), ports=False)
    assert {item.port for item in site.gopher("/folder/").menu if item.type != "i"} == {site.gopher_port}
    assert f"gemini://localhost:{site.gemini_port}/" in site.gopher("GET / HTTP/1.0\r\n").raw.decode()


@pytest.mark.skipif(not HAVE_IPV6, reason="no IPv6 here")
def test_a_socket_for_both_families_shows_ipv4_as_ipv4(serve):
    site = serve(TREE, "--log-address", before=activate("gopher=[::]:0"), ports=False)
    (_, address, port), = site.listeners
    assert address == "::"
    assert client.gopher("127.0.0.1", port, b"/text.txt\r\n").text == "text\n"
    assert client.gopher("::1", port, b"/text.txt\r\n").text == "text\n"
    lines = eventually(lambda: len(site.log_lines("request")) == 2 and site.log_lines("request"), 5, "two lines")
    # Which connection has ended first is the kernel's business.
    assert {re.search(r" from (\S+) ", line)[1] for line in lines} == {"127.0.0.1", "::1"}


def test_a_crowd_is_served_by_all_workers_and_by_those_who_are_left(serve):
    site = serve(TREE, before=activate(*BOTH), ports=False, workers=3)
    crowd = Crowd(site)
    crowd.more(60)
    victim = site.workers()[0]
    os.kill(victim, signal.SIGKILL)
    comes_up(site, 3, [victim])
    crowd.more(60)
    assert len(crowd.end()) <= 4  # what that one had open


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR2])
def test_a_reload_and_an_upgrade_keep_the_sockets_and_lose_nobody(serve, number):
    site = serve(TREE, before=activate(*BOTH), ports=False)
    crowd = Crowd(site)
    with site.connect("gopher", receive_buffer=16384) as sock:
        sock.sendall(b"/big.bin\r\n")
        first, _ = client.read_to_end(sock, 100_000)
        for _ in range(2):
            crowd.more(20)
            renewed(site, number)
        crowd.more(20)
        rest, end = client.read_to_end(sock)
    assert crowd.end() == []
    assert site.log().count("upgraded: this is nuncio") == (2 if number == signal.SIGUSR2 else 0)
    assert (len(first + rest), end) == (24 << 20, client.FIN)


def renewed(site, number):
    """Reloads or upgrades, and waits until there are new workers; one of before is still sending a file."""
    before = len(re.findall(r" new workers serve;", site.log()))
    site.process.send_signal(number)
    eventually(lambda: len(re.findall(r" new workers serve;", site.log())) > before, 10, "new workers")


@pytest.mark.skipif(not SEES_DESCRIPTORS, reason="root alone can look into a process that is locked in")
def test_workers_do_not_hear_of_it(serve):
    site = serve(TREE, before=activate(*BOTH), ports=False)
    for worker in site.workers():
        assert b"LISTEN_" not in Path(f"/proc/{worker}/environ").read_bytes()


def test_sockets_for_another_process_are_not_taken(serve):
    """Whoever started us had them, and did not take the variables out."""
    for value in ("1", "", "x", "-1", "99999999999999999999"):
        site = serve(TREE, before=activate(*BOTH, LISTEN_PID=value))
        assert site.gemini("/").text == "# Home\n"
        site.stop()


def test_none_given_is_as_if_nothing_was_said(serve):
    site = serve(TREE, before=activate(*BOTH, LISTEN_FDS="0"))
    assert site.gopher("/text.txt").text == "text\n"


@pytest.mark.parametrize("value", ["", "x", "-1", "2x", "33", "99999999999999999999"])
def test_a_count_that_makes_no_sense_is_refused(value, tmp_path):
    assert "LISTEN_FDS" in refused(tmp_path, LISTEN_FDS=value)


@pytest.mark.parametrize("names", ["", "gemini", "gemini:web", "nuncio.socket:gopher", "gemini:\x1b[2J"])
def test_a_socket_of_unknown_protocol_is_refused(names, tmp_path):
    line = refused(tmp_path, LISTEN_FDNAMES=names)
    assert "FileDescriptorName=" in line and "\x1b" not in line


@pytest.mark.parametrize("sockets", [("gemini=udp",), ("gopher=file",), ("gemini=127.0.0.1:0", "gopher=file")])
def test_what_does_not_listen_is_refused(sockets, tmp_path):
    assert "no TCP socket that listens" in refused(tmp_path, sockets=sockets)


def test_a_descriptor_that_is_not_open_is_refused(tmp_path):
    assert "descriptor 5" in refused(tmp_path, LISTEN_FDS="3", LISTEN_FDNAMES="gemini:gopher:gopher")


@pytest.mark.parametrize("option", ["--gemini", "--gopher"])
@pytest.mark.parametrize("value", ["127.0.0.1:0", "off"])
def test_options_for_listeners_are_refused_beside_them(option, value, tmp_path):
    assert option in refused(tmp_path, option, value)
    assert not (tmp_path / "certs").exists()


@contextlib.contextmanager
def started(tmp_path, sock):
    """A server that is given a socket which stays ours too."""
    words = [*activate(f"gopher=fd:{sock.fileno()}"), PROGRAM, "serve", *AS_BUILT, "--workers", "2", "--certs",
             str(tmp_path / "certs"), str(tmp_path / "capsule")]
    with open(tmp_path / "log", "ab") as log:
        process = subprocess.Popen(words, pass_fds=[sock.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=log)
    try:
        while process.stdout.readline() not in (b"ready\n", b""):
            pass
        yield process
        process.terminate()
        assert process.wait(15 * SLOWER) == 0, (tmp_path / "log").read_text()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_who_comes_between_two_starts_waits_for_the_second_one(tmp_path):
    plant(tmp_path / "capsule", TREE)
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
        with started(tmp_path, sock):
            assert client.gopher("127.0.0.1", port, b"/text.txt\r\n").text == "text\n"
        with client.connect("127.0.0.1", port) as waiting:
            waiting.sendall(b"/text.txt\r\n")
            with started(tmp_path, sock):
                assert client.read_to_end(waiting) == (b"text\n", client.FIN)
