"""Fault tests in which the system below is what is wrong: processes die, descriptors, memory and disks run out."""

import mmap
import os
import select
import shutil
import signal
import struct
import subprocess
import threading
import time
from pathlib import Path

import client
import crowds
import lost
from load import HOST
from pairs import make_pair
from server import eventually
from stage import CLIENTS, PAGE, TREE, Stage, short, times
from tree import plant

REFUSED = ("other status", "other length")  # an answer that says no: on Gopher it shows by its length
BUSY = 0.10  # of one processor: a server that cannot do anything must not use more


def killed(work, stack):
    """Workers killed during load: what they had open is lost, nobody else."""
    stage = Stage("A worker killed during load", work, stack, "--quiet")
    stage.quiet()
    seconds = short(20, 3)
    with stage.others():
        stage.done = lost.kills(stage.server, seconds)
    count = int(stage.done.split()[0])
    stage.done = stage.done.replace("1 times", "once")
    eventually(lambda: len(stage.server.workers()) == 2, 10, "the worker's successor")
    # Whoever was in the worker's hands, or in its queue, when it died: never more than there are clients.
    stage.nobody_lost(but=("reset", "no answer", "no close_notify", "tls"), most=count * 2 * CLIENTS)
    stage.ends_well(replaced=None)
    stage.check(stage.replaced >= 1, "no worker was replaced")
    stage.replaced = count
    deaths = [line for line in stage.warnings() if "signal 9" in line]
    stage.check(len(deaths) == count, f"the log tells of {len(deaths)} deaths")
    return stage


def _spins(stage, seconds=2):
    """How much of one processor the server uses while nobody can be served."""
    before = stage.server.cpu_seconds()
    time.sleep(seconds)
    return (stage.server.cpu_seconds() - before) / seconds


def _crowd_in(stage, number):
    """So many Gopher clients that have sent one byte and stay."""
    sockets = []
    for _ in range(number):
        sock = client.connect(HOST, stage.server.gopher_port)
        client.try_send(sock, b"/")
        sockets.append(sock)
    return sockets


def _full_house(stage, number, ways):
    """Fills the server, looks whether it spins, lets all go, and asks again; the others ask all the time. `ways`: how
    they may be turned away."""
    with stage.others():
        time.sleep(1)  # the loads must have seen the page that they compare with before there is no place for them
        crowd = _crowd_in(stage, number)
        time.sleep(1)
    used = _spins(stage)
    for sock in crowd:
        crowds.reset(sock)
    stage.check(used < BUSY, f"it uses {used:.0%} of a processor while it is full")
    stage.remarks.append(f"{used:.1%} of a processor while full")
    stage.settle()
    turned = stage.lost
    with stage.others():
        time.sleep(short(3, 0.5))
    stage.check(stage.lost == turned, f"{stage.lost - turned} lost after the crowd had gone")
    stage.nobody_lost(ways, "turned away")


def few_descriptors(work, stack):
    """Started with 64 descriptors: fewer clients at once, told so or closed, and all is well when they have gone."""
    stage = Stage("Descriptors limited to 64", work, stack, "--quiet", clients=1, descriptors=64)
    stage.quiet()
    _full_house(stage, 200, (*REFUSED, "no answer", "reset", "tls"))  # told so, or closed before the first byte
    stage.done = "started so, 200 clients that stay; then they leave"
    stage.ends_well()
    return stage


def descriptors_run_out(work, stack):
    """The limit falls to 64 under a server that counts on more: accept4 says EMFILE."""
    stage = Stage("Descriptors run out", work, stack, "--quiet", user=None)  # only its own user may lower its limit
    stage.quiet()
    stage.server.limit_descriptors((64, 64))
    _full_house(stage, 200, REFUSED)  # the reserve descriptor: who waits is told
    stage.check(len(stage.warnings()) <= 8, "the log is flooded")
    stage.done = "limit lowered to 64 while it runs, 200 clients that stay; then they leave"
    stage.ends_well()
    return stage


# ---------------------------------------------------------------- memory


class Failing:
    """A server that is told, while it runs, what is to fail (failing.c)."""

    FIELDS = ("memory_every", "accept_every", "accept_never", "memory_failed", "accept_failed")

    def __init__(self, work):
        library, control = work / "failing.so", work / "control"
        subprocess.run([os.environ.get("CC", "cc"), "-std=c11", "-D_GNU_SOURCE", "-shared", "-fPIC", "-O1", "-o", library,
                        Path(__file__).with_name("failing.c"), "-ldl"], check=True)
        control.write_bytes(bytes(8 * len(self.FIELDS)))
        with open(control, "r+b") as file:
            self.shared = mmap.mmap(file.fileno(), 0)
        self.before = ["env", f"LD_PRELOAD={library}", f"FAULTS_CONTROL={control}"]

    def __getitem__(self, name):
        return struct.unpack_from("L", self.shared, 8 * self.FIELDS.index(name))[0]

    def __setitem__(self, name, value):
        struct.pack_into("L", self.shared, 8 * self.FIELDS.index(name), value)


class Tally:
    """Answers of all kinds, compared byte by byte with what is right, which is what came before anything failed."""

    PATHS = ("/page.gmi", "/list/", "/doc/", "/doc/1.gmi", "/page.txt", "/big.bin", "/map/", "/")

    def __init__(self, server):
        self.ports = {"gemini": server.gemini_port, "gopher": server.gopher_port}
        self.requests = [("gemini", f"gemini://localhost{path}\r\n".encode()) for path in self.PATHS]
        self.requests += [("gopher", f"{path}\r\n".encode()) for path in self.PATHS]
        self.right = self.refused = self.died = 0
        self.wrong, self.lock = [], threading.Lock()
        self.wanted = [self._ask(*request) for request in self.requests]

    def _ask(self, scheme, line):
        """(bytes, whether they ended as a whole answer does)."""
        with client.connect(HOST, self.ports[scheme]) as sock:
            if scheme == "gemini":
                sock = client.start_tls(sock)
            with sock:
                client.try_send(sock, line)
                raw, end = client.read_to_end(sock)
        return raw, end == (client.CLOSE_NOTIFY if scheme == "gemini" else client.FIN)

    @staticmethod
    def _is_refusal(scheme, raw):
        if scheme == "gemini":
            return raw.startswith(b"40 ") and raw.endswith(b"\r\n")
        return raw.startswith(b"3") and raw.endswith(b"\t\terror.host\t1\r\n.\r\n")

    def _judge(self, number):
        scheme, line = self.requests[number]
        try:
            raw, whole = self._ask(scheme, line)
        except OSError:
            raw, whole = b"", False
        with self.lock:
            if (raw, whole) == self.wanted[number]:
                self.right += 1
            elif self._is_refusal(scheme, raw):
                self.refused += 1
            elif raw == b"" or (not whole and self.wanted[number][0].startswith(raw)):
                self.died += 1
            else:
                self.wrong.append((scheme, line, raw[:200], whole))

    def ask_many(self, count):
        """So many requests, by THREADS at once."""

        def run(thread):
            for i in range(count // crowds.THREADS):
                self._judge((i * 3 + thread) % len(self.requests))
            return 0

        crowds.in_threads(run)


def memory(work, stack):
    """Every n-th allocation of the workers fails, for a range of n: answers are right, refused, or cut; none is wrong.
    When memory is there again all are right, and nothing was kept."""
    tried, count = short([3, 7, 23, 101, 499, 997, 1999, 4999], [7, 101, 997]), short(800, 160)
    failing = Failing(work)
    # Without a cache every page is made anew, so that there is something to fail.
    stage = Stage("Every n-th allocation fails", work, stack, "--quiet", "--cache", "0", before=failing.before)
    stage.quiet()
    tally = Tally(stage.server)
    for n in tried:
        failing["memory_every"] = n
        tally.ask_many(count)
        failing["memory_every"] = 0
        eventually(lambda: len(stage.server.workers()) == 2, 30, "both workers")
        before = tally.right
        tally.ask_many(48)
        stage.check(tally.right - before == 48, f"after n={n}: {before + 48 - tally.right} answers of 48 were not right")
    asked = len(tried) * (count + 48)
    stage.check(not tally.wrong, f"{len(tally.wrong)} wrong answers, such as {tally.wrong[:2]}")
    stage.check(tally.refused > 0 and tally.died > 0, "nothing seems to have failed")
    stage.done = (f"n = {', '.join(map(str, tried))}: {failing['memory_failed']:,} allocations failed, "
                  f"{asked:,} requests of 16 kinds")
    with stage.others():
        time.sleep(short(3, 0.5))
    stage.nobody_lost()
    stage.remarks.append(f"of the requests meanwhile {tally.right:,} were answered right, {tally.refused:,} with 40 or a "
                         f"type-3 line, {tally.died:,} died, {len(tally.wrong)} were wrong")
    stage.ends_well(replaced=None)
    return stage


# ---------------------------------------------------------------- accept4


def accept_errors(work, stack):
    """accept4 fails now and then, with each error that it knows: whoever waits is taken a little later, or is told that
    there is no place where it is descriptors that have run out."""
    failing, every = Failing(work), short(100, 50)
    stage = Stage("accept4 fails now and then", work, stack, "--quiet", before=failing.before)
    stage.quiet()
    with stage.others():
        failing["accept_every"] = every
        time.sleep(short(10, 2))
        failing["accept_every"] = 0
    count = failing["accept_failed"]
    stage.check(count >= 8, f"only {count} calls failed")
    stage.done = f"{count} calls, one in {every}, with EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM, ECONNABORTED and others"
    stage.check(len(stage.warnings()) <= 8, "the log is flooded")
    stage.nobody_lost(REFUSED, "told that there is no place")
    stage.check(sum(stage.told.values()) <= count, "more were turned away than calls failed")
    stage.ends_well()
    return stage


def accept_fails(work, stack):
    """accept4 fails for some seconds: no spinning, and all who wait are served as soon as it goes on."""
    failing, number, seconds = Failing(work), 200, short(6, 2)
    stage = Stage("accept4 fails for a while", work, stack, "--quiet", before=failing.before)
    stage.quiet()
    failing["accept_never"] = 1
    waiting = []
    for _ in range(number):
        waiting.append(client.connect(HOST, stage.server.gopher_port))
        waiting[-1].sendall(b"/page.txt\r\n")
    time.sleep(0.5)
    used = _spins(stage, seconds)
    failing["accept_never"] = 0
    with stage.others():
        answered = sum(client.read_to_end(sock) == (PAGE.encode(), client.FIN) for sock in waiting)
        time.sleep(short(3, 0.5))
    for sock in waiting:
        sock.close()
    stage.check(answered == number, f"{number - answered} of those who waited got no answer")
    stage.check(used < BUSY, f"it uses {used:.0%} of a processor while it cannot accept")
    stage.check(len(stage.warnings()) <= 8, "the log is flooded")
    stage.done = f"EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM in turn for {seconds} s, while {number} clients wait"
    stage.remarks.append(f"{failing['accept_failed']} calls, {used:.1%} of a processor; all who waited were answered")
    stage.nobody_lost()
    stage.ends_well()
    return stage


# ---------------------------------------------------------------- the capsule


def _comes_back(stage):
    """The page is there again; how long it took. Each worker sees that for itself, and a dozen who ask find both."""
    began = time.monotonic()

    def there():
        return all(stage.server.gemini("/page.gmi").status == 20 and stage.server.gopher("/page.txt").text == PAGE
                   for _ in range(12))

    eventually(there, 10, "the page's return")
    return time.monotonic() - began


def _is_gone(stage):
    eventually(lambda: stage.server.gemini("/page.gmi").status in (40, 51), 10, "the page's end")
    eventually(lambda: stage.server.gopher("/page.txt").error, 10, "the page's end")



def _ends_with_all_back(stage, longest):
    """Nobody else is lost once the capsule is there again. longest: the seconds that it took to come back."""
    refused = stage.lost
    with stage.others():
        time.sleep(short(3, 0.5))
    stage.check(stage.lost == refused, f"{stage.lost - refused} lost when all was there again")
    stage.remarks.append(f"back within {longest:.1f} s")
    stage.nobody_lost(REFUSED, "told that there is no such page")
    stage.ends_well(replaced=None)


def emptied(work, stack):
    """rm -rf on the capsule under load, its content first and then itself: 51 for as long as it lasts."""
    stage = Stage("The capsule emptied under load", work, stack, "--quiet")
    stage.quiet()
    longest, rounds = 0, short(5, 1)
    with stage.others():
        for _ in range(rounds):
            for entry in list(stage.capsule.iterdir()):
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
            _is_gone(stage)
            plant(stage.capsule, TREE)
            longest = max(longest, _comes_back(stage))
            shutil.rmtree(stage.capsule)
            _is_gone(stage)
            plant(stage.capsule, TREE)
            longest = max(longest, _comes_back(stage))
    stage.done = f"its content removed {times(rounds, 'time')}, and the folder itself as often; put back each time"
    _ends_with_all_back(stage, longest)
    return stage


def unmounted(work, stack):
    """The capsule is a file system of its own that goes away (umount -l) and comes back. Only root can."""
    mount = work / "mount"
    mount.mkdir()

    def attach():
        return subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "faults", mount], check=False,
                              capture_output=True).returncode == 0

    if not attach():
        return Skipped("The capsule unmounted under load", "not tried: only root can mount")

    def detach():
        subprocess.run(["umount", "-l", mount], check=False, capture_output=True)

    stack.callback(detach)
    stage = Stage("The capsule unmounted under load", work, stack, "--quiet", capsule=mount)
    stage.quiet()
    longest, rounds = 0, short(5, 1)
    with stage.others():
        for _ in range(rounds):
            detach()
            _is_gone(stage)
            attach()
            plant(mount, TREE)
            longest = max(longest, _comes_back(stage))
    stage.done = f"umount -l and mounted again, {times(rounds, 'time')}"
    _ends_with_all_back(stage, longest)
    detach()
    return stage


class Skipped:
    """A test that this system does not let us make, and why."""

    def __init__(self, title, why):
        self.title, self.why, self.faults = title, why, []

    def row(self):
        return f"| {self.title} | {self.why} | | | |"


# ---------------------------------------------------------------- certificates


def certificate(work, stack):
    """The certificate's file is replaced by rubbish, and then comes a reload: what runs goes on, and the log says why."""
    stage = Stage("A certificate of rubbish at reload", work, stack, "--quiet")
    stage.quiet()
    file, key = stage.server.certs / "localhost.crt", stage.server.certs / "localhost.key"
    good, good_key = file.read_bytes(), key.read_bytes()
    make_pair(work, "other")
    rubbish = {"nothing": b"", "noise": os.urandom(4096), "half of it": good[: len(good) // 2],
               "another key's": (work / "other.crt").read_bytes(), "text": b"# A page\n"}
    with stage.others():
        for name, content in rubbish.items():
            before = len(stage.warnings())
            file.write_bytes(content)
            stage.server.process.send_signal(signal.SIGHUP)
            eventually(lambda: any("localhost" in line for line in stage.warnings()[before:]), 10, f"a word on {name}")
            time.sleep(short(1, 0.2))
        stage.check(stage.server.workers() == stage.pids, "workers were replaced")
        key.unlink()
        before = len(stage.warnings())
        stage.server.process.send_signal(signal.SIGHUP)
        eventually(lambda: len(stage.warnings()) > before, 10, "a word on the missing key")
        file.write_bytes(good)
        key.write_bytes(good_key)
        stage.server.process.send_signal(signal.SIGHUP)
        eventually(lambda: len(stage.server.workers()) == 2 and not set(stage.server.workers()) & set(stage.pids), 15,
                   "new workers once all is well")
    stage.done = f"{', '.join(rubbish)}, no key; then the right pair again"
    stage.remarks.append("replaced only by the last reload")
    stage.nobody_lost()
    stage.ends_well(replaced=2)
    return stage


# ---------------------------------------------------------------- the log


def _log_to(title, work, stack, fd, done):
    """A server whose log goes to this descriptor, under load."""
    stage = Stage(title, work, stack, preexec=lambda: os.dup2(fd, 2))
    os.close(fd)
    stage.quiet()
    with stage.others():
        time.sleep(short(5, 0.7))
    stage.done = f"{done}; a line for each request"
    stage.nobody_lost()
    return stage


def log_full(work, stack):
    """The log goes to /dev/full."""
    stage = _log_to("The disk full for logs", work, stack, os.open("/dev/full", os.O_WRONLY), "log to /dev/full")
    stage.ends_well()
    return stage


def log_disk(work, stack):
    """The log goes to a file on a file system that fills up. Only root can mount one."""
    disk = work / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "faults", disk], check=False,
                      capture_output=True).returncode:
        return Skipped("The log's file system fills up", "not tried: only root can mount")
    stack.callback(lambda: subprocess.run(["umount", "-l", disk], check=False, capture_output=True))
    fd = os.open(disk / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    stage = _log_to("The log's file system fills up", work, stack, fd, "log to a file on a tmpfs of 64 KiB")
    stage.check(os.statvfs(disk).f_bfree == 0, "it did not fill up")
    (disk / "log").write_bytes(b"")  # its owner makes room
    stage.server.gopher("/page.txt")
    eventually(lambda: "page.txt" in (disk / "log").read_text(), 5, "a line where there is room again")
    stage.remarks.append("lines are written again when there is room")
    stage.ends_well()
    return stage


def log_unread(work, stack):
    """The log goes to a pipe that nobody reads."""
    reading, writing = os.pipe()
    stage = _log_to("The log's pipe is not read", work, stack, writing, "log to a pipe that nobody reads")
    os.set_blocking(reading, False)
    while os.read(reading, 1 << 20):
        if not _readable(reading):
            break
    stage.server.gopher("/page.txt")
    text = eventually(lambda: _readable(reading) and os.read(reading, 1 << 20).decode(), 5, "a line when it is read again")
    stage.check("were lost: the log was not read" in text, f"no word of lines that were lost: {text[:200]}")
    stage.remarks.append("says how many lines were lost when it is read again")
    stage.ends_well()
    os.close(reading)
    return stage


def _readable(fd):
    return select.select([fd], [], [], 0)[0]


def log_closed(work, stack):
    """The log goes to a pipe whose reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    stage = _log_to("The log's pipe is closed", work, stack, writing, "log to a pipe whose reader has gone")
    stage.ends_well()
    return stage
