"""sslscan on both ports finds nothing but what a self-signed certificate brings (G1, G4, G6). The longer look of
testssl.sh is in scan_testssl.py."""

import re
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

import client
from rights import tool


@pytest.fixture(scope="module")
def site(serve_for_module):
    return serve_for_module()


@pytest.fixture(scope="module", params=["gemini", "gopher"])
def scan(request, site):
    """What sslscan reports of a port: Gemini's, and the Gopher port, which speaks TLS to those who begin with it (P6)."""
    done = subprocess.run([tool("sslscan"), "--xml=-", "--show-sigs", "--sni-name=localhost",
                           f"127.0.0.1:{site.port(request.param)}"], capture_output=True, timeout=3 * client.PATIENCE)
    found = ElementTree.fromstring(done.stdout).find("ssltest")
    assert found is not None, (done.stdout, done.stderr)
    return found


def test_the_versions_are_1_2_and_1_3_G1(scan):
    enabled = {(p.get("type"), p.get("version")): p.get("enabled") for p in scan.findall("protocol")}
    assert enabled == {("ssl", "2"): "0", ("ssl", "3"): "0", ("tls", "1.0"): "0", ("tls", "1.1"): "0",
                       ("tls", "1.2"): "1", ("tls", "1.3"): "1"}


def test_forward_secrecy_and_aead_only_G1(scan):
    ciphers = [(c.get("sslversion"), c.get("cipher"), c.get("strength"), int(c.get("bits"))) for c in
               scan.findall("cipher")]
    assert len([c for c in ciphers if c[0] == "TLSv1.2"]) == 3 == len([c for c in ciphers if c[0] == "TLSv1.3"])
    for version, name, strength, bits in ciphers:
        assert strength in ("strong", "acceptable") and bits >= 128, name
        assert re.fullmatch(r"TLS_\w+" if version == "TLSv1.3" else r"ECDHE-ECDSA-.*(GCM|CHACHA20).*", name), name
    assert {c.get("curve") for c in scan.findall("cipher")} == {"25519"}  # X25519 is what it takes when it may choose


def test_groups_and_signatures_G1(scan):
    groups = {re.match(r"\w+", g.get("name"))[0] for g in scan.findall("group")}
    assert groups == {"x25519", "secp256r1", "secp384r1"}
    signatures = {s.get("name") for s in scan.findall("connection-signature-algorithm")}
    # With a key on P-256, TLS 1.3 has one signature; in TLS 1.2 the hash is free.
    assert signatures and all(re.search("(?i)ecdsa", s) and re.search("(?i)sha(256|384|512)", s) for s in signatures)


def test_no_renegotiation_no_compression_no_heartbeat_G4(scan):
    assert [r.get("supported") for r in scan.findall("renegotiation")] == ["0"]
    assert not [c for c in scan.findall("compression") if c.get("supported") != "0"]
    assert {h.get("vulnerable") for h in scan.findall("heartbleed")} == {"0"}


def test_the_certificate_is_good_but_for_its_signer_G6(scan):
    certificate = scan.find("certificates/certificate")
    assert certificate.findtext("signature-algorithm") == "ecdsa-with-SHA256"
    assert certificate.findtext("subject") == "localhost" and "DNS:localhost" in certificate.findtext("altnames")
    assert (certificate.findtext("self-signed"), certificate.findtext("expired")) == ("true", "false")
    assert certificate.find("pk").get("error") == "false"
