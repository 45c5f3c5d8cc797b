"""Supervisor and workers: who dies is replaced, a reload and an upgrade lose nobody, tickets are good everywhere."""

import contextlib
import itertools
import os
import resource
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import client
import server as harness
from pairs import der, make_pair
from server import PROGRAM, SANITIZED, SLOWER, eventually, run
from tree import Sparse, plant

TREE = {"index.gmi": "# Home\n", "text.txt": "text\n", "big.bin": Sparse(24 << 20)}


def comes_up(site, count, but=()):
    """Waits until `count` workers, none of `but`, are there and serve, and nobody else."""

    def there():
        workers = site.workers()
        return len(workers) == count and not set(workers) & set(but) and workers

    return eventually(there, 10, f"{count} new workers")


def reloaded(site, number=signal.SIGHUP):
    """Sends the signal and waits until new workers have taken the place of all that were there."""
    before = site.workers()
    site.process.send_signal(number)
    return comes_up(site, len(before), before)


class Crowd:
    """Readers who ask again and again, on both protocols, until they are told to stop."""

    def __init__(self, site, threads=4):
        self.site, self.answers, self.failures, self.stop = site, 0, [], threading.Event()
        self.threads = [threading.Thread(target=self._read, args=(i,)) for i in range(threads)]
        for thread in self.threads:
            thread.start()

    def _read(self, i):
        while not self.stop.is_set():
            try:
                if i % 2:
                    assert self.site.gemini("/").text == "# Home\n"
                else:
                    assert self.site.gopher("/text.txt").text == "text\n"
                self.answers += 1
            except Exception as failure:  # pylint: disable=broad-except
                self.failures.append(repr(failure))

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()
        return self.failures

    def more(self, count):
        wanted = self.answers + count
        eventually(lambda: self.answers >= wanted or self.failures, 20, f"{count} answers")


# ---------------------------------------------------------------- how many, and who


def test_there_is_one_worker_for_each_processor_unless_told_otherwise(serve):
    assert len(serve(TREE, workers=None).workers()) == len(os.sched_getaffinity(0))
    few = sorted(os.sched_getaffinity(0))[:1]
    assert len(serve(TREE, workers=None, preexec=lambda: os.sched_setaffinity(0, few)).workers()) == 1
    assert len(serve(TREE, workers=5).workers()) == 5


@pytest.mark.parametrize("value", ["0", "65", "-1", "two", ""])
def test_a_number_of_workers_that_makes_no_sense_is_refused(value):
    done = run("serve", "--workers", value)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and "1 to 64" in done.stderr


def test_all_of_them_serve(serve):
    """The kernel spreads clients over the workers, and what each does is alike."""
    site = serve(TREE, workers=4)
    for _ in range(60):
        assert site.gopher("/text.txt").text == "text\n"

    def ticks(pid):
        fields = open(f"/proc/{pid}/schedstat", encoding="ascii").read().split()
        return int(fields[0])

    before = {pid: ticks(pid) for pid in site.workers()}
    for _ in range(200):
        site.gopher("/text.txt")
    assert all(ticks(pid) > then for pid, then in before.items())


def test_a_second_server_cannot_share_the_ports(serve):
    site = serve(TREE, workers=2)
    done = run("serve", "--gemini", f"127.0.0.1:{site.gemini_port}", "--gopher", "off", "--workers", "2",
               "--certs", site.certs, site.capsule)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and "another program has that port" in done.stderr


def test_a_handover_set_by_hand_is_refused(tmp_path):
    done = subprocess.run([PROGRAM, "serve"], cwd=tmp_path, env={**harness.ENVIRONMENT, "NUNCIO_HANDOVER": "7"},
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and "NUNCIO_HANDOVER" in done.stderr


# ---------------------------------------------------------------- death


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_worker_that_dies_is_replaced_and_the_log_says_why(serve, number):
    if SANITIZED and number != signal.SIGKILL:
        pytest.skip("the sanitizer reports these")
    site = serve(TREE, workers=2)
    victim = site.workers()[0]
    os.kill(victim, number)
    comes_up(site, 2, [victim])
    line = site.warning_of(victim)
    assert f"signal {int(number)} " in line
    for _ in range(40):
        assert site.gopher("/text.txt").text == "text\n"


def test_those_who_wait_at_a_dead_workers_socket_are_served_by_others(serve):
    """A worker stands still, so that clients wait in its queue; then it dies. Who waits gets an answer."""
    site = serve(TREE, workers=2)
    victim = site.workers()[0]
    os.kill(victim, signal.SIGSTOP)
    crowd = [site.connect("gopher") for _ in range(40)]
    for sock in crowd:
        sock.sendall(b"/text.txt\r\n")
    time.sleep(0.2)
    os.kill(victim, signal.SIGKILL)
    for sock in crowd:
        assert client.read_to_end(sock) == (b"text\n", client.FIN)
        sock.close()


def test_others_serve_while_one_is_down_for_a_while(serve):
    """A slot whose workers keep dying is started later each time; its socket is in good hands meanwhile."""
    site = serve(TREE, workers=2)
    first = site.workers()[0]
    victim = first
    for _ in range(6):
        others = [pid for pid in site.workers() if pid != victim]
        os.kill(victim, signal.SIGKILL)
        for _ in range(20):
            assert site.gopher("/text.txt").text == "text\n"
        victim = [pid for pid in comes_up(site, 2, [victim]) if pid not in others][0]
    assert any(", in 0." in line for line in site.log_lines("warning")), site.log()


def test_a_kill_loses_at_most_what_that_worker_held(serve):
    site = serve(TREE, workers=2)
    crowd = Crowd(site)
    for _ in range(3):
        crowd.more(30)
        victim = site.workers()[0]
        os.kill(victim, signal.SIGKILL)
        comes_up(site, 2, [victim])
    # Each of the four readers had at most one connection open at each of the three deaths.
    assert len(crowd.end()) <= 12


def test_a_worker_that_is_asked_to_go_finishes_and_is_replaced(serve):
    site = serve(TREE, workers=1)
    worker, = site.workers()
    with site.connect("gopher", receive_buffer=16384) as sock:
        sock.sendall(b"/big.bin\r\n")
        first, _ = client.read_to_end(sock, 100_000)
        os.kill(worker, signal.SIGTERM)
        eventually(lambda: set(site.workers()) - {worker}, 5, "another worker")
        assert site.gopher("/text.txt").text == "text\n"
        rest, end = client.read_to_end(sock)
    assert (len(first + rest), end) == (24 << 20, client.FIN)
    comes_up(site, 1, [worker])
    assert not site.log_lines("warning"), site.log()


def test_workers_end_where_the_supervisor_dies(serve):
    site = serve(TREE, workers=2)
    workers, port = site.workers(), site.gopher_port
    site.signalled = True
    site.process.kill()
    site.process.wait()

    def lives(pid):
        # Nobody is left to reap them but the machine's first process.
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False

    def gone():
        return not any(map(lives, workers))

    eventually(gone, 5, "the workers' end")
    with pytest.raises(ConnectionRefusedError):
        client.connect("127.0.0.1", port)
    site.stopped = True


def test_a_worker_that_was_told_to_stop_hears_that_the_supervisor_is_gone(serve):
    """Both at once: first the word to stop, by which all is closed where nobody is there, then the end of who said it."""
    site = serve(TREE, workers=2)
    worker = site.workers()[0]
    handle = os.pidfd_open(worker)
    os.kill(worker, signal.SIGSTOP)
    site.signal(signal.SIGTERM)
    eventually(lambda: len(site.workers()) == 1, 5, "the end of the other worker")
    os.kill(site.pid, signal.SIGKILL)
    site.process.wait()
    os.kill(worker, signal.SIGCONT)
    assert select.select([handle], [], [], 5)[0], "it does not end"
    os.close(handle)
    site.kill()
    assert "Assertion" not in site.log(), site.log()


def test_a_reload_that_is_asked_for_while_workers_come_up_waits_for_them(serve):
    """Else the whole generation that is not wanted any more would be started beside the new one."""
    site = serve(TREE, workers=8)
    for _ in range(2):
        site.process.send_signal(signal.SIGHUP)
        eventually(lambda: "reloading" in site.log(), 5, "the first reload")
    eventually(lambda: sum("8 new workers serve" in line for line in site.log_lines("notice")) == 2, 20,
               "both generations, one after the other")


def test_few_descriptors_at_first_are_enough_for_many_workers_B2(serve):
    def lower():
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))

    site = serve(TREE, workers=14, preexec=lower)
    site.process.send_signal(signal.SIGHUP)
    eventually(lambda: any("14 new workers serve" in line for line in site.log_lines("notice")), 20, "new workers")
    assert not site.log_lines("error"), site.log()


def test_an_ignored_signal_of_childrens_deaths_is_heeded_all_the_same(serve):
    """Whoever starts the server may have it ignored; nothing tells of a death then, and children bury themselves."""
    site = serve(TREE, workers=2, preexec=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    victim = site.workers()[0]
    os.kill(victim, signal.SIGKILL)
    comes_up(site, 2, [victim])
    assert site.warning_of(victim)


def test_nothing_is_written_into_what_has_the_number_of_a_standard_descriptor(tmp_path):
    """Started with 0, 1 and 2 closed, the log went into whatever was opened first."""
    (tmp_path / "capsule").mkdir()
    port = harness.free_port()

    def close_all():
        for fd in range(3):
            os.close(fd)

    # Of a process that is locked in, root alone sees what its descriptors are.
    sandbox = [] if harness.SEES_DESCRIPTORS else ["--no-sandbox"]
    with subprocess.Popen([PROGRAM, "serve", *harness.AS_BUILT, *sandbox, "--gemini", "off", "--gopher",
                           f"127.0.0.1:{port}", "--workers", "1", "--certs", tmp_path / "certs", tmp_path / "capsule"],
                          preexec_fn=close_all) as process:
        try:
            def serves():
                try:
                    return client.gopher("127.0.0.1", port, b"/\r\n").raw
                except ConnectionRefusedError:
                    return None

            eventually(serves, 10, "an answer")
            worker, = open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii").read().split()
            for pid in (process.pid, worker):
                assert {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in range(3)} == {"/dev/null"}
        finally:
            process.terminate()
    assert process.returncode == 0


# ---------------------------------------------------------------- reload


def test_a_reload_brings_new_workers_and_the_old_ones_finish(serve):
    site = serve(TREE, workers=2)
    before = site.workers()
    with site.connect_tls(receive_buffer=16384) as sock:
        sock.sendall(b"gemini://localhost/big.bin\r\n")
        first, _ = client.read_to_end(sock, 100_000)
        site.process.send_signal(signal.SIGHUP)
        eventually(lambda: len(set(site.workers()) - set(before)) == 2, 10, "two new workers")
        eventually(lambda: len(site.workers()) == 3, 10, "the idle old one's end")
        assert site.gemini("/").text == "# Home\n"
        rest, end = client.read_to_end(sock)
    assert (len((first + rest).partition(b"\r\n")[2]), end) == (24 << 20, client.CLOSE_NOTIFY)
    comes_up(site, 2, before)
    assert not site.log_lines("warning"), site.log()


def test_who_has_not_asked_yet_keeps_the_time_to_across_a_reload(serve):
    site = serve(TREE, workers=1)
    half = site.connect("gopher")
    half.sendall(b"/te")
    tls = site.connect_tls()
    time.sleep(0.1)
    before = site.workers()
    site.process.send_signal(signal.SIGHUP)
    eventually(lambda: set(site.workers()) - set(before), 10, "a new worker")
    time.sleep(1.2)  # longer than those have who must hurry when the server stops
    half.sendall(b"xt.txt\r\n")
    assert client.read_to_end(half) == (b"text\n", client.FIN)
    tls.sendall(b"gemini://localhost/\r\n")
    assert client.read_to_end(tls)[1] == client.CLOSE_NOTIFY
    half.close()
    tls.close()


def test_a_reload_reads_certificates_anew(serve, tmp_path):
    site = serve(TREE, certs=make_pair(tmp_path / "certs", "localhost"), workers=2)
    old = site.gemini("/").certificate
    make_pair(tmp_path / "certs", "localhost")
    reloaded(site)
    for _ in range(10):
        assert site.gemini("/").certificate != old


def test_a_reload_that_fails_keeps_what_runs_and_says_why(serve, tmp_path):
    site = serve(TREE, certs=make_pair(tmp_path / "certs", "localhost"), workers=2)
    before = site.workers()
    (site.certs / "localhost.key").write_text("rubbish\n")
    site.process.send_signal(signal.SIGHUP)
    eventually(lambda: any("reload failed" in line for line in site.log_lines("warning")), 10, "the warning")
    why, = [line for line in site.log_lines("error") if "localhost.key" in line]
    assert "nuncio serve" not in why
    assert site.workers() == before
    assert site.gemini("/").status == 20
    make_pair(tmp_path / "certs", "localhost")
    reloaded(site)
    assert site.gemini("/").status == 20


def test_a_bad_certificate_and_a_crash_are_no_outage(serve, tmp_path):
    """Who takes a dead worker's place has the pair that passed last, not a file that a reload has just refused."""
    site = serve(TREE, certs=make_pair(tmp_path / "certs", "localhost"), workers=1)
    certificate = site.certs / "localhost.crt"

    def refused():
        before = len(site.log_lines("warning"))
        site.process.send_signal(signal.SIGHUP)
        eventually(lambda: any("reload failed" in line for line in site.log_lines("warning")[before:]), 10, "the refusal")

    def crash_and_ask():
        victim, = site.workers()
        os.kill(victim, signal.SIGKILL)
        eventually(lambda: site.log().count(f"process {victim}) was ended by signal 9"), 10, "its death")
        eventually(lambda: [pid for pid in site.workers() if pid != victim], 10, "another one")
        assert site.gopher("/text.txt").text == "text\n"
        return site.gemini("/").certificate

    good = der(certificate)
    for spoil in (lambda: certificate.write_text("x\n"), certificate.unlink,
                  lambda: shutil.rmtree(site.certs)):
        spoil()
        refused()
        assert crash_and_ask() == good
    make_pair(site.certs, "localhost")
    eventually(lambda: site.gemini("/").certificate == der(certificate), 10, "the mended pair")
    eventually(lambda: len(site.workers()) == 1, 10, "the old one's end")
    assert crash_and_ask() == der(certificate)
    assert not [line for line in site.log_lines("error") if "localhost" not in line and "certs" not in line]


def test_a_worker_that_comes_up_late_does_not_take_its_slot_back(serve, tmp_path):
    """One of the old generation, held up while a new one came to serve, is not wanted any more."""
    site = serve(TREE, certs=make_pair(tmp_path / "certs", "localhost"), workers=2)
    first = site.workers()

    def caught(known):
        """The next new process, stopped before it is up: looked for without a pause."""
        end = time.monotonic() + 10
        while not set(site.workers()) - set(known):
            assert time.monotonic() < end, "no new worker"
        pid, = set(site.workers()) - set(known)
        os.kill(pid, signal.SIGSTOP)
        return pid

    site.process.send_signal(signal.SIGHUP)
    trial = caught(first)
    os.kill(first[1], signal.SIGKILL)
    late = caught([*first, trial])
    os.kill(trial, signal.SIGCONT)
    newest = eventually(lambda: next(iter(set(site.workers()) - {*first, trial, late}), None), 10, "the newest")
    eventually(lambda: set(site.workers()) == {trial, late, newest}, 10, "the end of the old ones")
    os.kill(late, signal.SIGCONT)
    assert set(comes_up(site, 2, [late])) == {trial, newest}


def test_a_burst_of_signals_and_a_reload_again_and_again_lose_nobody(serve):
    site = serve(TREE, workers=2)
    crowd = Crowd(site)
    crowd.more(10)
    for _ in range(3 if SANITIZED else 8):
        for _ in range(5):
            site.process.send_signal(signal.SIGHUP)
        crowd.more(20)
    assert crowd.end() == []
    eventually(lambda: len(site.workers()) == 2, 10, "the end of all old workers")
    assert not site.log_lines("warning"), site.log()
    reloads = [line for line in site.log_lines("notice") if "reloading" in line]
    assert 2 <= len(reloads) <= 2 * 8  # a burst is not one reload for each signal


def test_a_changed_certificate_and_a_moved_release_are_taken_without_a_signal_and_lose_nobody(serve, tmp_path):
    for name in ("one", "two"):
        plant(tmp_path / name, {"index.gmi": "# Home\n", "text.txt": "text\n", f"{name}.txt": f"{name}\n"})
    current = tmp_path / "current"
    current.symlink_to("one")
    site = serve(capsule=current, certs=make_pair(tmp_path / "certs", "localhost"), workers=2)
    crowd = Crowd(site)
    crowd.more(10)
    rounds = itertools.count(1)

    def all_new():
        done = next(rounds)
        eventually(lambda: sum("2 new workers serve" in line for line in site.log_lines("notice")) == done, 5,
                   "every worker")

    for name in ("two", "one", "two"):
        old = site.gemini("/").certificate
        (tmp_path / "next").symlink_to(name)
        os.replace(tmp_path / "next", current)
        eventually(lambda name=name: site.gopher(f"/{name}.txt").raw == f"{name}\n".encode(), 3, "the new release")
        all_new()
        make_pair(tmp_path / "certs", "localhost")
        eventually(lambda old=old: site.gemini("/").certificate != old, 3, "the new certificate")
        all_new()
        crowd.more(20)
    assert crowd.end() == []
    assert not site.log_lines("warning"), site.log()


def test_a_reload_of_many_workers_hurries_none(serve):
    site = serve(TREE, workers=40)
    reloaded(site)
    eventually(lambda: any("40 new workers serve" in line for line in site.log_lines("notice")), 20, "their service")
    assert not site.log_lines("warning"), site.log()


def test_reloads_that_could_not_even_start_keep_no_worker_from_coming_back(serve):
    site = serve(TREE, workers=1)
    limits = resource.prlimit(site.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(site.pid, resource.RLIMIT_NOFILE, (4, limits[1]))
    for count in range(1, 6):
        site.process.send_signal(signal.SIGHUP)
        eventually(lambda: sum("the reload failed" in line for line in site.log_lines("warning")) == count, 5,
                   "the warning")
    assert all("cannot start worker 0: no process or no descriptor" in line for line in site.log_lines("error"))
    resource.prlimit(site.pid, resource.RLIMIT_NOFILE, limits)
    victim, = site.workers()
    os.kill(victim, signal.SIGKILL)
    comes_up(site, 1, [victim])
    line = site.warning_of(victim)
    assert line.endswith("another one takes its place"), line  # at once


# ---------------------------------------------------------------- upgrade


def program_at(path, version=None):
    """A copy of the program, as another version where one is named (as long as the real one)."""
    content = open(PROGRAM, "rb").read()
    if version:
        real = run("--version").stdout.split()[1]
        content = content.replace(f"nuncio {real}".encode(), f"nuncio {version}".encode())
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.chmod(0o755)
    os.replace(new, path)
    return path


@pytest.fixture
def installed(serve, tmp_path, monkeypatch):
    """A server that runs from a program of its own, which can be replaced."""
    program = program_at(tmp_path / "nuncio")
    monkeypatch.setattr(harness, "PROGRAM", str(program))
    site = serve(TREE, workers=2)
    monkeypatch.undo()
    return site, program


def test_an_upgrade_in_place_keeps_the_process_and_loses_nobody(installed):
    site, program = installed
    crowd = Crowd(site)
    crowd.more(10)
    with site.connect("gopher", receive_buffer=16384) as sock:
        sock.sendall(b"/big.bin\r\n")
        first, _ = client.read_to_end(sock, 100_000)
        before = site.workers()
        program_at(program, "0.1.9")
        site.process.send_signal(signal.SIGUSR2)
        eventually(lambda: any("upgraded: this is nuncio 0.1.9" in line for line in site.log_lines("notice")), 10,
                   "the upgrade")
        eventually(lambda: len(set(site.workers()) - set(before)) == 2, 10, "new workers")
        rest, end = client.read_to_end(sock)
    assert (len(first + rest), end) == (24 << 20, client.FIN)
    comes_up(site, 2, before)
    for _ in range(2):
        crowd.more(10)
        reloaded(site, signal.SIGUSR2)
    crowd.more(10)
    assert crowd.end() == []
    assert site.alive()
    assert not site.log_lines("warning") and not site.log_lines("error"), site.log()
    assert site.output.count("ready") == 1


@pytest.mark.parametrize("what", ["rubbish", "another program", "not executable", "gone"])
def test_an_upgrade_to_what_cannot_serve_keeps_what_runs(installed, what):
    site, program = installed
    if what == "gone":
        program.unlink()
    else:
        new = program.with_suffix(".new")
        if what == "another program":
            shutil.copy(shutil.which("true"), new)
        else:
            new.write_text("rubbish\n")
            new.chmod(0o755 if what == "rubbish" else 0o644)
        os.replace(new, program)
    before = site.workers()
    site.process.send_signal(signal.SIGUSR2)
    eventually(lambda: any("upgrade failed" in line for line in site.log_lines("warning")), 10, "the warning")
    if what == "another program":  # it has not said why
        line, = site.log_lines("error")
        assert "the new worker ended with status 0 before it was ready" in line
    assert site.workers() == before
    assert site.gemini("/").status == 20
    # The running version starts its workers from the file that it was started from, whatever stands there now.
    os.kill(before[0], signal.SIGKILL)
    comes_up(site, 2, before[:1])
    program_at(program)
    reloaded(site, signal.SIGUSR2)
    assert site.gemini("/").status == 20


def test_an_upgrade_hands_the_pair_on(installed, tmp_path):
    """The certificate is spoiled in the moment of the upgrade: what serves then dies, and is replaced all the same."""
    site, program = installed
    good, real = der(site.certs / "localhost.crt"), program_at(tmp_path / "real")
    new = program.with_suffix(".new")
    new.write_text(f"""#!{sys.executable}
import os, sys
if os.path.exists({str(tmp_path / "tried")!r}):  # the first time it is on trial
    open({str(site.certs / "localhost.crt")!r}, "w").write("x")
open({str(tmp_path / "tried")!r}, "w").close()
os.execv({str(real)!r}, ["nuncio", *sys.argv[1:]])
""")
    new.chmod(0o755)
    os.replace(new, program)
    before = site.workers()
    site.process.send_signal(signal.SIGUSR2)
    eventually(lambda: any("reload failed" in line for line in site.log_lines("warning")), 10, "the refusal")
    assert any("upgraded" in line for line in site.log_lines("notice"))
    comes_up(site, 2)
    assert site.workers() == before
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    comes_up(site, 2, before)
    for _ in range(10):
        assert site.gemini("/").certificate == good


# ---------------------------------------------------------------- tickets


def visit(site, context, session=None):
    """One page over TLS 1.3: (whether the session was resumed, the session for the next visit)."""
    with client.connect("127.0.0.1", site.gemini_port) as plain, \
            context.wrap_socket(plain, server_hostname="localhost", session=session) as sock:
        sock.sendall(b"gemini://localhost/\r\n")
        assert client.read_to_end(sock)[1] == client.CLOSE_NOTIFY
        return sock.session_reused, sock.session


def test_a_returning_client_resumes_with_whichever_worker_it_meets(installed):
    site, _ = installed
    context = client.tls_context(least=ssl.TLSVersion.TLSv1_3)
    resumed, session = visit(site, context)
    assert not resumed
    for _ in range(20):
        resumed, session = visit(site, context, session)
        assert resumed
    for number in (signal.SIGHUP, signal.SIGUSR2):
        reloaded(site, number)
        for _ in range(5):
            resumed, session = visit(site, context, session)
            assert resumed


# ---------------------------------------------------------------- stopping, and crowds


@pytest.mark.parametrize("before", [(), (signal.SIGHUP,), (signal.SIGUSR2,), (signal.SIGHUP, signal.SIGUSR2)])
def test_it_stops_in_the_middle_of_anything(serve, before):
    site = serve(TREE, workers=3)
    for number in before:
        said = len(site.log_lines("notice"))
        site.process.send_signal(number)
        eventually(lambda: len(site.log_lines("notice")) > said, 5, "the beginning")
    site.signal()
    site.wait(5)


def test_a_signal_to_all_processes_at_once_stops_in_order(serve):
    """As service managers send it. Who has reached the door is let in, who comes later is refused, and nobody is said to
    take anybody's place."""
    site = serve(TREE, workers=2)
    with site.connect("gopher", receive_buffer=4096) as slow:
        slow.sendall(b"/big.bin\r\n")
        client.read_to_end(slow, 1000)
        processes = [*site.workers(), site.pid]
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        crowd = [site.connect("gopher") for _ in range(40)]
        for sock in crowd:
            sock.sendall(b"/text.txt\r\n")
        for pid in processes:
            os.kill(pid, signal.SIGTERM)
        site.signalled = True
        for pid in processes:
            os.kill(pid, signal.SIGCONT)
        for sock in crowd:
            assert client.read_to_end(sock) == (b"text\n", client.FIN)
            sock.close()
        eventually(lambda: site.refuses("gopher"), 2, "a refusal")
    site.wait()
    assert "takes its place" not in site.log(), site.log()


def caught_at_its_start(supervisor, but=()):
    """A child as soon as it is there, standing still before it has read anything."""
    children, end = Path(f"/proc/{supervisor}/task/{supervisor}/children"), time.monotonic() + 10 * SLOWER
    while time.monotonic() < end:
        new = set(map(int, children.read_text().split())) - set(but)
        if new:
            late, = new
            os.kill(late, signal.SIGSTOP)
            return late
    raise AssertionError("no child came")


def goes_on(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


def test_a_stop_while_a_new_worker_comes_up_is_no_fault(serve):
    """The sockets that it would take are shut by then: it must not say that its owner did something wrong."""
    site = serve(TREE, workers=1)
    before = site.workers()
    site.process.send_signal(signal.SIGHUP)
    late = caught_at_its_start(site.pid, before)
    site.signal()
    eventually(lambda: not set(before) & set(site.workers()), 5, "the serving worker's end")
    goes_on(late)
    site.wait(5)
    assert not site.log_lines("warning") and not site.log_lines("error"), site.log()
    assert "NUNCIO_HANDOVER" not in site.log(), site.log()


def test_a_stop_before_the_first_worker_is_up_is_no_fault(tmp_path):
    words = ["serve", *harness.AS_BUILT, "--gemini", "127.0.0.1:0", "--gopher", "127.0.0.1:0", "--workers", "1", "--certs",
             tmp_path / "certs", "--user", "nobody"]
    if not harness.USER:
        words = words[:-2]
    with subprocess.Popen([PROGRAM, *map(str, words), str(plant(tmp_path / "capsule", TREE))], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env=harness.ENVIRONMENT) as process:
        late = caught_at_its_start(process.pid)
        process.terminate()
        # A little later, when the sockets have been shut; it is over by itself where nobody is waited for.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.3)
        goes_on(late)
        _, log = process.communicate(timeout=10 * SLOWER)
    assert process.returncode == 0, log
    assert not any(f" {level} " in line for level in ("warning", "error") for line in log.splitlines()), log
    assert "NUNCIO_HANDOVER" not in log, log


def test_a_stop_does_not_cut_off_who_was_told_to_finish_before(serve):
    """More workers finish than may, so that the oldest has been told to hurry: a stop on top of it is not the second
    signal, by which everything ends at once."""
    site = serve(TREE, "--timeout", "request=60", workers=1)
    half = []
    while not any("more than" in line for line in site.log_lines("warning")):
        assert len(half) < 40
        half.append(site.connect("gopher"))
        half[-1].sendall(b"/te")
        assert site.gopher("/text.txt").text == "text\n"  # one after the other is let in: it has the half one too
        said = len(site.log_lines("notice"))
        site.process.send_signal(signal.SIGHUP)
        eventually(lambda: any("new worker serves" in line for line in site.log_lines("notice")[said:]), 10, "a reload")
    site.signal()
    eventually(lambda: any("stopping" in line for line in site.log_lines("notice")), 3, "the notice")
    for sock in half:
        sock.sendall(b"xt.txt\r\n")
    for sock in half:
        assert client.read_to_end(sock) == (b"text\n", client.FIN)
        sock.close()
    site.wait()


def test_two_thousand_clients_at_once_are_all_accepted(serve):
    """A queue that is too short drops a SYN, and a client sends it again after a second at the earliest. The workers
    stand still, so that all must wait in the queues."""
    if int(open("/proc/sys/net/core/somaxconn", encoding="ascii").read()) < 4096:
        pytest.skip("this machine's queues are short")
    site = serve(TREE, workers=2)
    for pid in site.workers():
        os.kill(pid, signal.SIGSTOP)
    crowd = []
    started = time.monotonic()
    try:
        for _ in range(2000):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", site.gopher_port))
            crowd.append(sock)
        for sock in crowd:
            sock.settimeout(client.PATIENCE)
            sock.sendall(b"/text.txt\r\n")
        assert time.monotonic() - started < 0.9 * SLOWER, "a SYN was sent twice"
    finally:
        for pid in site.workers():
            os.kill(pid, signal.SIGCONT)
    for sock in crowd:
        assert client.read_to_end(sock) == (b"text\n", client.FIN)
        sock.close()
