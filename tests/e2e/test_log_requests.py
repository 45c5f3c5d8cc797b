"""Where requests are logged, and in which form: files that are rotated, syslog, JSON, addresses (issue 5, Logs; B3)."""

import contextlib
import json
import os
import re
import resource
import signal
import socket
import stat
import tempfile
import threading
from pathlib import Path

import pytest

import client
from server import HAVE_IPV6, SEES_DESCRIPTORS, eventually, run
from tree import plant

TREE = {"index.gmi": "# Home\n", "page.gmi": "# A page\n", "text.txt": "text\n"}
COMBINED = re.compile(r'(\S+) - - \[(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) \+0000\] "((?:[^"\\]|\\.)*)" '
                      r'(\d\d|-) (\d+|-) "-" "-"')


def lines_of(path):
    return Path(path).read_bytes().decode().splitlines()


def wait_for(path, count, seconds=5):
    return eventually(lambda: len(lines_of(path)) >= count and lines_of(path), seconds, f"{count} lines in {path}")


def opened_anew(site, times=1):
    """SIGUSR1 to the supervisor, and until it has done what is to be done."""
    before = site.log().count("opened anew")
    for _ in range(times):
        site.process.send_signal(signal.SIGUSR1)
        before += 1
        eventually(lambda wanted=before: site.log().count("opened anew") >= wanted, 5, "the new file")


# ---------------------------------------------------------------- files and their rotation


def test_a_file_has_the_requests_and_standard_error_the_rest(serve, tmp_path):
    log = tmp_path / "requests.log"
    site = serve(TREE, "--log-requests", log, workers=1)  # of several, one may be slower to write
    assert stat.S_IMODE(log.stat().st_mode) == 0o640 & ~os_umask()
    site.gemini("/page.gmi?over-gemini")
    site.gopher("/text.txt")
    lines = wait_for(log, 2)
    assert [line.split(" ")[1:4] for line in lines] == [["request", "gemini", "localhost"],
                                                        ["request", "gopher", "localhost"]]
    site.process.send_signal(signal.SIGHUP)
    eventually(lambda: "1 new worker serves" in site.log(), 10, "the reload")
    assert not site.log_lines("request")


def os_umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_quiet_is_about_standard_error(serve, tmp_path):
    log = tmp_path / "requests.log"
    site = serve(TREE, "--log-requests", log, "--quiet")
    site.gopher("/text.txt")
    wait_for(log, 1)
    assert not site.log_lines("request") and not site.log_lines("notice")


def test_a_renamed_file_is_written_to_until_SIGUSR1_and_the_new_one_afterwards(serve, tmp_path):
    log, old = tmp_path / "requests.log", tmp_path / "requests.log.1"
    site = serve(TREE, "--log-requests", log)
    site.gopher("/one")
    wait_for(log, 1)
    log.rename(old)
    site.gopher("/two")
    wait_for(old, 2)
    assert not log.exists()
    opened_anew(site)
    for i in range(20):
        site.gopher(f"/three{i}")
    wait_for(log, 20)
    assert len(lines_of(old)) == 2


class Askers:
    """Clients that ask for numbered selectors, each once, until they are told to stop."""

    def __init__(self, site, threads=4):
        self.site, self.asked, self.stopping, self.failures = site, [0] * threads, threading.Event(), []
        self.threads = [threading.Thread(target=self._ask, args=(i,)) for i in range(threads)]
        for thread in self.threads:
            thread.start()

    def _ask(self, who):
        while not self.stopping.is_set():
            try:
                self.site.gopher(f"/asker{who}-{self.asked[who]}-{'x' * (self.asked[who] % 240)}")
                self.asked[who] += 1
            except Exception as failure:  # pylint: disable=broad-except
                self.failures.append(repr(failure))
                return

    def more(self, count):
        wanted = sum(self.asked) + count
        eventually(lambda: sum(self.asked) >= wanted or self.failures, 20, f"{count} more answers")

    def end(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        assert not self.failures, self.failures[0]
        return {f"/asker{who}-{i}-{'x' * (i % 240)}" for who, count in enumerate(self.asked) for i in range(count)}


@pytest.mark.parametrize("form", ["plain", "combined", "json"])
def test_rotation_under_load_loses_no_line_and_tears_none(serve, tmp_path, form):
    """As logrotate does it with `create`: rename, make the new file, SIGUSR1; the last file moves on, and again."""
    log = tmp_path / "requests.log"
    site = serve(TREE, "--log-requests", log, "--log-format", form, "--limit", "requests=1000000", workers=4)
    askers = Askers(site)
    rotations = 8
    try:
        for i in range(rotations):
            askers.more(40)
            log.rename(tmp_path / f"requests.log.{i}")
            if i % 2:  # else the supervisor makes it
                log.touch(0o640)
            opened_anew(site)
        askers.more(40)
    finally:
        wanted = askers.end()

    def written():
        return [line for path in sorted(tmp_path.glob("requests.log*")) for line in lines_of(path)]

    eventually(lambda: len(written()) >= len(wanted), 5, "all lines")
    if form == "plain":
        requests = [re.fullmatch(r"\S+Z request gopher localhost \d\d \d+ \d+ms (\S+)", line)[1] for line in written()]
    elif form == "combined":
        requests = [COMBINED.fullmatch(line)[8] for line in written()]
    else:
        requests = [json.loads(line)["request"] for line in written()]
    assert sorted(requests) == sorted(wanted)
    assert not site.log_lines("warning") + site.log_lines("error"), site.log()
    assert all(lines_of(path) for path in tmp_path.glob("requests.log*"))


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR2, signal.SIGKILL])
def test_reload_upgrade_and_death_keep_logging_to_the_newest_file(serve, tmp_path, number):
    log = tmp_path / "requests.log"
    site = serve(TREE, "--log-requests", log)
    site.gopher("/before")
    wait_for(log, 1)
    log.rename(tmp_path / "old")
    opened_anew(site)
    before = site.workers()
    if number == signal.SIGKILL:
        os.kill(before[0], number)
        before = before[:1]
    else:
        site.process.send_signal(number)
    eventually(lambda: len(site.workers()) == 2 and not set(before) & set(site.workers()), 15, "new workers")
    for i in range(10):
        site.gopher(f"/after{i}")
    assert len(wait_for(log, 10)) == 10
    log.rename(tmp_path / "older")
    opened_anew(site)
    for i in range(10):
        site.gopher(f"/last{i}")
    assert len(wait_for(log, 10)) == 10
    assert len(lines_of(tmp_path / "older")) == 10 and len(lines_of(tmp_path / "old")) == 1


def test_who_finishes_after_a_reload_changes_over_too(serve, tmp_path):
    """A worker of before has a reader whose line is still to come."""
    log = tmp_path / "requests.log"
    site = serve(TREE, "--log-requests", log, workers=1)
    with site.connect("gopher") as sock:
        sock.sendall(b"/te")
        eventually(lambda: site.gopher("/").raw, 5, "a turn of the worker's loop")
        before = site.workers()
        site.process.send_signal(signal.SIGHUP)
        eventually(lambda: "1 new worker serves" in site.log(), 10, "the reload")
        assert set(before) < set(site.workers())
        log.rename(tmp_path / "old")
        opened_anew(site)
        sock.sendall(b"xt.txt\r\n")
        assert client.read_to_end(sock) == (b"text\n", client.FIN)
    assert " /text.txt" in wait_for(log, 1)[0]


def test_a_stopped_worker_hears_of_the_new_file_later(serve, tmp_path):
    log = tmp_path / "requests.log"
    site = serve(TREE, "--log-requests", log, workers=1)
    worker, = site.workers()
    os.kill(worker, signal.SIGSTOP)
    log.rename(tmp_path / "old")
    opened_anew(site, times=20)
    os.kill(worker, signal.SIGCONT)
    site.gopher("/text.txt")
    wait_for(log, 1)
    assert site.workers() == [worker]


def test_SIGUSR1_where_requests_go_to_standard_error_hurts_nobody(serve):
    site = serve(TREE)
    site.process.send_signal(signal.SIGUSR1)
    eventually(lambda: "stays as it is" in site.log(), 5, "a word")
    site.gopher("/text.txt")
    eventually(lambda: site.log_lines("request"))
    for worker in site.workers():
        os.kill(worker, signal.SIGUSR1)
    site.gopher("/text.txt")


def test_a_name_that_cannot_be_opened_any_more_keeps_the_old_file(serve, tmp_path):
    log = tmp_path / "requests.log"
    site = serve(TREE, "--log-requests", log)
    log.rename(tmp_path / "old")
    log.mkdir()
    site.process.send_signal(signal.SIGUSR1)
    eventually(lambda: site.log_lines("error"), 5, "the reason")
    site.gopher("/text.txt")
    wait_for(tmp_path / "old", 1)
    log.rmdir()
    opened_anew(site)


# ---------------------------------------------------------------- what cannot be written


def test_a_full_disk_costs_lines_and_nothing_else(serve):
    site = serve(TREE, "--log-requests", "/dev/full", workers=1)
    for _ in range(30):
        assert site.gopher("/text.txt").text == "text\n"
        assert site.gemini("/").status == 20
    line, = eventually(lambda: site.log_lines("warning"), 5, "the warning")
    assert line.endswith(" the log of requests has lost 1 line: No space left on device")


def test_a_file_as_large_as_it_may_be_ends_nobody(serve, tmp_path):
    """SIGXFSZ would. (The supervisor makes larger things at its start: the limit is set for a worker that is there.)"""
    log = tmp_path / "requests.log"

    site = serve(TREE, "--log-requests", log, workers=1, user=None)
    worker, = site.workers()
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (1000, 1000))
    for _ in range(30):
        assert site.gopher("/text.txt").text == "text\n"
    eventually(lambda: [line for line in site.log_lines("warning") if "has lost 1 line: " in line], 5, "the warning")
    assert site.workers() == [worker]
    assert log.stat().st_size == 1000


def test_a_fifo_that_is_not_read_stops_nobody(serve, tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        site = serve(TREE, "--log-requests", fifo, "--limit", "requests=1000000", workers=1)
        for i in range(1800):
            site.gopher(f"/text.txt{'x' * 200}{i}")
        eventually(lambda: [line for line in site.log_lines("warning") if "has lost" in line], 5, "the warning")

        def read():
            text = b""
            with contextlib.suppress(BlockingIOError):
                while piece := os.read(reader, 65536):
                    text += piece
            return text

        text = read()
        assert text.endswith(b"\n") and all(b" request gopher " in line for line in text.splitlines())
        site.gopher("/again")
        eventually(lambda: b" /again\n" in read(), 5, "the next line")
    finally:
        os.close(reader)


def test_a_file_that_cannot_be_opened_is_one_line_and_status_1(tmp_path):
    capsule = plant(tmp_path / "capsule", TREE)
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name, word in (("folder", "directory"), ("missing/log", "make its folder"), ("link", "symbolic link")):
        done = run("serve", "--gemini", "127.0.0.1:0", "--gopher", "127.0.0.1:0", "--log-requests", tmp_path / name, capsule,
                   cwd=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        line, = done.stderr.splitlines()
        assert word in line and name in line
    assert not (tmp_path / "elsewhere").exists() and not (tmp_path / "certs").exists()


@pytest.mark.parametrize("words", [["--log-requests", ""], ["--log-requests", "syslog:"], ["--log-format", "xml"],
                                   ["--log-format", ""], ["--log-address=some"], ["--log-address="]])
def test_a_choice_that_is_none_is_status_2(words, tmp_path):
    done = run("serve", *words, cwd=tmp_path)
    assert done.returncode == 2
    line, = done.stderr.splitlines()
    assert "expected" in line


# ---------------------------------------------------------------- syslog


class Syslogd:
    """In syslogd's place: a socket of datagrams that keeps what comes."""

    def __init__(self, path):
        self.path, self.messages = path, []
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        os.chmod(path, 0o666)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while message := self.socket.recv(65536):
            self.messages.append(message.decode())

    def end(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", str(self.path))
        self.thread.join()
        self.socket.close()


@pytest.fixture(name="dev_log")
def _dev_log():
    with tempfile.TemporaryDirectory() as folder:  # short: the name of a socket has 107 bytes
        os.chmod(folder, 0o755)
        yield Path(folder) / "log"


@contextlib.contextmanager
def syslogd(path):
    daemon = Syslogd(path)
    try:
        yield daemon
    finally:
        daemon.end()


def test_syslog_gets_a_datagram_a_request(serve, dev_log):
    with syslogd(dev_log) as daemon:
        site = serve(TREE, "--log-requests", f"syslog:{dev_log}", workers=1)
        site.gemini("/page.gmi?in-syslog")
        site.gopher("/text.txt")
        first, second = eventually(lambda: len(daemon.messages) == 2 and daemon.messages, 5, "two messages")
        pattern = r"<30>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d nuncio\[(\d+)\]: (.*)"
        one, two = re.fullmatch(pattern, first), re.fullmatch(pattern, second)
        assert [int(one[1]), int(two[1])] == site.workers() * 2
        assert re.fullmatch(r"gemini localhost 20 \d+ \d+ms gemini://localhost:\d+/page\.gmi\?in-syslog", one[2])
        assert re.fullmatch(r"gopher localhost 20 5 \d+ms /text\.txt", two[2])
        assert not site.log_lines("request")


@pytest.mark.parametrize("form", ["combined", "json"])
def test_syslog_gets_the_other_forms_whole(serve, dev_log, form):
    with syslogd(dev_log) as daemon:
        site = serve(TREE, "--log-requests", f"syslog:{dev_log}", "--log-format", form)
        site.ask(b"gemini://localhost/" + b"\xff" * 1000 + b"\r\n")
        message, = eventually(lambda: daemon.messages, 5, "a message")
        assert len(message) <= 2048
        rest = message.partition("]: ")[2]
        assert COMBINED.fullmatch(rest) if form == "combined" else json.loads(rest)["status"] == 59


def selectors(daemon):
    return sorted(message.rpartition(" /")[2] for message in daemon.messages)


def test_a_syslogd_that_is_started_anew_gets_the_rest(serve, dev_log):
    """Its socket is another one then, which workers that are locked in cannot open."""
    with syslogd(dev_log) as daemon:
        site = serve(TREE, "--log-requests", f"syslog:{dev_log}")
        workers = site.workers()
        site.gopher("/one")
        eventually(lambda: daemon.messages, 5, "a message")
    for i in range(20):
        site.gopher(f"/meanwhile{i}")
    with syslogd(dev_log) as daemon:
        eventually(lambda: len(daemon.messages) >= 20, 10, "what waited")
        assert selectors(daemon) == sorted(f"meanwhile{i}" for i in range(20))
        site.gopher("/two")
        eventually(lambda: "two" in selectors(daemon), 10, "a message to the new one")
    with syslogd(dev_log) as daemon:
        opened_anew(site)
        for _ in range(10):
            site.gopher("/three")
        eventually(lambda: len(daemon.messages) == 10, 5, "all messages after SIGUSR1")
    assert site.workers() == workers
    assert not site.log_lines("error"), site.log()


def test_a_syslogd_that_comes_later_is_found(serve, dev_log):
    site = serve(TREE, "--log-requests", f"syslog:{dev_log}")
    assert [line for line in site.log_lines("warning") if str(dev_log) in line]
    site.gopher("/text.txt")
    with syslogd(dev_log) as daemon:
        eventually(lambda: selectors(daemon) == ["text.txt"], 10, "the message that waited")
        opened_anew(site)
        if SEES_DESCRIPTORS:
            site.descriptors_at_first += 3  # the supervisor's and two workers' that were not to be had before


def test_a_syslogd_that_is_behind_gets_all_in_the_end(serve, dev_log):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(dev_log))
        site = serve(TREE, "--log-requests", f"syslog:{dev_log}")
        for i in range(300):
            assert site.gopher(f"/{i}").raw
        sock.settimeout(10)
        got = {sock.recv(65536).decode().rpartition(" /")[2] for _ in range(300)}
    assert got == {str(i) for i in range(300)}
    assert not site.log_lines("error"), site.log()


def test_a_syslogd_that_never_reads_stops_nobody(serve, dev_log):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(dev_log))
        site = serve(TREE, "--log-requests", f"syslog:{dev_log}", "--limit", "requests=1000000", workers=1)
        for _ in range(1500):
            assert site.gopher("/" + "x" * 200).raw
        eventually(lambda: [line for line in site.log_lines("warning") if "has lost" in line], 5, "the warning")
        site.stop()


# ---------------------------------------------------------------- forms


HOSTILE = [b"\x1b[2J", b"\x07", b"\xff\xfe", b"\xc2\x9b31m", "\u202e".encode(), b"back\\slash", b'quote" 20 5 "-" "-"',
           b'","status":20,"x":"', b"\rreturn", "äöü 日本 🙂".encode(), b"'single'", b"%n%s", b"\x7f"]


@pytest.mark.parametrize("form", ["plain", "combined", "json"])
@pytest.mark.parametrize("where", ["file", "stderr"])
def test_what_strangers_send_is_escaped_in_every_form_B3(serve, tmp_path, form, where):
    log = tmp_path / "requests.log"
    site = serve(TREE, "--log-requests", log if where == "file" else "stderr", "--log-format", form, workers=1)
    for data in HOSTILE:
        site.gopher(b"/marked-" + data)
        site.ask(b"gemini://localhost/marked-" + data + b"\r\n")
    path = log if where == "file" else site.log_path
    lines = eventually(lambda: len([line for line in lines_of(path) if "marked-" in line]) == 2 * len(HOSTILE)
                       and [line for line in lines_of(path) if "marked-" in line], 5, "the lines")
    raw = path.read_bytes()
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", raw)
    assert "\u202e" not in raw.decode() and "\x9b" not in raw.decode()
    if form == "plain":
        assert all(re.match(r"\S+Z request (gemini|gopher) (localhost|-) \d\d \d+ \d+ms .*marked-", line) for line in lines)
    elif form == "combined":
        assert all(COMBINED.fullmatch(line) for line in lines), lines
    else:
        seen = [json.loads(line) for line in lines]
        for i, data in enumerate(HOSTILE):
            for entry, before in ((seen[2 * i], "/marked-"), (seen[2 * i + 1], "gemini://localhost/marked-")):
                assert entry["request"] == before + data.decode(errors="replace")
                assert isinstance(entry["status"], int)


def test_json_has_its_fields(serve, tmp_path):
    log = tmp_path / "requests.log"
    site = serve(TREE, "--log-requests", log, "--log-format", "json", "--log-address", workers=1)
    reply = site.gemini("/page.gmi")
    site.gopher("/text.txt", tls=True)
    site.gopher("/not-there")
    with site.connect("gopher") as sock:
        sock.sendall(b"/half")
    one, two, three, four = map(json.loads, wait_for(log, 4))
    assert list(one) == ["time", "protocol", "tls", "resumed", "site", "status", "bytes", "ms", "address", "request"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", one["time"])
    assert {key: one[key] for key in one if key not in ("time", "ms")} == {
        "protocol": "gemini", "tls": True, "resumed": False, "site": "localhost", "status": 20,
        "bytes": len(reply.raw), "address": "127.0.0.1", "request": f"gemini://localhost:{site.gemini_port}/page.gmi"}
    assert isinstance(one["ms"], int)
    assert (two["protocol"], two["tls"], two["bytes"], two["request"]) == ("gopher", True, 5, "/text.txt")
    assert (three["protocol"], three["tls"], three["status"]) == ("gopher", False, 51)
    assert "status" not in four and "request" not in four and "left before its request was whole" in four["fault"]


def test_json_tells_of_resumption(serve, tmp_path):
    log = tmp_path / "requests.log"
    site = serve(TREE, "--log-requests", log, "--log-format", "json", workers=1)
    done = run("bench", "-c", "1", "-n", "5", "--resume", f"gemini://127.0.0.1:{site.gemini_port}/page.gmi")
    assert done.returncode in (0, 1)
    seen = [json.loads(line) for line in wait_for(log, 5)]
    assert [entry["resumed"] for entry in seen] == [False, True, True, True, True]


def test_combined_is_as_web_servers_write_it(serve, tmp_path):
    log = tmp_path / "requests.log"
    site = serve(TREE, "--log-requests", log, "--log-format", "combined", "--log-address=cut", workers=1)
    reply = site.gemini("/page.gmi")
    site.gopher("")
    with site.connect("gopher") as sock:
        sock.sendall(b"/half")
    one, two, three = [COMBINED.fullmatch(line) for line in wait_for(log, 3)]
    assert (one[1], one[8], one[9]) == ("127.0.0.0", f"gemini://localhost:{site.gemini_port}/page.gmi", "20")
    assert one[10] == str(len(reply.raw))
    assert (two[8], two[9]) == ("/", "20")
    assert (three[8], three[9], three[10]) == ("-", "-", "-")


@pytest.mark.parametrize("form", ["plain", "combined", "json"])
def test_lines_for_those_who_never_asked_have_a_limit_in_every_form(serve, tmp_path, form):
    log = tmp_path / "requests.log"
    site = serve(TREE, "--log-requests", log, "--log-format", form, workers=1)
    for _ in range(100):
        with site.connect("gopher") as sock:
            sock.sendall(b"x")
    site.gopher("/text.txt")
    eventually(lambda: [line for line in lines_of(log) if "/text.txt" in line], 5, "the last line")
    assert len(lines_of(log)) == 61


# ---------------------------------------------------------------- addresses


def addresses(site, log, hosts):
    """What is shown of a client on each of these addresses."""
    log.write_bytes(b"")
    for i, host in enumerate(hosts):
        site.gopher("/text.txt", host=host)
        wait_for(log, i + 1)
    return [json.loads(line).get("address") for line in lines_of(log)]


def test_addresses_are_left_out_or_cut_or_whole_B3(serve, tmp_path):
    hosts = ["127.0.0.1"] + (["::1"] if HAVE_IPV6 else [])
    for how, want in (([], [None, None]), (["--log-address=none"], [None, None]),
                      (["--log-address"], ["127.0.0.1", "::1"]), (["--log-address=full"], ["127.0.0.1", "::1"]),
                      (["--log-address=cut"], ["127.0.0.0", "::"])):
        log = tmp_path / f"log{len(os.listdir(tmp_path))}"
        site = serve(TREE, "--log-requests", log, "--log-format", "json", *how)
        assert addresses(site, log, hosts) == want[:len(hosts)], how


def test_a_hash_is_one_for_all_workers_and_survives_reload_and_upgrade_B3(serve, tmp_path):
    log, other_log = tmp_path / "log", tmp_path / "other"
    hosts = ["127.0.0.1"] * 12
    site = serve(TREE, "--log-requests", log, "--log-format", "json", "--log-address=hash", workers=3)
    seen = set(addresses(site, log, hosts))
    assert len(seen) == 1 and re.fullmatch("[0-9a-f]{16}", next(iter(seen)))
    for number in (signal.SIGHUP, signal.SIGUSR2):
        before = site.workers()
        site.process.send_signal(number)
        eventually(lambda old=before: len(site.workers()) == 3 and not set(old) & set(site.workers()), 15, "new workers")
        assert set(addresses(site, log, hosts)) == seen
    if HAVE_IPV6:
        assert not set(addresses(site, log, ["::1"])) & seen
    other = serve(TREE, "--log-requests", other_log, "--log-format", "json", "--log-address=hash")
    assert not set(addresses(other, other_log, hosts)) & seen  # another service has another key


def test_the_plain_form_shows_the_address_as_before_B3(serve):
    site = serve(TREE, "--log-address=cut")
    site.gopher("/text.txt")
    line, = eventually(lambda: site.log_lines("request"), 5, "the line")
    assert re.search(r" gopher localhost 20 5 \d+ms from 127\.0\.0\.0 /text\.txt$", line)


@pytest.mark.parametrize("form", ["plain", "combined", "json"])
def test_a_long_request_is_shown_in_part(serve, tmp_path, form):
    """One address may have hundreds of lines a minute, and each byte may be escaped to four."""
    log = tmp_path / "requests.log"
    site = serve(TREE, "--log-requests", log, "--log-format", form, workers=1)
    site.gopher("/" + "\x01" * 900)
    site.gopher("/" + "a" * 255)
    long, fits = wait_for(log, 2)
    assert "..." in long and len(long) < 1700 and "..." not in fits and "/" + "a" * 255 in fits
    if form == "json":
        assert json.loads(long)["request"] == "/" + "\x01" * 255 + "..."
