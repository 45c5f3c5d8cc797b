"""`nuncio check gemini://HOST/` and `gopher://HOST/`: our own server passes, and servers that break one rule each fail
by that rule."""

import functools
import json
import re
import socket
import ssl
import subprocess
import time
from urllib.parse import unquote_to_bytes

import pytest

from fake_server import FakeServer, finish, hold, reset, server_context
from pairs import make_pair
from server import ENVIRONMENT, HAVE_IPV6, PROGRAM, ROOT, SLOWER, free_port, run


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return make_pair(tmp_path_factory.mktemp("pair"), "localhost") / "localhost"


def check(*words, status=0, seconds=60, **more):
    done = run("check", *words, seconds=seconds, **more)
    assert done.returncode == status, (done.stdout, done.stderr)
    return done


def findings(*words, **more):
    """The report as objects, and standard error."""
    done = check("--json", *words, **more)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    for line in lines:
        assert list(line) == ["rule", "what", "verdict", "words", "sent", "received", "bytes", "ended"], line
        assert line["verdict"] in ("pass", "fail", "note") and re.fullmatch(r"[BGP]\d+", line["rule"]), line
        assert line["verdict"] == "pass" or line["words"], line
    return lines, done.stderr


def rules(lines, verdict):
    return {line["rule"] for line in lines if line["verdict"] == verdict}


def refused(*words, status=2):
    """The one line that says why."""
    done = check(*words, status=status)
    lines = done.stderr.splitlines()
    assert done.stdout == "" and len(lines) == 1 and lines[0].startswith("nuncio check: "), done
    return lines[0]


# ---------------------------------------------------------------- our own server


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1",
                                  pytest.param("[::1]", marks=pytest.mark.skipif(not HAVE_IPV6, reason="no IPv6"))])
def test_our_own_server_passes_on_gemini(shipped, host):
    port = shipped.port("gemini", host.strip("[]").replace("localhost", "127.0.0.1"))
    lines, errors = findings(f"gemini://{host}:{port}/")
    assert (rules(lines, "fail"), errors) == (set(), "")
    # Its listeners have a port each here, so that localhost does not answer at both addresses; an address has no
    # letters.
    assert rules(lines, "note") <= ({"B2"} if host == "localhost" else {"G12"}), lines
    assert rules(lines, "pass") >= {f"G{n}" for n in (*range(1, 17), 18, 20, 21, 23, 25)}


def test_our_own_server_passes_on_gopher(shipped):
    lines, errors = findings(f"gopher://localhost:{shipped.gopher_port}/")
    assert (rules(lines, "fail"), errors) == (set(), "")
    # The capsule has no link out of Gopher, and no search.
    assert [line["rule"] for line in lines if line["verdict"] == "note" and line["rule"] != "B2"] == ["P11", "P3"]
    assert rules(lines, "pass") >= {f"P{n}" for n in (1, 2, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 17, 18, 19)}


def test_the_server_stays_well(shipped):
    check(f"gemini://localhost:{shipped.gemini_port}/")
    check(f"gopher://localhost:{shipped.gopher_port}")
    assert not shipped.log_lines("error") and not shipped.log_lines("warning")
    assert shipped.gemini("/").status == 20


def test_the_report_for_people(shipped):
    said = check(f"gemini://localhost:{shipped.gemini_port}/").stdout
    assert f"> gemini://nuncio@localhost:{shipped.gemini_port}/\\r\\n\n        < 59 The URL holds user" in said
    assert re.search(r"^pass  G9   userinfo is refused with 59$", said, re.MULTILINE)
    assert re.search(r"^\d+ passed, 0 failed, \d notes?$", said.splitlines()[-1])
    assert all(line.isprintable() for line in said.splitlines())


def test_what_a_capsule_has_is_used(serve):
    """A directory, a text, a link out of Gopher, and a robots.txt."""
    site = serve({"index.gmi": "# Home\n=> docs/ Docs\n=> a.txt Text\n=> https://example.org/ Web\n",
                  "docs/index.gmi": "# Docs\n", "a.txt": "text\n", "robots.txt": "User-agent: *\n"})
    lines, _ = findings(f"gemini://localhost:{site.gemini_port}/")
    assert rules(lines, "fail") == set()
    assert [line["sent"] for line in lines if line["rule"] == "G16"][0].endswith("/docs\\r\\n")
    assert any(line["rule"] == "G23" and line["received"].startswith("20 text/plain") for line in lines)
    lines, _ = findings(f"gopher://localhost:{site.gopher_port}/")
    assert rules(lines, "fail") == set()
    verdicts = {line["rule"]: line["verdict"] for line in lines}
    assert (verdicts["P11"], verdicts["P14"], verdicts["P19"]) == ("pass", "pass", "pass")


def test_what_cannot_be_judged_is_a_note_that_says_so(serve):
    site = serve({"index.gmi": "# Home\n"})
    lines, _ = findings(f"gemini://localhost:{site.gemini_port}/")
    notes = [line for line in lines if line["verdict"] == "note" and line["rule"] == "G16"]
    assert len(notes) == 3 and all("no directory" in line["words"] and line["sent"] is None for line in notes)


# ---------------------------------------------------------------- Gemini servers that break a rule

HOME = b"20 text/gemini\r\n# Home\n=> docs/ Docs\n"
PASSWD = b"20 text/plain\r\nroot:x:0:0:root:/root:/bin/sh\n"


def read_line(sock, most=1026, end=b"\r\n"):
    """What comes until the line end, a bare LF, or more than is allowed."""
    got = b""
    while end not in got and len(got) <= most and not got.endswith(b"\n"):
        piece = sock.recv(4096)
        if not piece:
            break
        got += piece
    return got


def gemini_path(path):
    """The path's segments decoded once, or None where it climbs above the root or holds NUL."""
    kept = []
    for segment in path.split("/")[1:]:
        segment = unquote_to_bytes(segment)
        if segment == b"..":
            if not kept:
                return None
            kept.pop()
        elif b"\0" in segment:
            return None
        elif segment not in (b".", b""):
            kept.append(segment)
    return b"/".join(kept)


def gemini_right(got, port):
    """What a server that keeps the rules answers; nothing to a bare LF."""
    line, crlf, _ = got.partition(b"\r\n")
    if len(line) > 1024:
        return b"59 Too long\r\n"
    if not crlf:
        return b""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return b"59 No UTF-8\r\n"
    parts = re.fullmatch(r"([A-Za-z]+)://([^/?]*)([^?]*)(\?.*)?", text)
    if not parts or "#" in text or not text.isprintable():
        return b"59 Malformed\r\n"
    scheme, authority, path, query = parts.groups()
    host, _, number = authority.lower().partition(":")
    if not host or "@" in host or "[" in host:
        return b"59 Malformed\r\n"
    if scheme.lower() != "gemini" or host.rstrip(".") != "localhost" or number not in ("", str(port)):
        return b"53 No proxy\r\n"
    name = gemini_path(path)
    if name is None:
        return b"59 Outside\r\n"
    if name == b"docs" and not path.endswith("/"):
        return f"31 /docs/{query or ''}\r\n".encode()
    return {b"": HOME, b"docs": b"20 text/gemini\r\n# Docs\n"}.get(name, b"51 Not found\r\n")


def gemini_server(pair, change=None, goodbye=finish, context=None):
    """`change(got, right)` makes another answer of the right one; None: closes without any."""
    def answer(sock, _number):
        got = read_line(sock)
        said = gemini_right(got, server.port)
        said = change(got, said) if change else said
        sock.sendall(said)
        goodbye(sock)

    server = FakeServer(answer, context or server_context(pair))
    return server


def where(pattern, other):
    """Answers otherwise where the request matches."""
    return lambda got, right: other if re.search(pattern, got, re.DOTALL) else right


def instead(old, new):
    return lambda got, right: right.replace(old, new)


def no_goodbye(_sock):
    """FIN alone."""


def late_reset(sock):
    """RST, once what was sent has had the time to arrive and to be read."""
    time.sleep(0.1)
    reset(sock)


def old_context(pair):
    context = server_context(pair)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    return context


def test_a_server_that_keeps_the_rules_passes(pair):
    with gemini_server(pair) as server:
        lines, errors = findings(f"gemini://localhost:{server.port}/")
    assert (rules(lines, "fail"), errors) == (set(), "")
    assert rules(lines, "note") <= {"B2", "G6"}, [line for line in lines if line["verdict"] == "note"]


BROKEN_GEMINI = {
    "no close_notify": ({"G3"}, {"goodbye": no_goodbye}),
    "a reset": ({"G3"}, {"goodbye": late_reset}),
    "no CRLF after the header": ({"G15"}, {"change": instead(b"51 Not found\r\n", b"51 Not found\n")}),
    "no such status": ({"G15"}, {"change": instead(b"51 Not found", b"54 Not found")}),
    "a body after an error": ({"G15"}, {"change": instead(b"51 Not found\r\n", b"51 Not found\r\nSorry.\n")}),
    "an error page with 20": ({"G15"}, {"change": where(rb"is-not-there", b"20 text/gemini\r\n# Not found\n")}),
    "a bare LF": ({"G7"}, {"change": where(rb"[^\r]\n$", HOME)}),
    "1024 bytes are too many": ({"G8"}, {"change": where(rb"^.{1024}\r\n", b"59 Too long\r\n")}),
    "1025 bytes are served": ({"G8"}, {"change": where(rb"^.{1025}\r\n", HOME)}),
    "an empty request": ({"G9"}, {"change": where(rb"^\r\n", HOME)}),
    "a relative reference": ({"G9"}, {"change": where(rb"^/\r\n", HOME)}),
    "no scheme": ({"G9"}, {"change": where(rb"^//", HOME)}),
    "userinfo": ({"G9"}, {"change": where(rb"@", HOME)}),
    "a fragment": ({"G9"}, {"change": where(rb"#", HOME)}),
    "NUL": ({"G9"}, {"change": where(rb"\0", HOME)}),
    "a control character": ({"G9"}, {"change": where(rb"\a", HOME)}),
    "invalid UTF-8": ({"G9"}, {"change": where(rb"\xff", HOME)}),
    "a byte order mark": ({"G9"}, {"change": where(rb"^\xef\xbb\xbf", HOME)}),
    "no malformed URL": ({"G9"}, {"change": where(rb"\[::1/", HOME)}),
    "an empty path": ({"G11"}, {"change": where(rb"^gemini://localhost:\d+\r\n", b"51 Not found\r\n")}),
    "https": ({"G12"}, {"change": where(rb"^https:", HOME)}),
    "gopher": ({"G12"}, {"change": where(rb"^gopher:", HOME)}),
    "another host": ({"G12"}, {"change": where(rb"nuncio\.invalid", HOME)}),
    "capitals": ({"G12"}, {"change": where(rb"LOCALHOST", b"53 No\r\n")}),
    "a path that climbs": ({"G13"}, {"change": where(rb"/\.\./.*passwd", PASSWD)}),
    "and percent-encoded": ({"G13"}, {"change": where(rb"/%2e%2e/.*passwd", PASSWD)}),
    "%2F": ({"G13"}, {"change": where(rb"%2f", PASSWD)}),
    "decoded twice": ({"G13"}, {"change": where(rb"%252e", PASSWD)}),
    "a directory without a slash": ({"G16"}, {"change": where(rb"[^/]/docs\r\n", b"20 text/gemini\r\n# Docs\n")}),
    "a redirect to another host": ({"G16"}, {"change": where(rb"//docs", b"31 //docs/\r\n")}),
    "no MIME type": ({"G20"}, {"change": instead(b"20 text/gemini\r\n", b"20 gemtext\r\n")}),
    "text that is none": ({"G21"}, {"change": instead(b"# Home", b"# H\xf6me")}),
}


def fails_as(name, lines, wanted):
    """The broken rule fails and no other; but a reset may destroy a whole answer."""
    return rules(lines, "fail") >= wanted if name == "a reset" else rules(lines, "fail") == wanted


@pytest.mark.parametrize("name", BROKEN_GEMINI)
def test_a_broken_rule_of_gemini_fails(name, pair):
    wanted, more = BROKEN_GEMINI[name]
    with gemini_server(pair, **more) as server:
        lines, _ = findings(f"gemini://localhost:{server.port}/", status=1)
    assert fails_as(name, lines, wanted), [line for line in lines if line["verdict"] == "fail"]


NOTED_GEMINI = {
    "G5": {"context": "asks"}, "G8": {"change": where(rb"^[^\r]{1100}$", HOME)},
    "G10": {"change": where(rb"\xc3\xa9", b"59 ASCII only\r\n")},
    "G12": {"change": where(rb"^gemini://localhost:1/", HOME)}, "G14": {"change": where(rb"/\?nuncio\r", b"51 No\r\n")},
    "G18": {"change": where(rb"nnnnnn\r\n$", b"40 Name too long\r\n")}, "G23": {"change": where(rb"\.git", HOME)},
    "G25": {"change": where(rb"^titan:", b"59 No\r\n")},
}


@pytest.mark.parametrize("rule", sorted(set(NOTED_GEMINI) - {"G5"}))
def test_what_the_specification_leaves_open_is_a_note(rule, pair):
    with gemini_server(pair, **NOTED_GEMINI[rule]) as server:
        lines, _ = findings(f"gemini://localhost:{server.port}/")
    assert rule in rules(lines, "note"), lines


def test_old_versions_of_tls_are_to_be_refused_G1(pair):
    with gemini_server(pair, context=old_context(pair)) as server:
        lines, _ = findings(f"gemini://localhost:{server.port}/", status=1)
    assert [(line["rule"], line["words"]) for line in lines if line["verdict"] == "fail"] == [
        ("G1", "TLSv1.1 was accepted")]


def test_a_server_with_one_version_of_tls_is_a_note_G1(pair):
    for version, other in ((ssl.TLSVersion.TLSv1_2, "TLS 1.3"), (ssl.TLSVersion.TLSv1_3, "TLS 1.2")):
        with gemini_server(pair, context=server_context(pair, version, version)) as server:
            lines, _ = findings(f"gemini://localhost:{server.port}/")
        assert [line["words"] for line in lines if line["rule"] == "G1" and line["verdict"] == "note"][0].startswith(
            f"a client that has {other} only is not served")


def test_plain_text_must_not_be_answered_G1(pair):
    context = server_context(pair)

    def answer(sock, _number):
        if sock.recv(1, socket.MSG_PEEK) != b"\x16":
            sock.sendall(gemini_right(read_line(sock), server.port))
            return
        with context.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False) as tls:
            tls.sendall(gemini_right(read_line(tls), server.port))
            finish(tls)

    with FakeServer(answer) as server:
        lines, _ = findings(f"gemini://localhost:{server.port}/", status=1)
    assert [line["words"] for line in lines if line["verdict"] == "fail"] == ["it was answered in plain text"]


def test_a_server_that_asks_for_certificates_lets_others_in_G5(pair):
    context = server_context(pair)
    context.verify_mode = ssl.CERT_OPTIONAL
    with gemini_server(pair, context=context) as server:
        lines, _ = findings(f"gemini://localhost:{server.port}/")
    assert any(line["rule"] == "G5" and "asks for a certificate" in line["words"] for line in lines)


def test_a_certificate_that_names_another_host_is_a_note_G6(tmp_path):
    with gemini_server(make_pair(tmp_path, "elsewhere.example") / "elsewhere.example") as server:
        lines, _ = findings(f"gemini://localhost:{server.port}/")
    assert [line["words"] for line in lines if line["rule"] == "G6"][0].startswith("it does not name localhost: names elsew")


def test_who_is_turned_away_has_broken_no_rule_G17(pair):
    """Only the first page is answered, everything else with 44."""
    change = lambda got, right: right if re.match(rb"gemini://localhost:\d+/\r\n$", got) else b"44 60\r\n"
    with gemini_server(pair, change) as server:
        lines, _ = findings(f"gemini://localhost:{server.port}/")
    assert rules(lines, "fail") == set()
    assert sum("turned away" in line["words"] for line in lines) > 20


# ---------------------------------------------------------------- Gopher servers that break a rule

INFO = b"iHello\t\terror.host\t1\r\n"
NO = b"3Not found\t\terror.host\t1\r\n.\r\n"
TEXT = b"root:x:0:0:root:/root:/bin/sh\n"


def gopher_right(got, port):
    line = got.rstrip(b"\r\n")
    selector, *fields = line.split(b"\t")
    item = b"%%s\t%%s\tlocalhost\t%d\r\n" % port
    if not got.endswith(b"\n"):
        return NO
    if selector.startswith(b"URL:https"):
        return b"<a href=\"https://example.org/nuncio\">there</a>"
    name = b"/".join(part for part in selector.split(b"/") if part not in (b"", b"."))
    if name == b"find" and fields:
        return item % (b"1Found", b"/docs") + b".\r\n"
    return {b"": INFO + item % (b"1Docs", b"/docs") + item % (b"0Text", b"/a.txt") + item % (b"7Find", b"/find") +
                 item % (b"hWeb", b"URL:https://example.org/nuncio") + b".\r\n",
            b"docs": INFO + b".\r\n", b"a.txt": b"text\n", b"caps.txt": b"CAPS\r\n\r\nCapsVersion=1\r\n"}.get(name, NO)


def gopher_server(change=None, goodbye=None):
    def answer(sock, _number):
        got = read_line(sock, 1024, b"\n")
        said = gopher_right(got, server.port)
        sock.sendall(change(got, said) if change else said)
        if goodbye:
            goodbye(sock)
        else:
            sock.shutdown(socket.SHUT_WR)
            hold(sock)

    server = FakeServer(answer)
    return server


def test_a_gopher_server_that_keeps_the_rules_passes():
    with gopher_server() as server:
        lines, errors = findings(f"gopher://localhost:{server.port}/")
    assert (rules(lines, "fail"), errors) == (set(), "")
    # It has neither Gopher+ nor TLS, and no page for browsers.
    assert rules(lines, "note") <= {"B2", "P4", "P5", "P6", "P15"}, lines


BROKEN_GOPHER = {
    "lines of one field": ({"P7"}, {"change": instead(INFO, b"iHello\r\n")}),
    "a bare LF after a line": ({"P7"}, {"change": instead(INFO, INFO.replace(b"\r", b""))}),
    "no dot": ({"P8"}, {"change": lambda got, right: right.removesuffix(b".\r\n")}),
    "a reset": ({"P18"}, {"goodbye": late_reset}),
    "a script in a menu": ({"P11"}, {"change": instead(b"URL:https://example.org/nuncio\tl", b"URL:javascript:x\tl")}),
    "a script in a page": ({"P12"}, {"change": where(rb"^URL:javascript", b"<a href=\"javascript:alert(1)\">x</a>")}),
    "no escape": ({"P12"}, {"change": where(rb"<script>", b"<a href=\"\"><script>nuncio</script>\">x</a>")}),
    "an error as text": ({"P13"}, {"change": where(rb"is-not-there", b"Error: not found\r\n")}),
    "a path that climbs": ({"P2"}, {"change": where(rb"^/\.\./.*passwd", TEXT)}),
    "and without its slash": ({"P2"}, {"change": where(rb"^\.\./.*passwd", TEXT)}),
    "an item that is not there": ({"P2"}, {"change": where(rb"docs", NO)}),
    "a search that finds no menu": ({"P3"}, {"change": where(rb"find\t", b"found\r\n")}),
}


@pytest.mark.parametrize("name", BROKEN_GOPHER)
def test_a_broken_rule_of_gopher_fails(name):
    wanted, more = BROKEN_GOPHER[name]
    with gopher_server(**more) as server:
        lines, _ = findings(f"gopher://localhost:{server.port}/", status=1)
    assert fails_as(name, lines, wanted), [line for line in lines if line["verdict"] == "fail"]


NOTED_GOPHER = {
    "P1": where(rb"^\n", NO), "P2": where(rb"^/\./", NO), "P9": instead(b"iHello", b"i" + 80 * b"x"),
    "P14": where(rb"a\.txt", b"text\r\n.\r\n"), "P17": where(rb"caps", NO),
    "P19": instead(b"localhost", b"example.org"),
}


@pytest.mark.parametrize("rule", NOTED_GOPHER)
def test_what_rfc_1436_leaves_open_is_a_note(rule):
    with gopher_server(NOTED_GOPHER[rule]) as server:
        lines, _ = findings(f"gopher://localhost:{server.port}/")
    assert rule in rules(lines, "note"), lines


# ---------------------------------------------------------------- hostile servers


def flood(sock, head=b""):
    piece = 65536 * b"x"
    sock.sendall(head)
    while True:
        sock.sendall(piece)


def trickle(sock):
    """A byte now and then: there is always something to wait for."""
    while True:
        sock.sendall(b"2")
        time.sleep(0.05)


HOSTILE = {
    "says nothing": (lambda sock, _: hold(sock), "did not end within"),
    "resets": (lambda sock, _: reset(sock), "reset"),
    "closes": (lambda sock, _: None, "closed|reset"),
    "floods": (lambda sock, _: flood(sock, b"20 text/gemini\r\n"), "more than 1048576 bytes"),
    "trickles": (lambda sock, _: trickle(sock), "did not end within"),
    "garbage": (lambda sock, _: (read_line(sock), sock.sendall(bytes(range(256))), finish(sock)), "two digits"),
}


def hostile(url, words, server_context=None, answer=None, **more):
    with FakeServer(answer, server_context) as server:
        lines, errors = findings("--timeout", 1, url % server.port, status=1, **more)
    fails = [line for line in lines if line["verdict"] == "fail"]
    # Who resets at once may not seem to be there at all.
    assert re.search(words, "\n".join([line["words"] for line in fails] + [errors])), lines
    assert fails or "cannot be reached" in errors
    return lines, errors


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_gemini_server_gets_clear_words(name, pair):
    answer, words = HOSTILE[name]
    hostile("gemini://localhost:%d/", words, server_context(pair), answer, seconds=60)


@pytest.mark.parametrize("name", ["says nothing", "resets", "closes", "floods"])
def test_a_server_without_tls_gets_clear_words(name):
    answer, words = HOSTILE[name]
    words = {"floods": "does not speak TLS", "says nothing": "handshake did not end"}.get(name, words)
    lines, errors = hostile("gemini://localhost:%d/", words, None, answer)
    assert len(lines) == 2 and "the rest was not asked" in errors or "cannot be reached" in errors, (lines, errors)


@pytest.mark.parametrize("name", ["says nothing", "resets", "closes", "floods", "trickles"])
def test_a_hostile_gopher_server_gets_clear_words(name):
    answer, words = HOSTILE[name]
    hostile("gopher://localhost:%d/", words, None, answer, seconds=60)


def test_garbage_is_no_menu():
    with gopher_server(lambda got, right: bytes(range(256))) as server:
        lines, _ = findings(f"gopher://localhost:{server.port}/", status=1)
    assert {"P7", "P8", "P13"} <= rules(lines, "fail")


def test_a_server_that_falls_silent_is_given_up(pair):
    """The first page comes, and nothing afterwards: three connections wait for their time, no more do."""
    def answer(sock, number):
        got = read_line(sock)
        if number > 3:  # the first was a look at the port, which fails in the handshake
            hold(sock)
        sock.sendall(gemini_right(got, server.port))
        finish(sock)

    with FakeServer(answer, server_context(pair)) as server:
        lines, errors = findings("--timeout", 1, f"gemini://localhost:{server.port}/", status=1)
        assert server.connections < 12
    assert "the rest was not asked" in errors and "time limit" in errors


def test_a_server_that_ends_in_the_middle_is_given_up(pair):
    def answer(sock, number):
        sock.sendall(gemini_right(read_line(sock), server.port))
        if number == 3:
            server.listener.shutdown(socket.SHUT_RDWR)
            server.listener.close()
        finish(sock)

    with FakeServer(answer, server_context(pair)) as server:
        lines, errors = findings(f"gemini://localhost:{server.port}/", status=1)
        server.listener = socket.create_server(("127.0.0.1", 0))  # for stop() to end
    fails = [line["words"] for line in lines if line["verdict"] == "fail"]
    assert fails == 3 * ["no connection: Connection refused"] and "was refused" in errors, (fails, errors)


def test_connections_are_bounded_and_one_at_a_time(pair):
    open_now, most = [0], [0]

    def answer(sock, _number):
        open_now[0] += 1
        most[0] = max(most[0], open_now[0])
        sock.sendall(gemini_right(read_line(sock), server.port))
        finish(sock)
        open_now[0] -= 1

    with FakeServer(answer, server_context(pair)) as server:
        findings(f"gemini://localhost:{server.port}/")
        assert 40 < server.connections < 80
    # The thread of the one before may not have left yet.
    assert most[0] <= 2


# ---------------------------------------------------------------- the command line


def test_a_server_that_is_not_there_is_status_1():
    port = free_port()
    for scheme in ("gemini", "gopher"):
        line = refused(f"{scheme}://127.0.0.1:{port}/", status=1)
        assert f"cannot be reached at port {port}" in line and "Connection refused" in line
    assert "no-such-host.invalid" in refused("gemini://no-such-host.invalid/", status=1)


@pytest.mark.parametrize("words, part", [
    (["gemini://localhost/", "gopher://localhost/"], "one URL"),
    (["http://localhost/"], "not a gemini://"), (["gemini://"], "host"),
    (["gemini://localhost:0/"], "port"), (["gemini://localhost:99999/"], "port"),
    (["gemini://localhost/page.gmi"], "not a page"), (["gemini://localhost/?x"], "not a page"),
    (["gemini://localhost?x"], "not a page"), (["gopher://localhost/1/docs"], "not a page"),
    (["gemini://localhost/#x"], "not a page"), (["gemini://user@localhost/"], "user names"),
    (["gophers://localhost/"], "gopher://"), (["--timeout", "0", "gemini://localhost/"], "--timeout"),
    (["--timeout", "x", "gemini://localhost/"], "--timeout"), (["gemini://localhost/", "--timeout"], "value"),
    (["--frobnicate", "gemini://localhost/"], "--frobnicate"), (["--json=yes", "gemini://localhost/"], "no value"),
])
def test_a_wrong_command_line_is_status_2(words, part):
    assert part in refused(*words)


def test_other_hosts_need_a_word_of_their_owner():
    for host in ("192.0.2.1", "[2001:db8::1]", "0.0.0.0"):
        line = refused(f"gemini://{host}/")
        assert "--i-own-this-host" in line and "loopback" in line


def test_the_owners_word_is_enough(shipped):
    lines, _ = findings("--i-own-this-host", f"gopher://0.0.0.0:{shipped.gopher_port}/")
    assert rules(lines, "fail") == set() and len(lines) > 30


def test_help_and_readme():
    said = run("check", "--help")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout in (ROOT / "README.md").read_text()


def test_a_report_that_cannot_be_written_is_status_1(shipped):
    with open("/dev/full", "w") as full:
        done = subprocess.run([PROGRAM, "check", f"gopher://localhost:{shipped.gopher_port}/"], stdout=full,
                              stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, timeout=60 * SLOWER)
    assert done.returncode == 1 and "the report" in done.stderr
