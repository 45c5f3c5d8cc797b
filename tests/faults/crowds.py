"""Clients that mean no good: idle ones, slow ones, floods of handshakes, resets. All are bounded in number and in time."""

import contextlib
import random
import select
import socket
import ssl
import struct
import threading
import time

import client
from load import HOST, idle_connections

THREADS = 8


def in_threads(work):
    """Runs work(number of the thread) in each of THREADS; the sum of what they return. A failure in one is raised."""
    results, failures = [], []

    def run(number):
        try:
            results.append(work(number))
        except Exception as failure:  # pylint: disable=broad-except
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sum(results)


def reset(sock):
    """Ends a connection by RST."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


# ---------------------------------------------------------------- idle


@contextlib.contextmanager
def idle_tls(port, number):
    """So many TLS connections, a multiple of THREADS, that say nothing after their handshake."""
    with contextlib.ExitStack() as stack:
        sockets, lock = [], threading.Lock()

        def open_some(_):
            share = idle_connections(port, number // THREADS, True)
            some = share.__enter__()
            with lock:
                stack.push(share)
                sockets.extend(some)
            return len(some)

        in_threads(open_some)
        yield sockets


def count_close_notify(sockets, patience):
    """How many of them the server has ended in order, by close_notify, within so many seconds."""
    end, count = time.monotonic() + patience, 0
    for sock in sockets:
        sock.settimeout(max(0.05, end - time.monotonic()))
        with contextlib.suppress(OSError):
            count += sock.recv(1) == b""
    return count


# ---------------------------------------------------------------- slow


class Slow:
    """One that sends `words` a byte a second, or where there are none reads so. `ended` is when it was cut off."""

    def __init__(self, sock, words=None):
        self.sock, self.rest, self.began, self.ended = sock, words, time.monotonic(), None
        sock.setblocking(False)
        self.poll = select.poll()
        self.poll.register(sock, select.POLLRDHUP)

    def tick(self):
        # What the kernel holds can still be read, byte by byte, long after the server has dropped the connection.
        if self.poll.poll(0):
            self.ended = time.monotonic()
            return False
        try:
            if self.rest is not None:
                self.sock.send(self.rest[:1])
                self.rest = self.rest[1:] or b"x"
            else:
                self.sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        return True


def slow_clients(gemini, gopher, number):
    """A quarter each: a selector, a URL within TLS, a ClientHello, a byte a second; and readers of a byte a second."""
    hello = client.client_hello()
    kinds = [lambda: Slow(client.connect(HOST, gopher), b"/" + b"a" * 900),
             lambda: Slow(client.start_tls(client.connect(HOST, gemini)), b"gemini://localhost/" + b"a" * 900),
             lambda: Slow(client.connect(HOST, gemini), hello),
             lambda: _slow_reader(gopher)]
    return [kinds[i % len(kinds)]() for i in range(number)]


def _slow_reader(port):
    sock = client.connect(HOST, port, receive_buffer=4096)
    sock.sendall(b"/big.bin\r\n")
    return Slow(sock)


def tick_until_gone(slow, patience):
    """A tick a second for each, until all were cut off or patience is over; those that were not."""
    end = time.monotonic() + patience
    left = slow
    while left and time.monotonic() < end:
        began = time.monotonic()
        left = [one for one in left if one.tick()]
        time.sleep(max(0, 1 - (time.monotonic() - began)))
    return left


# ---------------------------------------------------------------- handshakes


def garbage_hellos(port, seconds):
    """Hellos of noise, and true ones with a few bytes changed, as fast as they go; how many."""
    end, hello = time.monotonic() + seconds, client.client_hello()

    def flood(number):
        noise, count = random.Random(number), 0
        while time.monotonic() < end:
            if count % 2:
                data = b"\x16\x03\x01\x02\x00" + noise.randbytes(512)
            else:
                changed = bytearray(hello)
                for _ in range(4):
                    changed[noise.randrange(5, len(changed))] = noise.randrange(256)
                data = bytes(changed)
            with client.connect(HOST, port) as sock:
                client.try_send(sock, data)
                sock.shutdown(socket.SHUT_WR) if count % 4 < 2 else reset(sock)
                if sock.fileno() >= 0:
                    client.read_to_end(sock, 1)
            count += 1
        return count

    return in_threads(flood)


def silent_hellos(port, number):
    """So many that send their ClientHello and then nothing: the sockets."""
    hello, sockets, lock = client.client_hello(), [], threading.Lock()

    def open_some(_):
        for _ in range(number // THREADS):
            sock = client.connect(HOST, port)
            client.try_send(sock, hello)
            with lock:
                sockets.append(sock)
        return number // THREADS

    in_threads(open_some)
    return sockets


def full_handshakes(port, seconds):
    """Whole handshakes, and then an end without a request; how many."""
    end = time.monotonic() + seconds

    def flood(_):
        context, count = client.tls_context(), 0
        while time.monotonic() < end:
            sock = client.start_tls(client.connect(HOST, port), context=context)
            sock.close() if count % 2 else reset(sock)
            count += 1
        return count

    return in_threads(flood)


# ---------------------------------------------------------------- resets


def reset_gopher(port, selector, offset, receive_buffer=None):
    """Asks, reads so many bytes, resets."""
    sock = client.connect(HOST, port, receive_buffer=receive_buffer)
    sock.sendall(selector + b"\r\n")
    if offset:
        client.read_to_end(sock, offset) if offset > 65536 else sock.recv(offset, socket.MSG_WAITALL)
    reset(sock)


def reset_gemini(port, url, offset):
    """The same for the bytes that come on the wire once the request has been sent: encrypted ones, tickets among them.
    How many came."""
    sock = client.connect(HOST, port)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = client.tls_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    while True:
        try:
            session.do_handshake()
            break
        except ssl.SSLWantReadError:
            sock.sendall(outgoing.read())
            incoming.write(sock.recv(65536))
    session.write(url + b"\r\n")
    sock.sendall(outgoing.read())
    got = len(sock.recv(offset, socket.MSG_WAITALL)) if offset else 0
    reset(sock)
    return got
