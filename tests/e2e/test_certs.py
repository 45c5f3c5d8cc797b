"""Certificates: made on first start, brought from elsewhere, swapped while it runs (G6, issue 2)."""

import os
import re
import shutil
import ssl
import subprocess
import time
from datetime import datetime, timedelta

import pytest

import client
from pairs import der, make_chain, make_pair, mode, names_in, openssl, presents, public_key, shown
from rights import UNPRIVILEGED_FILES, tool
from server import HAVE_IPV6, eventually, run
from tree import plant

TREE = {"index.gmi": "# Home\n"}


# ---------------------------------------------------------------- made on first start


def test_a_missing_pair_is_made_G6(serve):
    site = serve(TREE)
    certificate, key = site.certs / "localhost.crt", site.certs / "localhost.key"
    assert mode(key) == 0o600
    text = shown(certificate)
    assert "Version: 3" in text
    assert "prime256v1" in text and "ecdsa-with-SHA256" in text
    assert "CN = localhost" in text
    assert {"localhost", "127.0.0.1", "0:0:0:0:0:0:0:1"} <= names_in(certificate)
    assert site.gemini("/").certificate == der(certificate)
    assert any("localhost.crt" in line for line in site.log_lines("notice"))


def test_it_lasts_ten_years_at_least_and_is_valid_now_G6(serve):
    dates = openssl("x509", "-in", serve(TREE).certs / "localhost.crt", "-noout", "-dates").decode()
    start, end = [datetime.strptime(x, "%b %d %H:%M:%S %Y GMT") for x in re.findall(r"=(.*)", dates)]
    assert start < datetime.utcnow()
    assert end - datetime.utcnow() > timedelta(days=3650)


def test_it_is_self_signed_and_verifies_G6(serve):
    certificate = serve(TREE).certs / "localhost.crt"
    assert b": OK" in openssl("verify", "-CAfile", certificate, "-verify_hostname", "localhost", certificate)
    assert b": OK" in openssl("verify", "-CAfile", certificate, "-verify_ip", "127.0.0.1", certificate)


def test_it_names_every_host_and_bound_address_G6(serve):
    site = serve(TREE, "--host", "example.org", "--host", "www.example.org", gemini=["127.0.0.5:0"])
    names = names_in(site.certs / "example.org.crt")
    assert {"example.org", "www.example.org", "127.0.0.1", "127.0.0.5"} <= names
    assert sorted(os.listdir(site.certs)) == ["example.org.crt", "example.org.key"]


def test_the_next_start_uses_the_same_pair_G6(serve):
    first = serve(TREE)
    seen = first.gemini("/").certificate
    first.stop()
    again = serve(TREE, certs=first.certs)
    assert again.gemini("/").certificate == seen


def test_a_missing_certificate_is_made_on_the_key_that_is_there_G6(serve):
    first = serve(TREE)
    first.stop()
    key = public_key(first.certs / "localhost.crt")
    (first.certs / "localhost.crt").unlink()
    again = serve(TREE, certs=first.certs)
    assert public_key(again.certs / "localhost.crt") == key


# ---------------------------------------------------------------- brought from elsewhere


@pytest.mark.parametrize("make", [lambda f, n: make_pair(f, n, "ec"), lambda f, n: make_pair(f, n, "rsa"), make_chain],
                         ids=["EC", "RSA", "a chain"])
def test_a_pair_from_elsewhere_is_used_as_it_is(serve, tmp_path, make):
    certs = make(tmp_path / "certs", "localhost")
    before = {path.name: path.read_bytes() for path in certs.iterdir()}
    site = serve(TREE, certs=certs)
    reply = site.gemini("/")
    assert (reply.status, reply.certificate) == (20, der(certs / "localhost.crt"))
    assert {path.name: path.read_bytes() for path in certs.iterdir()} == before


def test_a_chain_is_sent_whole(serve, tmp_path):
    certs = make_chain(tmp_path / "certs", "localhost")
    site = serve(TREE, certs=certs)
    said = subprocess.run([tool("openssl"), "s_client", "-connect", f"127.0.0.1:{site.gemini_port}", "-showcerts"],
                          input=b"", capture_output=True, timeout=client.PATIENCE).stdout
    assert said.count(b"-----BEGIN CERTIFICATE-----") == 2


def refused(certs, tmp_path, before=()):
    plant(tmp_path / "capsule", TREE)
    done = run("serve", "--gemini", "127.0.0.1:0", "--gopher", "127.0.0.1:0", "--certs", certs, cwd=tmp_path,
               before=before)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def test_an_unreadable_key_is_named(tmp_path):
    certs = make_pair(tmp_path / "certs", "localhost")
    (certs / "localhost.key").chmod(0)
    said = refused(certs, tmp_path, before=UNPRIVILEGED_FILES)
    assert "localhost.key" in said and re.search("(?i)permission|denied|read", said)


def test_a_key_of_another_certificate_is_named(tmp_path):
    certs = make_pair(tmp_path / "certs", "localhost")
    make_pair(tmp_path / "other", "localhost")
    shutil.copy(tmp_path / "other/localhost.key", certs)
    assert "localhost.key" in refused(certs, tmp_path)


@pytest.mark.parametrize("name", ["localhost.crt", "localhost.key"])
@pytest.mark.parametrize("content", ["", "rubbish\n", "-----BEGIN CERTIFICATE-----\nrubbish\n"])
def test_rubbish_is_named(tmp_path, name, content):
    certs = make_pair(tmp_path / "certs", "localhost")
    (certs / name).write_text(content)
    assert name in refused(certs, tmp_path)


def test_a_certificate_without_its_key_is_never_overwritten(tmp_path):
    certs = make_pair(tmp_path / "certs", "localhost")
    (certs / "localhost.key").unlink()
    before = (certs / "localhost.crt").read_bytes()
    assert "localhost.key" in refused(certs, tmp_path)
    assert (certs / "localhost.crt").read_bytes() == before
    assert not (certs / "localhost.key").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    plant(tmp_path, {"file": "not a folder\n"})
    assert "file" in refused(tmp_path / "file" / "certs", tmp_path)


# ---------------------------------------------------------------- swapped while it runs


def test_a_swapped_pair_is_picked_up_without_a_restart(serve, tmp_path):
    site = serve(TREE, certs=make_pair(tmp_path / "certs", "localhost"))
    assert presents(site, site.certs / "localhost.crt")
    make_pair(tmp_path / "next", "localhost", "rsa")
    for name in ("localhost.key", "localhost.crt"):
        os.replace(tmp_path / "next" / name, site.certs / name)
    eventually(lambda: presents(site, site.certs / "localhost.crt"), 3, "the new certificate")
    assert site.gopher("", tls=True).menu


def test_rubbish_keeps_the_old_pair_in_use_and_says_so(serve, tmp_path):
    site = serve(TREE, certs=make_pair(tmp_path / "certs", "localhost"))
    old = site.gemini("/").certificate
    (site.certs / "localhost.crt").write_text("rubbish\n")

    def warned():
        assert site.gemini("/").certificate == old
        return [line for line in site.log_lines("warning") if "what ran before goes on" in line]

    eventually(warned, 4, "the warning")
    # Said once per change, not per look.
    end = time.monotonic() + 2.6
    while time.monotonic() < end:
        assert site.gemini("/").certificate == old
    assert len(warned()) == 1
    assert len([line for line in site.log_lines("error") if "localhost.crt" in line]) == 1
    make_pair(tmp_path / "certs", "localhost")
    eventually(lambda: presents(site, site.certs / "localhost.crt"), 3, "the mended certificate")


def test_a_key_that_does_not_match_keeps_the_old_pair_in_use(serve, tmp_path):
    site = serve(TREE, certs=make_pair(tmp_path / "certs", "localhost"))
    old = site.gemini("/").certificate
    make_pair(tmp_path / "next", "localhost")
    os.replace(tmp_path / "next/localhost.key", site.certs / "localhost.key")
    eventually(lambda: site.gemini("/").certificate == old and site.log_lines("warning"), 4, "the warning")
    assert site.gemini("/").certificate == old
    os.replace(tmp_path / "next/localhost.crt", site.certs / "localhost.crt")
    eventually(lambda: presents(site, site.certs / "localhost.crt"), 3, "the whole pair")


def test_a_certificate_folder_swapped_by_a_symbolic_link(serve, tmp_path):
    make_pair(tmp_path / "one", "localhost")
    make_pair(tmp_path / "two", "localhost")
    (tmp_path / "current").symlink_to("one")
    site = serve(TREE, certs=tmp_path / "current")
    assert presents(site, tmp_path / "one/localhost.crt")
    (tmp_path / "next").symlink_to("two")
    os.replace(tmp_path / "next", tmp_path / "current")
    eventually(lambda: presents(site, tmp_path / "two/localhost.crt"), 3, "the new certificate")


@pytest.mark.skipif(not HAVE_IPV6, reason="this machine has no IPv6")
def test_an_ip_literal_is_named_in_the_certificate_G6(serve):
    site = serve(TREE)
    context = client.tls_context()
    context.load_verify_locations(site.certs / "localhost.crt")
    context.check_hostname, context.verify_mode = True, ssl.CERT_REQUIRED
    for host in ("127.0.0.1", "::1"):
        reply = site.gemini("/", host=host, sni=host, context=context)
        assert reply.status == 20
