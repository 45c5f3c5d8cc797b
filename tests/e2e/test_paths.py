"""What holds for some paths: settings of the host's file and of an author's `.nuncio`, and who may enter (issue 5)."""

import hashlib
import os
import re
import shlex
import signal
import ssl
import subprocess

import pytest

import client
from pairs import der, openssl
from server import PROGRAM, ROOT, eventually

PAGES = {
    "index.gmi": "# Home\n",
    "a.txt": "a text\n",
    "members/index.gmi": "# For members\n",
    "members/door.gmi": "# The door\n",
    "staff/index.gmi": "# Staff\n",
    "log/2012-01-01.gmi": "# First\n",
    "log/2013-01-01.gmi": "# Second\n",
    "log/top.gmi": "# My log\n\nWelcome.\n",
    "~ann/index.gmi": "# Ann\n",
    "~ann/photos/list.gmi": "# Photos\n",
    "~bob/index.gmi": "# Bob\n",
}


def fingerprint(path):
    return hashlib.sha256(der(path)).hexdigest()


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Certificates of visitors: self-signed, signed by an authority, expired."""
    folder = tmp_path_factory.mktemp("people")

    def make(name, *more):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt", "-days", "10", *more)

    make("ann")
    make("bob")
    make("ca", "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=eve", "-keyout",
            folder / "eve.key", "-out", folder / "eve.csr")
    for name, days in (("eve", "10"), ("late", "-1")):
        openssl("x509", "-req", "-in", folder / "eve.csr", "-CA", folder / "ca.crt", "-CAkey", folder / "ca.key",
                "-set_serial", "2", "-days", days, "-out", folder / f"{name}.crt")
    (folder / "late.key").write_bytes((folder / "eve.key").read_bytes())
    folder.chmod(0o755)
    return folder


@pytest.fixture
def settled(serve, tmp_path):
    """settled(text, tree): a server whose settings file has this text."""

    def start(text, tree=None, **more):
        tmp_path.chmod(0o755)
        (tmp_path / "nuncio.conf").write_text(text)
        return serve(PAGES if tree is None else tree, "-c", tmp_path / "nuncio.conf", **more)

    return start


def visit(site, people, who, path, **more):
    context = client.tls_context(certificate=(people / f"{who}.crt", people / f"{who}.key"), **more) if who else None
    return site.gemini(path, context=context)


def asks(site):
    """Whether the handshake asks for a certificate (G5): openssl's word for it."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{site.gemini_port}", "-servername",
                           "localhost", "-tls1_2", "-state"], input=b"", capture_output=True, timeout=20)
    return b"server certificate request" in done.stderr + done.stdout


# ---------------------------------------------------------------- what is said of pages


def test_a_file_says_what_holds_for_its_paths(settled):
    site = settled('lang = en\npath "*.txt" { charset = iso-8859-1 }\npath "/~*/" { lang = nl }\n'
                   'path "/old/" { redirect-permanent = "/log/*" }\npath "/start" { redirect = "/members/door.gmi" }\n'
                   'path "/lost.gmi" { gone = "Taken down in 2024" }\npath "/members/door.gmi" { type = "text/plain" }\n')
    assert site.gemini("/").meta == "text/gemini; lang=en"
    assert site.gemini("/a.txt").meta == "text/plain; charset=iso-8859-1"
    assert site.gemini("/~ann/").meta == "text/gemini; lang=nl"
    assert site.gemini("/members/door.gmi").meta == "text/plain"
    assert (site.gemini("/old/2012-01-01.gmi?x").status, site.gemini("/old/2012-01-01.gmi?x").meta) == (
        31, "/log/2012-01-01.gmi?x")
    assert (site.gemini("/start").status, site.gemini("/start").meta) == (30, "/members/door.gmi")
    assert (site.gemini("/lost.gmi").status, site.gemini("/lost.gmi").meta) == (52, "Taken down in 2024")
    # The same on Gopher, in its words.
    assert site.gopher("/lost.gmi").error == "Taken down in 2024"
    assert [item.selector for item in site.gopher("/start").menu if item.type != "i"] == ["/members/door.gmi"]
    assert site.gopher("/members/door.gmi").raw == b"# The door\n"
    assert not asks(site)


def test_listings_have_the_order_and_the_frame_that_is_set(settled):
    site = settled('path "/log/" {\n  listing-order = oldest\n  listing-header = top.gmi\n  gopher-width = 20\n}\n'
                   'path "/~ann/photos/" { listing = off }\n')
    page = site.gemini("/log/").text
    assert page.startswith("# My log\n\nWelcome.\n")
    assert [target for target, _ in client.gemtext_links(page)] == ["../", "2012-01-01.gmi", "2013-01-01.gmi"]
    assert site.gemini("/~ann/photos/").status == 51
    assert site.gemini("/~ann/photos/list.gmi").status == 20
    assert all(client.columns(item.display) <= 20 for item in site.gopher("/log/").menu)


def test_a_frame_that_not_every_directory_has_is_no_news(settled):
    """The settings may name one file for all directories; what an author or a whole path asks for is missed."""
    site = settled('path "/" {\n  listing-header = .head\n  local-settings = on\n}\n'
                   'path "/log/" { listing-footer = "/foot.gmi" }\n')
    for path in ("/~ann/photos/", "/log/"):
        assert site.gemini(path).status == 20
    eventually(lambda: "/log/: the footer of its listing is left out: /foot.gmi: no such file" in site.log(),
               what="a line for what stands at the root")
    assert "header" not in site.log()

    (site.capsule / "~ann" / "photos" / ".nuncio").write_text("listing-header = mine.gmi\n")
    eventually(lambda: site.gemini("/~ann/photos/").status == 20 and
               "/~ann/photos/: the header of its listing is left out: /~ann/photos/mine.gmi: no such file" in site.log(),
               what="a line for what the author names")
    (site.capsule / "log" / ".head").write_bytes(b"x" * (256 * 1024 + 1))
    eventually(lambda: site.gemini("/log/").status == 20 and
               "/log/: the header of its listing is left out: /log/.head: " in site.log(),
               what="a line for what is there and cannot be read")


def test_texts_end_with_a_dot_where_that_is_wanted_P14(settled):
    site = settled('path "*.txt" { terminate-text = true }\n', {"a.txt": "one\n.two\n", "b.log": "x\n"})
    assert site.gopher("/a.txt").raw == b"one\r\n..two\r\n.\r\n"
    assert site.gemini("/a.txt").body == b"one\n.two\n"


def test_who_asks_too_often_is_told_to_wait_G17(settled):
    site = settled('path "/log/" { slow-down = 30 }\n', workers=2)
    assert site.gemini("/log/2012-01-01.gmi").status == 20
    # The workers know it of each other: the kernel gives them the connections in turn, or by chance.
    assert {site.gemini("/log/2013-01-01.gmi").status for _ in range(16)} == {44}
    reply = site.gemini("/log/2013-01-01.gmi")
    assert reply.status == 44 and re.fullmatch(r"Please wait (\d+) seconds before you ask for this again", reply.meta)
    assert site.gemini("/").status == 20
    assert "Please wait" in site.gopher("/log/").error


def test_a_reload_brings_other_rules(settled, tmp_path):
    site = settled('path "/x" { gone = "One" }\n')
    assert site.gemini("/x").meta == "One"
    (tmp_path / "nuncio.conf").write_text('path "/x" { gone = "Two" }\npath "/members/" { clients = any }\n')
    site.process.send_signal(signal.SIGHUP)
    eventually(lambda: site.gemini("/x").meta == "Two", what="the new rules")
    eventually(lambda: site.gemini("/members/").status == 60, what="the gate, at every worker")
    (tmp_path / "nuncio.conf").write_text('path "/x" { gon = "Three" }\n')
    site.process.send_signal(signal.SIGHUP)
    eventually(lambda: "gon" in site.log(), what="what is said of a mistake")
    assert site.gemini("/x").meta == "Two"


# ---------------------------------------------------------------- who may enter


def test_a_path_asks_for_any_certificate(settled, people):
    site = settled('path "/members/" {\n  clients = any\n  client-reason = "Members only: write to ann@example.org"\n}\n'
                   'path "/members/door.gmi" { clients = everybody }\n')
    assert asks(site)
    for path in ("/members/", "/members", "/members/nothing", "//members/index.gmi", "/x/../members/"):
        reply = visit(site, people, None, path)
        assert (reply.status, reply.meta) == (60, "Members only: write to ann@example.org"), path
    assert visit(site, people, None, "/members/door.gmi").status == 20
    assert visit(site, people, None, "/").status == 20
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        assert visit(site, people, "ann", "/members/", least=version, most=version).text == "# For members\n"
    assert visit(site, people, None, "/members/").status == 60  # what was made for her is not for the next
    assert visit(site, people, "ann", "/members/nothing").status == 51
    error = site.gopher("/members/").error
    assert error == ("Members only: write to ann@example.org (over Gemini: "
                     f"gemini://localhost:{site.gemini_port}/members/)")
    # By TLS a Gopher client may bring one too (P6).
    context = client.tls_context(certificate=(people / "ann.crt", people / "ann.key"))
    assert b"For members" in site.gopher("/members/", tls=True, context=context).raw


def test_fingerprints_of_certificates_and_keys_are_listed(settled, people):
    key = hashlib.sha256(openssl("pkey", "-in", people / "bob.key", "-pubout", "-outform", "DER")).hexdigest()
    ann = fingerprint(people / "ann.crt")
    colons = ":".join(re.findall("..", ann.upper()))
    site = settled(f'path "/members/" {{ clients = {{"SHA256:{colons}", "{key}"}} }}\n')
    assert visit(site, people, "ann", "/members/").status == 20
    assert visit(site, people, "bob", "/members/").status == 20
    reply = visit(site, people, "eve", "/members/")
    assert reply.status == 61 and f"sha256:{fingerprint(people / 'eve.crt')}" in reply.meta


def test_an_authority_lets_in_whom_it_signed(settled, people, tmp_path):
    (tmp_path / "ca.pem").write_bytes((people / "ca.crt").read_bytes())
    (tmp_path / "ca.pem").chmod(0o600)  # whom workers become need not read it
    site = settled('path "/staff/" { client-ca = "ca.pem" }\n')
    assert visit(site, people, "eve", "/staff/").status == 20
    assert visit(site, people, "ann", "/staff/").status == 61
    reply = visit(site, people, "late", "/staff/")
    assert reply.status == 62 and "expired" in reply.meta
    # A worker that takes a dead one's place has it still, whatever becomes of the file.
    (tmp_path / "ca.pem").write_text("nonsense\n")
    for worker in site.workers():
        os.kill(worker, signal.SIGKILL)
    eventually(lambda: len(site.workers()) == 2 and visit(site, people, "eve", "/staff/").status == 20,
               what="new workers")
    site.process.send_signal(signal.SIGHUP)
    eventually(lambda: "ca.pem" in site.log(), what="what is said of the file")
    assert visit(site, people, "eve", "/staff/").status == 20


def test_an_expired_authority_is_no_secret(settled, people, tmp_path):
    """It lets in whom it signed, and its owner hears of it at the start, at a reload and from the check."""
    old = tmp_path / "old.pem"
    openssl("x509", "-in", people / "ca.crt", "-signkey", people / "ca.key", "-days", "-1", "-out", old)
    (tmp_path / "ca.pem").write_bytes((people / "ca.crt").read_bytes() + old.read_bytes())
    site = settled('path "/staff/" { client-ca = "ca.pem" }\n', workers=2)
    said = f"{tmp_path}/ca.pem: its certificate 2 has expired"
    eventually(lambda: site.log().count(said) == 1, what="a warning")
    assert visit(site, people, "eve", "/staff/").status == 20
    site.process.send_signal(signal.SIGHUP)
    eventually(lambda: site.log().count(said) == 2, what="another one")

    (tmp_path / "one.conf").write_text(f'capsule = "{site.capsule}"\npath "/staff/" {{ client-ca = ca.pem }}\n')
    done = subprocess.run([PROGRAM, "check", "-c", "one.conf"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout.count("ca.pem: its certificate 2 has expired") == 1, done.stdout


def test_a_resumed_session_is_the_same_visitor(settled, people):
    site = settled('path "/members/" { clients = any }\n', workers=1)
    context = client.tls_context(certificate=(people / "ann.crt", people / "ann.key"))
    url = f"gemini://localhost:{site.gemini_port}/members/\r\n".encode()
    session, resumed = None, []
    for _ in range(3):
        with context.wrap_socket(site.connect("gemini"), server_hostname="localhost", session=session,
                                 suppress_ragged_eofs=False) as sock:
            sock.sendall(url)
            raw, _end = client.read_to_end(sock)
            assert raw.startswith(b"20 text/gemini")
            session, resumed = sock.session, resumed + [sock.session_reused]
    assert resumed == [False, True, True]


def section_of_the_readme():
    return (ROOT / "README.md").read_text().partition("### Who may enter\n")[2].partition("\n### ")[0]


def test_the_readme_makes_an_authority_that_lets_in(settled, tmp_path):
    """Its three commands, and its sentences for those who stay outside."""
    commands = re.findall(r"^    (openssl .*)$", section_of_the_readme(), re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        openssl(*shlex.split(command)[1:], cwd=tmp_path)
    site = settled('path "/members/" { clients = any }\npath "/staff/" { client-ca = ca.pem }\n')
    assert visit(site, tmp_path, "eve", "/staff/").status == 20
    subprocess.run([PROGRAM, "cert", "client", "bob"], cwd=tmp_path, check=True, capture_output=True)
    told = re.sub(r"[0-9a-f]{64}|\d{4}-\d\d-\d\d", "*", section_of_the_readme())
    signed = "x509 -req -in eve.csr -CA ca.pem -CAkey ca.key -set_serial 2 -days -1 -out late.crt"
    openssl(*signed.split(), cwd=tmp_path)
    (tmp_path / "late.key").write_bytes((tmp_path / "eve.key").read_bytes())
    for folder, who, status in ((tmp_path / "certs", "client-bob", 61), (tmp_path, "late", 62)):
        reply = visit(site, folder, who, "/staff/")
        assert reply.status == status
        assert f"\n    {status} " + re.sub(r"[0-9a-f]{64}|\d{4}-\d\d-\d\d", "*", reply.meta) + "\n" in told


def test_what_the_readme_says_of_links_and_listings(settled, people):
    site = settled('path "/open/in/" { clients = any }\npath "/open/in/x.gmi" { clients = everybody }\n',
                   {"open/in/index.gmi": "# Inside\n", "open/in/x.gmi": "# X\n", "open/b.gmi": "# B\n"})
    (site.capsule / "open/way.gmi").symlink_to("in/index.gmi")
    assert site.gemini("/open/in/").status == 60
    assert site.gemini("/open/in/x.gmi").text == "# X\n"
    assert site.gemini("/open/way.gmi").text == "# Inside\n"
    assert ("in/", "in/") in site.gemini("/open/").links and ("b.gmi", "B") in site.gemini("/open/").links


# ---------------------------------------------------------------- `.nuncio`


def test_an_author_sets_what_holds_in_their_directory(settled, people):
    site = settled('lang = en\npath "/~*/" { local-settings = true }\n')
    ann, bob = site.capsule / "~ann", site.capsule / "~bob"
    assert asks(site)
    assert site.gemini("/~ann/").meta == "text/gemini; lang=en"
    (ann / ".nuncio").write_text('lang = fr\npath "photos/" {\n  clients = any\n  client-reason = "Friends only"\n}\n'
                                 'path "old.gmi" { redirect = "/~ann/" }\n')
    (site.capsule / ".nuncio").write_text("lang = de\n")  # nobody allows that there
    eventually(lambda: site.gemini("/~ann/").meta == "text/gemini; lang=fr", what="her language")
    assert site.gemini("/").meta == "text/gemini; lang=en"
    assert site.gemini("/~bob/").meta == "text/gemini; lang=en"
    assert site.gemini("/~ann/old.gmi").meta == "/~ann/"
    assert (site.gemini("/~ann/photos/").status, site.gemini("/~ann/photos/").meta) == (60, "Friends only")
    assert visit(site, people, "ann", "/~ann/photos/list.gmi").status == 20
    assert site.gemini("/~ann/.nuncio").status == 51
    assert site.gopher("/~ann/.nuncio").error

    # A mistake: the author sees it, nobody enters, and everybody else is as well as before.
    (bob / ".nuncio").write_text("lang = fr\n\nlst = off\n")
    reply = eventually(lambda: (lambda r: r.status == 40 and r)(site.gemini("/~bob/")), what="a mistake")
    assert reply.meta.startswith("/~bob/.nuncio:3: there is no setting `lst`"), reply.meta
    assert "/~bob/.nuncio:3: " in site.gopher("/~bob/").error
    eventually(lambda: "/~bob/.nuncio:3: " in site.log(), what="a line for the host")
    assert site.gemini("/~ann/").status == 20
    (bob / ".nuncio").write_text('clients = any\ninclude("/etc/passwd")\n')
    eventually(lambda: ":2: " in site.gemini("/~bob/").meta, what="another mistake")
    (bob / ".nuncio").unlink()
    eventually(lambda: site.gemini("/~bob/").status == 20, what="its end")


def test_what_the_host_shuts_an_author_does_not_open(settled, people):
    site = settled('local-settings = true\npath "/members/" { clients = any }\n')
    (site.capsule / "members" / ".nuncio").write_text("clients = everybody\n")
    assert site.gemini("/members/").status == 60
    assert visit(site, people, "ann", "/members/").status == 20


@pytest.mark.parametrize("content", [b"\xff\xfe", b"\0\0\0", b"{" * 65536, b"x" * 70000, b"path", b'path "x" {',
                                     b"clients = {}", b'client-ca = "x"', b"local-settings = true"])
def test_any_nonsense_in_it_shuts_the_directory(settled, content):
    site = settled("local-settings = true\n")
    (site.capsule / "log" / ".nuncio").write_bytes(content)
    reply = site.gemini("/log/")
    assert reply.status == 40 and reply.meta.startswith("/log/.nuncio:"), reply.meta
    assert site.gemini("/members/").status == 20
