"""`nuncio cert`: show, new, renew (issue 2), client (issue 5)."""

import hashlib
import re
import shlex
import subprocess
import time
from datetime import datetime

import pytest

import client
from pairs import der, mode, names_in, openssl, presents, public_key, shown
from server import eventually, run

TREE = {"index.gmi": "# Home\n"}


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


def test_cert_new_takes_a_name_as_serve_takes_it(serve, tmp_path):
    cert("new", "Example.ORG", cwd=tmp_path)
    site = serve(TREE, "--host", "Example.ORG", certs=tmp_path / "certs")
    assert sorted(path.name for path in (tmp_path / "certs").iterdir()) == ["example.org.crt", "example.org.key"]
    assert presents(site, tmp_path / "certs/example.org.crt")


@pytest.mark.parametrize("name", ["*.foo.org", "a b", "-x", "b\u00fccher.example"])
def test_what_serve_refuses_as_a_name_is_refused_with_the_same_words(tmp_path, name):
    (tmp_path / "capsule").mkdir()
    serve = run("serve", "--gemini", "off", f"--host={name}", cwd=tmp_path)
    words = serve.stderr.split("expected ")[1].split("\n")[0].split(";")[0]
    assert f"expected {words}" in cert("new", "--", name, cwd=tmp_path, status=2)
    assert not (tmp_path / "certs").exists()


def test_the_advice_helps_when_it_is_followed_to_the_letter(tmp_path):
    """Half a pair, in a folder whose name a shell would take apart: each refusal names a command that works."""
    certs = tmp_path / "my certs"
    cert("new", "x.example", "--certs", certs, cwd=tmp_path)
    for gone, action in (("key", "new"), ("key", "renew"), ("crt", "new"), ("key", "show"), ("crt", "show")):
        (certs / f"x.example.{gone}").unlink()
        if (gone, action) == ("key", "show"):
            assert "IS MISSING" in cert("show", "x.example", "--certs", certs, cwd=tmp_path)
            (certs / "x.example.crt").unlink()
        done = run("cert", action, "x.example", "--certs", certs, cwd=tmp_path)
        assert done.returncode == 1
        command = shlex.split(re.search("`nuncio (.*?)`", done.stderr)[1])
        assert run(*command, cwd=tmp_path).returncode == 0, (done.stderr, command)
        assert "matches" in cert("show", "x.example", "--certs", certs, cwd=tmp_path)
    assert not (tmp_path / "certs").exists()


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


def test_cert_renew_adds_the_names_of_aliases(serve, tmp_path):
    """G6: as somebody does who has given a site another name; the advice that is followed is the server's."""
    cert("new", "example.org", cwd=tmp_path)
    certs = tmp_path / "certs"
    key = fingerprints(certs)[1]
    site = serve(TREE, "--host", "example.org", "--host", "www.example.org", certs=certs)
    warned, = [line for line in site.log_lines("warning") if "does not name www.example.org" in line]
    site.stop()
    command = shlex.split(re.search("`nuncio (.*?)`", warned)[1])
    assert run(*command, cwd=tmp_path).returncode == 0
    assert names_in(certs / "example.org.crt") >= {"example.org", "www.example.org", "127.0.0.1"}
    assert fingerprints(certs)[1] == key
    again = serve(TREE, "--host", "example.org", "--host", "www.example.org", certs=certs)
    assert not again.log_lines("warning")


def test_cert_client_makes_what_a_visitor_shows(serve, tmp_path):
    said = cert("client", "Alice", "--days", "10", cwd=tmp_path)
    certs = tmp_path / "certs"
    assert sorted(path.name for path in certs.iterdir()) == ["client-Alice.crt", "client-Alice.key"]
    assert (mode(certs / "client-Alice.key"), mode(certs)) == (0o600, 0o700)
    for fingerprint in fingerprints(certs, "client-Alice"):
        assert f"sha256:{fingerprint}\n" in said
    text = shown(certs / "client-Alice.crt")
    assert "TLS Web Client Authentication" in text and "TLS Web Server Authentication" not in text
    assert "CN = Alice" in text and "CA:FALSE" in text and "prime256v1" in text
    assert not names_in(certs / "client-Alice.crt")
    before = {path.name: path.read_bytes() for path in certs.iterdir()}
    assert "client-Alice.key is there already" in cert("client", "Alice", cwd=tmp_path, status=1)
    assert {path.name: path.read_bytes() for path in certs.iterdir()} == before
    for line in cert("show", cwd=tmp_path).splitlines():
        assert line in said or "days left" in line


def test_what_cert_client_says_works_when_it_is_pasted(serve, tmp_path):
    certs = tmp_path / "it's \\ here"
    site = serve(TREE)
    line, = [line for line in cert("client", "bob", "--certs", certs, cwd=tmp_path).splitlines() if "s_client" in line]
    line = line.replace("localhost:1965", f"127.0.0.1:{site.gemini_port}")
    done = subprocess.run(["sh", "-c", line], capture_output=True, cwd=tmp_path, timeout=client.PATIENCE)
    assert done.stdout.startswith(b"20 text/gemini"), done


@pytest.mark.parametrize("name", ["a/b", "", "a\nb", "x" * 65, "../x", "\udcff"])
def test_a_client_by_a_name_that_cannot_be(tmp_path, name):
    said = cert("client", "--", name, cwd=tmp_path, status=2)
    assert "client's name" in said and len(said.splitlines()) == 1
    assert not (tmp_path / "certs").exists()


@pytest.mark.parametrize("name, subject, more, servers", [
    ("ca", "Our authority", ("basicConstraints=critical,CA:TRUE",), False),
    ("ann", "ann", ("basicConstraints=critical,CA:TRUE",), False),
    ("visitor", "Eve", ("basicConstraints=CA:FALSE",), False),
    ("old.example", "old.example", ("basicConstraints=CA:TRUE",), True),
    ("box", "box", ("basicConstraints=CA:FALSE",), True),
    ("new.example", "new.example", ("basicConstraints=CA:TRUE", "subjectAltName=DNS:new.example"), True),
])
def test_what_openssl_made_for_others_is_renewed_there(tmp_path, name, subject, more, servers):
    """A server's by its names, which openssl lets sign others too unless it is told not to."""
    certs = tmp_path / "certs"
    certs.mkdir()
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={subject}",
            "-keyout", certs / f"{name}.key", "-out", certs / f"{name}.crt", "-days", "3",
            *(word for extension in more for word in ("-addext", extension)))
    before = (certs / f"{name}.crt").read_bytes()
    said = cert("show", name, cwd=tmp_path)
    assert "EXPIRES SOON" in said
    if not servers:
        assert "none (no server's certificate)" in said and "cert renew" not in said and "renew it where it was made" in said
        for more in ((), ("--new-key",)):
            assert "names no host: renew it where it was made" in cert("renew", name, *more, cwd=tmp_path, status=1)
        assert (certs / f"{name}.crt").read_bytes() == before
    else:
        assert f"nuncio cert renew {name}" in said
        cert("renew", name, cwd=tmp_path)
        assert (certs / f"{name}.crt").read_bytes() != before


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
    time.sleep(1)  # by then every worker has looked
    assert presents(site, tmp_path / "certs/localhost.crt")
