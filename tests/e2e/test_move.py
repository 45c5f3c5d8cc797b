"""Capsules that come from other servers (issue 5): each as its owner has it there, with the settings file that the README
tells, and every address asked for as it was there."""

import hashlib
import os
import re

import client
import pytest
from client import Item
from pairs import der, openssl
from server import ROOT, free_port, run
from tree import Mode, plant


@pytest.fixture
def moved(serve, tmp_path):
    """moved(text, **more): a server whose settings file has this text, in a folder that has what came from there. The
    file is one that `nuncio check` finds nothing in."""
    tmp_path.chmod(0o755)

    def start(text, capsule, **more):
        conf = tmp_path / "nuncio.conf"
        conf.write_text(text)
        said = run("check", "-c", conf)
        assert said.returncode == 0, said.stdout + said.stderr
        return serve(None, "-c", conf, capsule=tmp_path / capsule, certs=tmp_path / "certs", **more)

    return start


def test_what_the_readme_tells_is_said_in_words_that_there_are(tmp_path):
    """What its tables have on the right: each setting is one, and none of a path is told to be wrong."""
    section = (ROOT / "README.md").read_text().partition("### Move here from another server\n")[2].partition("\n### ")[0]
    here = [span for row in re.findall(r"^\|[^|]*\|(.*)\|$", section, re.MULTILINE) for span in re.findall("`([^`]*)`", row)]
    manual = (ROOT / "src/dist/nuncio.conf.5").read_text()
    names = {name for span in here for name in re.findall(r"([a-z-]+) +=", span)}
    assert len(names) > 20
    for name in names:
        assert re.search(rf"^\.(?:It )?Cm .*\b{name}\b", manual, re.MULTILINE), name
    paths = [re.sub(r"\{ ?\.\.\. ?\}", "{}", span).replace("clients = {}", "clients = any") for span in here if span[:5] == "path "]
    assert len(paths) > 15
    (tmp_path / "capsule").mkdir()
    for path in paths:
        (tmp_path / "nuncio.conf").write_text(path)
        said = run("check", "-c", tmp_path / "nuncio.conf").stdout
        assert not re.search(r"nuncio\.conf:\d", said), said


def has(site, host, table, **more):
    """Whether each path of a host is answered as the table says: (path, status, meta); None: in words of our own."""
    for path, status, meta in table:
        reply = site.gemini(f"gemini://{host}:{site.gemini_port}{path}", sni=host, **more)
        assert (reply.status, reply.meta if meta else None) == (status, meta), path


def targets(site, host, path):
    reply = site.gemini(f"gemini://{host}:{site.gemini_port}{path}", sni=host)
    return [target for target, _ in reply.links]


def pair(certificate, key, *names):
    """What the other server has: two PEM files."""
    certificate.parent.mkdir(parents=True, exist_ok=True)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={names[0]}",
            "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names), "-keyout", key, "-out", certificate,
            "-days", "30")


def visitor(folder, name, *more):
    """A visitor's certificate, made as the README has it: what TLS settings a client needs to show it."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt", "-days", "30", *more)
    return client.tls_context(certificate=(folder / f"{name}.crt", folder / f"{name}.key"))


# ---------------------------------------------------------------- agate

AGATE = {
    "content/example.org/index.gmi": "# Org\n=> notes/ Notes\n",
    "content/example.org/.meta": "index.gmi: ;lang=en-GB\nLICENSE: text/plain;charset=UTF-8\n"
                                 "gone.gmi: 52 This file is no longer here, sorry.\nold.gmi: 31 /notes/a.gmi\n",
    "content/example.org/LICENSE": "Free.\n",
    "content/example.org/notes/.directory-listing-ok": "# My notes\n\n",
    "content/example.org/notes/a.gmi": "# A\n",
    "content/example.org/notes/b.txt": "b\n",
    "content/example.org/notes/deep/c.gmi": "# C\n",
    "content/example.org/de/.meta": "*.gmi: ;lang=de\n",
    "content/example.org/de/a.gmi": "# A auf Deutsch\n",
    "content/example.com/index.gmi": "# Com\n",
}
AGATE_CONF = """lang = en
certs = certs
site "example.org" {
  root = content/example.org
  agate-meta = true
  path "/" { listing = off }
  path "/notes/" { listing = on  listing-header = .directory-listing-ok  listing-order = name }
  path "/notes/*/" { listing = off }
}
site "example.com" { root = content/example.com  path "/" { listing = off } }
"""


def test_agate(moved, tmp_path):
    plant(tmp_path, AGATE)
    there, here = tmp_path / ".certificates", tmp_path / "certs"
    here.mkdir(mode=0o700)
    for host in ("example.org", "example.com"):  # agate keeps both in DER
        pair(there / host / "pem.crt", there / host / "pem.key", host)
        openssl("x509", "-in", there / host / "pem.crt", "-outform", "DER", "-out", there / host / "cert.der")
        openssl("pkcs8", "-topk8", "-nocrypt", "-in", there / host / "pem.key", "-outform", "DER", "-out",
                there / host / "key.der")
        openssl("x509", "-inform", "DER", "-in", there / host / "cert.der", "-out", here / f"{host}.crt")
        openssl("pkey", "-inform", "DER", "-in", there / host / "key.der", "-out", here / f"{host}.key")
    site = moved(AGATE_CONF, "content/example.org")
    has(site, "example.org", [
        ("/", 20, "text/gemini;lang=en-GB"),
        ("/index.gmi", 20, "text/gemini;lang=en-GB"),
        ("/LICENSE", 20, "text/plain;charset=UTF-8"),
        ("/gone.gmi", 52, "This file is no longer here, sorry."),
        ("/old.gmi", 31, "/notes/a.gmi"),
        ("/de/a.gmi", 20, "text/gemini;lang=de"),
        ("/notes/a.gmi", 20, "text/gemini; lang=en"),
        ("/notes/b.txt", 20, "text/plain"),
        ("/notes", 31, "/notes/"),
        ("/notes/", 20, "text/gemini; lang=en"),
        ("/notes/deep/c.gmi", 20, "text/gemini; lang=en"),
        ("/de/", 51, None),
        ("/notes/deep/", 51, None),
        ("/.meta", 51, None),
        ("/notes/.directory-listing-ok", 51, None),
    ])
    page = site.gemini(f"gemini://example.org:{site.gemini_port}/notes/", sni="example.org").text
    assert page.startswith("# My notes\n")
    assert {"a.gmi", "b.txt", "deep/"} <= set(targets(site, "example.org", "/notes/"))
    has(site, "example.com", [("/", 20, "text/gemini; lang=en"), ("/notes/a.gmi", 51, None)])
    for host in ("example.org", "example.com"):  # readers have pinned these
        reply = site.gemini(f"gemini://{host}:{site.gemini_port}/", sni=host)
        assert reply.certificate == (there / host / "cert.der").read_bytes()


# ---------------------------------------------------------------- gmid

GMID = {
    "var/gemini/org/index.gmi": "# Org\n",
    "var/gemini/org/notes/a.gmi": "# A\n",
    "var/gemini/org/notes/b.notes": "b\n",
    "var/gemini/org/new/a.gmi": "# New\n",
    "var/gemini/org/it/index.gmi": "# Ciao\n",
    "var/gemini/org/staff/index.gmi": "# Staff\n",
    "var/gemini/blog/start.gmi": "# Blog\n",
}
GMID_CONF = """site "example.org" {
  aliases     = {"www.example.org"}
  root        = var/gemini/org
  certificate = etc/example.org.pem
  key         = etc/example.org.key
  lang        = en
  path "/"         { listing = off }
  path "/notes/"   { listing = on  listing-order = name }
  path "/it/"      { lang = it }
  path "/old/"     { redirect-permanent = "/new/*" }
  path "/lost.gmi" { gone = "Taken down." }
  path "/staff/"   { client-ca = etc/ca.pem }
  path "*.notes"   { type = "text/x-notes" }
}
site "www.blog.example" {
  aliases     = {"*.blog.example"}
  root        = var/gemini/blog
  certificate = etc/blog.pem
  key         = etc/blog.key
}
"""


def test_gmid(moved, tmp_path):
    plant(tmp_path, GMID)
    (tmp_path / "var/gemini/blog/index.gmi").symlink_to("start.gmi")  # index "start.gmi"
    etc = tmp_path / "etc"
    pair(etc / "example.org.pem", etc / "example.org.key", "example.org", "www.example.org")
    pair(etc / "blog.pem", etc / "blog.key", "*.blog.example")
    ann = visitor(etc, "ann")
    visitor(etc, "ca", "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=eve", "-keyout", etc / "eve.key", "-out", etc / "eve.csr")
    openssl("x509", "-req", "-in", etc / "eve.csr", "-CA", etc / "ca.crt", "-CAkey", etc / "ca.key", "-set_serial", "2",
            "-days", "30", "-out", etc / "eve.crt")
    (etc / "ca.crt").rename(etc / "ca.pem")
    eve = client.tls_context(certificate=(etc / "eve.crt", etc / "eve.key"))
    site = moved(GMID_CONF, "var/gemini/org")
    for host in ("example.org", "www.example.org"):
        has(site, host, [
            ("/", 20, "text/gemini; lang=en"),
            ("/notes", 31, "/notes/"),
            ("/notes/", 20, "text/gemini; lang=en"),
            ("/notes/b.notes", 20, "text/x-notes"),
            ("/new/a.gmi", 20, "text/gemini; lang=en"),
            ("/it/", 20, "text/gemini; lang=it"),
            ("/old/a.gmi", 31, "/new/a.gmi"),
            ("/lost.gmi", 52, "Taken down."),
            ("/new/", 51, None),
        ])
    assert {"a.gmi", "b.notes"} <= set(targets(site, "example.org", "/notes/"))
    staff = f"gemini://example.org:{site.gemini_port}/staff/"
    assert [site.gemini(staff, sni="example.org", context=who).status for who in (None, ann, eve)] == [60, 61, 20]
    has(site, "my.blog.example", [("/", 20, "text/gemini"), ("/start.gmi", 20, "text/gemini")])
    reply = site.gemini(f"gemini://my.blog.example:{site.gemini_port}/", sni="my.blog.example")
    assert (reply.text, reply.certificate) == ("# Blog\n", der(etc / "blog.pem"))


# ---------------------------------------------------------------- molly-brown

MOLLY = {
    "var/gemini/index.gmi": "# Molly\n",
    "var/gemini/atom.xml": "<feed/>\n",
    "var/gemini/new.gmi": "# New\n",
    "var/gemini/page.text": "# Page\n=> / Home\n",
    "var/gemini/b/c.gmi": "# C\n",
    "var/gemini/secret/index.gmi": "# Secret\n",
    "var/gemini/log/.mollyhead": "# The log\n\n",
    "var/gemini/log/one.gmi": "# One\n",
    "var/gemini/log/two.gmi": "# Two\n",
    "var/gemini/up/one.gmi": "# One\n",
    "var/gemini/up/two.gmi": "# Two\n",
    "var/gemini/up/a.gmi": "# A\n",
    "var/gemini/users/gus/index.gmi": "# Gus\n",
    "var/gemini/users/gus/.molly": 'DefaultLang = "fr"\n',
    "var/gemini/users/gus/.nuncio": 'lang = fr\npath "old.gmi" { redirect = "/~gus/" }\n',
}
MOLLY_CONF = """site "example.org" {
  root           = var/gemini
  certificate    = cert.pem
  key            = key.pem
  lang           = en
  user-dirs      = "%s/var/gemini/users/*"
  listing-order  = modified
  local-settings = true
  path "/"         { listing-header = .mollyhead }
  path "/up/"      { listing-order = modified-up }
  path "*.text"    { type = text/gemini }
  path "atom.xml"  { type = "application/atom+xml" }
  path "/a/"       { redirect = "/b/*" }
  path "/old.gmi"  { redirect-permanent = "/new.gmi" }
  path "/secret/"  { clients = {"%s"} }
}
"""


def test_molly_brown(moved, tmp_path):
    plant(tmp_path, MOLLY)
    for seconds, name in enumerate(("log/one", "log/two", "up/two", "up/one")):
        os.utime(tmp_path / f"var/gemini/{name}.gmi", (1e9 + seconds, 1e9 + seconds))
    os.utime(tmp_path / "var/gemini/up/a.gmi", (1e9 + 3, 1e9 + 3))  # as old as `one`: then the name decides
    pair(tmp_path / "cert.pem", tmp_path / "key.pem", "example.org")
    ann, bob = visitor(tmp_path, "ann"), visitor(tmp_path, "bob")
    fingerprint = hashlib.sha256(der(tmp_path / "ann.crt")).hexdigest()
    site = moved(MOLLY_CONF % (tmp_path, fingerprint), "var/gemini")
    has(site, "example.org", [
        ("/", 20, "text/gemini; lang=en"),
        ("/page.text", 20, "text/gemini; lang=en"),
        ("/atom.xml", 20, "application/atom+xml"),
        ("/a/c.gmi", 30, "/b/c.gmi"),
        ("/old.gmi", 31, "/new.gmi"),
        ("/~gus", 31, "/~gus/"),
        ("/~gus/", 20, "text/gemini; lang=fr"),
        ("/~gus/old.gmi", 30, "/~gus/"),
        ("/~gus/.molly", 51, None),
        ("/b/", 20, "text/gemini; lang=en"),
    ])
    log = site.gemini(f"gemini://example.org:{site.gemini_port}/log/", sni="example.org")
    assert log.text.startswith("# The log\n") and log.links[1:] == [("two.gmi", "Two"), ("one.gmi", "One")]
    assert targets(site, "example.org", "/up/")[1:] == ["two.gmi", "a.gmi", "one.gmi"]
    secret = f"gemini://example.org:{site.gemini_port}/secret/"
    assert [site.gemini(secret, sni="example.org", context=who).status for who in (None, bob, ann)] == [60, 61, 20]


# ---------------------------------------------------------------- jetforce

JETFORCE = {
    "var/gemini/index.gmi": "# Cats\n",
    "var/gemini/page.gemini": "# Page\n",
    "var/gemini/README": "read me\n",
    "var/gemini/pics/2020-b.txt": "b\n",
    "var/gemini/pics/a.txt": "a\n",
    "var/gemini/pics/.hidden": "h\n",
}
JETFORCE_CONF = """limit { requests = 12 }
site "cats.example" {
  root          = var/gemini
  certificate   = live/fullchain.pem
  key           = live/privkey.pem
  lang          = en
  listing-order = name
}
"""


def test_jetforce(moved, tmp_path):
    plant(tmp_path, JETFORCE)
    pair(tmp_path / "archive/cats.example.crt", tmp_path / "archive/cats.example.key", "cats.example")
    (tmp_path / "live").mkdir()
    for name, target in (("fullchain.pem", "crt"), ("privkey.pem", "key")):  # as certbot has them
        (tmp_path / "live" / name).symlink_to(f"../archive/cats.example.{target}")
    site = moved(JETFORCE_CONF, "var/gemini")
    has(site, "cats.example", [
        ("/", 20, "text/gemini; lang=en"),
        ("/page.gemini", 20, "text/gemini; lang=en"),
        ("/README", 20, "text/plain"),
        ("/pics", 31, "/pics/"),
        ("/pics/", 20, "text/gemini; lang=en"),
        ("/pics/.hidden", 51, None),
    ])
    assert targets(site, "cats.example", "/pics/") == ["../", "2020-b.txt", "a.txt"]
    reply = site.gemini(f"gemini://cats.example:{site.gemini_port}/", sni="cats.example")
    assert reply.certificate == der(tmp_path / "live/fullchain.pem")


# ---------------------------------------------------------------- gophernicus

GOPHERNICUS = {
    "var/gopher/hole.example/gophermap": "!The hole\n# not shown\nWelcome.\n0About\tabout.txt\n1Docs\tdocs\n1Files\t/files/\n"
                                         "hWeb\tURL:http://www.example.org/\n1Elsewhere\t/\tgopher.example.net\t70\n"
                                         "=parts/foot\n~\n%\n",
    "var/gopher/hole.example/parts/foot": "By hand.\n",
    "var/gopher/hole.example/about.txt": "about\n",
    "var/gopher/hole.example/docs/gophermap": "!Docs\n-secret.txt\n:log=0\n*\n",
    "var/gopher/hole.example/docs/secret.txt": "secret\n",
    "var/gopher/hole.example/docs/c.log": "c\n",
    "var/gopher/hole.example/docs/b.txt": "b\n",
    "var/gopher/hole.example/files/gophertag": "My files\n",
    "var/gopher/hole.example/files/pic.gif": "GIF89a",
    "var/gopher/hole.example/files/z.dat": b"\0\1",
    "var/gopher/hole.example/files/latin.txt": b"caf\xe9\n",
    "var/gopher/hole.example/files/two words.txt": "two\n",
    "var/gopher/hole.example/run/gophermap": Mode(0o755, "#!/bin/sh\necho ran\n"),
    "var/gopher/hole.example/caps.txt": "CAPS\n\nServerAdmin=ann@hole.example\n",
    "var/gopher/other.example/gophermap": "!Other\n0Text\ttext.txt\n0Same\t/text.txt\n",
    "var/gopher/other.example/text.txt": "text\n",
    "home/alice/public_gopher/gophermap": "!Alice\n0Mine\tmine.txt\n",
    "home/alice/public_gopher/mine.txt": "mine\n",
}
GOPHERNICUS_CONF = """gemini = off
site "hole.example" {
  root         = var/gopher/hole.example
  gophermaps   = gophernicus
  gopher-width = 67
  user-dirs    = "%s/home/*/public_gopher"
  path "/"            { listing-order = name  listing-header = gophertag }
  path "/docs/*.log"  { type = "text/plain" }
  path "/old/"        { redirect-permanent = "/docs/*" }
  path "/;other.example" { redirect-permanent = "gopher://hole.example/1/other/" }
}
site "other.example" {
  root        = var/gopher/other.example
  gophermaps  = gophernicus
  gopher-path = /other
}
"""


def chosen(reply):
    """(type, label, selector) of each line that leads somewhere."""
    return [(i.type, i.display, i.selector) for i in reply.menu if i.type != "i"]


def test_gophernicus(moved, tmp_path):
    plant(tmp_path, GOPHERNICUS)
    site = moved(GOPHERNICUS_CONF % tmp_path, "var/gopher/hole.example", gemini=["off"], gopher=["127.0.0.1:0"])
    root = site.gopher("")
    assert [i.display for i in root.menu if i.type == "i"] == ["The hole", "Welcome.", "By hand."]
    assert chosen(root) == [
        ("0", "About", "/about.txt"), ("1", "Docs", "/docs"), ("1", "Files", "/files/"),
        ("h", "Web", "URL:http://www.example.org/"), ("1", "Elsewhere", "/"), ("1", "~alice", "/~alice/"),
        ("1", "hole.example", "/"), ("1", "other.example", "/other/")]
    assert Item("1", "Elsewhere", "/", "gopher.example.net", 70) in root.menu
    assert site.gopher("/about.txt").raw == b"about\n"
    for selector in ("/docs", "/docs/", "docs"):
        assert [c[2] for c in chosen(site.gopher(selector))] == ["/", "/docs/b.txt", "/docs/c.log"], selector
    assert [c[0] for c in chosen(site.gopher("/docs"))] == ["1", "0", "0"]
    assert [(c[0], c[2]) for c in chosen(site.gopher("/files"))] == [
        ("1", "/"), ("0", "/files/latin.txt"), ("g", "/files/pic.gif"), ("0", "/files/two%20words.txt"),
        ("9", "/files/z.dat")]
    assert site.gopher("/files/two#040words.txt").raw == b"two\n"  # as its menus have it
    assert [i.display for i in site.gopher("/files").menu if i.type == "i"] == ["My files", ""]
    assert site.gopher("/files/latin.txt").raw == b"caf\xe9\n"
    assert site.gopher("/docs/secret.txt").raw == b"secret\n"
    assert b"ServerAdmin=ann@hole.example" in site.gopher("/caps.txt").raw
    assert ("0", "/docs/b.txt") in [(c[0], c[2]) for c in chosen(site.gopher("/old/b.txt"))]
    assert b"ran" not in site.gopher("/run").raw
    assert chosen(site.gopher("/~alice")) == [("0", "Mine", "/~alice/mine.txt")]
    assert site.gopher("/~alice/mine.txt").raw == site.gopher("~alice/mine.txt").raw == b"mine\n"
    assert chosen(site.gopher("/other")) == [("0", "Text", "/other/text.txt"), ("0", "Same", "/other/text.txt")]
    assert site.gopher("/other/text.txt").raw == b"text\n"
    assert [(i.selector, i.host) for i in site.gopher("/;other.example").menu if i.type == "1"] == [
        ("/other/", "hole.example")]


# ---------------------------------------------------------------- geomyidae

GEOMYIDAE = {
    "var/gopher/index.gph": "Welcome to Frog.bog\n[i||Err||]\n[0|About this server|about.txt|server|port]\n"
                            "[1|Phlog: like a blog, but not|/PHLOG|frog.bog|70]\n[1|Music|music.gph|server|port]\n"
                            "[I|Snowflake|snow.jpg|server|port]\nttry our snowflakes!\n"
                            "[1|Go to R-36.net|/|gopher.r-36.net|70]\n[h|NetBSD|URL:http://netbsd.org|server|port]\n"
                            "[7|Search Veronica II|/v2/vs|gopher.floodgap.com|70]\n[0|a \\| b|/about.txt|server|port]\n",
    "var/gopher/music.gph": "Music\n[s|A song|/song.mp3|server|port]\n",
    "var/gopher/about.txt": "about\n",
    "var/gopher/snow.jpg": b"\xff\xd8",
    "var/gopher/song.mp3": b"ID3",
    "var/gopher/PHLOG/2020-01-02.txt": "second\n",
    "var/gopher/PHLOG/2020-01-01.txt": "first\n",
    "var/gopher/PHLOG/notes.txt": "notes\n",
}
GEOMYIDAE_CONF = """host          = frog.bog
capsule       = var/gopher
gemini        = off
listing-order = name
certs         = certs
"""


def test_geomyidae(moved, tmp_path):
    plant(tmp_path, GEOMYIDAE)
    pair(tmp_path / "certs/frog.bog.crt", tmp_path / "certs/frog.bog.key", "frog.bog")
    port = free_port()
    site = moved(GEOMYIDAE_CONF, "var/gopher", gemini=["off"], gopher=[f"127.0.0.1:{port}"])
    menu = site.gopher("").menu
    assert [i.display for i in menu if i.type == "i"] == ["Welcome to Frog.bog", "", "try our snowflakes!"]
    assert [i for i in menu if i.type != "i"] == [
        Item("0", "About this server", "/about.txt", "frog.bog", port),
        Item("1", "Phlog: like a blog, but not", "/PHLOG", "frog.bog", 70),
        Item("1", "Music", "/music.gph", "frog.bog", port),
        Item("I", "Snowflake", "/snow.jpg", "frog.bog", port),
        Item("1", "Go to R-36.net", "/", "gopher.r-36.net", 70),
        Item("h", "NetBSD", "URL:http://netbsd.org", "frog.bog", port),
        Item("7", "Search Veronica II", "/v2/vs", "gopher.floodgap.com", 70),
        Item("0", "a | b", "/about.txt", "frog.bog", port)]
    assert chosen(site.gopher("/music.gph")) == [("s", "A song", "/song.mp3")]
    assert site.gopher("/song.mp3").raw == b"ID3" and site.gopher("about.txt").raw == b"about\n"
    assert [c[2] for c in chosen(site.gopher("/PHLOG"))] == [
        "/", "/PHLOG/2020-01-01.txt", "/PHLOG/2020-01-02.txt", "/PHLOG/notes.txt"]
    with site.connect_tls("gopher", sni="frog.bog") as sock:
        assert sock.getpeercert(True) == der(tmp_path / "certs/frog.bog.crt")
