"""A server at work as seen from outside: started on a core of its own, its processor time, memory and descriptors read
from /proc, ended by its process id. Children count as the server's."""

import contextlib
import ctypes
import os
import re
import resource
import select
import signal
import subprocess
import time
from pathlib import Path

TICK_NS = 10**9 // os.sysconf("SC_CLK_TCK")
HARD_LIMIT = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
USUAL_LIMIT = 1024 if HARD_LIMIT == resource.RLIM_INFINITY else min(1024, HARD_LIMIT)
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)

# Programs of administrators are not on everybody's path.
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}


class Unavailable(Exception):
    """A server that cannot take part, and why."""


def pinned(core):
    """For preexec_fn: this core only, the usual limit on descriptors (who wants more raises it, and an inetd closes as
    many as there may be, for each client), and an end when we end, however we do."""

    def in_child():
        os.sched_setaffinity(0, {core})
        resource.setrlimit(resource.RLIMIT_NOFILE, (USUAL_LIMIT, HARD_LIMIT))
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    return in_child


def reason(path, fallback):
    """The last line that a program wrote before it failed."""
    lines = [line.strip() for line in Path(path).read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else fallback


class Process:
    """Output of both kinds goes to the file `log`. Where we are root and the server must not be, `user` is its."""

    def __init__(self, words, core, log, folder, user=None):
        self.log = Path(log)
        identity = {"user": user, "group": "nogroup", "extra_groups": []} if user else {}
        with open(self.log, "wb") as output:
            try:
                self.process = subprocess.Popen(
                    [str(word) for word in words], stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder,
                    env=ENVIRONMENT, start_new_session=True, preexec_fn=pinned(core), **identity)
            except FileNotFoundError:
                raise Unavailable(f"{words[0]} is not installed: run `make deps-bench`") from None
            except OSError as fault:
                raise Unavailable(f"{words[0]}: {fault.strerror}") from None

    def wait_until(self, ready, seconds=10):
        """Waits for ready() to be true and returns its value."""
        end = time.monotonic() + seconds
        while True:
            value = ready()
            if value:
                return value
            if self.process.poll() is not None:
                raise Unavailable("it ended at once: " + reason(self.log, f"status {self.process.returncode}"))
            if time.monotonic() > end:
                raise Unavailable(f"not ready within {seconds} s: " + reason(self.log, "no word of why"))
            time.sleep(0.01)

    def wait_for_line(self, pattern):
        """Waits until a line of the output matches."""
        return self.wait_until(lambda: re.search(pattern, self.log.read_text(errors="replace"), re.MULTILINE))

    def stop(self):
        """Ends it and its descendants: by descriptors of processes, so that no number can come to mean another one."""
        handles = []
        for pid in self.tree():
            with contextlib.suppress(OSError):
                handles.append(os.pidfd_open(pid))
        if self.process.returncode is None:
            self.process.terminate()
        end = time.monotonic() + 3
        while handles:
            ended = set(select.select(handles, [], [], max(0, end - time.monotonic()))[0])
            if not ended:
                for handle in handles:
                    with contextlib.suppress(OSError):
                        signal.pidfd_send_signal(handle, signal.SIGKILL)
            for handle in ended:
                os.close(handle)
            handles = [handle for handle in handles if handle not in ended]
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=0)
        self.process.wait()

    # -- looking at it

    def tree(self):
        """Its process id and those of its living descendants."""
        found, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            with contextlib.suppress(OSError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    todo += map(int, (task / "children").read_text().split())
        return found

    def cpu_ns(self):
        """Processor time of the whole tree, user and system.

        For a living process this is its processor-time clock: nanoseconds as the scheduler counts them, threads that
        have ended included. Children that ended and were waited for are in their parent's cutime and cstime, which are
        rounded to a tick only when they are read. Neither holds what the hypervisor stole; both hold the work that the
        kernel did for the network while this process was on the core, which over loopback is part of the peer's.
        """
        total = 0
        for pid in self.tree():
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            utime, stime, cutime, cstime = map(int, fields[11:15])
            total += (cutime + cstime) * TICK_NS
            try:
                total += time.clock_gettime_ns(~pid << 3 | 2)  # CPUCLOCK_SCHED of that process, as the C library has it
            except OSError:
                total += (utime + stime) * TICK_NS  # it has ended and waits for its parent
        return total

    def cpu_ns_at_rest(self, patience=1.5):
        """The same, once it has done with the clients that have left."""
        end = time.monotonic() + patience
        last = self.cpu_ns()
        while time.monotonic() < end:
            time.sleep(0.03)
            now = self.cpu_ns()
            if now - last < 50_000:
                return now
            last = now
        return last

    def memory_kib(self):
        """(Pss, Rss) of the tree: proportional set size, in which a page that n processes map counts 1/n, and resident
        set size. What the kernel holds for sockets is in neither."""
        pss = rss = 0
        for pid in self.tree():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
                pss += int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1])
                rss += int(re.search(r"^Rss:\s+(\d+)", text, re.MULTILINE)[1])
        return pss, rss

    def descriptors(self):
        total = 0
        for pid in self.tree():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                total += len(os.listdir(f"/proc/{pid}/fd"))
        return total
