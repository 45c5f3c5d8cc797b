"""Servers that do one thing to each connection, right or wrong: for tests of clients."""

import contextlib
import socket
import ssl
import struct
import threading


class FakeServer:
    """Accepts on loopback and hands each connection to `answer(sock, number)` in a thread, with a TLS `context` after
    the handshake. What an answer raises on a connection that fails is the client's doing."""

    def __init__(self, answer, context=None, patience=20):
        self.answer, self.context, self.patience = answer, context, patience
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.connections = 0
        self.hellos = []
        self.snis = []
        self.failures = []
        self.stopped = False
        if context:
            context.sni_callback = lambda sock, name, context: self.snis.append(name)
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(sock, self.connections))
            self.threads.append(thread)
            thread.start()

    def _serve(self, sock, number):
        sock.settimeout(self.patience)
        try:
            # Answers go out in small pieces: without this each would wait for a delayed acknowledgement, for 40 ms.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.context:
                self.hellos.append(sock.recv(65536, socket.MSG_PEEK))
                sock = self.context.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False)
            self.answer(sock, number)
        except OSError as failure:
            self.failures.append(failure)
        finally:
            sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """From here on connections are refused. Waits for those that are open."""
        if self.stopped:
            return
        self.stopped = True
        # A close alone would not wake the thread in accept().
        self.listener.shutdown(socket.SHUT_RDWR)
        self.threads[0].join()
        self.listener.close()
        for thread in self.threads:
            thread.join()


def server_context(pair, least=ssl.TLSVersion.TLSv1_2, most=ssl.TLSVersion.TLSv1_3, group=None):
    """A server's TLS settings with the certificate PAIR.crt and PAIR.key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{pair}.crt", f"{pair}.key")
    context.minimum_version = least
    context.maximum_version = most
    if group:
        context.set_ecdh_curve(group)
    return context


def request(sock):
    """The request line as it came."""
    got = b""
    while not got.endswith(b"\n"):
        piece = sock.recv(4096)
        if not piece:
            break
        got += piece
    return got


def finish(sock):
    """close_notify, and the peer's: what some servers wait for before they close."""
    if isinstance(sock, ssl.SSLSocket):
        sock.unwrap()


def reset(sock):
    """RST in the place of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hold(sock):
    """Says nothing until the client leaves."""
    with contextlib.suppress(OSError):
        while sock.recv(4096):
            pass


def offered_ticket(hello):
    """The first ticket in a ClientHello (RFC 8446, sections 4.1.2 and 4.2.11), or None."""
    at = 5 + 4 + 2 + 32  # after the headers of record and message, the version, the random bytes
    at += 1 + hello[at]  # session id
    at += 2 + int.from_bytes(hello[at : at + 2], "big")  # cipher suites
    at += 1 + hello[at]  # compression methods
    end = at + 2 + int.from_bytes(hello[at : at + 2], "big")
    at += 2
    while at < end:
        kind, size = (int.from_bytes(hello[at + i : at + i + 2], "big") for i in (0, 2))
        at += 4
        if kind == 41:  # pre_shared_key: the length of the identities, then each with its length
            return hello[at + 4 : at + 4 + int.from_bytes(hello[at + 2 : at + 4], "big")]
        at += size
    return None
