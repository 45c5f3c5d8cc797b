"""One fault test: a server, the other clients, what was measured of both, and the row that says so.

The other clients are two loads of `nuncio bench`, one for each protocol, which check every answer. They ask for a quiet
time first and then while the fault lasts, so that the two can be compared within one run.
"""

import contextlib
import os
import subprocess
import time
from pathlib import Path

import lost
import server as harness
from load import HOST
from tree import plant
from world import World, two_cores

SHORT = os.environ.get("FAULTS") == "short"
CLIENTS = 4  # of each load, where a test does not say otherwise
PAUSE = 0.5 if not SHORT else 0.2  # seconds for which the others ask before and after the fault
PATIENT_MS = 3000  # whatever happens, 99 of 100 answers to the others come within this time
GROWTH_KIB = 12 * 1024  # what the server may have grown by at the end
# Only root can look at the descriptors of a process that is locked in: others test without the sandbox.
LOCKED_IN = harness.SEES_DESCRIPTORS
harness.SEES_DESCRIPTORS = True

PAGE = "# A page\n\n" + "Words that stand in a page of the capsule.\n" * 8
TREE = {"index.gmi": "# Home\n", "page.gmi": PAGE, "page.txt": PAGE, "list/one.gmi": "# One\n", "list/two.txt": "two\n",
        "doc.overview.txt": "Document\n\nLead.\n\n1. First point.\n\n2. Second point.\n", "map/gophermap": "A map\n",
        "big.bin": bytes(range(256)) * 4096}


def short(full, little):
    """How much of something: in the full form, in the short one."""
    return little if SHORT else full


def times(number, noun):
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _kinds(errors):
    return ", ".join(f"{count:,} {kind}" for kind, count in sorted(errors.items()))


class Stage:
    """A server for one test. `stack` ends it; options go to harness.Server."""

    def __init__(self, title, work, stack, *options, capsule=None, clients=CLIENTS, **more):
        self.title, self.done, self.remarks, self.faults = title, "", [], []
        self.world = World(Path(harness.PROGRAM), None, Path(work), *two_cores())
        self.capsule = plant(capsule or self.world.work / "capsule", TREE)
        self.server = harness.Server(self.world.work, self.capsule, *options, sandbox=LOCKED_IN, **more)
        stack.callback(self._end)
        self.urls = [f"gemini://{HOST}:{self.server.gemini_port}/page.gmi",
                     f"gopher://{HOST}:{self.server.gopher_port}/0page.txt"]
        self.clients = clients
        self.quiet_ms, self.during_ms = None, 0
        self.asked = self.lost = self.replaced = 0
        self.errors, self.told, self.word = {}, {}, ""

    def _end(self):
        with contextlib.suppress(ValueError):
            harness.servers.remove(self.server)
        self.server.kill()

    def check(self, holds, otherwise):
        if not holds:
            self.faults.append(otherwise)
        return holds

    # -- the other clients

    def _ask(self, stack):
        loads = [lost.start_load(self.world, url, 0, self.clients) for url in self.urls]
        for load in loads:
            stack.callback(load.wait)
            stack.callback(load.kill)
        return loads

    def _said(self, loads):
        said = [lost.end_load(load) for load in loads]
        return (sum(one["requests"] for one in said), sum(one["failed"] for one in said), [one["errors"] for one in said],
                max(one["latency_us"]["p99"] for one in said) / 1000)

    def quiet(self, seconds=None):
        """The time to compare with: nothing happens, and nothing is lost. What the server is then is where it began."""
        with contextlib.ExitStack() as stack:
            loads = self._ask(stack)
            time.sleep(seconds or short(5, 0.7))
            asked, failed, _, self.quiet_ms = self._said(loads)
        self.check(asked > 0 and failed == 0, f"{failed} of {asked} lost in the quiet time")
        self.settle()
        self.memory, self.descriptors = self.server.memory_kib(), self.server.descriptors()
        self.pids = self.server.workers()

    @contextlib.contextmanager
    def others(self):
        """The other clients ask while the block runs."""
        with contextlib.ExitStack() as stack:
            loads = self._ask(stack)
            time.sleep(PAUSE)
            yield
            time.sleep(PAUSE)
            asked, failed, errors, p99 = self._said(loads)
        self.asked += asked
        self.lost += failed
        self.during_ms = max(p99, self.during_ms)
        for one in errors:
            for kind, count in one.items():
                self.errors[kind] = self.errors.get(kind, 0) + count

    def nobody_lost(self, told=(), word="", but=(), most=0):
        """What must hold for the other clients. Kinds of failures that are `told` are the server's way to say that it
        cannot serve this now, and no loss; `word` calls them by name. At most `most` may be lost in the ways of `but`."""
        self.word = word
        self.told = {kind: self.errors.pop(kind) for kind in told if kind in self.errors}
        self.lost -= sum(self.told.values())
        wrong = {kind: count for kind, count in self.errors.items() if kind not in but}
        self.check(not wrong, "lost: " + _kinds(wrong))
        self.check(self.lost <= most or wrong, f"{self.lost} lost, more than {most}")
        self.check(self.during_ms <= PATIENT_MS, f"p99 of {self.during_ms:.0f} ms")

    # -- the server

    def settle(self):
        """Waits until every descriptor has come back."""
        first = self.server.descriptors_at_first
        with contextlib.suppress(AssertionError):
            harness.eventually(lambda: self.server.descriptors() <= first, 20, "every descriptor's return")

    def ends_well(self, replaced=0):
        """What must hold for the server: memory and descriptors are back, it answers, it stops on SIGTERM."""
        self.settle()
        with contextlib.suppress(AssertionError):  # a crowd's memory goes back some seconds later
            harness.eventually(lambda: self.server.memory_kib() <= self.memory + GROWTH_KIB, 15, "the memory's return")
        self.memory_after, self.descriptors_after = self.server.memory_kib(), self.server.descriptors()
        grown = self.memory_after - self.memory
        self.replaced = len(set(self.server.workers()) - set(self.pids))
        self.check(self.descriptors_after <= self.descriptors,
                   f"{self.descriptors_after} descriptors, {self.descriptors} before")
        self.check(grown <= GROWTH_KIB, f"{grown} KiB more than before")
        if replaced is not None:
            self.check(self.replaced == replaced, f"{self.replaced} workers are new, not {replaced}")
        try:
            assert self.server.gemini("/page.gmi").text == PAGE and self.server.gopher("/page.txt").text == PAGE
            self.server.stop()
        except (AssertionError, OSError, subprocess.TimeoutExpired) as failure:
            self.check(False, f"at the end: {str(failure)[:200]}")

    def warnings(self):
        return self.server.log_lines("warning") + self.server.log_lines("error")

    def row(self):
        """title | what was done | the other clients | the server | verdict"""
        others = f"{self.asked:,} asked, {self.lost:,} lost"
        if self.lost:
            others += f" ({_kinds(self.errors)})"
        if self.told:
            others += f", {sum(self.told.values()):,} {self.word} ({_kinds(self.told)})"
        others += f"; p99 {self.during_ms:.1f} ms ({self.quiet_ms:.1f} ms before)"
        log = len(self.warnings())
        server = [f"{self.memory / 1024:.1f} → {self.memory_after / 1024:.1f} MiB",
                  f"{self.descriptors} → {self.descriptors_after} descriptors",
                  f"{times(self.replaced, 'worker')} replaced", times(log, "warning"), *self.remarks]
        verdict = "held" if not self.faults else "FAILED: " + "; ".join(self.faults)
        return f"| {self.title} | {self.done} | {others} | {'; '.join(server)} | {verdict} |"
