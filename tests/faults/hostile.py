"""Fault tests in which clients are what is wrong."""

import time

import client
import crowds
from process import HARD_LIMIT
from stage import PAGE, Stage, short

SLACK = 3  # seconds that a deadline may be late by where two cores are busy


def idle(work, stack):
    """5,000 idle TLS connections while others are served; their deadline ends them in order."""
    wanted, seconds = short(5000, 400), short(45, 4)
    number = min(wanted, (HARD_LIMIT - 1000) // 2) // crowds.THREADS * crowds.THREADS
    stage = Stage("Idle TLS connections", work, stack, "--quiet", "--timeout", f"request={seconds}")
    stage.quiet()
    with stage.others():
        began = time.monotonic()
        with crowds.idle_tls(stage.server.gemini_port, number) as sockets:
            opened = time.monotonic() - began
            stage.check(stage.server.descriptors() - stage.descriptors >= number, "not all of them were accepted")
            most = stage.server.memory_kib() - stage.memory
            time.sleep(short(5, 0.5))
            closed = crowds.count_close_notify(sockets, seconds + SLACK)
        stage.check(closed == number, f"{number - closed} were not ended by close_notify in time")
    stage.done = f"{number:,} opened in {opened:.0f} s and held until their deadline of {seconds} s"
    if number < wanted:
        stage.done += f" (of {wanted:,}: this system allows {HARD_LIMIT:,} descriptors)"
    stage.nobody_lost()
    stage.ends_well()
    stage.remarks.append(f"{most / number:.1f} KiB for each while they were there; all ended by close_notify")
    return stage


def slow(work, stack):
    """1,000 clients of a byte a second, in four ways; each is gone when its deadline has passed."""
    number, seconds = short(1000, 80), short(10, 2)
    stage = Stage("A byte a second", work, stack, "--quiet", *[word for name in ("handshake", "request", "write")
                                                                for word in ("--timeout", f"{name}={seconds}")])
    stage.quiet()
    with stage.others():
        clients = crowds.slow_clients(stage.server.gemini_port, stage.server.gopher_port, number)
        left = crowds.tick_until_gone(clients, 3 * seconds + SLACK)
        for one in clients:
            one.sock.close()
        longest = max((one.ended or time.monotonic()) - one.began for one in clients)
        stage.check(not left, f"{len(left)} were still there at the end")
    stage.done = (f"{number:,}: selectors, URLs within TLS and ClientHellos sent, and a file read, at a byte a second; "
                  f"deadlines of {seconds} s")
    stage.remarks.append(f"the last one was gone after {longest:.0f} s")
    stage.nobody_lost()
    stage.ends_well()
    return stage


def garbage(work, stack):
    """A flood of garbage where a ClientHello belongs."""
    stage = Stage("Flood of garbage ClientHellos", work, stack, "--quiet")
    stage.quiet()
    with stage.others():
        seconds = short(10, 1)
        count = crowds.garbage_hellos(stage.server.gemini_port, seconds)
    stage.done = f"{count:,} in {seconds} s, by {crowds.THREADS} at once"
    stage.nobody_lost()
    stage.ends_well()
    return stage


def silent(work, stack):
    """ClientHellos, and then silence."""
    number, seconds = short(2000, 200), short(10, 2)
    stage = Stage("ClientHello, then silence", work, stack, "--quiet", "--timeout", f"handshake={seconds}")
    stage.quiet()
    with stage.others():
        began = time.monotonic()
        sockets = crowds.silent_hellos(stage.server.gemini_port, number)
        gone = 0
        for sock in sockets:
            sock.settimeout(max(0.05, began + 2 * seconds + SLACK - time.monotonic()))
            gone += client.read_to_end(sock)[1] in (client.FIN, client.RESET)
        took = time.monotonic() - began
        for sock in sockets:
            sock.close()
        stage.check(gone == number, f"{number - gone} were still there after {took:.0f} s")
    stage.done = f"{number:,} at once, deadline of {seconds} s"
    stage.remarks.append(f"the last one was gone after {took:.0f} s")
    stage.nobody_lost()
    stage.ends_well()
    return stage


def handshakes(work, stack):
    """Full handshakes by clients that ask for nothing: the dearest thing that a stranger can have."""
    stage = Stage("Flood of full handshakes", work, stack, "--quiet")
    stage.quiet()
    with stage.others():
        seconds = short(10, 1)
        count = crowds.full_handshakes(stage.server.gemini_port, seconds)
    stage.done = f"{count:,} in {seconds} s, by {crowds.THREADS} at once, each left without a request"
    stage.nobody_lost()
    stage.ends_well()
    return stage


def resets_gopher(work, stack):
    """A connection reset at every byte offset of a Gopher response, and within a large file."""
    stage = Stage("Reset at every offset, Gopher", work, stack, "--quiet")
    port = stage.server.gopher_port
    stage.quiet()
    size = len(stage.server.gopher("/page.gmi").raw)
    large = range(0, 1 << 20, short(9973, 99991))
    with stage.others():
        for offset in range(size + 1):
            crowds.reset_gopher(port, b"/page.gmi", offset)
        for offset in large:
            crowds.reset_gopher(port, b"/big.bin", offset, receive_buffer=8192)
    stage.done = f"{size + 1} connections, offsets 0 to {size} of a menu; {len(large)} more within a file of 1 MiB"
    stage.nobody_lost()
    stage.ends_well()
    return stage


def resets_gemini(work, stack):
    """The same over TLS: at every byte that comes after the request, tickets and close_notify included."""
    stage = Stage("Reset at every offset, Gemini", work, stack, "--quiet")
    port, url = stage.server.gemini_port, b"gemini://localhost/page.gmi"
    stage.quiet()
    size = crowds.reset_gemini(port, url, 1 << 20)
    stage.check(size > len(PAGE), "the answer is shorter than its page")
    offsets = range(0, size + 1, short(1, 5))
    with stage.others():
        for offset in offsets:
            crowds.reset_gemini(port, url, offset)
    stage.done = f"{len(offsets)} connections, offsets 0 to {size} of the encrypted answer"
    if short(False, True):
        stage.done += ", every fifth"
    stage.nobody_lost()
    stage.ends_well()
    return stage
