"""Counts what is lost while the server is reloaded, upgraded and wounded under load: `lost.py NUNCIO OUTPUT_FOLDER`, by
way of `make bench-lost`.

Two workers serve, and two loads ask without a pause, one over Gemini (returning readers among them) and one over Gopher.
Meanwhile the supervisor gets signals, or a worker is killed. At last, without a load, a crowd connects at once. The table, lost.md, says how many requests there were and
how many had no whole answer. LOST_SECONDS=60 sets how long each part takes.
"""

import json
import os
import re
import resource
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import report
from load import HOST, Failed, answer
from process import ENVIRONMENT, HARD_LIMIT, Process, Unavailable, pinned
from world import World, two_cores

CLIENTS = 16  # of each load
CROWD = 2000  # that connect at once
PATIENCE = 30  # seconds, for the crowd
TOTAL_RETRANS = 100  # where struct tcp_info has tcpi_total_retrans, which counts SYNs too


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

    return f"{every(seconds, 1, burst)} bursts of five SIGHUPs in a second"


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

    interval = min(5, seconds / 3)
    return f"{every(seconds, interval, kill)} times a worker killed with SIGKILL, every {interval:.0f} s"


def start_load(world, url, seconds, clients=CLIENTS):
    words = [world.nuncio, "bench", "-c", str(clients), "-d", str(round(seconds) + 600), "--json", url]
    if url.startswith("gemini"):
        words.append("--resume")
    return subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                            env=ENVIRONMENT, preexec_fn=pinned(world.load_core))


def end_load(load):
    load.send_signal(signal.SIGINT)
    said = json.loads(load.communicate(timeout=30)[0])
    if not said["interrupted"] or not said["firsts"][0] or said["firsts"][0]["status"] not in (20, None):
        raise Failed(f"the load was none of pages, or ended by itself: {said['firsts']}, {said['errors']}")
    return said


def join_crowd(url):
    """CROWD clients connect before the first of them asks: (whole answers, SYNs and others sent again)."""
    port = int(re.search(r":(\d+)/", url)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (HARD_LIMIT, HARD_LIMIT))
    whole = answer(url)
    answered = again = 0
    with selectors.DefaultSelector() as selector, ExitStack() as stack:
        for _ in range(CROWD):
            sock = stack.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex((HOST, port))
            selector.register(sock, selectors.EVENT_WRITE, bytearray())
        left, end = CROWD, time.monotonic() + PATIENCE
        while left and time.monotonic() < end:
            for key, events in selector.select(1):
                try:
                    if events & selectors.EVENT_WRITE:
                        key.fileobj.send(b"page.txt\r\n")
                        selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
                        continue
                    piece = key.fileobj.recv(1 << 16)
                except OSError:
                    key.data.clear()
                    piece = b""
                key.data.extend(piece)
                if not piece:
                    info = key.fileobj.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192)
                    again += struct.unpack_from("I", info, TOTAL_RETRANS)[0]
                    answered += key.data == whole
                    left -= 1
                    selector.unregister(key.fileobj)
    return answered, again


def crowd(world, stack):
    """The row of the crowd."""
    ours = Ours(world)
    stack.callback(ours.process.stop)
    answered, again = join_crowd(ours.urls[1])
    return f"{CROWD:,} Gopher clients connecting at once, {again} segments sent again", CROWD, CROWD - answered, "", 0


def play(world, stack, part, seconds):
    """One row: (what happened, requests, failed, what went wrong, resumed)."""
    ours = Ours(world)
    stack.callback(ours.process.stop)
    loads = [start_load(world, url, seconds) for url in ours.urls]
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
    for part in (reload_again_and_again, bursts, upgrades, kills, None):
        with tempfile.TemporaryDirectory(prefix="nuncio-lost-") as work, ExitStack() as stack:
            world = World(nuncio.resolve(), None, Path(work), *cores)
            world.plant()
            row = play(world, stack, part, seconds) if part else crowd(world, stack)
            what, requests, lost, how, resumed = row
            lines.append(f"| {what} | {requests:,} | {lost} | {how} | {resumed:,} |")
            print(lines[-1], file=sys.stderr)
    report.write("\n".join(lines) + "\n", out, "lost.md")


if __name__ == "__main__":
    try:
        main()
    except (Failed, Unavailable, ValueError, subprocess.TimeoutExpired) as fault:
        sys.exit(f"bench-lost: {fault}")
