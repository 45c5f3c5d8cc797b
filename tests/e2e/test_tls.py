"""Gemini's connections and TLS: versions, names, the end of an answer, one request each (G1 to G5)."""

import contextlib
import os
import re
import socket
import ssl
import subprocess
import time

import pytest

import client
from rights import tool
from server import SANITIZED, SLOWER, eventually

TREE = {
    "index.gmi": "# Welcome\n",
    "page.gmi": "# A page\n\nText.\n",
    "dir/text.txt": "plain\n",
    "big.txt": "0123456789abcde\n" * 20000,
}


@pytest.fixture(scope="module")
def site(serve_for_module):
    return serve_for_module(TREE)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_speaks_tls_1_2_and_1_3_G1(site, version):
    reply = site.gemini("/page.gmi", context=client.tls_context(version, version))
    assert (reply.status, reply.text) == (20, TREE["page.gmi"])
    assert reply.version == version.name.replace("_", ".")


def test_prefers_tls_1_3_G1(site):
    assert site.gemini("/").version == "TLSv1.3"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1], ids=["1.0", "1.1"])
def test_refuses_older_tls_G1(site, version):
    with pytest.raises(ssl.SSLError, match="(?i)alert protocol version"):
        site.connect_tls(context=client.tls_context(version, version)).close()


@pytest.mark.parametrize("request_bytes", [
    b"gemini://localhost/\r\n", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\r\n", b"\0" * 100, b"SSH-2.0-x\r\n"])
def test_plain_text_gets_an_alert_or_nothing_G1(site, request_bytes):
    with site.connect("gemini") as sock:
        client.try_send(sock, request_bytes)
        sock.shutdown(socket.SHUT_WR)  # two bytes are less than a TLS record's head: nothing more will come
        raw, end = client.read_to_end(sock)
    assert end in (client.FIN, client.RESET)
    assert raw == b"" or raw[0] == 0x15, raw  # the record type of an alert


@pytest.mark.parametrize("sni", ["localhost", "LOCALHOST", "other.example", None])
def test_any_server_name_gets_the_default_certificate_G2(site, sni):
    reply = site.gemini("/", sni=sni)
    assert reply.status == 20
    assert reply.certificate == site.gemini("/", sni="localhost").certificate


@pytest.mark.parametrize("path, status", [
    ("/page.gmi", 20), ("/big.txt", 20), ("/dir", 31), ("/nothing", 51), ("http://localhost/", 53),
    ("/../outside", 59)])
def test_every_answer_ends_in_close_notify_and_fin_G3(site, path, status):
    url = path if ":" in path else "gemini://localhost" + path
    with site.connect_tls() as sock:
        sock.sendall(url.encode() + b"\r\n")
        raw, end = client.read_to_end(sock)
        assert (client.GeminiReply(raw, end).status, end) == (status, client.CLOSE_NOTIFY)
        # Below TLS: the server has closed its side without waiting for our close_notify.
        sock.settimeout(0.7 * SLOWER)
        assert socket.socket.recv(sock, 1) == b""


def test_a_timeout_ends_in_close_notify_without_an_answer_G3_B1(serve):
    site = serve(TREE, "--timeout", "request=0.3")
    with site.connect_tls() as sock:
        sock.sendall(b"gemini://localh")
        assert client.read_to_end(sock) == (b"", client.CLOSE_NOTIFY)


def test_the_answer_survives_a_client_that_goes_on_sending_G3_G10(site):
    """Closing a socket with unread bytes in it sends RST, which would destroy what the client has not read yet."""
    with site.connect_tls() as sock:
        sock.sendall(b"gemini://localhost/big.txt\r\n" + b"x" * 200_000)
        raw, end = client.read_to_end(sock)
    assert end == client.CLOSE_NOTIFY
    assert client.GeminiReply(raw, end).text == TREE["big.txt"]


def test_the_drain_after_an_answer_has_an_end_G3(site):
    before = site.descriptors()
    with site.connect_tls() as sock:
        sock.sendall(b"gemini://localhost/\r\n")
        assert client.read_to_end(sock)[1] == client.CLOSE_NOTIFY
        # We never close. The server gives the descriptor back all the same.
        eventually(lambda: site.descriptors() <= before, 3, "the connection's end")


def test_a_client_that_sends_no_close_notify_is_no_error_G3(site):
    site.gemini("/page.gmi?quiet-leave")  # closes without one
    line = eventually(lambda: [x for x in site.log_lines("request") if "quiet-leave" in x])
    assert " 20 " in line[0]


def test_one_request_per_connection_G4_G10(site):
    reply = site.ask(b"gemini://localhost/page.gmi\r\ngemini://localhost/dir/\r\n")
    assert reply.end == client.CLOSE_NOTIFY
    assert reply.text == TREE["page.gmi"]


@pytest.mark.parametrize("scheme, request_bytes, answer", [
    ("gemini", b"gemini://localhost/page.gmi\r\n", b"20 text/gemini\r\n" + TREE["page.gmi"].encode()),
    ("gopher", b"/dir/text.txt\r\n", b"plain\n")])
def test_everything_may_come_byte_by_byte_G1_P6(site, scheme, request_bytes, answer):
    with site.connect(scheme) as sock:
        assert client.tls_byte_by_byte(sock, request_bytes) == (answer, True)


def test_a_client_that_has_said_all_is_still_answered_G3(site):
    """It sends FIN right behind its request."""
    with site.connect_tls() as sock:
        sock.sendall(b"gemini://localhost/page.gmi\r\n")
        socket.socket.shutdown(sock, socket.SHUT_WR)
        raw, end = client.read_to_end(sock)
    assert (client.GeminiReply(raw, end).text, end) == (TREE["page.gmi"], client.CLOSE_NOTIFY)


def test_many_connections_at_once_G4(site):
    socks = [site.connect_tls() for _ in range(40)]
    for sock in reversed(socks):
        with sock:
            sock.sendall(b"gemini://localhost/page.gmi\r\n")
            raw, end = client.read_to_end(sock)
            assert (client.GeminiReply(raw, end).text, end) == (TREE["page.gmi"], client.CLOSE_NOTIFY)


def s_client(site, *options, send=b"gemini://localhost/\r\n"):
    """What openssl s_client says on both its outputs."""
    done = subprocess.run(
        [tool("openssl"), "s_client", "-connect", f"127.0.0.1:{site.gemini_port}", "-ign_eof", *options], input=send,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=client.PATIENCE)
    return done.stdout.decode(errors="replace")


def test_no_early_data_and_no_compression_G4(site):
    said = s_client(site, "-tls1_3")
    assert "20 text/gemini" in said
    assert "Compression: NONE" in said
    assert set(re.findall(r"Max Early Data: (\d+)", said)) <= {"0"}


def test_no_renegotiation_G4(site):
    """s_client reads a line `R` as the wish to renegotiate."""
    done = subprocess.run(
        [tool("openssl"), "s_client", "-connect", f"127.0.0.1:{site.gemini_port}", "-tls1_2"], input=b"R\n",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=client.PATIENCE)
    said = done.stdout.decode(errors="replace")
    assert "RENEGOTIATING" in said
    assert re.search("no renegotiation|alert", said), said
    assert site.gemini("/").status == 20


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_no_certificate_is_asked_for_where_no_path_wants_one_G5(site, version):
    said = s_client(site, version, "-msg")
    assert "ServerHello" in said and "20 text/gemini" in said
    assert "CertificateRequest" not in said


def test_a_client_certificate_that_nobody_asked_for_does_no_harm_G5(site, tmp_path):
    key, certificate = tmp_path / "me.key", tmp_path / "me.crt"
    subprocess.run([tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-keyout", key, "-out", certificate, "-subj", "/CN=me", "-days", "3"], check=True,
                   capture_output=True)
    assert site.gemini("/", context=client.tls_context(certificate=(certificate, key))).status == 20


def test_a_session_can_be_resumed(site):
    context = client.tls_context()
    with site.connect_tls(context=context) as first:
        first.sendall(b"gemini://localhost/\r\n")
        client.read_to_end(first)
        session = first.session
    assert not first.session_reused and session is not None and session.has_ticket
    with client.connect("127.0.0.1", site.gemini_port) as sock:
        with context.wrap_socket(sock, server_hostname="localhost", session=session,
                                 suppress_ragged_eofs=False) as again:
            assert again.session_reused
            again.sendall(b"gemini://localhost/page.gmi\r\n")
            raw, end = client.read_to_end(again)
    assert (client.GeminiReply(raw, end).text, end) == (TREE["page.gmi"], client.CLOSE_NOTIFY)


@pytest.mark.parametrize("options", [[], ["--no-fast-kdf"]], ids=["fast", "openssl"])
def test_keys_are_derived_alike_with_the_fast_functions_and_without(serve, options):
    site = serve(TREE, *options)
    context = client.tls_context(ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3)
    assert site.gemini("/page.gmi", context=context).text == TREE["page.gmi"]
    told = [line for line in site.log_lines("notice") if "OpenSSL's own functions" in line]
    used = not options and ssl.OPENSSL_VERSION_INFO[:2] == (3, 0)
    assert len(told) == (0 if used else 1)
    if options:
        assert "--no-fast-kdf" in told[0]


@pytest.mark.skipif(SANITIZED, reason="the sanitizer's own library must be preloaded first")
@pytest.mark.skipif(ssl.OPENSSL_VERSION_INFO[:2] != (3, 0), reason="the fast functions are for OpenSSL 3.0")
def test_where_one_of_the_fast_functions_is_refused_the_other_is_used_all_the_same(serve, tmp_path):
    source, library = tmp_path / "refuse.c", tmp_path / "refuse.so"
    source.write_text("int OSSL_PROVIDER_add_builtin(void *a, const char *b, void *c) { return !a && !b && !c; }\n")
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", library, source], check=True)
    site = serve(TREE, "--verbose", workers=1, before=["env", f"LD_PRELOAD={library}"])
    line, = [line for line in site.log_lines("notice") if "OpenSSL's own functions" in line]
    assert "keys are derived" in line and "does not take it" in line
    assert any("keys are agreed on by our own way" in line for line in site.log_lines("debug")), site.log()
    assert site.gemini("/page.gmi").text == TREE["page.gmi"]


def test_a_flood_of_key_updates_is_cut_off(serve):
    """openssl s_client asks for new keys with each K that it reads; a request needs none."""
    site = serve(TREE)
    with subprocess.Popen([tool("openssl"), "s_client", "-connect", f"127.0.0.1:{site.gemini_port}", "-tls1_3"],
                          stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as peer:
        try:
            end = time.monotonic() + client.PATIENCE
            while peer.poll() is None and time.monotonic() < end:
                with contextlib.suppress(BrokenPipeError):
                    os.write(peer.stdin.fileno(), b"K\n")
                time.sleep(0.01)  # only the first byte of what it reads at once is a command
            assert peer.returncode is not None
        finally:
            peer.kill()
    eventually(lambda: any("too much after the handshake" in line for line in site.log_lines("request")), 2, "the log")
    assert site.gemini("/").status == 20
