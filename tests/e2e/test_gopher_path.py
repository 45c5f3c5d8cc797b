"""Sites under the root that all share on Gopher (issue 5): a real server with three sites, asked as clients ask."""

import shutil
import signal
import ssl
import subprocess

import pytest

import client
from pairs import openssl
from server import eventually, run
from tree import plant

ONE = {"index.gmi": "# One\n=> /two/ Two\n=> page.gmi Page\n", "page.gmi": "# Page of one\n", "two/lost.txt": "lost\n"}
TWO = {
    "index.gmi": "# Two\n=> list/ List\n=> page.gmi Page\n=> gemini://two.example/hole/ Hole\n=> gemini://one.example/ One\n",
    "page.gmi": "# Page of two\n=> / Home\n", "list/a.txt": "a of two\n", "list/sub/b.gmi": "# B\n",
    "hole/gophermap": "A hole\n0Text\ttext.txt\n1Home\t/\n1Out\t/x\tout.example\t70\n", "hole/text.txt": "text of two\n",
    "doc.overview.txt": "Work\n\n1. First.\n\n2. Second.\n",
}
THREE = {"index.gmi": "# Three\n=> x.gmi X\n", "x.gmi": "# X of three\n"}


@pytest.fixture(scope="module")
def site(serve_for_module, tmp_path_factory):
    place = tmp_path_factory.mktemp("shared")
    place.chmod(0o755)
    for name, tree in (("one", ONE), ("two", TWO), ("three", THREE)):
        plant(place / name, tree)
    (place / "nuncio.conf").write_text(
        "site one.example { root = one }\nsite two.example { root = two gopher-path = /two }\n"
        'site three.example { root = three gopher-path = "/a/three/" gopher = "127.0.0.1:0" }\n')
    return serve_for_module(None, "-c", place / "nuncio.conf", capsule=place / "one", gopher=["127.0.0.1:0"])


def own_port(site):
    """Where the third site listens alone."""
    line, = [line for line in site.output.splitlines() if "gopher://three.example" in line]
    return int(line.partition("three.example:")[2].partition("/")[0])


def items(raw):
    return [tuple([line[0], *line[1:].split("\t")]) for line in raw.decode().split("\r\n") if line not in ("", ".")]


def follow(raw, seen, port):
    """Every selector of the menu that leads to the port asked, and those of what it leads to, into `seen`."""
    for kind, _, selector, host, at in items(raw):
        if kind not in "01" or int(at) != port or selector in seen:
            continue
        reply = client.gopher("127.0.0.1", port, selector.encode() + b"\r\n")
        assert not reply.raw.startswith(b"3"), (selector, reply.raw)
        seen[selector] = (host, reply.raw)
        if kind == "1":
            follow(reply.raw, seen, port)


def test_whoever_begins_under_the_path_stays_there(site):
    seen = {}
    follow(site.gopher("/two").raw, seen, site.gopher_port)
    assert {"/two/list/", "/two/page.gmi", "/two/hole/", "/two/hole/text.txt", "/two/list/a.txt", "/two/list/sub/",
            "/two/list/sub/b.gmi", "/two/"} <= set(seen)
    assert all(selector == "/two/" or selector.startswith("/two/") for selector in seen)
    assert {host for host, _ in seen.values()} == {"one.example"}
    assert seen["/two/list/a.txt"][1] == b"a of two\n"
    assert ("1", "Up", "/two/", "one.example", str(site.gopher_port)) in items(seen["/two/list/"][1])
    assert ("1", "Up", "/two/list/", "one.example", str(site.gopher_port)) in items(seen["/two/list/sub/"][1])
    assert ("1", "Out", "/x", "out.example", "70") in items(seen["/two/hole/"][1])
    assert ("h", "One", "URL:gemini://one.example/") == items(site.gopher("/two").raw)[-1][:3]


def test_the_first_site_has_the_rest(site):
    assert b"One" in site.gopher("").raw and site.gopher("/page.gmi").raw.startswith(b"iPage of one")
    assert site.gopher("/two/lost.txt").raw.startswith(b"3There is no page at")
    assert site.gopher("/two/page.gmi").raw.startswith(b"iPage of two")
    assert site.gopher("two/page.gmi").raw == site.gopher("/two/page.gmi").raw
    assert site.gopher("/twofold").raw.startswith(b"3")
    assert b"X\t/a/three/x.gmi\t" in site.gopher("/a/three").raw and site.gopher("/a").raw.startswith(b"3")
    assert b"CapsVersion" in site.gopher("/caps.txt").raw
    assert site.gopher("/two/caps.txt").raw.startswith(b"3")
    assert b"https://w.example/" in site.gopher("URL:https://w.example/").raw
    assert b"+INFO: 1Page\t/two/page.gmi\tone.example\t" in site.gopher("/two\t$").raw
    assert b"+INFO: 1page.gmi\t/two/page.gmi\tone.example\t" in site.gopher("/two/page.gmi\t!").raw


def test_by_its_own_listener_or_its_name_over_tls_there_is_no_path(site):
    port = own_port(site)
    raw = client.gopher("127.0.0.1", port, b"\r\n").raw
    assert ("1", "X", "/x.gmi", "three.example", str(port)) in items(raw)
    assert client.gopher("127.0.0.1", port, b"/a/three\r\n").raw.startswith(b"3")
    for _ in range(3):
        for name, selector, line in (("two.example", b"", b"1Page\t/page.gmi\ttwo.example\t"),
                                     ("one.example", b"/two", b"1Page\t/two/page.gmi\tone.example\t"),
                                     ("three.example", b"", b"1X\t/x.gmi\tthree.example\t")):
            with site.connect_tls("gopher", sni=name) as sock:
                sock.sendall(selector + b"\r\n")
                answer, end = client.read_to_end(sock)
            assert line in answer and end == client.CLOSE_NOTIFY
    # Links from the shared root, followed over TLS: its own path leads a site to itself, another's to nothing.
    for selector, begins in ((b"/two", b"iTwo\t"), (b"/two/list/a.txt", b""), (b"/two/none", b"3There is no page at /two/none"),
                             (b"/a/three", b"3There is no page at /a/three")):
        with site.connect_tls("gopher", sni="two.example") as sock:
            sock.sendall(selector + b"\r\n")
            answer = client.read_to_end(sock)[0]
        assert answer.startswith(begins) and (begins or answer == site.gopher("/two/list/a.txt").raw), (selector, answer)


def test_gemini_knows_nothing_of_it(site):
    reply = site.gemini(f"gemini://two.example:{site.gemini_port}/page.gmi", sni="two.example")
    assert reply.text == "# Page of two\n=> / Home\n"
    assert site.gemini(f"gemini://two.example:{site.gemini_port}/two/", sni="two.example").status == 51
    assert site.gemini(f"gemini://one.example:{site.gemini_port}/two/lost.txt", sni="one.example").text == "lost\n"


def test_a_web_browser_is_led_to_the_site(site):
    raw = site.gopher("GET /two/list/a.txt HTTP/1.1").raw.decode()
    assert f"gemini://two.example:{site.gemini_port}/list/a.txt" in raw
    assert f"gopher://one.example:{site.gopher_port}/0/two/list/a.txt" in raw


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
def test_curl_follows_it(site):
    def curl(path):
        done = subprocess.run(["curl", "-sS", "--max-time", "20", f"gopher://127.0.0.1:{site.gopher_port}{path}"],
                              capture_output=True, check=True)
        return done.stdout

    assert b"/two/list/" in curl("/1/two") and curl("/0/two/list/a.txt") == b"a of two\n"


def test_a_reload_moves_a_site(serve, tmp_path):
    tmp_path.chmod(0o755)
    plant(tmp_path / "one", ONE)
    plant(tmp_path / "two", TWO)
    conf = tmp_path / "nuncio.conf"
    conf.write_text("site one.example { root = one }\nsite two.example { root = two gopher-path = /two }\n")
    moved = serve(None, "-c", conf, capsule=tmp_path / "one")
    assert b"/two/page.gmi" in moved.gopher("/two").raw
    conf.write_text("site one.example { root = one }\nsite two.example { root = two gopher-path = /elsewhere }\n")
    before = moved.workers()
    moved.process.send_signal(signal.SIGHUP)
    eventually(lambda: moved.workers() and not set(moved.workers()) & set(before), 10, "new workers")
    assert b"/elsewhere/page.gmi" in moved.gopher("/elsewhere").raw
    assert moved.gopher("/two/lost.txt").raw == b"lost\n"


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """Certificates of visitors: eve's and joe's are signed by an authority each, the third by itself."""
    folder = tmp_path_factory.mktemp("people")
    folder.chmod(0o755)
    for ca, who in (("staff-ca", "eve"), ("net-ca", "joe"), ("own", None)):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={ca}",
                "-keyout", folder / f"{ca}.key", "-out", folder / f"{ca}.crt", "-days", "10")
        if who:
            openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={who}",
                    "-keyout", folder / f"{who}.key", "-out", folder / f"{who}.csr")
            openssl("x509", "-req", "-in", folder / f"{who}.csr", "-CA", folder / f"{ca}.crt", "-CAkey",
                    folder / f"{ca}.key", "-set_serial", "2", "-days", "10", "-out", folder / f"{who}.crt")
    return folder


GATED = {"index.gmi": "# Net\n", "staff/index.gmi": "# Staff of net\n", "open/index.gmi": "# Open\n"}


@pytest.fixture
def gated(serve, people, tmp_path):
    """gated(): a server whose further sites have gates, of an authority each, and whose first one has none."""

    def start(shared=""):
        tmp_path.chmod(0o755)
        for name, tree in (("one", ONE), ("two", GATED), ("three", GATED)):
            plant(tmp_path / name, tree)
        (tmp_path / "nuncio.conf").write_text(
            f'{shared}\nsite one.example {{ root = one }}\n'
            'site two.example { root = two gopher-path = /net '
            f'path "/staff/" {{ client-ca = "{people}/staff-ca.crt" }} }}\n'
            'site three.example { root = three gopher-path = /more '
            f'path "/staff/" {{ client-ca = "{people}/net-ca.crt" }} }}\n')
        return serve(None, "-c", tmp_path / "nuncio.conf", capsule=tmp_path / "one")

    return start


def entered(site, people, who, selector, sni="one.example", at=None, **more):
    """What a visitor reads over TLS with this certificate, or with none; `at` (address, port) or at the shared root."""
    context = client.tls_context(certificate=(people / f"{who}.crt", people / f"{who}.key") if who else None, **more)
    with client.start_tls(client.connect(*at) if at else site.connect("gopher"), sni, context) as sock:
        sock.sendall(selector + b"\r\n")
        answer, end = client.read_to_end(sock)
    assert end == client.CLOSE_NOTIFY
    return answer


def test_a_certificate_opens_a_gate_beneath_the_shared_root(gated, people):
    """G5: the first site's handshake asks for those that a selector leads to, and each gate judges for itself."""
    site = gated()
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        for sni in ("one.example", "unknown.example", None):  # all of them are at the first site's root
            for selector, who in ((b"/net/staff/", "eve"), (b"/more/staff/", "joe")):
                answer = entered(site, people, who, selector, sni, least=version, most=version)
                assert answer.startswith(b"iStaff of net\t"), (version, sni, selector, answer)
    for selector, who, says in ((b"/net/staff/", "joe", b"3"), (b"/more/staff/", "eve", b"3"),
                                (b"/net/staff/", "own", b"3"), (b"/net/staff/", None, b"3"),
                                (b"/net/open/", None, b"iOpen\t"), (b"", None, b"iOne\t"), (b"", "own", b"iOne\t")):
        assert entered(site, people, who, selector).startswith(says), (selector, who)
    assert b"asks for a client certificate" in entered(site, people, None, b"/net/staff/")
    assert b"asks for a client certificate" not in entered(site, people, "own", b"/net/staff/")
    # By the site's own name it is as before.
    assert entered(site, people, "eve", b"/staff/", "two.example").startswith(b"iStaff of net\t")
    assert site.gopher("/net/staff/").raw.startswith(b"3")


def test_a_resumed_session_beneath_the_shared_root_is_the_same_visitor(gated, people):
    site = gated(shared="workers = 1")
    context, session, resumed = client.tls_context(certificate=(people / "eve.crt", people / "eve.key")), None, []
    for selector, says in ((b"/net/staff/", b"iStaff"), (b"/net/staff/", b"iStaff"), (b"/more/staff/", b"3")):
        with context.wrap_socket(site.connect("gopher"), server_hostname="one.example", session=session,
                                 suppress_ragged_eofs=False) as sock:
            sock.sendall(selector + b"\r\n")
            assert client.read_to_end(sock)[0].startswith(says)
            session, resumed = sock.session, resumed + [sock.session_reused]
    assert resumed == [False, True, True]


def test_a_site_with_an_address_of_its_own_shakes_hands_there(serve, people, tmp_path):
    """Who comes there and names no site, or one that is not here, is at the site whose address it is."""
    tmp_path.chmod(0o755)
    for name, tree in (("one", ONE), ("two", GATED)):
        plant(tmp_path / name, tree)
    (tmp_path / "nuncio.conf").write_text(
        'site one.example { root = one }\n'
        'site two.example { root = two gopher = "127.0.0.2:0" '
        f'path "/staff/" {{ client-ca = "{people}/staff-ca.crt" }} }}\n')
    site = serve(None, "-c", tmp_path / "nuncio.conf", capsule=tmp_path / "one")
    at = next((address, port) for scheme, address, port in site.listeners if address == "127.0.0.2")
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        for sni in ("two.example", "unknown.example", None):
            assert entered(site, people, "eve", b"/staff/", sni, at, most=version).startswith(b"iStaff of net\t")
            assert entered(site, people, "joe", b"/staff/", sni, at, most=version).startswith(b"3")
            with client.start_tls(client.connect(*at), sni) as sock:
                shown = ssl.DER_cert_to_PEM_cert(sock.getpeercert(binary_form=True))
            assert shown == (site.certs / "two.example.crt").read_text(), sni
    with client.start_tls(site.connect("gopher"), None) as sock:
        assert ssl.DER_cert_to_PEM_cert(sock.getpeercert(binary_form=True)) == (site.certs / "one.example.crt").read_text()


def test_what_check_says_of_paths_that_meet(tmp_path):
    for name in ("one", "two", "three"):
        plant(tmp_path / name, {"index.gmi": "# x\n"})
    first = "certs = certs\nsite one.example { root = one }\nsite two.example { root = two gopher-path = /two }\n"

    def checked(more):
        (tmp_path / "nuncio.conf").write_text(first + more)
        done = run("check", "-c", "nuncio.conf", cwd=tmp_path)
        return done.returncode, done.stdout

    assert checked("site three.example { root = three gopher-path = /twos }\n") == (0, "nuncio.conf: fine\n")
    assert checked("site three.example { root = three gopher-path = /two/x }\n") == (
        1, "nuncio.conf:4: site three.example: its gopher-path, /two/x, and that of site two.example, /two, lie within "
           "each other\n")
    status, said = checked('site three.example { root = three gopher-path = "/a b" }\n')
    assert status == 1 and said.startswith("nuncio.conf:4: gopher-path = /a b: expected a path such as /name")
