"""Clients' certificates as TLS has them: who is asked, what is taken, and what a later connection still knows (G5)."""

import hashlib
import re
import ssl
import subprocess

import pytest

import client
from pairs import der, openssl
from rights import tool
from server import eventually, run
from tree import plant

TREE = {f"{folder}index.gmi": f"# Home of {folder}\n" for folder in ("", "members/", "listed/", "staff/")}
VERSIONS = ["-tls1_2", "-tls1_3"]
LISTED = ["ec", "rsa", "p384", "p521", "ed25519", "server"]


def make(folder, name, *kind, issuer=None, days=10, **more):
    """A pair of openssl's, self-signed or signed; several certificates in the file where it came by way of another."""
    openssl("genpkey", "-out", folder / f"{name}.key", *(kind or ("-algorithm", "EC", "-pkeyopt",
                                                                 "ec_paramgen_curve:P-256")))
    extensions = folder / f"{name}.ext"
    extensions.write_text("".join(f"{key}={value}\n" for key, value in more.items()))
    openssl("req", "-new", "-key", folder / f"{name}.key", "-subj", f"/CN={name}", "-out", folder / f"{name}.csr")
    signer = ("-signkey", folder / f"{name}.key")
    if issuer:
        signer = ("-CA", folder / f"{issuer}.crt", "-CAkey", folder / f"{issuer}.key", "-set_serial", "7")
    openssl("x509", "-req", "-in", folder / f"{name}.csr", *signer, "-days", days, "-extfile", extensions, "-out",
            folder / f"{name}.crt")


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    make(folder, "ec")
    make(folder, "rsa", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    make(folder, "p384", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384")
    make(folder, "p521", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521")
    make(folder, "ed25519", "-algorithm", "ED25519")
    make(folder, "expired", days=-1)
    make(folder, "server", extendedKeyUsage="serverAuth")
    make(folder, "root", basicConstraints="critical,CA:TRUE")
    make(folder, "middle", issuer="root", basicConstraints="critical,CA:TRUE")
    make(folder, "leaf", issuer="middle")
    make(folder, "large", nsComment="x" * 9000)
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def site(serve_for_module, tmp_path_factory, people):
    """Two sites, of which the first one, the default, asks."""
    place = tmp_path_factory.mktemp("two")
    place.chmod(0o755)
    plant(place / "one", TREE)
    plant(place / "two", {"index.gmi": "# Two\n"})
    listed = ", ".join(f'"{hashlib.sha256(der(people / f"{name}.crt")).hexdigest()}"' for name in LISTED)
    (place / "nuncio.conf").write_text(
        "site localhost {\n  root = one\n"
        f'  path "/members/" {{ clients = any }}\n  path "/listed/" {{ clients = {{{listed}}} }}\n'
        f'  path "/staff/" {{ client-ca = "{people / "root.crt"}" }}\n}}\n'
        "site two.example { root = two }\n")
    return serve_for_module(None, "--verbose", "-c", place / "nuncio.conf", capsule=place / "one")


def s_client(site, *options, who=None, sni="localhost", path="/members/", host="localhost"):
    """What openssl s_client says on both its outputs."""
    certificate = ("-cert", f"{who}.crt", "-key", f"{who}.key") if who else ()
    done = subprocess.run(
        [tool("openssl"), "s_client", "-connect", f"127.0.0.1:{site.gemini_port}", "-ign_eof",
         *(("-servername", sni) if sni else ("-noservername",)), *certificate, *options],
        input=f"gemini://{host}:{site.gemini_port}{path}\r\n".encode(), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=client.PATIENCE)
    return done.stdout.decode(errors="replace")


def status(said):
    """Of the answer, which stands anywhere among the rest."""
    found = re.search(r"([26]\d) (?:text/gemini|This part of|Your certificate)", said)
    return int(found[1]) if found else said


# ---------------------------------------------------------------- who is asked


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("sni, host, asked", [("localhost", "localhost", True), ("two.example", "two.example", False),
                                              (None, "localhost", True), ("nobody.example", "localhost", True)])
def test_a_site_with_such_a_path_asks_in_every_handshake_G5(site, version, sni, host, asked):
    said = s_client(site, version, "-msg", sni=sni, host=host, path="/")
    assert status(said) == 20
    assert ("CertificateRequest" in said) == asked
    assert "Acceptable client certificate CA names" not in said


@pytest.mark.parametrize("version", VERSIONS)
def test_who_shows_none_is_as_welcome_elsewhere(site, version):
    assert status(s_client(site, version, path="/")) == 20
    assert status(s_client(site, version)) == 60


# ---------------------------------------------------------------- what is taken


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("who", LISTED)
def test_keys_of_every_kind_prove_who_it_is_G5(site, people, version, who):
    assert status(s_client(site, version, who=people / who)) == 20
    assert status(s_client(site, version, who=people / who, path="/listed/")) == 20
    line, = [line for line in site.log_lines("debug") if "with the certificate" in line][-1:]
    assert line.endswith(hashlib.sha256(der(people / f"{who}.crt")).hexdigest()[:16])


@pytest.mark.parametrize("version", VERSIONS)
def test_an_expired_one_shakes_hands_and_is_told_so(site, people, version):
    assert status(s_client(site, version, who=people / "expired", path="/")) == 20
    assert status(s_client(site, version, who=people / "expired")) == 62


@pytest.mark.parametrize("version", VERSIONS)
def test_an_authority_reaches_as_far_as_the_chain_that_is_sent(site, people, version):
    chain = ("-cert_chain", people / "middle.crt")
    assert status(s_client(site, version, *chain, who=people / "leaf", path="/staff/")) == 20
    assert status(s_client(site, version, who=people / "leaf", path="/staff/")) == 61
    assert status(s_client(site, version, who=people / "ec", path="/staff/")) == 61


@pytest.mark.parametrize("version", VERSIONS)
def test_one_that_is_too_long_is_refused_with_an_alert(site, people, version):
    said = s_client(site, version, who=people / "large")
    assert "alert illegal parameter" in said and status(said) == said
    assert site.gemini("/").status == 20
    eventually(lambda: any("excessive message size" in line for line in site.log_lines("request")), 2, "the log")


def test_what_cert_client_makes_lets_in(site, tmp_path):
    assert run("cert", "client", "Zo\u00eb", cwd=tmp_path).returncode == 0
    who = tmp_path / "certs" / "client-Zo\u00eb"
    assert status(s_client(site, who=who)) == 20
    assert status(s_client(site, who=who, path="/listed/")) == 61


# ---------------------------------------------------------------- what a later connection knows


def test_a_ticket_tells_who_it_is(site, people, tmp_path):
    """Neither does the one who comes back show the certificate again, nor is it asked for."""
    assert status(s_client(site, "-tls1_3", "-sess_out", tmp_path / "ticket", who=people / "ec")) == 20
    said = s_client(site, "-tls1_3", "-sess_in", tmp_path / "ticket", path="/listed/")
    assert "Reused, TLSv1.3" in said and status(said) == 20
    said = s_client(site, "-tls1_3", "-sess_in", tmp_path / "ticket", sni="two.example", host="two.example", path="/")
    assert "New, TLSv1.3" in said and status(said) == 20


def test_who_comes_back_with_a_certificate_is_not_held_to_the_time_before(site, people):
    """A client's library resumes what it can: 60 for ever, where the first session had no certificate."""
    context = client.tls_context(ssl.TLSVersion.TLSv1_3)
    url = f"gemini://localhost:{site.gemini_port}/members/\r\n".encode()
    session = None
    for expected in (b"60 ", b"20 "):
        with client.connect("127.0.0.1", site.gemini_port) as sock:
            with context.wrap_socket(sock, server_hostname="localhost", session=session,
                                     suppress_ragged_eofs=False) as tls:
                tls.sendall(url)
                assert client.read_to_end(tls)[0].startswith(expected)
                session = tls.session if tls.session and tls.session.has_ticket else None
        context.load_cert_chain(people / "ec.crt", people / "ec.key")


def test_who_sent_a_chain_is_known_by_it_each_time(site, people, tmp_path):
    chain = ("-tls1_3", "-cert_chain", people / "middle.crt")
    for _ in range(2):
        said = s_client(site, *chain, "-sess_out", tmp_path / "ticket", who=people / "leaf", path="/staff/")
        assert status(said) == 20 and "New, TLSv1.3" in said
    assert "Post-Handshake New Session Ticket" not in said
