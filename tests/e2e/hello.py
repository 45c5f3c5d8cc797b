"""ClientHellos byte by byte, as no library would send them, and what the server says to them (RFC 5246, RFC 8446)."""

import os
import struct
from dataclasses import dataclass, field

import client

SSL3, TLS10, TLS11, TLS12, TLS13 = 0x0300, 0x0301, 0x0302, 0x0303, 0x0304
HANDSHAKE, ALERT = 22, 21
CLIENT_HELLO, SERVER_HELLO = 1, 2
X25519, P256, P384, P521 = 29, 23, 24, 25
CIPHERS_12, CIPHERS_13 = (0xC02B, 0xC02C, 0xCCA9), (0x1301, 0x1302, 0x1303)
FALLBACK_SCSV, RENEGOTIATION_SCSV = 0x5600, 0x00FF

SERVER_NAME, GROUPS, SIGNATURES, HEARTBEAT, ALPN, PADDING, MASTER_SECRET = 0, 10, 13, 15, 16, 21, 23
TICKET, VERSIONS, COOKIE, KEY_SHARE, RENEGOTIATION = 35, 43, 44, 51, 0xFF01

# RFC 8446, section 4.1.3: what stands in `random` of a HelloRetryRequest, and at its end where 1.3 was not taken.
RETRY = bytes.fromhex("CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C")
DOWNGRADE = b"DOWNGRD\x01"


def vector(width, data):
    return len(data).to_bytes(width, "big") + data


def numbers(*values):
    return b"".join(struct.pack(">H", value) for value in values)


def server_name(*names):
    return vector(2, b"".join(b"\0" + vector(2, name) for name in names))


def common(groups=(X25519, P256, P384)):
    return {GROUPS: vector(2, numbers(*groups)), SIGNATURES: vector(2, numbers(0x0403, 0x0503, 0x0804))}


def for_12(**more):
    return {**common(**more), MASTER_SECRET: b""}


def for_13(groups=(X25519, P256, P384), share=X25519):
    """With a share of X25519, or with none: the server has to ask for one."""
    shares = numbers(share) + vector(2, os.urandom(32)) if share else b""
    return {**common(groups), VERSIONS: vector(1, numbers(TLS13)), KEY_SHARE: vector(2, shares)}


def hello(extensions, ciphers, version=TLS12, session=b"", compression=b"\0"):
    """The handshake message. `extensions`: a table, or a list of pairs where one is to come twice."""
    pairs = extensions.items() if isinstance(extensions, dict) else extensions
    listed = b"".join(numbers(number) + vector(2, data) for number, data in pairs)
    body = (numbers(version) + os.urandom(32) + vector(1, session) + vector(2, numbers(*ciphers)) +
            vector(1, compression) + vector(2, listed))
    return bytes([CLIENT_HELLO]) + vector(3, body)


def records(message, piece=16384):
    """The message in records of so many bytes."""
    return b"".join(bytes([HANDSHAKE]) + numbers(TLS10) + vector(2, message[at : at + piece])
                    for at in range(0, len(message), piece))


@dataclass
class Said:
    """The server's first words."""

    alert: int = None
    version: int = None
    random: bytes = b""
    session: bytes = b""
    cipher: int = None
    compression: int = None
    extensions: dict = field(default_factory=dict)
    end: str = None


def parse_server_hello(body):
    said = Said(version=int.from_bytes(body[:2], "big"), random=body[2:34])
    at = 35 + body[34]
    said.session = body[35:at]
    said.cipher, said.compression = int.from_bytes(body[at : at + 2], "big"), body[at + 2]
    rest = body[at + 5 :]
    while rest:
        number, length = struct.unpack(">HH", rest[:4])
        said.extensions[number] = rest[4 : 4 + length]
        rest = rest[4 + length :]
    if VERSIONS in said.extensions:
        said.version = int.from_bytes(said.extensions[VERSIONS], "big")
    return said


def say(sock, data):
    """Sends it, and reads the ServerHello or the alert that comes back; neither where the server just closes."""
    client.try_send(sock, data)
    raw = b""
    while True:
        length = int.from_bytes(raw[3:5], "big") + 5 if len(raw) >= 5 else 5
        more, end = client.read_to_end(sock, length - len(raw))
        raw += more
        if end is not None and len(raw) < length:
            return Said(end=end)
        if length > 5 and len(raw) >= length:
            break
    if raw[0] == ALERT:
        return Said(alert=raw[6])
    assert raw[0] == HANDSHAKE and raw[5] == SERVER_HELLO, raw[:10]
    return parse_server_hello(raw[9 : 9 + int.from_bytes(raw[6:9], "big")])
