"""Real clients, as a reader has them: openssl s_client, netcat, curl, lynx, gopher, Bombadillo, Amfora."""

import re
import shutil
import subprocess

import pytest

import client
from server import HAVE_IPV6
from terminal import Terminal, amfora
from test_capsule import NAME, POINTS, SOURCE, TITLE


def said(*words, send=b"", status=0):
    """What a program prints, given its standard input."""
    program = shutil.which(words[0])
    assert program, f"{words[0]} is not installed: run `make deps test`"
    done = subprocess.run([program, *map(str, words[1:])], input=send, capture_output=True, timeout=client.PATIENCE)
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    return done.stdout


def in_one_line(text):
    return " ".join(text.split())


# ---------------------------------------------------------------- openssl s_client


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("host", ["127.0.0.1"] + (["[::1]"] if HAVE_IPV6 else []))
def test_s_client_gets_the_overview(shipped, version, host):
    port = shipped.port("gemini", host.strip("[]"))
    out = said("openssl", "s_client", "-quiet", version, "-servername", "localhost", "-connect", f"{host}:{port}",
               send=f"gemini://localhost/{NAME}/\r\n".encode())
    assert out.startswith(b"20 text/gemini")
    assert f"# {TITLE}\n".encode() in out


# ---------------------------------------------------------------- netcat


@pytest.mark.parametrize("line", [b"\r\n", b"\n", b"/\r\n", b"/\n"])
def test_netcat_gets_the_first_menu_P1(shipped, line):
    out = said("nc", "-N", "-w", "5", "127.0.0.1", shipped.gopher_port, send=line)
    assert [item for item in client.parse_menu(out) if NAME in item.selector]


def test_netcat_gets_the_source_byte_for_byte(shipped):
    out = said("nc", "-w", "5", "127.0.0.1", shipped.gopher_port, send=f"/{NAME}.overview.txt\n".encode())
    assert out == SOURCE


# ---------------------------------------------------------------- curl


@pytest.mark.parametrize("scheme, options", [("gopher", []), ("gophers", ["-k"])])
def test_curl_gets_menus_and_texts_P6(shipped, scheme, options):
    base = f"{scheme}://localhost:{shipped.gopher_port}"
    resolve = ["-s", "--resolve", f"localhost:{shipped.gopher_port}:127.0.0.1"]
    assert said("curl", *resolve, *options, base) == shipped.gopher("").raw
    assert said("curl", *resolve, *options, f"{base}/1/{NAME}/") == shipped.gopher(f"/{NAME}/").raw
    assert said("curl", *resolve, *options, f"{base}/0/{NAME}.overview.txt") == SOURCE


def test_curl_follows_every_item_of_the_overview(shipped):
    for item in shipped.gopher(f"/{NAME}/").menu:
        if item.type in "01":
            url = f"gopher://127.0.0.1:{item.port}/{item.type}{item.selector}"
            assert said("curl", "-s", url) == shipped.gopher(item.selector).raw


def test_curl_over_http_gets_the_page_P5(shipped):
    out = said("curl", "-s", "-i", f"http://127.0.0.1:{shipped.gopher_port}/").decode()
    assert out.startswith("HTTP/1.")
    assert "gemini://" in out and "gopher://" in out


# ---------------------------------------------------------------- lynx


def lynx(url):
    out = said("lynx", "-dump", "-nolist", "-width=100", "-assume_charset=utf-8", "-display_charset=utf-8", url)
    return in_one_line(out.decode())


def test_lynx_shows_the_menu_of_the_overview(shipped):
    shown = lynx(f"gopher://127.0.0.1:{shipped.gopher_port}/1/{NAME}/")
    assert TITLE in shown and "September 26, 2012" in shown
    for number in POINTS:
        assert f"{number}. {' '.join(POINTS[number].split()[:4])}" in shown


@pytest.mark.parametrize("number", POINTS)
def test_lynx_shows_each_point_whole(shipped, number):
    shown = lynx(f"gopher://127.0.0.1:{shipped.gopher_port}/1/{NAME}/{number}.gmi")
    words = [word for word in shown.split() if not re.fullmatch(r"\(\w+\)", word) or word in POINTS[number]]
    assert client.holds(words, POINTS[number].split())


def test_lynx_shows_the_text(shipped):
    """It breaks long lines anywhere, inside words too."""
    shown = lynx(f"gopher://127.0.0.1:{shipped.gopher_port}/0/{NAME}.overview.txt").replace(" ", "")
    for text in [TITLE, "Back to Index", *POINTS.values()]:
        assert text.replace(" ", "") in shown


# ---------------------------------------------------------------- browsers in a terminal


def number_of(screen, words):
    """The number that a browser gives to the link whose label begins so."""
    for line in screen.splitlines():
        match = re.search(r"\[(\d+)\]\s+(.*)", line)
        if match and match[2].startswith(words):
            return match[1]
    raise AssertionError(f"no link {words!r} on the screen:\n{screen}")


FIRST_LINK = "1. This was the kick-off"


def draw_bombadillo(terminal):
    """It asks for the terminal's size while it fetches its first page: one that comes sooner is drawn on no lines, until
    a key (g: to the top) has it drawn anew."""
    terminal.wait_for("% Read")
    terminal.keys("g")


@pytest.mark.parametrize("scheme", ["gemini", "gopher"])
def test_bombadillo_shows_the_overview_and_follows_a_link(shipped, tmp_path, scheme):
    port = shipped.gemini_port if scheme == "gemini" else shipped.gopher_port
    type_ = "" if scheme == "gemini" else "/1"
    assert shutil.which("bombadillo"), "bombadillo is not installed: run `make deps test`"
    with Terminal(tmp_path, "bombadillo", f"{scheme}://localhost:{port}{type_}/{NAME}/") as terminal:
        draw_bombadillo(terminal)
        screen = terminal.wait_for(TITLE, "September 26, 2012", FIRST_LINK)
        terminal.keys(number_of(screen, FIRST_LINK))
        terminal.wait_for("Both ministers concurred on holding a viceministerial-level meeting", "2.")


def test_bombadillo_walks_from_the_first_page_to_the_overview(shipped, tmp_path):
    with Terminal(tmp_path, "bombadillo", f"gemini://localhost:{shipped.gemini_port}/") as terminal:
        draw_bombadillo(terminal)
        screen = terminal.wait_for("2012-09-26")
        terminal.keys(number_of(screen, "2012-09-26"))
        terminal.wait_for(TITLE, "September 26, 2012")


def test_the_first_gopher_client_walks_the_overview_P4(shipped, tmp_path):
    """The University of Minnesota's own. It asks in the manner of Gopher+ about what it is shown."""
    program = shutil.which("gopher")
    assert program, "gopher is not installed: run `make deps test`"
    with Terminal(tmp_path, program, "-p", f"/{NAME}/", "127.0.0.1", shipped.gopher_port) as terminal:
        terminal.wait_for("Press RETURN to continue")
        terminal.keys("Enter")
        terminal.wait_for("September 26, 2012", FIRST_LINK, "5. In addition", "Back to Index", "Page: 1/1")
        terminal.keys("Enter")  # the arrow stands at the first link
        terminal.wait_for("Both ministers concurred on holding a viceministerial-level", "Page: 1/1")
        terminal.keys("u")
        terminal.wait_for("5. In addition", "Page: 1/1")


@pytest.mark.skipif(not shutil.which("amfora"), reason="amfora is not one of the programs that `make deps` installs")
def test_amfora_shows_the_overview_and_follows_a_link(shipped, tmp_path):
    with amfora(tmp_path, f"gemini://localhost:{shipped.gemini_port}/{NAME}/") as terminal:
        screen = terminal.wait_for(TITLE, "September 26, 2012", FIRST_LINK)
        terminal.keys(number_of(screen, FIRST_LINK), "Enter")
        terminal.wait_for("Both ministers concurred on holding a viceministerial-level meeting")
