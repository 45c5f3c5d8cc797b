"""What of a folder is served, as what, and what never is (G13, G19 to G23)."""

import re

import pytest

import client
from rights import UNPRIVILEGED_FILES
from tree import Fifo, Link, Mode, Socket, plant

BOTH_WAYS = True  # with openat2, and without it

# ---------------------------------------------------------------- nothing from outside

SECRET = "a secret outside the capsule"


@pytest.fixture(scope="module")
def links(serve_for_module, tmp_path_factory):
    outside = plant(tmp_path_factory.mktemp("outside"), {"secret.txt": SECRET, "dir/secret.txt": SECRET})
    up = "../" * 12
    return serve_for_module({
        "index.gmi": "# Home\n",
        "page.txt": "inside\n",
        "dir/page.txt": "inside a directory\n",
        "dir/up.txt": Link("../page.txt"),
        "good.txt": Link("page.txt"),
        "good-dir": Link("dir"),
        "two-steps.txt": Link("good.txt"),
        "out.txt": Link(up + str(outside / "secret.txt").lstrip("/")),
        "out-dir": Link(up + str(outside).lstrip("/")),
        "absolute.txt": Link(str(outside / "secret.txt")),
        "absolute-dir": Link(str(outside)),
        "passwd": Link("/etc/passwd"),
        "loop": Link("loop"),
        "dangling": Link("nothing"),
        "pipe": Fifo(),
        "socket": Socket(),
        "device": Link("/dev/zero"),
        "proc": Link("/proc/self/environ"),
        "dir/out-and-in.txt": Link(up + "nowhere/../page.txt"),
    })


@pytest.mark.parametrize("path, text", [
    ("/good.txt", "inside\n"), ("/dir/up.txt", "inside\n"), ("/two-steps.txt", "inside\n"),
    ("/good-dir/page.txt", "inside a directory\n")])
def test_relative_links_that_stay_inside_are_followed_G13(links, path, text):
    assert links.gemini(path).text == text
    assert links.gopher(path).text == text


@pytest.mark.parametrize("path", [
    "/out.txt", "/out-dir/secret.txt", "/out-dir/", "/out-dir", "/out-dir/dir/secret.txt", "/absolute.txt",
    "/absolute-dir/", "/absolute-dir/secret.txt", "/passwd", "/dir/out-and-in.txt"])
def test_links_that_leave_are_51_and_a_log_line_G13(links, path):
    before = len(links.log_lines("warning"))
    assert links.gemini(path).status == 51
    assert len(links.log_lines("warning")) > before
    assert links.gopher(path).error
    assert SECRET not in links.log()


@pytest.mark.parametrize("path", ["/pipe", "/socket", "/device", "/proc", "/loop", "/dangling", "/pipe/", "/loop/x"])
def test_what_is_no_file_or_directory_is_51_at_once_G13(links, path):
    assert links.gemini(path).status == 51
    assert links.gopher(path).error


def test_a_listing_gives_away_nothing_of_where_links_lead_G13(serve, tmp_path):
    outside = plant(tmp_path / "outside", {"page.gmi": f"# {SECRET}\n"})
    site = serve({"page.gmi": "# Inside\n", "absolute.gmi": Link(str(outside / "page.gmi")), "pipe": Fifo()})
    assert SECRET not in site.gemini("/").text
    assert SECRET not in site.gopher("/").text


# ---------------------------------------------------------------- unreadable


def test_unreadable_files_are_51_and_a_warning_G19(serve):
    site = serve({"index.gmi": "# Home\n", "closed.txt": Mode(0, SECRET), "closed/page.txt": SECRET, "open.txt": "x\n"},
                 before=UNPRIVILEGED_FILES)
    (site.capsule / "closed").chmod(0)
    try:
        for path in ("/closed.txt", "/closed/page.txt", "/closed/"):
            reply = site.gemini(path)
            assert reply.status == 51, path
            assert any(path.rstrip("/") in line for line in site.log_lines("warning")), path
            assert site.gopher(path).error
        assert site.gemini("/open.txt").text == "x\n"
    finally:
        (site.capsule / "closed").chmod(0o700)


# ---------------------------------------------------------------- types

TYPES = {
    "a.gmi": ("# a\n", "text/gemini"),
    "a.gemini": ("# a\n", "text/gemini"),
    "A.GMI": ("# a\n", "text/gemini"),
    "a.txt": ("a\n", "text/plain"),
    "a.md": ("# a\n", "text/markdown"),
    "a.html": ("<p>\n", "text/html"),
    "a.xml": ("<a/>\n", r"(application|text)/xml"),
    "a.png": (b"\x89PNG\r\n", "image/png"),
    "a.jpg": (b"\xff\xd8\xff", "image/jpeg"),
    "A.JPEG": (b"\xff\xd8\xff", "image/jpeg"),
    "a.gif": (b"GIF89a", "image/gif"),
    "a.webp": (b"RIFF", "image/webp"),
    "a.pdf": (b"%PDF", "application/pdf"),
    "a.zip": (b"PK", "application/zip"),
    "a.ogg": (b"OggS", r"(audio|application|video)/(x-vorbis\+)?ogg"),
    "a.mp3": (b"ID3", "audio/mpeg"),
    "a.xyzzy": (b"?", "application/octet-stream"),
    "a.txt.xyzzy": ("text\n", "application/octet-stream"),
    "README": ("plain words: äöü 日本\n\twith a tab\n", "text/plain"),
    "LICENSE": (b"form feed\f and CRLF\r\n", "text/plain"),
    "EMPTY": (b"", "text/plain"),
    "PROGRAM": (b"\x7fELF\0\0\1", "application/octet-stream"),
    "LATIN1": ("äöü".encode("latin-1"), "application/octet-stream"),
    "CONTROL": (b"bell\a", "application/octet-stream"),
    "CUT": (b"x" * 4095 + "ü".encode() + b"x" * 100, "text/plain"),  # a character across the 4 KiB looked at
    "LATE": (b"x" * 5000 + b"\0", "text/plain"),
}


@pytest.fixture(scope="module")
def types(serve_for_module):
    return serve_for_module({"types/" + name: content for name, (content, _) in TYPES.items()})


@pytest.mark.parametrize("name", TYPES)
def test_media_types_G20(types, name):
    content, type_ = TYPES[name]
    reply = types.gemini("/types/" + name)
    assert reply.status == 20
    assert re.fullmatch(type_ + r"(; ?charset=(?i:utf-8))?", reply.meta), reply.meta
    assert reply.body == (content.encode() if isinstance(content, str) else content)


@pytest.mark.parametrize("lang, parameter", [
    ("en", "lang=en"), ("sr-Latn-RS", "lang=sr-Latn-RS"), ("en,fr", 'lang="en,fr"'), ("ja,en,ru", 'lang="ja,en,ru"')])
def test_the_capsules_language_stands_with_gemtext_G20(serve, lang, parameter):
    site = serve({"index.gmi": "# x\n", "a.txt": "a\n", "dir/b.txt": "b\n"}, "--lang", lang)
    for path in ("/", "/dir/"):
        type_, *parameters = re.split("; ?", site.gemini(path).meta)
        assert type_ == "text/gemini"
        assert parameter in parameters
    assert "image" not in site.gemini("/a.txt").meta


def test_no_language_unless_it_is_given_G20(types):
    assert "lang" not in types.gemini("/types/a.gmi").meta


@pytest.mark.parametrize("content", [
    b"\xef\xbb\xbf# With a BOM\r\nand CRLF\r\n", b"no end", b"", b"\xff\xfe not UTF-8\n", b"\0\n", b"x" * 3_000_000],
    ids=["BOM and CRLF", "no end", "empty", "not UTF-8", "NUL", "3 MB"])
def test_files_are_sent_byte_for_byte_G21(serve, content):
    site = serve({"a.gmi": content, "a.txt": content})
    assert site.gemini("/a.gmi").body == content
    assert site.gemini("/a.txt").body == content
    assert site.gopher("/a.txt").raw == content
    assert client.parse_menu(site.gopher("/a.gmi").raw) is not None


# ---------------------------------------------------------------- names that begin with a dot


@pytest.fixture(scope="module")
def dots(serve_for_module):
    return serve_for_module({
        ".hidden.txt": SECRET, ".git/config": SECRET, "dir/.hidden/page.txt": SECRET, "dir/.well-known/x.txt": SECRET,
        ".well-known/security.txt": "Contact\n", ".well-known/deep/er.txt": "deep\n", ".well-known/.hidden": SECRET,
        "robots.txt": "User-agent: *\n", "favicon.txt": "🐰\n", "dir/page.txt": "page\n", "..double": SECRET,
        "...": SECRET,
    })


@pytest.mark.parametrize("path, text", [
    ("/robots.txt", "User-agent: *\n"), ("/favicon.txt", "🐰\n"), ("/.well-known/security.txt", "Contact\n"),
    ("/.well-known/deep/er.txt", "deep\n")])
def test_well_known_names_are_plain_files_G23(dots, path, text):
    assert dots.gemini(path).text == text
    assert dots.gopher(path).text == text


@pytest.mark.parametrize("path", ["/robots.txt", "/favicon.txt", "/.well-known/", "/.well-known/security.txt"])
def test_and_51_where_they_are_not_there_G23(serve, path):
    site = serve({"index.gmi": "# Home\n"})
    assert site.gemini(path).status == 51
    assert site.gopher(path).error


@pytest.mark.parametrize("path", [
    "/.hidden.txt", "/.git/config", "/.git/", "/.git", "/dir/.hidden/page.txt", "/dir/.well-known/x.txt",
    "/.well-known/.hidden", "/..double", "/...", "/%2Ehidden.txt", "/dir/../.hidden.txt", "/x/../.git/config"])
def test_other_names_with_a_dot_in_front_are_not_served_G23(dots, path):
    assert dots.gemini(path).status == 51
    assert dots.gopher(path).error


def test_listings_leave_hidden_names_out_G23(dots):
    for path in ("/", "/dir/"):
        assert not [label for target, label in dots.gemini(path).links if label.startswith(".") and target != "../"]
        assert "hidden" not in dots.gopher(path).text
