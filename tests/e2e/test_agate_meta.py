"""agate's `.meta` files where a site says that they hold (issue 5): a real server."""

import pytest

from client import Item
from server import eventually

META = """# what holds here
**/*.de.gmi: ;lang=de
index.gmi: ;lang=en-GB
plain.gmi:
LICENSE: text/plain;charset=UTF-8
latin.txt: ;charset=iso-8859-1
gone.gmi: 52 This file is no longer here, sorry.
old.gmi: 31 /index.gmi
notes/*.txt: text/x-notes
notes/b.txt: ;x=y
bad line
sub/own.gmi: ;lang=xx
"""
TREE = {
    ".meta": META,
    "index.gmi": "# Home\n",
    "plain.gmi": "# Plain\n",
    "other.gmi": "# Other\n",
    "a.de.gmi": "# Deutsch\n",
    "sub/x/b.de.gmi": "# Deutsch\n",
    "sub/own.gmi": "# Own\n",
    "sub/.meta": "own.gmi: ;lang=fr\n",
    "LICENSE": "free\n",
    "latin.txt": b"caf\xe9\n",
    "notes/a.txt": "a\n",
    "notes/b.txt": "b\n",
    "notes/deep/a.txt": "a\n",
    "gone.gmi": "# Still on the disk\n",
}


@pytest.fixture(scope="module")
def site(serve_for_module, tmp_path_factory):
    conf = tmp_path_factory.mktemp("conf") / "nuncio.conf"
    conf.write_text("lang = nl\nagate-meta = true\n")
    return serve_for_module(TREE, "-c", conf)


@pytest.mark.parametrize("path, status, meta", [
    ("/", 20, "text/gemini;lang=en-GB"),
    ("/index.gmi", 20, "text/gemini;lang=en-GB"),
    ("/other.gmi", 20, "text/gemini; lang=nl"),
    ("/plain.gmi", 20, "text/gemini"),
    ("/a.de.gmi", 20, "text/gemini;lang=de"),
    ("/sub/x/b.de.gmi", 20, "text/gemini;lang=de"),
    ("/sub/own.gmi", 20, "text/gemini;lang=fr"),
    ("/LICENSE", 20, "text/plain;charset=UTF-8"),
    ("/latin.txt", 20, "text/plain;charset=iso-8859-1"),
    ("/gone.gmi", 52, "This file is no longer here, sorry."),
    ("/old.gmi", 31, "/index.gmi"),
    ("/notes/a.txt", 20, "text/x-notes"),
    ("/notes/b.txt", 20, "text/plain;x=y"),
    ("/notes/deep/a.txt", 20, "text/plain"),
    ("/.meta", 51, None),
])
def test_each_form_holds(site, path, status, meta):
    reply = site.gemini(path)
    assert reply.status == status
    assert meta is None or reply.meta == meta


def test_gopher_has_what_it_can_have(site):
    assert site.gopher("/gone.gmi").error == "This file is no longer here, sorry."
    assert Item("1", "/index.gmi", "/index.gmi", "localhost", site.gopher_port) in site.gopher("/old.gmi").menu


def test_a_bad_line_is_told_and_takes_nothing_away(site):
    assert site.gemini("/").status == 20
    eventually(lambda: "/.meta:line 11: expected PATH: METADATA, not bad line" in site.log().replace(": line", ":line"),
               what="the warning")


def test_a_change_is_seen(serve, tmp_path):
    (tmp_path / "nuncio.conf").write_text("agate-meta = true\n")
    site = serve({"index.gmi": "# Home\n", "a.gmi": "# A\n"}, "-c", tmp_path / "nuncio.conf")
    assert site.gemini("/a.gmi").meta == "text/gemini"
    (site.capsule / ".meta").write_text("a.gmi: ;lang=de\n")
    eventually(lambda: site.gemini("/a.gmi").meta == "text/gemini;lang=de", what="the new file")
    (site.capsule / ".meta").unlink()
    eventually(lambda: site.gemini("/a.gmi").meta == "text/gemini", what="its end")


def test_without_the_setting_no_such_file_counts(serve):
    site = serve(TREE)
    assert site.gemini("/").meta == "text/gemini"
    assert site.gemini("/gone.gmi").text == "# Still on the disk\n"
