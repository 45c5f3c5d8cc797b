"""Gemini's requests and responses as a reader meets them (G7 to G18, G25)."""

import re
import time

import pytest

import client
from server import HAVE_IPV6, SLOWER

TREE = {
    "index.gmi": "# Welcome\n\n=> page.gmi A page\n",
    "page.gmi": "# A page\n\nText.\n",
    "dir/index.gmi": "# In the directory\n",
    "dir/text.txt": "plain\n",
    "with space.txt": "space\n",
    "brackets[1].txt": "brackets\n",
    "ünï.txt": "umlauts\n",
    "plus+sign.txt": "plus\n",
    "100%.txt": "percent\n",
    "a%20b.txt": "not a space\n",
}


@pytest.fixture(scope="module")
def site(serve_for_module):
    return serve_for_module(TREE)


# ---------------------------------------------------------------- requests


@pytest.mark.parametrize("request_bytes", [b"gemini://localhost/\n", b"gemini://localhost/", b"\n", b"g"])
def test_only_crlf_ends_a_request_G7(serve, request_bytes):
    site = serve(TREE, "--timeout", "request=0.3")
    started = time.monotonic()
    reply = site.ask(request_bytes)
    assert (reply.raw, reply.end) == (b"", client.CLOSE_NOTIFY)
    assert 0.2 < time.monotonic() - started < 3 * SLOWER


def test_a_request_may_come_in_pieces_G7(site):
    with site.connect_tls() as sock:
        for byte in b"gemini://localhost/page.gmi\r\n":
            sock.sendall(bytes([byte]))
        assert client.GeminiReply(*client.read_to_end(sock)).text == TREE["page.gmi"]


def url_of_length(n):
    start = b"gemini://localhost/?"
    return start + b"a" * (n - len(start))


def test_1024_bytes_are_served_G8(site):
    assert site.ask(url_of_length(1024) + b"\r\n").status == 20


@pytest.mark.parametrize("request_bytes", [
    url_of_length(1025) + b"\r\n", url_of_length(1027), url_of_length(1400) + b"\r\n", b"x" * 5000],
    ids=["1025", "1027 without an end", "1400", "5000 of anything"])
def test_1025_bytes_are_refused_without_waiting_G8(site, request_bytes):
    started = time.monotonic()
    reply = site.ask(request_bytes)
    assert reply.end == client.CLOSE_NOTIFY
    assert reply.status == 59
    assert "1024" in reply.meta
    assert time.monotonic() - started < 3 * SLOWER  # the deadline for requests is 10 s


@pytest.mark.parametrize("request_bytes, reason", [
    (b"", "empty"),
    (b"/", "absolute|scheme|relative"),
    (b"/page.gmi", "absolute|scheme|relative"),
    (b"//localhost/", "absolute|scheme|relative"),
    (b"localhost/", "absolute|scheme|relative"),
    (b"page.gmi", "absolute|scheme|relative"),
    (b"gemini:", ""),
    (b"gemini:/page.gmi", ""),
    (b"gemini://", ""),
    (b"gemini:///page.gmi", ""),
    (b"gemini://localhost:port/", ""),
    (b"gemini://[::1/", ""),
    (b"gemini://[::g]/", ""),
    (b"://localhost/", ""),
    (b"1gemini://localhost/", ""),
    (b"gemini://someone@localhost/", "(?i)user"),
    (b"gemini://someone:secret@localhost/", "(?i)user"),
    (b"gemini://@localhost/", "(?i)user"),
    (b"gemini://localhost/#top", "fragment"),
    (b"gemini://localhost/#", "fragment"),
    (b"gemini://localhost/?q#top", "fragment"),
    (b"gemini://localhost/\0", "(?i)control|NUL"),
    (b"gemini://localhost/\0/page.gmi", "(?i)control|NUL"),
    (b"gemini://localhost/\x01", "control"),
    (b"gemini://localhost/\t", "control"),
    (b"gemini://localhost/\x1b[31m", "control"),
    (b"gemini://localhost/\x7f", "control"),
    (b"gemini://localhost/a\rb", "control"),
    (b"gemini://localhost/\n", "control"),
    (b"\ngemini://localhost/", ""),
    (b"gemini://localhost/\xff", "UTF-8"),
    (b"gemini://localhost/\xc0\xaf", "UTF-8"),
    (b"gemini://localhost/\xed\xa0\x80", "UTF-8"),
    (b"gemini://localhost/\xf4\x90\x80\x80", "UTF-8"),
    (b"\xef\xbb\xbfgemini://localhost/", "(?i)BOM|byte order mark"),
    (b" gemini://localhost/", ""),
    (b"gemini://localhost/%zz", "percent"),
    (b"gemini://localhost/page.gmi?100%", "percent"),
    (b"gemini://localhost/dir\\text.txt", "backslash"),
], ids=repr)
def test_what_is_no_request_is_59_and_says_why_G9(site, request_bytes, reason):
    reply = site.ask(request_bytes + b"\r\n")
    assert (reply.status, reply.end) == (59, client.CLOSE_NOTIFY)
    assert re.search(reason, reply.meta), reply.meta


@pytest.mark.parametrize("path, text", [
    ("/with space.txt", "space\n"),
    ("/with%20space.txt", "space\n"),
    ("/brackets[1].txt", "brackets\n"),
    ("/brackets%5B1%5D.txt", "brackets\n"),
    ("/ünï.txt", "umlauts\n"),
    ("/%C3%BCn%C3%AF.txt", "umlauts\n"),
    ("/%c3%bcn%c3%af.txt", "umlauts\n"),
    ("/plus+sign.txt", "plus\n"),
    ("/page.gmi?a=[b]|{c}^`\"<d>", TREE["page.gmi"]),
])
def test_unencoded_paths_are_tolerated_G10(site, path, text):
    reply = site.gemini(path)
    assert (reply.status, reply.text) == (20, text)


def test_an_empty_path_is_the_root_G11(site):
    bare, slash = site.gemini("gemini://localhost"), site.gemini("gemini://localhost/")
    assert bare.raw == slash.raw
    assert slash.text == TREE["index.gmi"]
    assert site.gemini("gemini://localhost?query").raw == slash.raw


@pytest.mark.parametrize("url", [
    "gemini://localhost/", "GEMINI://localhost/", "gemini://LocalHost/", "gemini://localhost./",
    "gemini://localhost:{port}/", "gemini://localhost:/", "gemini://127.0.0.1/", "gemini://127.0.0.1:{port}/",
    "gemini://[::1]/", "gemini://192.0.2.7/", "gemini://[2001:db8::7]/"])
def test_these_all_mean_us_G12(site, url):
    reply = site.gemini(url.format(port=site.gemini_port))
    assert (reply.status, reply.text) == (20, TREE["index.gmi"])


@pytest.mark.parametrize("url", [
    "http://localhost/", "https://localhost/", "gopher://localhost/", "titan://localhost/x;size=3", "ftp://localhost/",
    "mailto:someone@example.org", "geminis://localhost/"])
def test_another_scheme_is_53_G12_G25(site, url):
    reply = site.gemini(url)
    assert reply.status == 53
    assert url.partition(":")[0] in reply.meta


@pytest.mark.parametrize("host", ["example.org", "localhost.example.org", "xlocalhost", "loca", "xn--bcher-kva.de"])
def test_a_host_that_is_not_served_is_53_and_the_reason_names_both_G12(site, host):
    reply = site.gemini(f"gemini://{host}/")
    assert reply.status == 53
    assert host in reply.meta and re.search(r"(?<![\w.])localhost(?!\.\w)", reply.meta)


@pytest.mark.parametrize("port", ["1", "70", "65535", "{gopher}"])
def test_a_port_that_is_not_ours_is_53_G12(site, port):
    port = port.format(gopher=site.gopher_port)
    reply = site.gemini(f"gemini://localhost:{port}/")
    assert reply.status == 53
    assert port in reply.meta


def test_names_that_are_given_are_served_and_localhost_from_here_G12(serve):
    site = serve(TREE, "--host", "example.org", "--host", "www.example.org")
    for host in ("example.org", "EXAMPLE.org.", "www.example.org", "localhost", "127.0.0.1"):
        assert site.gemini(f"gemini://{host}/").status == 20, host
    refused = site.gemini("gemini://other.example/")
    assert refused.status == 53
    assert "other.example" in refused.meta and "example.org" in refused.meta


def test_the_public_port_is_ours_too_G12(serve):
    site = serve(TREE, "--public-gemini-port", "1965")
    assert site.gemini("gemini://localhost:1965/").status == 20
    assert site.gemini("gemini://localhost:1966/").status == 53


@pytest.mark.parametrize("sni, host", [("localhost", "127.0.0.1"), ("unknown.example", "localhost"),
                                       (None, "localhost")])
def test_server_name_and_url_may_differ_G12(site, sni, host):
    assert site.gemini(f"gemini://{host}/", sni=sni).status == 20


@pytest.mark.parametrize("path, text", [
    ("/dir/../page.gmi", TREE["page.gmi"]),
    ("/./page.gmi", TREE["page.gmi"]),
    ("/dir/./../page.gmi", TREE["page.gmi"]),
    ("/%70age.gmi", TREE["page.gmi"]),
    ("/dir/%2e%2e/page.gmi", TREE["page.gmi"]),
    ("//page.gmi", TREE["page.gmi"]),
    ("/dir//text.txt", "plain\n"),
    ("/dir/.", TREE["dir/index.gmi"]),
    ("/dir/x/..", TREE["dir/index.gmi"]),
    ("/100%25.txt", "percent\n"),
    ("/a%2520b.txt", "not a space\n"),
])
def test_paths_are_decoded_once_and_dots_resolved_G13(site, path, text):
    reply = site.gemini(path)
    assert (reply.status, reply.text) == (20, text)


@pytest.mark.parametrize("path", [
    "/..", "/../", "/../etc/passwd", "/dir/../../etc/passwd", "/%2e%2e/etc/passwd", "/.%2E/etc/passwd",
    "/dir/%2e%2e/%2e%2e/etc/passwd", "//../x"])
def test_a_path_above_the_root_is_59_G13(site, path):
    assert site.gemini(path).status == 59


@pytest.mark.parametrize("path", [
    "/dir%2Ftext.txt", "/%2Fetc%2Fpasswd", "/..%2F..%2Fetc%2Fpasswd", "/dir/..%2fpage.gmi", "/page.gmi%00",
    "/page.gmi%00.txt", "/dir\\text.txt", "/dir%5Ctext.txt", "/..\\..\\etc\\passwd", "/%252e%252e/etc/passwd",
    "/a%20b.txt", "/page.gmi/", "/page.gmi/x", "/page.gmi%0a", "/%ff", "/PAGE.gmi"])
def test_nothing_else_becomes_a_path_G13(site, path):
    reply = site.gemini(path)
    assert reply.status in (51, 59), reply.raw
    assert reply.body == b""


def test_a_query_on_a_static_page_is_ignored_G14(site):
    plain = site.gemini("/page.gmi")
    for query in ("?", "?q", "?a=b&c=d", "?%20+", "?/../../etc/passwd", "?%00"):
        assert site.gemini("/page.gmi" + query).raw == plain.raw, query


# ---------------------------------------------------------------- responses


@pytest.mark.parametrize("path, target", [
    ("/dir", "/dir/"), ("/dir?a=b", "/dir/?a=b"), ("/dir?", "/dir/?"), ("/./dir", "/dir/"), ("//dir", "/dir/"),
    ("/x/../dir", "/dir/"), ("/%64ir", "/dir/"), ("/dir?%2F%20", "/dir/?%2F%20")])
def test_a_directory_without_its_slash_is_a_redirect_G16(site, path, target):
    reply = site.gemini(path)
    assert (reply.status, reply.meta) == (31, target)


def test_two_slashes_never_become_another_host_G16(serve):
    site = serve({"evil.example/page.gmi": "# here\n", "ünï dir/page.gmi": "# there\n"})
    assert site.gemini("//evil.example").meta == "/evil.example/"
    assert site.gemini("///evil.example").meta == "/evil.example/"
    assert site.gemini("/ünï dir").meta == "/%C3%BCn%C3%AF%20dir/"
    assert "// " not in site.gemini("/").text


def test_what_is_not_there_is_51_G15(site):
    for path in ("/nothing", "/dir/nothing.gmi", "/nothing/", "/page.gmi.gmi"):
        reply = site.gemini(path)
        assert reply.status == 51 and reply.meta.strip(), path


@pytest.mark.parametrize("path", ["/" + "a" * 256, "/" + "a" * 900, "/" + "%C3%BC" * 150, "/dir/" + "b" * 300 + "/c"])
def test_a_component_too_long_for_the_file_system_is_51_G18(site, path):
    assert site.gemini(path).status == 51


@pytest.mark.skipif(not HAVE_IPV6, reason="this machine has no IPv6")
def test_answers_on_ipv6_too_B2(site):
    assert site.gemini("/", host="::1").text == TREE["index.gmi"]
    url = f"gemini://[::1]:{site.port('gemini', '::1')}/"
    assert site.gemini(url, host="::1", sni=None).status == 20


def test_the_port_of_another_listener_is_ours_G12(serve):
    site = serve({"index.gmi": "# Home\n"}, gemini=["127.0.0.1:0", "127.0.0.1:0"])
    first, second = [port for scheme, _, port in site.listeners if scheme == "gemini"]
    assert first != second
    for port in first, second:
        answer = client.gemini("127.0.0.1", first, f"gemini://localhost:{port}/\r\n".encode())
        assert answer.status == 20
    refused = client.gemini("127.0.0.1", first, f"gemini://localhost:{site.gopher_port}/\r\n".encode())
    assert refused.status == 53
