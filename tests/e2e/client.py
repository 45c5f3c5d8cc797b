"""Readers of both protocols, as plain as can be: they send bytes, read to the end, and say how it ended.

Every answer is checked against the form that its protocol asks for as it is parsed (G15, P7, P8), so that each test
of anything else tests the form as well.
"""

import re
import socket
import ssl
import unicodedata
from dataclasses import dataclass

# How a connection ended.
CLOSE_NOTIFY = "close_notify"  # TLS: the answer is whole (G3)
FIN = "fin"  # no more bytes; over TLS: cut short, since no close_notify came before
RESET = "reset"  # RST
SILENCE = "silence"  # still open when our patience ended

PATIENCE = 20  # seconds; a bound for what should take milliseconds

STATUS_CODES = {10, 11, 20, 30, 31, 40, 41, 42, 43, 44, 50, 51, 52, 53, 59, 60, 61, 62}
META_MAX = 1024


def connect(host, port, patience=PATIENCE, receive_buffer=None, source=None):
    """A TCP connection; with a small receive buffer for readers that are to be slow, and from another of this machine's
    own addresses for readers that are to be others."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.settimeout(patience)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    try:
        if source:
            sock.bind((source, 0))
        sock.connect((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def tls_context(least=ssl.TLSVersion.TLSv1_2, most=ssl.TLSVersion.TLSv1_3, certificate=None):
    """A client's TLS settings. Certificates are not verified: self-signed is the norm."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if least < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = least
    context.maximum_version = most
    # Python asks OpenSSL to take a missing close_notify for one. Here the difference is what matters.
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    if certificate:
        context.load_cert_chain(*certificate)
    return context


def start_tls(sock, sni="localhost", context=None):
    """Does the handshake on a connected socket."""
    return (context or tls_context()).wrap_socket(sock, server_hostname=sni, suppress_ragged_eofs=False)


def client_hello():
    """The first flight of a TLS client, as bytes."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = tls_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        session.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def tls_byte_by_byte(sock, data):
    """Does a handshake and sends data over it, every byte in a packet of its own; the plain bytes that come back, and
    whether close_notify ended them."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = tls_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    answer, sent = bytearray(), False
    while True:
        try:
            if not sent:
                session.do_handshake()
                session.write(data)
                sent = True
            piece = session.read(65536)
            if not piece:
                return bytes(answer), True
            answer += piece
        except ssl.SSLWantReadError:
            for byte in outgoing.read():
                sock.sendall(bytes([byte]))
            received = sock.recv(65536)
            incoming.write(received) if received else incoming.write_eof()
        except ssl.SSLEOFError:
            return bytes(answer), False


def read_to_end(sock, most=None):
    """(bytes, how it ended). Stops early once `most` bytes are there, and then the end is None."""
    out = bytearray()
    while most is None or len(out) < most:
        try:
            piece = sock.recv(65536)
        except socket.timeout:
            return bytes(out), SILENCE
        except ssl.SSLEOFError:
            return bytes(out), FIN
        except (ConnectionResetError, BrokenPipeError):
            return bytes(out), RESET
        if not piece:
            return bytes(out), CLOSE_NOTIFY if isinstance(sock, ssl.SSLSocket) else FIN
        out += piece
    return bytes(out), None


def try_send(sock, data):
    """Sends what the peer still takes; a peer that has closed already is no failure of the sender's."""
    try:
        sock.sendall(data)
    except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
        pass


# ---------------------------------------------------------------- Gemini


@dataclass
class GeminiReply:
    raw: bytes
    end: str
    version: str = ""
    certificate: bytes = b""

    def __post_init__(self):
        self.status, self.meta, self.body = None, None, b""
        if self.raw:
            self.status, self.meta, self.body = parse_gemini(self.raw)

    @property
    def text(self):
        return self.body.decode()

    @property
    def links(self):
        return gemtext_links(self.text)


def parse_gemini(raw):
    """G15: `NN SP META CRLF`, one of the codes, META short, clean and never empty, a body only after 20."""
    head, crlf, body = raw.partition(b"\r\n")
    assert crlf, f"no header line: {raw[:200]!r}"
    match = re.fullmatch(rb"(\d\d) (.*)", head, re.DOTALL)
    assert match, f"no `NN META`: {head!r}"
    status, meta = int(match[1]), match[2]
    assert status in STATUS_CODES, head
    assert 0 < len(meta) <= META_MAX, head
    text = meta.decode()
    assert not any(unicodedata.category(c) == "Cc" for c in text), head
    assert not text.startswith("\ufeff"), head
    assert status == 20 or body == b"", raw[:200]
    return status, text, body


def gemini(host, port, request, sni="localhost", context=None):
    """Sends the bytes of a request over TLS and reads to the end."""
    with start_tls(connect(host, port), sni, context) as sock:
        try_send(sock, request)
        raw, end = read_to_end(sock)
        return GeminiReply(raw, end, sock.version(), sock.getpeercert(True))


def gemtext_lines(text):
    """(line, whether it is preformatted), fences left out."""
    inside = False
    for line in text.split("\n"):
        if line.startswith("```"):
            inside = not inside
        else:
            yield line, inside


def gemtext_links(text):
    """[(target, label)] of a gemtext page."""
    links = []
    for line, inside in gemtext_lines(text):
        match = re.match(r"=>[ \t]*(\S+)[ \t]*(.*)", line)
        if match and not inside:
            links.append((match[1], match[2].rstrip()))
    return links


def gemtext_words(text):
    """The words that a reader sees on a page: without markup and link targets."""
    words = []
    for line, inside in gemtext_lines(text):
        if not inside:
            line = re.sub(r"^(=>[ \t]*\S+|#{1,3}|\*(?= )|>)", "", line)
        words += line.split()
    return words


# ---------------------------------------------------------------- Gopher


@dataclass(frozen=True)
class Item:
    type: str
    display: str
    selector: str
    host: str
    port: int


def parse_menu(raw):
    """P7, P8: four fields on every line, CRLF ends each, a dot ends all."""
    assert raw.endswith(b".\r\n"), f"no final dot: {raw[-80:]!r}"
    lines = raw.split(b"\r\n")
    assert lines[-2:] == [b".", b""], raw[-80:]
    items = []
    for line in lines[:-2]:
        assert not re.search(rb"[\r\n\0]", line), line
        fields = line.decode().split("\t")
        assert len(fields) == 4, line
        assert fields[0], line
        assert fields[3].isdigit(), line
        items.append(Item(fields[0][0], fields[0][1:], fields[1], fields[2], int(fields[3])))
        if items[-1].type == "i":
            assert tuple(fields[1:]) == ("", "error.host", "1"), line
    return items


@dataclass
class GopherReply:
    raw: bytes
    end: str

    @property
    def menu(self):
        return parse_menu(self.raw)

    @property
    def text(self):
        return self.raw.decode()

    @property
    def error(self):
        """The reason of an error menu (P13), or None where the answer is none."""
        if not self.raw.startswith(b"3"):
            return None
        items = self.menu
        assert [item.type for item in items] == ["3"], self.raw
        assert items[0].display.strip(), self.raw
        return items[0].display


def gopher(host, port, request, tls=False, half_close=False, context=None):
    """Sends the bytes of a request and reads to the end."""
    with connect(host, port) as sock:
        if tls:
            sock = start_tls(sock, context=context)
        with sock:
            try_send(sock, request)
            if half_close:
                sock.shutdown(socket.SHUT_WR)
            return GopherReply(*read_to_end(sock))


def menu_words(items):
    """The words that a reader sees in a menu."""
    return [word for item in items for word in item.display.split()]


def columns(text):
    """The width on a terminal: East Asian wide characters are two columns, combining ones none (P9)."""
    width = 0
    for c in text:
        if unicodedata.category(c) in ("Mn", "Me", "Cf"):
            continue
        width += 2 if unicodedata.east_asian_width(c) in "WF" else 1
    return width


def holds(words, part):
    """Whether the words of `part` stand in `words`, in order and nothing between."""
    n = len(part)
    return any(words[i : i + n] == part for i in range(len(words) - n + 1))
