"""Certificates: made on first start, brought from elsewhere, swapped while it runs, and `nuncio cert` (G6, issue 2)."""

import hashlib
import os
import re
import shutil
import ssl
import stat
import subprocess
import time
from datetime import datetime, timedelta

import pytest

import client
from server import HAVE_IPV6, UNPRIVILEGED_FILES, eventually, plant, run, tool

TREE = {"index.gmi": "# Home\n"}


def openssl(*words, **more):
    return subprocess.run([tool("openssl"), *map(str, words)], check=True, capture_output=True, **more).stdout


def make_pair(folder, name, kind="ec", common_name=None):
    """A pair such as an owner brings: made by openssl."""
    folder.mkdir(parents=True, exist_ok=True)
    key = ["rsa:2048"] if kind == "rsa" else ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    openssl("req", "-x509", "-newkey", *key, "-nodes", "-keyout", folder / f"{name}.key", "-out",
            folder / f"{name}.crt", "-subj", f"/CN={common_name or name}", "-days", "30", "-addext",
            f"subjectAltName=DNS:{common_name or name}")
    return folder


def make_chain(folder, name):
    """A leaf signed by an authority of our own; the certificate file holds both, the leaf first."""
    make_pair(folder, "authority", common_name="An Authority")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / f"{name}.key", "-out", folder / "request",
            "-subj", f"/CN={name}")
    openssl("x509", "-req", "-in", folder / "request", "-CA", folder / "authority.crt", "-CAkey",
            folder / "authority.key", "-out", folder / "leaf", "-days", "30", "-set_serial", "7")
    leaf, authority = (folder / "leaf").read_text(), (folder / "authority.crt").read_text()
    (folder / f"{name}.crt").write_text(leaf + authority)
    for extra in ("authority.crt", "authority.key", "request", "leaf"):
        (folder / extra).unlink()
    return folder


def der(path):
    """The first certificate in a PEM file."""
    return ssl.PEM_cert_to_DER_cert(re.search("-----BEGIN.*?END CERTIFICATE-----\n", path.read_text(), re.DOTALL)[0])


def shown(path):
    return openssl("x509", "-in", path, "-noout", "-text").decode()


def names_in(path):
    return set(re.findall(r"(?:DNS|IP Address):([^,\s]+)", shown(path)))


def public_key(path):
    return openssl("x509", "-in", path, "-noout", "-pubkey")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


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


def presents(site, path):
    return site.gemini("/").certificate == der(path)


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
        return [line for line in site.log_lines("warning") if "localhost.crt" in line]

    eventually(warned, 4, "the warning")
    # Said once per change, not per look.
    end = time.monotonic() + 1.3
    while time.monotonic() < end:
        assert site.gemini("/").certificate == old
    assert len([line for line in site.log_lines("warning") if "localhost.crt" in line]) == 1
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


# ---------------------------------------------------------------- nuncio cert


def cert(*words, cwd, status=0):
    done = run("cert", *words, cwd=cwd)
    assert done.returncode == status, (done.stdout, done.stderr)
    return done.stdout if status == 0 else done.stderr


def fingerprints(folder, name="example.org"):
    """SHA-256 of the certificate and of the public key, as openssl sees them."""
    certificate = hashlib.sha256(der(folder / f"{name}.crt")).hexdigest()
    key = hashlib.sha256(openssl("pkey", "-pubin", "-outform", "DER", input=public_key(folder / f"{name}.crt")))
    return certificate, key.hexdigest()


def plain(text):
    """Without the marks that fingerprints are written with."""
    return text.replace(":", "").lower()


def test_cert_new_makes_a_pair(tmp_path):
    said = cert("new", "example.org", "www.example.org", "192.0.2.7", cwd=tmp_path)
    assert "example.org" in said
    assert mode(tmp_path / "certs/example.org.key") == 0o600
    assert {"example.org", "www.example.org", "192.0.2.7", "127.0.0.1"} <= names_in(tmp_path / "certs/example.org.crt")
    assert "CN = example.org" in shown(tmp_path / "certs/example.org.crt")


def test_cert_new_is_what_serve_uses(serve, tmp_path):
    cert("new", "example.org", cwd=tmp_path)
    site = serve(TREE, "--host", "example.org", certs=tmp_path / "certs")
    assert presents(site, tmp_path / "certs/example.org.crt")


def test_cert_show_prints_names_dates_and_fingerprints(tmp_path):
    cert("new", "example.org", "www.example.org", cwd=tmp_path)
    for said in (cert("show", "example.org", cwd=tmp_path), cert("show", cwd=tmp_path)):
        for fingerprint in fingerprints(tmp_path / "certs"):
            assert fingerprint in plain(said)
        assert "www.example.org" in said
        assert str(datetime.utcnow().year) in said


def test_cert_show_shows_all_without_a_name(tmp_path):
    for name in ("one.example", "two.example"):
        cert("new", name, cwd=tmp_path)
    said = cert("show", cwd=tmp_path)
    assert "one.example" in said and "two.example" in said


def test_cert_show_of_what_is_not_there(tmp_path):
    assert "certs" in cert("show", "example.org", cwd=tmp_path, status=1)
    (tmp_path / "certs").mkdir()
    assert "example.org" in cert("show", "example.org", cwd=tmp_path, status=1)


def test_cert_new_never_overwrites_a_key(tmp_path):
    cert("new", "example.org", cwd=tmp_path)
    before = {path.name: path.read_bytes() for path in (tmp_path / "certs").iterdir()}
    said = cert("new", "example.org", cwd=tmp_path, status=1)
    assert "example.org" in said and "--new-key" in said
    assert {path.name: path.read_bytes() for path in (tmp_path / "certs").iterdir()} == before


def test_cert_renew_keeps_the_key_and_says_so(tmp_path):
    cert("new", "example.org", "www.example.org", cwd=tmp_path)
    certs = tmp_path / "certs"
    old, key = fingerprints(certs)
    key_file = (certs / "example.org.key").read_bytes()
    said = cert("renew", "example.org", cwd=tmp_path)
    assert "key" in said
    new, same_key = fingerprints(certs)
    assert (new != old, same_key) == (True, key)
    assert (certs / "example.org.key").read_bytes() == key_file
    assert "www.example.org" in names_in(certs / "example.org.crt")


def test_cert_renew_with_a_new_key_keeps_the_old_pair_beside_it(tmp_path):
    cert("new", "example.org", cwd=tmp_path)
    certs = tmp_path / "certs"
    old = {path.read_bytes() for path in certs.iterdir()}
    _, key = fingerprints(certs)
    cert("renew", "example.org", "--new-key", cwd=tmp_path)
    assert fingerprints(certs)[1] != key
    assert len(list(certs.iterdir())) == 4
    assert old <= {path.read_bytes() for path in certs.iterdir()}
    assert mode(certs / "example.org.key") == 0o600
    assert all(mode(path) == 0o600 for path in certs.iterdir() if ".key" in path.name)


def test_cert_renew_of_what_is_not_there(tmp_path):
    assert "certs" in cert("renew", "example.org", cwd=tmp_path, status=1)
    (tmp_path / "certs").mkdir()
    assert "example.org" in cert("renew", "example.org", cwd=tmp_path, status=1)


@pytest.mark.parametrize("name", ["../evil", "a/b", ".hidden", "/etc/x", "a\nb"])
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    done = run("cert", "new", name, cwd=tmp_path)
    assert done.returncode in (1, 2)
    assert len(done.stderr.splitlines()) == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_renewed_certificate_is_picked_up_by_a_running_server(serve, tmp_path):
    cert("new", "localhost", cwd=tmp_path)
    site = serve(TREE, certs=tmp_path / "certs")
    old = site.gemini("/").certificate
    cert("renew", "localhost", cwd=tmp_path)
    eventually(lambda: site.gemini("/").certificate != old, 3, "the renewed certificate")
    assert presents(site, tmp_path / "certs/localhost.crt")


@pytest.mark.skipif(not HAVE_IPV6, reason="this machine has no IPv6")
def test_an_ip_literal_is_named_in_the_certificate_G6(serve):
    site = serve(TREE)
    context = client.tls_context()
    context.load_verify_locations(site.certs / "localhost.crt")
    context.check_hostname, context.verify_mode = True, ssl.CERT_REQUIRED
    for host in ("127.0.0.1", "::1"):
        reply = site.gemini("/", host=host, sni=host, context=context)
        assert reply.status == 20
