"""Gopher's requests and documents as a client meets them (P1 to P3, P5, P6, P12 to P19)."""

import re
import ssl
import time

import pytest

import client
from server import HAVE_IPV6, SLOWER

TREE = {
    "index.gmi": "# Welcome\n\n=> page.gmi A page\n=> text.txt A text\n",
    "page.gmi": "# A page\n\nText.\n",
    "text.txt": "one\ntwo\n.\n..\nlast line without an end",
    "crlf.txt": b"one\r\ntwo\r\n",
    "dir/index.gmi": "# In the directory\n\n=> below.gmi Below\n=> ../text.txt Above\n",
    "dir/below.gmi": "# Below\n",
    "with space.txt": "space\n",
    "100%.txt": "percent\n",
    "100%25.txt": "percent twenty-five\n",
    "what?.txt": "question\n",
    "ünï.txt": "umlauts\n",
    "tab\there.txt": "tab\n",
    "picture.gif": b"GIF89a\0\1\2",
    "data.bin": bytes(range(256)) * 40,
    "k.overview.txt": "An overview\n\n1. Point one.\n",
    "README": "A text without a suffix.\n",
}


@pytest.fixture(scope="module")
def site(serve_for_module):
    return serve_for_module(TREE)


def items_of(site, selector):
    return site.gopher(selector).menu


def the_item(items, display):
    found = [item for item in items if item.display.strip() == display and item.type != "i"]
    assert len(found) == 1, (display, items)
    return found[0]


# ---------------------------------------------------------------- requests


@pytest.mark.parametrize("request_bytes, text", [
    (b"/text.txt\r\n", TREE["text.txt"]),
    (b"/text.txt\n", TREE["text.txt"]),
    (b"text.txt\r\n", TREE["text.txt"]),
    (b"/text.txt\r\nand more\r\n", TREE["text.txt"]),
    (b"/text.txt\t\r\n", TREE["text.txt"]),
])
def test_how_a_selector_ends_P1(site, request_bytes, text):
    reply = client.gopher("127.0.0.1", site.gopher_port, request_bytes)
    assert (reply.text, reply.end) == (text, client.FIN)


@pytest.mark.parametrize("request_bytes", [b"\r\n", b"\n", b"/\r\n", b"/\n", b"//\r\n", b"/./\r\n", b".\r\n"])
def test_empty_is_the_root_P1_P2(site, request_bytes):
    reply = client.gopher("127.0.0.1", site.gopher_port, request_bytes)
    assert the_item(reply.menu, "A page").selector == "/page.gmi"
    assert reply.raw == site.gopher("").raw


@pytest.mark.parametrize("request_bytes", [b"a" * 1025, b"/" * 5000, b"a" * 1025 + b"\r\n", b"\t" * 2000])
def test_a_long_request_is_refused_at_once_P1(site, request_bytes):
    started = time.monotonic()
    reply = client.gopher("127.0.0.1", site.gopher_port, request_bytes)
    assert reply.end == client.FIN
    assert reply.error
    assert time.monotonic() - started < 3 * SLOWER  # the deadline for requests is 10 s


def test_1024_bytes_are_no_long_request_P1(site):
    selector = b"/dir/." + b"/." * 508  # with CRLF: 1024
    assert len(selector) == 1022
    assert site.gopher(selector).raw == site.gopher("/dir/").raw


@pytest.mark.parametrize("selector, text", [
    ("/dir/../text.txt", TREE["text.txt"]),
    ("//text.txt", TREE["text.txt"]),
    ("/./text.txt", TREE["text.txt"]),
    ("./text.txt", TREE["text.txt"]),
    ("dir//..//text.txt", TREE["text.txt"]),
    ("/with space.txt", "space\n"),
    ("/with%20space.txt", "space\n"),
    ("/ünï.txt", "umlauts\n"),
    ("/%C3%BCn%C3%AF.txt", "umlauts\n"),
    ("/100%.txt", "percent\n"),
    ("/100%25.txt", "percent twenty-five\n"),  # as it stands first
    ("/100%2525.txt", "percent twenty-five\n"),
    ("/what?.txt", "question\n"),
    ("/what%3F.txt", "question\n"),
    ("/tab%09here.txt", "tab\n"),
])
def test_a_selector_is_tried_as_it_stands_then_decoded_P2(site, selector, text):
    assert site.gopher(selector).text == text


@pytest.mark.parametrize("selector", [
    b"..", b"/..", b"../text.txt", b"/../etc/passwd", b"/dir/../../etc/passwd", b"/%2e%2e/etc/passwd",
    b"/text.txt\0", b"\0", b"/\0/text.txt", b"/text.txt%00", b"/dir%2Ftext.txt", b"/..%2fetc/passwd",
    b"/..\\..\\etc\\passwd"])
def test_above_the_root_and_nul_are_refused_P2(site, selector):
    assert site.gopher(selector).error


def test_menus_hold_selectors_that_lead_back_P2(serve):
    names = ["with space.txt", "100%.txt", "50%25.txt", "what?.txt", "ünï.txt", "a:b.txt", "tab\there.txt",
             "new\nline.txt", "quote\"<>.txt", "#.txt", "日本.txt", "back\\slash.txt", "+plus.txt", "-dash.txt"]
    site = serve({name: f"this is {name}" for name in names})
    items = [item for item in site.gopher("").menu if item.type == "0"]
    assert len(items) == len(names)
    for item in items:
        assert re.fullmatch(r"[!-~]+", item.selector), item
        assert not re.search("%(?![0-9A-F]{2})", item.selector), item
    assert sorted(site.gopher(item.selector).text for item in items) == sorted(f"this is {name}" for name in names)


@pytest.mark.parametrize("selector", ["/text.txt\twords to find", "/text.txt?words", "/text.txt?words+to%20find"])
def test_words_for_a_search_on_a_static_page_are_ignored_P3(site, selector):
    assert site.gopher(selector).text == TREE["text.txt"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("target", ["/", "/text.txt", "/x HTTP/1.1\r\nHost: localhost\r\n"])
def test_http_gets_a_page_that_says_what_this_is_P5(site, method, target):
    line = target if "HTTP" in target else target + " HTTP/1.1\r\nHost: localhost\r\n"
    raw = site.gopher(f"{method} {line}").raw
    head, _, body = raw.partition(b"\r\n\r\n")
    assert re.match(rb"HTTP/1\.[01] \d{3} ", head), head
    assert b"\nContent-Type: text/html" in head
    if method == "HEAD":
        assert body == b""
    else:
        assert f"gemini://localhost:{site.gemini_port}".encode() in body
        assert f"gopher://localhost:{site.gopher_port}".encode() in body


def test_http_with_many_headers_gets_the_page_whole_P5(site):
    """A web browser sends more than 1024 bytes; what follows the first line is ignored."""
    headers = "".join(f"X-Header-{i}: {'x' * 100}\r\n" for i in range(60))
    raw = site.gopher(f"GET / HTTP/1.1\r\n{headers}").raw
    assert raw.startswith(b"HTTP/1.") and raw.rstrip().endswith(b"</html>")


def test_the_page_for_http_can_be_switched_off_P5(serve):
    site = serve(TREE, "--no-http-page")
    assert site.gopher("GET / HTTP/1.0\r\n").error


def test_tls_can_be_switched_off_P6(serve):
    site = serve(TREE, "--no-gophers")
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        site.connect_tls("gopher").close()
    assert site.gopher("").menu
    assert "ServerTLSPort" not in site.gopher("caps.txt").text


def test_a_file_called_get_is_still_there_P5(serve):
    site = serve({"GET": "a file\n"})
    assert site.gopher("/GET").text == "a file\n"


@pytest.mark.parametrize("selector", ["", "/text.txt", "/nothing", "/data.bin", "GET / HTTP/1.0\r\n"])
def test_the_same_port_speaks_tls_P6(site, selector):
    plain, secret = site.gopher(selector), site.gopher(selector, tls=True)
    assert secret.raw == plain.raw
    assert secret.end == client.CLOSE_NOTIFY


def test_tls_on_gopher_is_as_young_as_on_gemini_P6(site):
    old = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        site.connect_tls("gopher", context=client.tls_context(old, old)).close()


@pytest.mark.parametrize("url, shown", [
    ("https://example.org/", "https://example.org/"),
    ("https://example.org/?a=b&c=d", "https://example.org/?a=b&amp;c=d"),
    ("gemini://example.org/", "gemini://example.org/"),
    ("https://example.org/\"><script>x</script>", None),
])
@pytest.mark.parametrize("prefix", ["URL:", "/URL:"])
def test_url_selectors_answer_a_page_that_leads_there_P12(site, prefix, url, shown):
    page = site.gopher(prefix + url).text
    assert "<html" in page.lower()
    assert re.search(r"http-equiv=[\"']?refresh", page, re.IGNORECASE)
    assert "<script" not in page.lower()
    if shown:
        assert f'href="{shown}"' in page


@pytest.mark.parametrize("url", ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x",
                                 "file:///etc/passwd", "", "no scheme"])
def test_harmful_urls_get_no_page_P12(site, url):
    assert site.gopher("URL:" + url).error


@pytest.mark.parametrize("name", ["URL:http:.txt", "url:x.txt", "URL:.txt"])
def test_a_file_whose_name_looks_like_a_url_is_found_from_a_listing_P12(serve, name):
    site = serve({name: "its content\n", "URL:sub/a.txt": "below\n"})
    item, = [item for item in site.gopher("/").menu if item.display.startswith(name)]
    assert site.gopher(item.selector).text == "its content\n"
    target, = [target for target, label in client.gemtext_links(site.gemini("/").text) if label.startswith(name)]
    assert site.gemini("/" + target.removeprefix("./")).text == "its content\n"
    folder, = [item for item in site.gopher("/").menu if item.display.startswith("URL:sub")]
    assert site.gopher(site.gopher(folder.selector).menu[-1].selector).text == "below\n"


@pytest.mark.parametrize("selector", ["/nothing", "nothing.gmi", "/dir/nothing", "/text.txt/", "/text.txt/below"])
def test_an_error_is_a_menu_of_one_line_P13(site, selector):
    assert site.gopher(selector).error


# ---------------------------------------------------------------- documents


@pytest.mark.parametrize("name", ["text.txt", "crlf.txt", "data.bin", "picture.gif", "README"])
def test_files_arrive_byte_for_byte_P14(site, name):
    content = TREE[name]
    assert site.gopher("/" + name).raw == (content.encode() if isinstance(content, str) else content)


def test_pages_are_menus_and_overviews_sources_are_text_P15(site):
    assert site.gopher("/page.gmi").menu
    assert site.gopher("/k.overview.txt").text == TREE["k.overview.txt"]


@pytest.mark.parametrize("selector", ["caps.txt", "/caps.txt"])
def test_caps_txt_is_made_P17(site, selector):
    text = site.gopher(selector).text
    assert text.startswith("CAPS")
    caps = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    assert caps["CapsVersion"] == "1"
    assert caps["ExpireCapsAfter"].isdigit()
    assert caps["PathDelimeter"] == "/"  # the word as that draft spells it
    assert caps["ServerSoftware"].lower() == "nuncio"
    assert caps["ServerSoftwareVersion"]
    assert caps["ServerDefaultEncoding"].upper() == "UTF-8"
    assert caps["ServerTLSPort"] == str(site.gopher_port)


def test_a_caps_txt_of_the_capsules_own_wins_P17(serve):
    assert serve({"caps.txt": "CAPS\nmine\n"}).gopher("caps.txt").text == "CAPS\nmine\n"


# ---------------------------------------------------------------- what menus call us


def hosts(items):
    return {(item.host, item.port) for item in items if item.type not in "i3"}


def test_menus_name_localhost_on_loopback_P19(site):
    assert hosts(items_of(site, "")) == {("localhost", site.gopher_port)}


def test_menus_name_the_configured_host_P19(serve):
    site = serve(TREE, "--host", "gopher.example", "--host", "second.example")
    assert hosts(items_of(site, "")) == {("gopher.example", site.gopher_port)}


def test_menus_name_the_public_port_P19(serve):
    site = serve(TREE, "--public-gopher-port", "70", "--public-gemini-port", "1965")
    assert hosts(items_of(site, "")) == {("localhost", 70)}
    page = site.gopher("GET / HTTP/1.0\r\n").text
    assert re.search(r"gemini://localhost(:1965)?/", page)
    assert re.search(r"gopher://localhost(:70)?/", page)


@pytest.mark.skipif(not HAVE_IPV6, reason="this machine has no IPv6")
def test_answers_on_ipv6_too_B2_P19(site):
    items = site.gopher("", host="::1").menu
    assert hosts(items) == {("localhost", site.port("gopher", "::1"))}
