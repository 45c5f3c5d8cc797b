"""How two workers compare with one: `scaling.py NUNCIO OUTPUT_FOLDER`, by way of `make bench-scaling`.

The load needs a processor too, so on a machine of two cores no two workers can have one each. Therefore each worker gets
the same small share of a core (a quota of the kernel's cpu controller), and the load what is left. Workers that are kept
waiting by nothing but their quota serve twice as many readers when there are two of them; whatever they wait for each
other shows as less. BENCH_ROUNDS=9 and BENCH_SECONDS=2 as for `make bench`.
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
from pathlib import Path

from load import HOST, Failed
from process import ENVIRONMENT, Process, Unavailable
from world import World, two_cores

CONTROLLER = Path("/sys/fs/cgroup/cpu")  # version 1 of control groups
PERIOD_US, SHARE = 10_000, 0.2
CLIENTS = 64
CASES = (("Gopher, 1 KiB text", "gopher", "0page.txt"), ("Gemini, 1 KiB page, full handshake", "gemini", "page.gmi"))


class Quota:
    """A share of one processor for one process and its threads. Goes when the process has."""

    def __init__(self, pid, stack):
        self.folder = CONTROLLER / f"nuncio-bench-{pid}"
        try:
            self.folder.mkdir()
            stack.callback(self.remove)
            (self.folder / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (self.folder / "cpu.cfs_quota_us").write_text(str(round(PERIOD_US * SHARE)))
            (self.folder / "cgroup.procs").write_text(str(pid))
        except OSError as fault:
            raise Unavailable(f"no quota can be set: {fault}; this needs root, and the cpu controller of control groups "
                              f"(version 1) at {CONTROLLER}") from None

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
    """Requests a second, none of which failed."""
    words = [world.nuncio, "bench", "-c", CLIENTS, "-d", seconds, "--json", url]
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          env=ENVIRONMENT, timeout=seconds + 60, check=False)
    if not done.stdout:
        raise Failed(done.stderr.strip() or f"nuncio bench: status {done.returncode}")
    said = json.loads(done.stdout)
    if said["failed"] or not said["requests"]:
        raise Failed(f"{said['failed']} of {said['requests']} requests failed: {said['errors']}")
    return said["requests"], said["requests_per_second"]


def round_of(world, workers, scheme, path, seconds):
    """(requests a second, CPU microseconds a request) of a fresh server."""
    with ExitStack() as stack:
        process, crew, ports = start(world, workers, stack)
        if len(crew) != workers:
            raise Failed(f"{len(crew)} workers instead of {workers}")
        url = f"{scheme}://{HOST}:{ports[scheme]}/{path}"
        ask(world, url, 1)
        before = process.cpu_ns_at_rest()
        requests, rate = ask(world, url, seconds)
        return rate, (process.cpu_ns_at_rest() - before) / 1000 / requests


def main():
    nuncio, out = map(Path, sys.argv[1:3])
    rounds, seconds = int(os.environ.get("BENCH_ROUNDS") or 9), int(os.environ.get("BENCH_SECONDS") or 2)
    lines = [f"Medians of {rounds} rounds of {seconds:g} s; each worker has {SHARE:.0%} of a processor; {CLIENTS} clients.", "",
             "| case | one worker, requests/s | two workers | ratio | CPU µs/request, one | two |",
             "| --- | --- | --- | --- | --- | --- |"]
    with tempfile.TemporaryDirectory(prefix="nuncio-scaling-") as work:
        world = World(nuncio.resolve(), None, Path(work), *two_cores())
        world.plant()
        for name, scheme, path in CASES:
            found = [[round_of(world, workers, scheme, path, seconds) for workers in (1, 2)] for _ in range(rounds)]
            ratios = [two[0] / one[0] for one, two in found]
            low, _, high = statistics.quantiles(ratios, n=4, method="inclusive") if rounds > 1 else ratios * 3
            rates = [statistics.median(pair[i][0] for pair in found) for i in (0, 1)]
            costs = [statistics.median(pair[i][1] for pair in found) for i in (0, 1)]
            lines.append(f"| {name} | {rates[0]:.0f} | {rates[1]:.0f} | {statistics.median(ratios):.2f} "
                         f"± {(high - low) / 2:.2f} | {costs[0]:.1f} | {costs[1]:.1f} |")
            print(lines[-1], file=sys.stderr)
    text = "\n".join(lines) + "\n"
    out.mkdir(parents=True, exist_ok=True)
    (out / "scaling.md").write_text(text)
    print(text, end="")


if __name__ == "__main__":
    try:
        main()
    except (Failed, Unavailable, ValueError, subprocess.TimeoutExpired) as fault:
        sys.exit(f"bench-scaling: {fault}")
