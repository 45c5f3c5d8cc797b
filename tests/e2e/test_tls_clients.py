"""Clients of other makes over TLS 1.2 and 1.3: GnuTLS, NSS, Go (Amfora), Java; and how strict a client may be with our
own certificate (G1, G3, G6). OpenSSL's s_client, Python's and curl have tests of their own."""

import re
import shutil
import ssl
import subprocess

import pytest

import client
from rights import tool
from server import ROOT, SLOWER
from terminal import amfora

PAGE = "# Welcome\n\nA page.\n"
VERSIONS = ["1.2", "1.3"]
PORTS = {"gemini": b"gemini://localhost/\r\n", "gopher": b"/page.txt\r\n"}
ANSWERS = {"gemini": b"20 text/gemini\r\n" + PAGE.encode(), "gopher": b"plain\n"}

both_ports = pytest.mark.parametrize("scheme", PORTS)
both_versions = pytest.mark.parametrize("version", VERSIONS)


@pytest.fixture(scope="module")
def site(serve_for_module):
    return serve_for_module({"index.gmi": PAGE, "page.txt": "plain\n"})


@pytest.fixture(scope="module")
def certificate(site):
    return site.certs / "localhost.crt"


def run(*words, send=b"", status=0, seconds=20):
    done = subprocess.run([str(word) for word in words], input=send, capture_output=True, timeout=seconds * SLOWER)
    assert status is None or done.returncode == status, (done.returncode, done.stdout, done.stderr)
    return done


# ---------------------------------------------------------------- GnuTLS


@both_versions
@both_ports
def test_gnutls_G1_G3(site, certificate, scheme, version):
    """With our certificate as its only trust: it checks dates, key usage and the name."""
    out = run(tool("gnutls-cli"), "--priority", f"NORMAL:-VERS-ALL:+VERS-TLS{version}", "--x509cafile", certificate,
              "--sni-hostname", "localhost", "--verify-hostname", "localhost", "-p", site.port(scheme), "127.0.0.1",
              send=PORTS[scheme]).stdout
    assert ANSWERS[scheme] in out
    assert b"The certificate is trusted" in out
    assert f"(TLS{version}-X.509)-(ECDHE-".encode() in out
    assert b"Peer has closed the GnuTLS connection" in out  # close_notify; otherwise it complains
    if version == "1.2":
        assert re.search(rb"- Options:.*extended master secret.*safe renegotiation", out)


@pytest.mark.parametrize("group", ["SECP256R1", "SECP384R1", "X25519"])
def test_gnutls_with_one_group_only_G1(site, group):
    out = run(tool("gnutls-cli"), "--priority", f"NORMAL:-GROUP-ALL:+GROUP-{group}", "--insecure", "-p",
              site.gemini_port, "127.0.0.1", send=PORTS["gemini"]).stdout
    assert f"(ECDHE-{group})".encode() in out and ANSWERS["gemini"] in out


@pytest.mark.parametrize("priority", [
    "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA", "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+DHE-RSA",
    "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-CBC:+AES-256-CBC", "LEGACY:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0"])
def test_what_has_no_forward_secrecy_or_is_old_is_refused_G1(site, priority):
    done = run(tool("gnutls-cli"), "--priority", priority, "--insecure", "-p", site.gemini_port, "127.0.0.1",
               send=PORTS["gemini"], status=1)
    assert b"20 text" not in done.stdout and b"alert" in (done.stdout + done.stderr)


# ---------------------------------------------------------------- NSS


@both_versions
@both_ports
def test_nss_G1_G3(site, certificate, tmp_path, scheme, version):
    """The library of Firefox; our certificate is a trusted peer's."""
    base = f"sql:{tmp_path}"
    run(tool("certutil"), "-N", "-d", base, "--empty-password")
    run(tool("certutil"), "-A", "-d", base, "-n", "ours", "-t", "P,,", "-i", certificate)
    request = tmp_path / "request"
    request.write_bytes(PORTS[scheme])
    done = run(tool("tstclnt"), "-h", "127.0.0.1", "-a", "localhost", "-p", site.port(scheme), "-d", base, "-V",
               f"tls{version}:tls{version}", "-A", request)
    assert done.stdout == ANSWERS[scheme]
    assert b"Bad server certificate" not in done.stderr


# ---------------------------------------------------------------- Go


def test_amfora_shows_a_page_G1_G6(site, tmp_path):
    """Its TLS is Go's, which refuses an IP literal that the SAN does not name."""
    for host in ("localhost", "127.0.0.1"):
        home = tmp_path / host
        home.mkdir()
        with amfora(home, f"gemini://{host}:{site.gemini_port}/") as terminal:
            terminal.wait_for("Welcome", "A page.")


# ---------------------------------------------------------------- strict ones


needs_java = pytest.mark.skipif(not shutil.which("javac"), reason="no JDK here (what it checks, the tests below do)")


def java(certificate, host, port, version, request, status):
    return run("java", "-XX:TieredStopAtLevel=1", ROOT / "tests/e2e/java/StrictReader.java", certificate, host, port,
               "TLSv" + version, request, status=status, seconds=60)


@needs_java
@pytest.mark.parametrize("host, version", [("localhost", "1.2"), ("localhost", "1.3"), ("127.0.0.1", "1.3")])
def test_java_G1_G3_G6(site, certificate, host, version):
    done = java(certificate, host, site.gemini_port, version, f"gemini://{host}/", 0)
    assert done.stdout == ANSWERS["gemini"]


@needs_java
def test_java_is_strict(site, certificate):
    """So that the test above means something."""
    done = java(certificate, "other.example", site.gemini_port, "1.3", "gemini://other.example/", 3)
    assert b"other.example" in done.stderr


@both_versions
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_our_certificate_satisfies_the_strictest_check_G6(site, certificate, host, version):
    """Version, SAN, key usage and the rest of RFC 5280, as OpenSSL checks them with -x509_strict."""
    option = "-verify_hostname" if host == "localhost" else "-verify_ip"
    done = run(tool("openssl"), "s_client", "-connect", f"127.0.0.1:{site.gemini_port}", "-servername", "localhost",
               "-CAfile", certificate, "-no-CApath", "-no-CAstore", "-x509_strict", "-purpose", "sslserver", option, host,
               "-verify_return_error", "-ign_eof", "-tls" + version.replace(".", "_"), send=PORTS["gemini"])
    assert b"Verify return code: 0 (ok)" in done.stdout and ANSWERS["gemini"] in done.stdout


@pytest.mark.parametrize("host, fits", [("localhost", True), ("127.0.0.1", True), ("other.example", False),
                                        ("192.0.2.7", False)])
def test_a_client_that_verifies_names_G6(site, certificate, host, fits):
    context = ssl.create_default_context(cafile=certificate)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    sock = site.connect("gemini")
    if fits:
        with context.wrap_socket(sock, server_hostname=host) as sock:
            sock.sendall(PORTS["gemini"])
            assert client.read_to_end(sock) == (ANSWERS["gemini"], client.CLOSE_NOTIFY)
    else:
        with sock, pytest.raises(ssl.SSLCertVerificationError, match=host):
            context.wrap_socket(sock, server_hostname=host)


def test_the_certificate_is_what_strict_clients_ask_for_G6(certificate):
    """X.509 v3, a serial of at most 20 bytes, SHA-256, P-256, for a server, no authority of its own, no name without a SAN."""
    text = run(tool("openssl"), "x509", "-in", certificate, "-noout", "-text").stdout.decode()
    flat = " ".join(text.split())
    for part in ("Version: 3 (0x2)", "Signature Algorithm: ecdsa-with-SHA256", "NIST CURVE: P-256",
                 "X509v3 Basic Constraints: critical CA:FALSE", "X509v3 Key Usage: critical Digital Signature",
                 "X509v3 Extended Key Usage: TLS Web Server Authentication", "X509v3 Subject Key Identifier:",
                 "X509v3 Subject Alternative Name: DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1"):
        assert part in flat, part
    serial = re.search(r"Serial Number: ((?:[0-9a-f]{2}:)+[0-9a-f]{2})", flat)[1]
    assert 8 <= len(serial.split(":")) <= 20
