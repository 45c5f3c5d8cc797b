"""Measures how fast the server is: `bench.py NUNCIO FLOOR OUTPUT_FOLDER`, by way of `make bench`.

Ours, the floor (floor.c) and the servers that Debian packages serve the same capsule from the same core, the load comes
from another one. What comes out is a table, result.md, and all figures, result.json; there is no pass or fail. Settings
come from the environment:

    BENCH_ROUNDS=9      rounds for each case
    BENCH_SECONDS=2     about how long each server is loaded in a round
    BENCH_CASES="..."   only these cases, by name
    BENCH_CLIENTS=32    how many clients ask at once; large files have fewer
    BENCH_PEERS=no      ours and the floor only
    BENCH_IDLE=500      idle connections whose memory is measured; 0: none
"""

import os
import resource
import signal
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import load
import memory
import process
import report
import rounds
from cases import CASES, Contender, peer_path, prepare, speaks, text_path, url
from load import Failed
from process import Unavailable
from servers import PEERS, Floor, Nuncio
from world import World, two_cores


class Mistake(Exception):
    """A wrong setting."""


@dataclass
class Settings:
    rounds: int
    seconds: float
    clients: int
    cases: list
    peers: bool
    idle: int

    @classmethod
    def of_environment(cls, environment):
        def number(name, default, kind, least):
            try:
                value = kind(environment.get(name) or default)
                assert value >= least
            except (ValueError, AssertionError):
                raise Mistake(f"{name}={environment[name]} is no number from {least} up") from None
            return value

        names = environment.get("BENCH_CASES", "").replace(",", " ").split()
        unknown = set(names) - {case.name for case in CASES}
        if unknown:
            raise Mistake(f"BENCH_CASES: no case {', '.join(sorted(unknown))}; there are: "
                          + " ".join(case.name for case in CASES))
        return cls(rounds=number("BENCH_ROUNDS", 9, int, 1), seconds=number("BENCH_SECONDS", 2, float, 0.1),
                   clients=number("BENCH_CLIENTS", 32, int, 1),
                   cases=[case for case in CASES if not names or case.name in names],
                   peers=environment.get("BENCH_PEERS", "yes") != "no", idle=number("BENCH_IDLE", 500, int, 0))


def say(text):
    """Progress: one line that changes on a terminal, and a line for each case elsewhere."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif text and (": round " not in text or ": round 1 " in text):
        print(text, file=sys.stderr, flush=True)


class Bench:
    """One run. `stack` ends every server that was started."""

    def __init__(self, world, settings, stack):
        self.world, self.settings, self.stack = world, settings, stack
        self.absent = []  # (case, name of a server, why it is not in the table)
        self.versions = {}

    def start(self, server):
        self.stack.callback(server.stop)
        server.start()
        self.versions.setdefault(server.name, server.version())
        return server

    def start_peers(self):
        """Those that can be started, and why the others cannot."""
        peers, failed = [], {}
        for kind in PEERS if self.settings.peers else ():
            say(f"starting {kind.name}")
            try:
                peers.append(self.start(kind(self.world)))
            except Unavailable as why:
                failed[kind] = str(why)
        return peers, failed

    def play(self, case, ours, peers, failed, expected):
        contenders = [Contender("ours", "nuncio", ours, url(case, ours))]
        if case.same_size:
            contenders.append(Contender("text", "nuncio, a text of that size", ours, url(case, ours, text_path(case))))
        floor = Floor(self.world, expected, case.scheme == "gemini")
        try:
            self.start(floor)
            contenders.append(Contender("floor", "floor", floor, url(case, floor)))
            contenders += [Contender("peer", peer.name, peer, url(case, peer, peer_path(case)))
                           for peer in peers if speaks(case, peer)]
            self.absent += [(case, kind.name, why) for kind, why in failed.items() if kind.scheme == case.scheme]
            return rounds.play(self.world, case, contenders, expected, self.settings, say)
        finally:
            floor.stop()

    def memories(self):
        """Of a page of 1 KiB, over Gemini where a server speaks it."""
        page, text = (next(case for case in CASES if case.name == name) for name in ("gemini-page", "gopher-text"))

        def url_of(server):
            return url(page, server) if server.gemini_port else url(text, server)

        ours = Nuncio(self.world)
        try:
            ours.start()
            answer = load.answer(url_of(ours))
        finally:
            ours.stop()
        kinds = [lambda: Nuncio(self.world), lambda: Floor(self.world, answer, True)]
        kinds += [lambda kind=kind: kind(self.world) for kind in PEERS if self.settings.peers]
        found = []
        for make in kinds:
            say(f"memory of {make().name}")
            try:
                found.append(memory.look(self.world, make, self.settings.idle, url_of))
            except Unavailable as why:
                found.append(memory.Memory(make(), fault=str(why)))
        return found

    def run(self):
        """(markdown, JSON)."""
        self.world.plant()
        memories = self.memories() if self.settings.idle else []
        ours = self.start(Nuncio(self.world))
        expected = {case.name: load.answer(url(case, ours)) for case in self.settings.cases}
        for case in self.settings.cases:
            prepare(case, self.world, expected[case.name])
        peers, failed = self.start_peers()
        results = [(case, self.play(case, ours, peers, failed, expected[case.name])) for case in self.settings.cases]
        things = (self.world, self.settings, results, memories, self.absent, self.versions)
        return report.markdown(*things), report.as_json(*things)


def raise_descriptors():
    """Ours, for the idle connections."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (process.HARD_LIMIT, process.HARD_LIMIT))


def main():
    raise_descriptors()
    nuncio, floor, out = map(Path, sys.argv[1:4])
    settings = Settings.of_environment(os.environ)
    server_core, load_core = two_cores()
    with tempfile.TemporaryDirectory(prefix="nuncio-bench-") as work, ExitStack() as stack:
        world = World(nuncio.resolve(), floor.resolve(), Path(work), server_core, load_core)
        text, data = Bench(world, settings, stack).run()
    out.mkdir(parents=True, exist_ok=True)
    (out / "result.md").write_text(text)
    (out / "result.json").write_text(data)
    say("")
    print(text, end="")
    print(f"\nThis table is {out / 'result.md'}; every round is in {out / 'result.json'}.")


def on_signal(number, _frame):
    sys.exit(128 + number)


if __name__ == "__main__":
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, on_signal)
    try:
        main()
    except (Mistake, Failed, Unavailable) as fault:
        say("")
        sys.exit(f"bench: {fault}")
