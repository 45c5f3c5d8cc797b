"""Counts what is lost while the server is reloaded, upgraded and wounded under load: `lost.py NUNCIO OUTPUT_FOLDER`, by
way of `make bench-lost`.

Two workers serve, and two loads ask without a pause, one over Gemini (returning readers among them) and one over Gopher.
Meanwhile the supervisor gets signals, or a worker is killed. The table, lost.md, says how many requests there were and
how many had no whole answer. LOST_SECONDS=60 sets how long each part takes.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from load import HOST, Failed
from process import ENVIRONMENT, Process, Unavailable
from world import World, two_cores

CLIENTS = 16  # of each load


class Ours:
    """The server, from a copy of the program that an upgrade finds in its place."""

    def __init__(self, world):
        self.program = world.work / "nuncio"
        shutil.copy2(world.nuncio, self.program)
        self.process = Process(
            [self.program, "serve", "--gemini", f"{HOST}:0", "--gopher", f"{HOST}:0", "--certs", world.certificates,
             "--workers", "2", "--quiet", world.capsule],
            world.server_core, world.work / "log", world.work)
        self.process.wait_for_line(r"^ready$")
        said = self.process.log.read_text()
        self.urls = [
            f"gemini://{HOST}:{re.search(r'^listening gemini://[^/]*:(.+)/ ', said, re.MULTILINE)[1]}/page.gmi",
            f"gopher://{HOST}:{re.search(r'^listening gopher://[^/]*:(.+)/ ', said, re.MULTILINE)[1]}/0page.txt"]

    def signal(self, number):
        self.process.process.send_signal(number)

    def workers(self):
        pid = self.process.process.pid
        return sorted(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def every(seconds, interval, act):
    """Acts at each interval until the time is over; how often."""
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() + interval < end:
        time.sleep(interval)
        act()
        count += 1
    time.sleep(max(0, end - time.monotonic()))
    return count


def reload_again_and_again(ours, seconds):
    return f"{every(seconds, 1, lambda: ours.signal(signal.SIGHUP))} reloads, one a second"


def bursts(ours, seconds):
    def burst():
        for _ in range(5):
            ours.signal(signal.SIGHUP)
            time.sleep(0.2)

    return f"{every(seconds / 3, 1, burst)} bursts of five SIGHUPs in a second"


def upgrades(ours, _seconds):
    for _ in range(3):
        time.sleep(2)
        new = ours.program.with_suffix(".new")
        shutil.copy2(ours.program, new)
        os.replace(new, ours.program)
        ours.signal(signal.SIGUSR2)
    time.sleep(2)
    return "3 upgrades in place"


def kills(ours, seconds):
    def kill():
        os.kill(ours.workers()[0], signal.SIGKILL)

    return f"{every(seconds, 5, kill)} times a worker killed with SIGKILL, every five seconds"


def start_load(world, url):
    words = [world.nuncio, "bench", "-c", str(CLIENTS), "-d", "600", "--json", url]
    if url.startswith("gemini"):
        words.append("--resume")
    core = world.load_core
    return subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                            env=ENVIRONMENT, preexec_fn=lambda: os.sched_setaffinity(0, {core}))


def end_load(load):
    load.send_signal(signal.SIGINT)
    return json.loads(load.communicate(timeout=30)[0])


def play(world, stack, part, seconds):
    """One row: (what happened, requests, failed, what went wrong, resumed)."""
    ours = Ours(world)
    stack.callback(ours.process.stop)
    loads = [start_load(world, url) for url in ours.urls]
    for load in loads:
        stack.callback(load.kill)
    time.sleep(1)
    what = part(ours, seconds)
    said = [end_load(load) for load in loads]
    errors = {}
    for one in said:
        for kind, count in one["errors"].items():
            errors[kind] = errors.get(kind, 0) + count
    ours.process.stop()
    return (what, sum(one["requests"] for one in said), sum(one["failed"] for one in said),
            ", ".join(f"{count} {kind}" for kind, count in sorted(errors.items())), said[0]["handshakes"]["resumed"])


def main():
    nuncio, out = map(Path, sys.argv[1:3])
    seconds = float(os.environ.get("LOST_SECONDS") or 60)
    cores = two_cores()
    lines = [f"Two workers, {CLIENTS} Gemini and {CLIENTS} Gopher clients at once.", "",
             "| what happened under load | requests | lost | how | TLS sessions resumed |", "| --- | --- | --- | --- | --- |"]
    for part in (reload_again_and_again, bursts, upgrades, kills):
        with tempfile.TemporaryDirectory(prefix="nuncio-lost-") as work, ExitStack() as stack:
            world = World(nuncio.resolve(), None, Path(work), *cores)
            world.plant()
            what, requests, lost, how, resumed = play(world, stack, part, seconds)
            lines.append(f"| {what} | {requests:,} | {lost} | {how} | {resumed:,} |")
            print(lines[-1], file=sys.stderr)
    text = "\n".join(lines) + "\n"
    out.mkdir(parents=True, exist_ok=True)
    (out / "lost.md").write_text(text)
    print(text, end="")


if __name__ == "__main__":
    try:
        main()
    except (Failed, Unavailable, ValueError, subprocess.TimeoutExpired) as fault:
        sys.exit(f"bench-lost: {fault}")
