"""Clients: the load of `nuncio bench` on a core of its own, single requests whose answers are looked at, and connections
that are opened and left alone."""

import contextlib
import json
import re
import socket
import ssl
import subprocess
import time
from dataclasses import dataclass

from process import ENVIRONMENT, pinned

HOST = "127.0.0.1"  # what every server here listens on
PATIENCE = 10  # seconds, for one answer


class Failed(Exception):
    """A measurement that cannot be had, and why."""


class Void(Failed):
    """A load some of whose requests failed: its figures are of something else than answers."""


@dataclass
class Load:
    """What `nuncio bench --json` says of one run."""

    requests: int
    seconds: float
    rate: float
    p50: float
    p99: float
    resumed: int
    cpu_us: int
    bytes: int


def first_of(url, answer):
    """What `nuncio bench` says of an answer that it got first: its status, on Gopher none, and the bytes of its body."""
    if not url.startswith("gemini:"):
        return {"status": None, "bytes": len(answer)}
    header, _, body = answer.partition(b"\r\n")
    return {"status": int(header[:2]), "bytes": len(body)}


def run(program, url, core, *, clients, requests, first, resume=False):
    """So many clients at once ask one URL so many times in all, from the given core. The first answer must be as
    `first` (first_of) says, and the load itself compares the others with it: Void where one failed."""
    words = [program, "bench", "-c", str(clients), "-n", str(requests), "--json"] + ["--resume"] * resume
    process = subprocess.Popen([*words, url], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, env=ENVIRONMENT, start_new_session=True, preexec_fn=pinned(core))
    try:
        out, err = process.communicate(timeout=600)
    except subprocess.TimeoutExpired:
        raise Failed("the load did not end within 600 s") from None
    finally:
        process.kill()
        process.wait()
    try:
        said = json.loads(out)
    except ValueError:
        lines = err.strip().splitlines()
        raise Failed(lines[-1] if lines else f"nuncio bench: status {process.returncode}") from None
    if not said["requests"] or said["failed"] == said["requests"]:
        raise Failed("every request failed: " + (", ".join(said["errors"]) or "no answers"))
    if said["firsts"] != [first]:
        raise Failed(f"the load got another answer, {said['firsts'][0]} instead of {first}")
    if said["failed"]:
        raise Void(f"{said['failed']} of {said['requests']} requests failed: " + ", ".join(said["errors"]))
    return Load(requests=said["requests"], seconds=said["seconds"],
                rate=said["requests_per_second"], p50=said["latency_us"]["p50"], p99=said["latency_us"]["p99"],
                resumed=said["handshakes"]["resumed"], cpu_us=said["cpu_us"], bytes=said["bytes"])


# ---------------------------------------------------------------- one request


def tls_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def connect(port):
    return socket.create_connection((HOST, port), timeout=PATIENCE)


def answer(url):
    """All bytes of the answer to a URL of gemini or gopher."""
    scheme, port, path = re.fullmatch(rf"(\w+)://{re.escape(HOST)}:(\d+)(/.*)", url).groups()
    line = url if scheme == "gemini" else path[2:]
    try:
        with connect(int(port)) as sock:
            if scheme == "gemini":
                sock = tls_context().wrap_socket(sock)
            sock.sendall(line.encode() + b"\r\n")
            pieces = []
            while piece := sock.recv(1 << 16):
                pieces.append(piece)
            return b"".join(pieces)
    except OSError as fault:
        raise Failed(f"no answer to {url}: {fault}") from None


# ---------------------------------------------------------------- connections that stay


@contextlib.contextmanager
def idle_connections(port, number, tls):
    """Opens so many and sends nothing on them; over TLS after the handshake."""
    sockets, context = [], tls_context()
    try:
        for _ in range(number):
            sock = connect(port)
            sockets.append(sock)
            if tls:
                sockets[-1] = context.wrap_socket(sock)
        yield sockets
    except OSError as fault:
        raise Failed(f"connection {len(sockets)} of {number}: {fault}") from None
    finally:
        for sock in sockets:
            sock.close()


def accepted(process, before, number, patience=5):
    """Waits until the server has taken `number` connections more. With TCP_DEFER_ACCEPT the kernel keeps those that are
    silent to itself, for a second or so."""
    end = time.monotonic() + patience
    while process.descriptors() - before < number:
        if time.monotonic() > end:
            raise Failed(f"{process.descriptors() - before} of {number} silent connections accepted")
        time.sleep(0.02)
