"""ClientHellos of every shape: what is agreed, what is refused, and that nothing odd in one hurts (G1, G2, G4, G12)."""

import time

import pytest

import client
import hello as h
from server import SLOWER, eventually

PROTOCOL_VERSION, HANDSHAKE_FAILURE, ILLEGAL_PARAMETER, DECODE_ERROR = 70, 40, 47, 50
UNEXPECTED_MESSAGE, INAPPROPRIATE_FALLBACK, UNRECOGNIZED_NAME = 10, 86, 112


@pytest.fixture(scope="module")
def site(serve_for_module):
    return serve_for_module()


@pytest.fixture(params=["gemini", "gopher"])
def say(request, site):
    """Says a ClientHello to the Gemini port, and to the Gopher port, where the first byte tells TLS (P6)."""
    def to(extensions, ciphers, piece=16384, **more):
        with site.connect(request.param) as sock:
            return h.say(sock, h.records(h.hello(extensions, ciphers, **more), piece))

    yield to
    assert site.gemini("/").status == 20  # whatever came


# ---------------------------------------------------------------- versions


def test_who_cannot_1_3_is_told_that_we_can_G1(say):
    """RFC 8446, section 4.1.3: against somebody in between who takes 1.3 out of the hello."""
    said = say(h.for_12(), h.CIPHERS_12)
    assert (said.version, said.random[-8:]) == (h.TLS12, h.DOWNGRADE)


def test_who_can_1_3_gets_it_G1(say):
    said = say(h.for_13(), h.CIPHERS_13 + h.CIPHERS_12, session=b"s" * 32)
    assert (said.version, said.session) == (h.TLS13, b"s" * 32) and said.random[-8:] != h.DOWNGRADE
    assert said.extensions[h.KEY_SHARE][:2] == h.numbers(h.X25519)


def test_a_client_that_fell_back_is_stopped_G1(say):
    """RFC 7507: it says itself that it tried a better version before."""
    assert say(h.for_12(), (*h.CIPHERS_12, h.FALLBACK_SCSV)).alert == INAPPROPRIATE_FALLBACK


@pytest.mark.parametrize("version", [h.SSL3, h.TLS10, h.TLS11])
def test_old_versions_G1(say, version):
    """SSL 3.0 knows no such alert and is given its own."""
    alert = HANDSHAKE_FAILURE if version == h.SSL3 else PROTOCOL_VERSION
    assert say(h.common(), h.CIPHERS_12, version=version).alert == alert
    only = {**h.for_13(), h.VERSIONS: h.vector(1, h.numbers(version))}
    assert say(only, h.CIPHERS_13 + h.CIPHERS_12).alert == PROTOCOL_VERSION


def test_versions_of_tomorrow_and_of_nobody_are_passed_over_G1(say):
    versions = h.vector(1, h.numbers(0x0A0A, 0x0305, h.TLS13, h.TLS12))
    assert say({**h.for_13(), h.VERSIONS: versions}, h.CIPHERS_13).version == h.TLS13
    assert say(h.for_12(), h.CIPHERS_12, version=0x0399).version == h.TLS12


# ---------------------------------------------------------------- what is agreed in TLS 1.2


def test_the_extensions_that_make_1_2_safe_G4(say):
    said = say({**h.for_12(), h.TICKET: b"", h.HEARTBEAT: b"\x01"}, (*h.CIPHERS_12, h.RENEGOTIATION_SCSV))
    assert said.extensions[h.RENEGOTIATION] == b"\0"
    assert said.extensions[h.MASTER_SECRET] == b""  # RFC 7627
    assert not {h.TICKET, h.HEARTBEAT} & said.extensions.keys()


def test_no_session_of_1_2_is_resumed_or_given_G1(say):
    """It would hold keys without a new exchange."""
    said = say(h.for_12(), h.CIPHERS_12, session=b"s" * 32)
    assert said.session == b"" and h.TICKET not in said.extensions


@pytest.mark.parametrize("ciphers", [
    (0x009C, 0x009D), (0x002F, 0x0035), (0x000A,), (0x0005,), (0xC009, 0xC00A, 0xC023), (0xC018,), (0x0001,), (0x1301,)],
    ids=["RSA with GCM", "RSA with CBC", "3DES", "RC4", "ECDHE with CBC", "anonymous", "none", "of 1.3 only"])
def test_other_ciphers_are_refused_G1(say, ciphers):
    assert say(h.for_12(), ciphers).alert == HANDSHAKE_FAILURE


@pytest.mark.parametrize("extensions, compression", [(h.for_12, b"\x01\0"), (h.for_13, b"\0")])
def test_no_compression_G4(say, extensions, compression):
    assert say(extensions(), h.CIPHERS_13 + h.CIPHERS_12, compression=compression).compression == 0


@pytest.mark.parametrize("extensions, compression", [(h.for_12, b"\x01"), (h.for_13, b"\x01\0")])
def test_who_insists_on_compression_is_refused_G4(say, extensions, compression):
    assert say(extensions(), h.CIPHERS_13 + h.CIPHERS_12, compression=compression).alert in (
        ILLEGAL_PARAMETER, DECODE_ERROR)


def test_a_first_hello_that_renegotiates_is_refused_G4(say):
    assert say({**h.for_12(), h.RENEGOTIATION: h.vector(1, b"x" * 12)}, h.CIPHERS_12).alert == HANDSHAKE_FAILURE


# ---------------------------------------------------------------- groups


@pytest.mark.parametrize("groups, asked", [
    ((h.X25519, h.P256), h.X25519), ((h.P256, h.X25519), h.X25519), ((h.P384,), h.P384), ((h.P521, h.P256), h.P256)])
def test_without_a_share_the_server_asks_for_one_G1(say, groups, asked):
    """HelloRetryRequest: X25519 first, whatever stands first in the hello."""
    said = say(h.for_13(groups, share=None), h.CIPHERS_13)
    assert (said.random, said.extensions[h.KEY_SHARE]) == (h.RETRY, h.numbers(asked))


def test_it_asks_once(site):
    """RFC 8446, section 4.1.2: a second hello without what was asked for ends it."""
    with site.connect("gemini") as sock:
        first = h.hello(h.for_13(share=None), h.CIPHERS_13)
        assert h.say(sock, h.records(first)).random == h.RETRY
        assert h.say(sock, h.records(first)).alert in (ILLEGAL_PARAMETER, HANDSHAKE_FAILURE)


def test_no_common_group_is_refused(say):
    assert say(h.for_13((h.P521,), share=None), h.CIPHERS_13).alert == HANDSHAKE_FAILURE
    assert say(h.for_12(groups=(h.P521,)), h.CIPHERS_12).alert == HANDSHAKE_FAILURE


@pytest.mark.parametrize("share", [b"\0" * 32, b"", b"x" * 31, b"x" * 33], ids=["zero", "empty", "short", "long"])
def test_a_bad_share_is_refused(say, share):
    """All zero is the point that makes every secret the same (RFC 8446, section 7.4.2)."""
    bad = {**h.for_13(), h.KEY_SHARE: h.vector(2, h.numbers(h.X25519) + h.vector(2, share))}
    assert say(bad, h.CIPHERS_13).alert is not None


# ---------------------------------------------------------------- names


@pytest.mark.parametrize("name", [
    b"localhost", b"LOCALHOST", b"localhost.", b"other.example", b"127.0.0.1", b"::1", b"[::1]", b"a" * 255,
    b"", b"b\xc3\xbccher.example", b"\xff\xfe", b"a b", b"..", b"*", b"%00", b"localhost\r\nx"], ids=repr)
@pytest.mark.parametrize("extensions", [h.for_12, h.for_13])
def test_any_name_gets_an_answer_G2_G12(say, extensions, name):
    said = say({**extensions(), h.SERVER_NAME: h.server_name(name)}, h.CIPHERS_13 + h.CIPHERS_12)
    assert said.alert is None and said.version in (h.TLS12, h.TLS13)


@pytest.mark.parametrize("data, alerts", [
    (h.server_name(), (DECODE_ERROR,)), (b"", (DECODE_ERROR,)),
    (h.server_name(b"a" * 256), (UNRECOGNIZED_NAME, DECODE_ERROR)),
    (h.server_name(b"a" * 16000), (UNRECOGNIZED_NAME, DECODE_ERROR)),
    (h.server_name(b"local\0host"), (UNRECOGNIZED_NAME, DECODE_ERROR)),
    (h.server_name(b"localhost\0.example"), (UNRECOGNIZED_NAME, DECODE_ERROR)),
    (h.server_name(b"localhost", b"other.example"), (DECODE_ERROR,)),
    (h.server_name(b"localhost")[:-1], (DECODE_ERROR,)), (h.server_name(b"localhost") + b"x", (DECODE_ERROR,)),
], ids=["no name", "nothing", "256 bytes", "16,000 bytes", "NUL", "NUL and more", "two", "cut", "too long"])
def test_what_is_no_name_is_refused_by_an_alert_G2(say, data, alerts):
    assert say({**h.for_13(), h.SERVER_NAME: data}, h.CIPHERS_13).alert in alerts


def test_no_name_reaches_the_log_raw_B3(serve):
    site = serve(None, "--verbose")
    with site.connect("gemini") as sock:
        h.say(sock, h.records(h.hello({**h.for_13(), h.SERVER_NAME: h.server_name(b"x\x1b[2J\r\n\xff")}, h.CIPHERS_13)))
    context = client.tls_context()
    assert site.gemini("/", sni="other.example", context=context).status == 20
    eventually(lambda: "other.example" in site.log(), 2, "the name")  # a finished handshake names it
    site.signal()
    site.wait()  # looks for control bytes in the log


@pytest.mark.parametrize("protocols", [(b"gemini",), (b"h2", b"http/1.1"), (b"x" * 255,)])
def test_alpn_is_neither_wanted_nor_answered(say, protocols):
    offer = h.vector(2, b"".join(h.vector(1, name) for name in protocols))
    for extensions in (h.for_12(), h.for_13()):
        said = say({**extensions, h.ALPN: offer}, h.CIPHERS_13 + h.CIPHERS_12)
        assert said.alert is None and h.ALPN not in said.extensions


# ---------------------------------------------------------------- shapes


@pytest.mark.parametrize("piece", [1, 2, 7, 100])
def test_a_hello_may_come_in_many_records_G1(say, piece):
    assert say(h.for_13(), h.CIPHERS_13, piece=piece).version == h.TLS13


@pytest.mark.parametrize("size", [1000, 4000, 16000])
def test_a_large_hello_is_taken(say, size):
    """Keys that withstand quantum computers make them grow."""
    said = say({**h.for_13(), h.PADDING: b"\0" * size}, h.CIPHERS_13)
    assert said.version == h.TLS13


@pytest.mark.parametrize("length", [16_385, 60_000, 200_000, 0xFFFFFF])
@pytest.mark.parametrize("piece", [1, 3, 16384])
def test_a_hello_without_end_is_refused_before_it_is_there(site, length, piece):
    """By what it says of its own length: nothing of it is kept."""
    for scheme in ("gemini", "gopher"):
        with site.connect(scheme) as sock:
            assert h.say(sock, h.records(b"\x01" + length.to_bytes(3, "big") + b"x" * 100, piece)).alert == ILLEGAL_PARAMETER


@pytest.mark.parametrize("data", [
    h.records(b"\x01\0\0\0"), h.records(b"\x02\0\0\x02xx"), h.records(b"\x14\0\0\x0c" + b"x" * 12),
    b"\x16\x03\x01\0\0" * 40 + h.records(h.hello(h.for_13(), h.CIPHERS_13)), b"\x16\x03\x01\xff\xff" + b"x" * 100,
    b"\x16\x03\x01\x40\x01" + b"\x01" * 0x4001, b"\x16\x02\x00\x00\x05hello", b"\x16\x03\x01\0\x02\x01\0" * 2,
    h.records(h.hello(list(h.for_13().items()) * 2, h.CIPHERS_13)), h.records(h.hello(h.for_13(), ())),
    h.records(h.hello(h.for_13(), h.CIPHERS_13))[:-4] + b"zzzz" + b"\x17\x03\x03\0\x05early",
], ids=["an empty hello", "a ServerHello", "a Finished", "empty records", "a record too long", "one byte too long",
        "a version of nobody", "pieces that never fit", "each extension twice", "no cipher", "early data unasked"])
@pytest.mark.parametrize("scheme", ["gemini", "gopher"])
def test_what_is_no_hello_ends_by_an_alert_or_a_close(site, scheme, data):
    started = time.monotonic()
    with site.connect(scheme) as sock:
        client.try_send(sock, data)
        sock.settimeout(2 * SLOWER)
        raw, end = client.read_to_end(sock)
    if end == client.SILENCE:  # it waits for more, and its deadline is tested elsewhere
        assert raw == b"" or raw[0] == h.HANDSHAKE
    else:
        assert end in (client.FIN, client.RESET) and (raw == b"" or raw[0] in (h.ALERT, h.HANDSHAKE))
        assert time.monotonic() - started < 2 * SLOWER
    assert site.gemini("/").status == 20
