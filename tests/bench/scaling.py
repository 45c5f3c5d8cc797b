"""How two workers compare with one: `scaling.py NUNCIO OUTPUT_FOLDER`, by way of `make bench-scaling`.

The load needs a processor too, so on a machine of two cores no two workers can have one each. Therefore each worker gets
the same small share of a core (a quota of the kernel's cpu controller), and the load what is left. Workers that are kept
waiting by nothing but their quota serve twice as many readers when there are two of them; whatever they wait for each
other shows as less. A round measures one worker and two, and the next round the other way round. Where the workers
did not use their quota they waited for something else (the load, a neighbour of this machine), and the round says
nothing: it is made again. BENCH_ROUNDS=9 and BENCH_SECONDS=2 as for `make bench`.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import report
from load import HOST, Failed
from process import ENVIRONMENT, Process, Unavailable
from world import World, two_cores

GROUPS = Path("/sys/fs/cgroup")  # control groups, of version 1 or 2
PERIOD_US, SHARE = 10_000, 0.2
USED_LEAST, AGAIN_MOST = 0.9, 3  # of the quota; how many times a round is made again
CLIENTS = 64
CASES = (("Gopher, 1 KiB text", "gopher", "0page.txt"), ("Gemini, 1 KiB page, full handshake", "gemini", "page.gmi"))


class Quota:
    """A share of one processor for one process and its threads. Goes when the process has."""

    def __init__(self, pid, stack, groups=GROUPS):
        unified = (groups / "cgroup.controllers").exists()  # version 2
        parent, quota = groups if unified else groups / "cpu", round(PERIOD_US * SHARE)
        self.folder = parent / f"nuncio-bench-{pid}"
        try:
            if unified:
                (groups / "cgroup.subtree_control").write_text("+cpu")
            self.folder.mkdir()
            stack.callback(self.remove)
            if unified:
                (self.folder / "cpu.max").write_text(f"{quota} {PERIOD_US}")
            else:
                (self.folder / "cpu.cfs_period_us").write_text(str(PERIOD_US))
                (self.folder / "cpu.cfs_quota_us").write_text(str(quota))
            (self.folder / "cgroup.procs").write_text(str(pid))
        except OSError as fault:
            raise Unavailable(f"no quota can be set: {fault}; this needs root, and the cpu controller of control groups "
                              f"below {groups}") from None

    def remove(self):
        end = time.monotonic() + 5
        while True:
            try:
                self.folder.rmdir()
                return
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)


def start(world, workers, stack):
    """A server each of whose workers has its quota: (process, its workers, {scheme: port})."""
    process = Process(
        [world.nuncio, "serve", "--gemini", f"{HOST}:0", "--gopher", f"{HOST}:0", "--certs", world.certificates,
         "--workers", str(workers), "--quiet", world.capsule],
        world.server_core, world.work / f"log{next(world.numbers)}", world.work)
    quotas = stack.enter_context(ExitStack())  # removed after the process has ended
    stack.callback(process.stop)
    process.wait_for_line(r"^ready$")
    ports = dict(re.findall(r"^listening (\w+)://[^/]*:(\d+)/ ", process.log.read_text(), re.MULTILINE))
    crew = [pid for pid in process.tree() if pid != process.process.pid]
    for pid in crew:
        os.sched_setaffinity(pid, os.sched_getaffinity(0))
        Quota(pid, quotas)
    return process, crew, ports


def ask(world, url, seconds):
    """What `nuncio bench` says after a load of which no request failed."""
    words = [world.nuncio, "bench", "-c", CLIENTS, "-d", seconds, "--json", url]
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env=ENVIRONMENT, timeout=seconds + 60, check=False)
    if not done.stdout:
        raise Failed(done.stderr.strip() or f"nuncio bench: status {done.returncode}")
    said = json.loads(done.stdout)
    if said["failed"] or not said["requests"]:
        raise Failed(f"{said['failed']} of {said['requests']} requests failed: {said['errors']}")
    return said


@dataclass
class Measured:
    rate: float  # requests a second
    cost: float  # CPU microseconds a request
    used: float  # of the workers' quota
    client: float  # of one processor
    stolen: float  # of all processors, by the hypervisor


def processors_ticks():
    """(stolen, all) of all processors since the machine started: proc(5)."""
    ticks = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return ticks[7], sum(ticks)


def measure(world, scheme, path, seconds, workers):
    """A fresh server."""
    with ExitStack() as stack:
        process, crew, ports = start(world, workers, stack)
        if len(crew) != workers:
            raise Failed(f"{len(crew)} workers instead of {workers}")
        url = f"{scheme}://{HOST}:{ports[scheme]}/{path}"
        ask(world, url, 1)
        before = process.cpu_ns_at_rest()
        stolen, every = processors_ticks()
        said = ask(world, url, seconds)
        stolen, every = (now - then for now, then in zip(processors_ticks(), (stolen, every)))
        cpu_s = (process.cpu_ns_at_rest() - before) / 1e9
        return Measured(rate=said["requests_per_second"], cost=cpu_s * 1e6 / said["requests"],
                        used=cpu_s / (said["seconds"] * SHARE * workers), client=said["cpu_us"] / 1e6 / said["seconds"],
                        stolen=stolen / every if every else 0)


def round_of(number, measure_with):
    """(one worker, two) in the order of that round, or None where they would not use their quota; and how many such
    rounds were thrown away."""
    for thrown in range(AGAIN_MOST + 1):
        found = {workers: measure_with(workers) for workers in ((1, 2), (2, 1))[number % 2]}
        for workers, got in sorted(found.items()):
            print(f"  round {number + 1}, {workers} worker{'s' * (workers > 1)}: {got.rate:.0f} requests/s, "
                  f"{got.used:.0%} of the quota used, client {got.client:.0%}, stolen {got.stolen:.1%}", file=sys.stderr)
        if all(got.used >= USED_LEAST for got in found.values()):
            return (found[1], found[2]), thrown
    return None, AGAIN_MOST + 1


def case(rounds, measure_with):
    """The rounds that count, and how many were thrown away."""
    made = [round_of(number, measure_with) for number in range(rounds)]
    kept = [pair for pair, _ in made if pair]
    if not kept:
        raise Failed(f"in no round did the workers use {USED_LEAST:.0%} of their quota: this machine has too much else to do, "
                     "or the load comes from too slow a core")
    return kept, sum(thrown for _, thrown in made)


def span(values, digits=0):
    return f"{min(values):.{digits}%} to {max(values):.{digits}%}"


def conditions(found, thrown, seconds):
    """What stands above the table: without it the figures say little."""
    every = [got for kept in found for pair in kept for got in pair]
    counts = " and ".join(str(len(kept)) for kept in found)
    return (f"Medians of {counts} rounds of {seconds:g} s, one worker first and two first in turn; each worker has {SHARE:.0%} "
            f"of a processor, of which {span([got.used for got in every])} was used ({thrown} rounds with less than "
            f"{USED_LEAST:.0%} were thrown away); {CLIENTS} clients, in a process that used "
            f"{span([got.client for got in every])} of a processor; "
            f"{span([got.stolen for got in every], 1)} of the machine's time was stolen.")


def row(name, kept):
    ratios = [two.rate / one.rate for one, two in kept]
    low, _, high = statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
    rates = [statistics.median(pair[i].rate for pair in kept) for i in (0, 1)]
    costs = [statistics.median(pair[i].cost for pair in kept) for i in (0, 1)]
    return (f"| {name} | {rates[0]:.0f} | {rates[1]:.0f} | {statistics.median(ratios):.2f} ± {(high - low) / 2:.2f} "
            f"| {costs[0]:.1f} | {costs[1]:.1f} |")


def main():
    nuncio, out = map(Path, sys.argv[1:3])
    rounds, seconds = int(os.environ.get("BENCH_ROUNDS") or 9), int(os.environ.get("BENCH_SECONDS") or 2)
    with tempfile.TemporaryDirectory(prefix="nuncio-scaling-") as work:
        world = World(nuncio.resolve(), None, Path(work), *two_cores())
        world.plant()
        found, thrown = [], 0
        for name, scheme, path in CASES:
            print(name, file=sys.stderr)
            kept, less = case(rounds, partial(measure, world, scheme, path, seconds))
            found.append(kept)
            thrown += less
    lines = [conditions(found, thrown, seconds), "",
             "| case | one worker, requests/s | two workers | ratio | CPU µs/request, one | two |",
             "| --- | --- | --- | --- | --- | --- |", *(row(name, kept) for (name, _, _), kept in zip(CASES, found))]
    report.write("\n".join(lines) + "\n", out, "scaling.md")


if __name__ == "__main__":
    try:
        main()
    except (Failed, Unavailable, ValueError, subprocess.TimeoutExpired) as fault:
        sys.exit(f"bench-scaling: {fault}")
