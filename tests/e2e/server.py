"""Starts a real server on ports of the system's choice, waits until it says `ready`, looks at it from outside, and
ends it by its process id."""

import os
import re
import resource
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

import client

PROGRAM = os.environ.get("NUNCIO", "")
MODE = os.environ.get("NUNCIO_MODE", "release")
SANITIZED = MODE == "asan"
# The leak checker needs ptrace, and coverage wants to write its files at the end: what is built for them runs without.
SANDBOX = MODE not in ("asan", "cov")
AS_BUILT = [] if SANDBOX else ["--no-sandbox"]
ROOT_USER = os.geteuid() == 0
# Root serves as somebody else, as an owner would. (The leak checker cannot look at a process that changed its user.)
USER = "nobody" if ROOT_USER and SANDBOX else None
# A process that must not be dumped shows its descriptors to root alone.
SEES_DESCRIPTORS = ROOT_USER or not SANDBOX
ROOT = Path(__file__).resolve().parents[2]

# Sanitizers slow the server down: bounds on time are stretched by this.
SLOWER = 4 if SANITIZED else 1

ENVIRONMENT = {
    **os.environ,
    "LC_ALL": "C.UTF-8",
    "ASAN_OPTIONS": "detect_leaks=1:exitcode=99:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}

SANITIZER_REPORT = re.compile(r"(Address|Leak|Memory|Thread|UndefinedBehavior)Sanitizer|runtime error:")


def have_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as sock:
            sock.bind(("::1", 0))
        return True
    except OSError:
        return False


HAVE_IPV6 = have_ipv6()


def eventually(condition, seconds=5, what="it"):
    """Waits until condition() holds, with a bound, and returns its value."""
    end = time.monotonic() + seconds * SLOWER
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"{what}: not within {seconds * SLOWER} s"
        time.sleep(0.01)


# ---------------------------------------------------------------- processes

# Every server of this session, so that the log of one can be shown when a test fails.
servers = []


def run(*words, cwd=None, before=(), seconds=30, **more):
    """Runs the program to its end: CompletedProcess with text. A sanitizer's report fails the test at once."""
    if words[:1] == ("serve",):
        words = (words[0], *AS_BUILT, *words[1:])
    try:
        done = subprocess.run([*before, PROGRAM, *map(str, words)], cwd=cwd, env=ENVIRONMENT,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds * SLOWER,
                              **more)
    except subprocess.TimeoutExpired as late:
        raise AssertionError(f"it should have ended: {late.cmd}\n{late.stdout}\n{late.stderr}") from None
    assert not SANITIZER_REPORT.search(done.stderr), done.stderr
    return done


class Server:
    """A server at work. Options that matter to every test are given: ports of the system's choice on loopback, and a
    folder for certificates below `work`."""

    def __init__(self, work, capsule, *options, gemini=None, gopher=None, certs=None, before=(), descriptors=None,
                 preexec=None, ports=True, workers=2, user=USER, sandbox=SANDBOX):
        self.work = Path(work)
        self.work.mkdir(parents=True, exist_ok=True)
        self.capsule = Path(capsule)
        self.certs = Path(certs or self.work / "certs")
        self.signalled = self.stopped = False
        self.log_path = self.work / "log"
        addresses = ["127.0.0.1:0"] + (["[::1]:0"] if HAVE_IPV6 else [])
        words = []
        if ports:
            for name, given in (("--gemini", gemini), ("--gopher", gopher)):
                for address in addresses if given is None else given:
                    words += [name, address]

        if workers:
            words += ["--workers", str(workers)]
        if user:
            words += ["--user", user]
        if not sandbox:
            words += ["--no-sandbox"]
        self.user = user

        def in_child():
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
            if preexec:
                preexec()

        self.log_file = open(self.log_path, "wb")
        self.process = subprocess.Popen(
            [*before, PROGRAM, "serve", *words, "--certs", str(self.certs), *map(str, options), str(self.capsule)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log_file, cwd=self.work, env=ENVIRONMENT,
            preexec_fn=in_child if descriptors or preexec else None)
        self.log_file.close()
        servers.append(self)
        self.shown = 0  # how much of the log belongs to earlier tests
        self.output = ""
        self.listeners = []
        try:
            self._wait_ready()
        except BaseException:
            self.kill()
            raise

    # -- starting and ending

    def _wait_ready(self):
        end = time.monotonic() + 10 * SLOWER
        fd = self.process.stdout.fileno()
        while not self.output.endswith("ready\n"):
            left = end - time.monotonic()
            assert left > 0, f"not ready in time; standard output: {self.output!r}; log: {self.log()}"
            if select.select([fd], [], [], left)[0]:
                piece = os.read(fd, 4096)
                assert piece, f"ended before it was ready; standard output: {self.output!r}; log: {self.log()}"
                self.output += piece.decode()
        for line in self.output.splitlines()[:-1]:
            match = re.fullmatch(r"listening (gemini|gopher)://([^/]+):(\d+)/ \((.+)\)", line)
            assert match, f"not a line of the contract: {line!r}"
            self.listeners.append((match[1], match[4].strip("[]"), int(match[3])))
        if SEES_DESCRIPTORS:
            self.descriptors_at_first = self.descriptors()

    def signal(self, number=signal.SIGTERM):
        self.signalled = True
        self.process.send_signal(number)

    def wait(self, seconds=15):
        """Waits for the end of the process and checks that it was a clean one."""
        self.process.wait(timeout=seconds * SLOWER)
        self.stopped = True
        self.process.stdout.close()
        log = self.log()
        assert not SANITIZER_REPORT.search(log), log
        # B3: whatever came in, the log is lines of plain text.
        assert not re.search(rb"[\0-\x09\x0b-\x1f\x7f]", self.log_path.read_bytes())
        assert log.encode() == self.log_path.read_bytes()
        assert self.process.returncode == 0, f"exit status {self.process.returncode}\n{log}"

    def stop(self):
        if not self.stopped:
            assert self.alive() or self.signalled, f"died with {self.process.returncode}\n{self.log()}"
            if not self.signalled:
                if SEES_DESCRIPTORS:
                    eventually(lambda: self.descriptors() <= self.descriptors_at_first, 3, "every descriptor's return")
                self.signal()
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                raise AssertionError("it does not stop on SIGTERM") from None

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.stopped = True

    # -- looking at it

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def log(self):
        return self.log_path.read_bytes().decode(errors="backslashreplace")

    def log_lines(self, level=None):
        lines = [line for line in self.log().splitlines() if line]
        if ROOT_USER and not self.user:  # which is said to owners, once, and is no news to the tests
            lines = [line for line in lines if "it serves as root" not in line]
        return [line for line in lines if level is None or line.split(" ")[1:2] == [level]]

    def warning_of(self, worker):
        """The one line that warns of a worker's end; the next worker may be there a moment before it."""
        line, = eventually(lambda: [line for line in self.log_lines("warning") if f"process {worker}" in line], 5,
                           f"the line about process {worker}")
        return line

    def workers(self):
        """The process ids of those who serve, oldest first; those that end just now may be among them."""
        return sorted(map(int, Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()))

    def _sum(self, look):
        """What is seen of supervisor and workers together."""
        total = 0
        for pid in [self.pid, *self.workers()]:
            try:
                total += look(Path(f"/proc/{pid}"))
            except (FileNotFoundError, ProcessLookupError):
                pass  # it has just ended
        return total

    def descriptors(self):
        if not SEES_DESCRIPTORS:
            pytest.skip("root alone can look at the descriptors of a process that is locked in")
        return self._sum(lambda proc: len(os.listdir(proc / "fd")))

    def cpu_seconds(self):
        ticks = self._sum(lambda proc: sum(map(int, (proc / "stat").read_text().rpartition(")")[2].split()[11:13])))
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_kib(self):
        return self._sum(lambda proc: int(re.search(r"^VmRSS:\s+(\d+) kB", (proc / "status").read_text(),
                                                    re.MULTILINE)[1]))

    def limit_descriptors(self, limits):
        """Sets the limits (soft, hard) of every worker. They must be of our own user: `user=None`."""
        for pid in self.workers():
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)

    def port(self, scheme, host="127.0.0.1"):
        """The port of a listener that answers on this address."""
        wildcard = "::" if ":" in host else "0.0.0.0"
        for name, address, port in self.listeners:
            if name == scheme and address in (host, wildcard):
                return port
        raise AssertionError(f"no {scheme} listener on {host}: {self.listeners}")

    @property
    def gemini_port(self):
        return self.port("gemini")

    @property
    def gopher_port(self):
        return self.port("gopher")

    # -- speaking to it

    def connect(self, scheme, host="127.0.0.1", **more):
        return client.connect(host, self.port(scheme, host), **more)

    def refuses(self, scheme):
        """Whether nobody listens there any more."""
        try:
            self.connect(scheme, patience=1).close()
        except ConnectionRefusedError:
            return True
        return False

    def connect_tls(self, scheme="gemini", host="127.0.0.1", sni="localhost", context=None, **more):
        return client.start_tls(self.connect(scheme, host, **more), sni, context)

    def ask(self, request, host="127.0.0.1", **more):
        """Sends the very bytes of a Gemini request."""
        return client.gemini(host, self.port("gemini", host), request, **more)

    def gemini(self, path="/", **more):
        """Asks for a path (or a whole URL) over Gemini; the answer must be a whole one."""
        port = self.port("gemini", more.get("host", "127.0.0.1"))
        url = path if re.match(r"[A-Za-z]+:", path) else f"gemini://localhost:{port}{path}"
        reply = self.ask(url.encode() + b"\r\n", **more)
        assert reply.end == client.CLOSE_NOTIFY, (path, reply.end, reply.raw[:200])
        return reply

    def gopher(self, selector="", host="127.0.0.1", **more):
        """Sends a selector (text or bytes) and CRLF over Gopher; the answer must be a whole one."""
        data = selector.encode() if isinstance(selector, str) else selector
        reply = client.gopher(host, self.port("gopher", host), data + b"\r\n", **more)
        assert reply.end == (client.CLOSE_NOTIFY if more.get("tls") else client.FIN), (selector, reply.end)
        return reply


def free_port():
    """A port that nothing listens on just now, on any address."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]
