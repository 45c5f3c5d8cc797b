"""The log: a line per request, without addresses, and nothing in it that a stranger could forge (B3)."""

import re

import pytest

from server import HAVE_IPV6, eventually

TREE = {"index.gmi": "# Home\n\n=> page.gmi A page\n", "page.gmi": "# A page\n"}


def requests_for(site, word):
    return eventually(lambda: [line for line in site.log_lines("request") if word in line], 5, "the log line")


def test_a_line_per_request_without_addresses_B3(serve):
    site = serve(TREE)
    site.gemini("/page.gmi?over-gemini")
    site.gopher("/page.gmi?over-gopher")
    site.gopher("/page.gmi?over-gophers", tls=True)
    site.gemini("/not-there")
    for word, scheme, status in (("over-gemini", "gemini", "20"), ("over-gopher", "gopher", "20"),
                                 ("over-gophers", "gophers", "20"), ("not-there", "gemini", "51")):
        lines = [line for line in requests_for(site, word) if word in line.split("?") or line.endswith(word)]
        assert len(lines) == 1, site.log()
        fields = lines[0].split(" ")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", fields[0])
        assert scheme in fields and status in fields
    assert not [line for line in site.log_lines("request") if "127.0.0.1" in line or "::1" in line]


def test_log_address_adds_them_B3(serve):
    site = serve(TREE, "--log-address")
    site.gemini("/page.gmi")
    assert "127.0.0.1" in requests_for(site, "/page.gmi")[0]
    if HAVE_IPV6:
        site.gopher("/from-six", host="::1")
        assert "::1" in requests_for(site, "/from-six")[0]


@pytest.mark.parametrize("data, seen", [
    (b"\x1b[2Jclear", r"\x1b"), (b"\x07bell", r"\x07"), (b"\xff\xfe", r"\xff"), (b"\xc2\x9b31m", r"\xc2\x9b"),
    ("\u202eright-to-left".encode(), r"\xe2\x80\xae"), (b"back\\slash", "\\\\"), (b"\rreturn", r"\x0d")])
def test_what_strangers_send_is_escaped_B3(serve, data, seen):
    site = serve(TREE)
    site.gopher(b"/marked-" + data)
    site.ask(b"gemini://localhost/marked-" + data + b"\r\n")
    lines = eventually(lambda: len(requests_for(site, "marked-")) == 2 and requests_for(site, "marked-"), 5)
    assert all(seen in line for line in lines), lines
    raw = site.log_path.read_bytes()
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", raw)
    assert "\u202e" not in raw.decode() and "\x9b" not in raw.decode()


def test_nothing_can_forge_a_log_line_B3(serve):
    site = serve(TREE)
    site.gopher(b"/x\r2026-01-01T00:00:00.000Z error forged")
    site.ask(b"gemini://localhost/x\n2026-01-01T00:00:00.000Z error forged\r\n")
    eventually(lambda: len(site.log_lines("request")) == 2)
    assert site.log_lines("error") == []


def test_quiet_leaves_requests_out(serve):
    site = serve(TREE, "--quiet")
    site.gemini("/page.gmi")
    site.gopher("/page.gmi")
    site.stop()
    assert site.log_lines("request") == []


def test_verbose_says_more(serve):
    quiet, loud = serve(TREE), serve(TREE, "--verbose")
    for site in (quiet, loud):
        site.gemini("/page.gmi")
        site.stop()
    assert loud.log_lines("debug") and not quiet.log_lines("debug")
    assert loud.log_lines("request")
