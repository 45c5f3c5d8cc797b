"""`nuncio check CAPSULE`: what an author is told before a reader meets it (issue 5)."""

import json
import os
import pty
import re
import subprocess
import sys
import time

import pytest

from rights import UNPRIVILEGED_FILES
from server import ENVIRONMENT, PROGRAM, ROOT, SANITIZED, SLOWER, run
from tree import Fifo, Link, Mode, Socket, plant

WIDE = "x" * 68
DRAWN = "```A drawing\n%s\n```\n"


def check(*words, cwd, status=None, before=(), seconds=30):
    done = run("check", *words, cwd=cwd, before=before, seconds=seconds)
    assert done.stderr == "", done.stderr
    assert status is None or done.returncode == status, done.stdout
    return done.stdout


def findings(*words, cwd, **more):
    """What is told to a machine: a list of objects."""
    return [json.loads(line) for line in check("--json", *words, cwd=cwd, **more).splitlines()]


def brief(found):
    return [(f["file"], f["line"], f["level"], f["kind"]) for f in found]


# A capsule of one mistake each: its files besides an index.gmi that links to what `links` names, unless they have one;
# and where it is told, how, and in which words.
MISTAKES = {
    "a dead link": (
        {"index.gmi": "# Home\n\n=> gone.gmi Gone\n"},
        ("index.gmi", 3, "error", "dead-link", "`gone.gmi` leads nowhere: there is no /gone.gmi", "remove the link")),
    "a dead link in a folder": (
        {"index.gmi": "# Home\n=> docs/a.gmi\n", "docs/a.gmi": "# A\n=> ../b.gmi\n"},
        ("docs/a.gmi", 2, "error", "dead-link", "there is no /b.gmi", "")),
    "a link to a hidden name": (
        {"index.gmi": "# Home\n=> .secret/x.gmi\n", ".secret/x.gmi": "# X\n"},
        ("index.gmi", 2, "error", "dead-link", "there is no /.secret/x.gmi", "begin with a dot are not served")),
    "a link out of the capsule by a symbolic link": (
        {"index.gmi": "# Home\n=> out/passwd\n", ".x/out": "", "out": Link("../elsewhere")},
        ("index.gmi", 2, "error", "dead-link", "leaves the capsule", "into the capsule"),
        ("out", None, "warning", "not-served", "leaves the capsule", "relative path")),
    "a point that a document has not": (
        {"index.gmi": "# Home\n=> m/1.gmi\n=> m/3.gmi\n", "m.overview.txt": "Talks\n\n1. One.\n\n2. Two.\n"},
        ("index.gmi", 3, "error", "dead-link", "there is no /m/3.gmi", "")),
    "an author's settings": (
        {"index.gmi": "# Home\n=> a/\n", "a/index.gmi": "# A\n", "a/.nuncio": "lang = fr\nlst = off\n"},
        ("a/.nuncio", 2, "error", "settings", "there is no setting `lst`", "nobody is let into")),
    "a header of listings that is not there": (
        {"index.gmi": "# Home\n=> a/\n", "a/.nuncio": "lang = fr\nlisting-header = /no.gmi\nlisting-footer = no.gmi\n", "a/b.gmi": "# B\n"},
        ("a/.nuncio", 2, "error", "settings", "listing-header = /no.gmi: there is no such file", "write the file"),
        ("a/.nuncio", 3, "error", "settings", "listing-footer = no.gmi: there is no such file", "write the file")),
    "patterns that mean nothing": (
        {"index.gmi": "# Home\n=> a/\n", "a/index.gmi": "# A\n=> t/\n", "a/t.overview.txt": "Talks\n\n1. One.\n\n2. Two.\n",
         "a/.nuncio": "path nothing/ { lang = fr }\npath privat/ { clients = any }\npath ../index.gmi { lang = fr }\n"
                      "path a/old/ { redirect = / }\npath /~ann/x { gone = x }\npath t/ { lang = de }\npath t/2.gmi { lang = de }\n"
                      'path "index.*" { lang = de }\npath old { gone = x }\npath "*.xyz" { type = text/plain }\n'},
        ("a/.nuncio", 1, "note", "settings", "path nothing/: nothing here is meant", "mend the pattern"),
        ("a/.nuncio", 2, "warning", "settings", "path privat/: nothing here is meant", "mend the pattern"),
        ("a/.nuncio", 3, "warning", "settings", "path ../index.gmi: nothing", "patterns begin at this directory"),
        ("a/.nuncio", 4, "warning", "settings", "path a/old/: nothing", "patterns begin at this directory"),
        ("a/.nuncio", 5, "warning", "settings", "path ~ann/x: nothing", "patterns begin at this directory")),
    "too much of them": (
        {"index.gmi": "# Home\n", ".nuncio": "#" * 65537},
        (".nuncio", None, "error", "settings", "larger than 64 KiB", "")),
    "a link to settings that are not there": (
        {"index.gmi": "# Home\n", ".nuncio": Link("common.nuncio")},
        (".nuncio", None, "error", "settings", "a symbolic link that leads nowhere", "nobody is let into")),
    "another case": (
        {"index.gmi": "# Home\n=> About.GMI\n=> docs/\n", "about.gmi": "# About\n=> /\n", "docs/index.gmi": "# D\n=> ../about.gmi\n"},
        ("index.gmi", 2, "error", "wrong-case", "`About.GMI` leads nowhere", "write about.gmi: capital")),
    "another case of a folder on the way": (
        {"index.gmi": "# Home\n=> docs/\n=> Docs/a%20b.gmi\n", "docs/a b.gmi": "# A\n"},
        ("index.gmi", 3, "error", "wrong-case", "there is no /Docs/a b.gmi", "write docs/a%20b.gmi: capital")),
    "another case of a tree": (
        {"index.gmi": "# Home\n=> m/\n=> M/2.gmi\n", "m.overview.txt": "Talks\n\n1. One.\n\n2. Two.\n"},
        ("index.gmi", 3, "error", "wrong-case", "there is no /M/2.gmi", "write m/2.gmi: capital")),
    "a space in a link": (
        {"index.gmi": "# Home\n=> my file.gmi My file\n=> my%20file.gmi\n", "my file.gmi": "# Mine\n"},
        ("index.gmi", 2, "error", "dead-link", "`my` leads nowhere", "my%20file.gmi")),
    "no address": (
        {"index.gmi": "# Home\n=> gemini://[bad x\n"},
        ("index.gmi", 2, "error", "bad-link", "`gemini://[bad` is no address", "")),
    "a link that nobody follows": (
        {"index.gmi": "# Home\n=> javascript:alert(1) x\n"},
        ("index.gmi", 2, "warning", "unsafe-link", "`javascript:alert(1)`", "")),
    "a page that nothing leads to": (
        {"index.gmi": "# Home\n", "lonely.gmi": "# Lonely\n"},
        ("lonely.gmi", None, "warning", "unreachable", "no page leads here", "link to it")),
    "pages that only lead to each other": (
        {"index.gmi": "# Home\n=> c.gmi\n", "a.gmi": "# A\n=> b.gmi\n", "b.gmi": "# B\n=> a.gmi\n", "c.gmi": "# C\n"},
        ("a.gmi", None, "warning", "unreachable", "no page leads here", ""),
        ("b.gmi", None, "warning", "unreachable", "no page leads here", "")),
    "a picture that nothing leads to": (
        {"index.gmi": "# Home\n", "a.png": "x"},
        ("a.png", None, "note", "unreachable", "no page leads here", "")),
    "a folder that nothing leads to": (
        {"index.gmi": "# Home\n", "lost/a.gmi": "# A\n", "lost/deep/b.gmi": "# B\n"},
        ("lost/", None, "warning", "unreachable", "the 2 files in it", "link to it")),
    "a document that nothing leads to": (
        {"index.gmi": "# Home\n", "m.overview.txt": "Talks\n\n1. One.\n\n2. Two.\n"},
        ("m.overview.txt", None, "warning", "unreachable", "no page leads here", "")),
    "a page that Gopher does not lead to": (
        {"index.gmi": "# Home\n=> a.gmi\n", "gophermap": "Welcome\n", "a.gmi": "# A\n"},
        ("a.gmi", None, "note", "one-protocol", "those on Gopher do not", "gophermap")),
    "a page that Gemini does not lead to": (
        {"index.gmi": "# Home\n", "gophermap": "1A\ta.gmi\n", "a.gmi": "# A\n"},
        ("a.gmi", None, "note", "one-protocol", "those on Gemini do not", "index.gmi")),
    "a folder that Gopher does not lead to": (
        {"index.gmi": "# Home\n=> docs/\n", "gophermap": "Welcome\n", "docs/index.gmi": "# Docs\n", "docs/gophermap": "Docs\n"},
        ("docs/", None, "note", "one-protocol", "those on Gopher do not", "gophermap")),
    "an index in the shadow of another": (
        {"index.gmi": "# Home\n", "index.gemini": "# Home\n"},
        ("index.gemini", None, "warning", "unreachable", "no page leads here", "")),
    "a page that is not UTF-8": (
        {"index.gmi": b"# Home\n\nb\xfccher\n"},
        ("index.gmi", 3, "error", "not-utf8", "not UTF-8", "save the file as UTF-8")),
    "a text that is not UTF-8": (
        {"index.gmi": "# Home\n=> a.txt\n", "a.txt": b"a\nb\xfccher\n\xff\n"},
        ("a.txt", 2, "warning", "not-utf8", "not UTF-8", "save the file as UTF-8")),
    "a document that is not UTF-8": (
        {"index.gmi": "# Home\n=> m/\n", "m.overview.txt": b"Talks\n\n1. One.\n\n2. Tw\xf6.\n"},
        ("m.overview.txt", 5, "error", "not-utf8", "not UTF-8", "")),
    "a link line without a target": (
        {"index.gmi": "# Home\n=> \n"},
        ("index.gmi", 2, "warning", "no-target", "link line without a target", "behind the arrow")),
    "a heading without a text": (
        {"index.gmi": "# Home\n## \n"},
        ("index.gmi", 2, "warning", "empty-heading", "heading without a text", "")),
    "a block that is not closed": (
        {"index.gmi": "# Home\n\n```A drawing\n=> gone.gmi\n"},
        ("index.gmi", 3, "warning", "not-closed", "not closed", "```")),
    "a block without alt text": (
        {"index.gmi": "# Home\n```\nx\n```\n"},
        ("index.gmi", 2, "note", "no-alt-text", "does not say what it shows", "behind the ```")),
    "a page without a title": (
        {"index.gmi": "# Home\n=> a.gmi\n", "a.gmi": "text\n"},
        ("a.gmi", None, "warning", "no-title", "without a title", "heading")),
    "a drawing that is too wide": (
        {"index.gmi": "# Home\n" + DRAWN % f"x\n{WIDE}\nx\n{WIDE}x"},
        ("index.gmi", 4, "warning", "too-wide", "2 lines from here on are up to 69 columns wide: Gopher menus have 67",
         "67 columns")),
    "a drawing whose characters are wide": (
        {"index.gmi": "# Home\n" + DRAWN % ("日" * 34)},
        ("index.gmi", 3, "warning", "too-wide", "1 line here is 68 columns wide", "67 columns")),
    "a document without points": (
        {"index.gmi": "# Home\n=> m/\n", "m.overview.txt": "Talks\n\nThey talked.\n"},
        ("m.overview.txt", None, "warning", "overview", "no numbered points", "number and a full stop")),
    "a number that is no point": (
        {"index.gmi": "# Home\n=> m/\n", "m.overview.txt": "Talks\n\n1. One.\n\n2) Two.\n\n3. Three.\n"},
        ("m.overview.txt", 5, "warning", "overview", "no point 2, since its number is written `2)`", "like the others, `1.`")),
    "a document in the shadow of a folder": (
        {"index.gmi": "# Home\n=> m/\n=> m.overview.txt\n", "m.overview.txt": "Talks\n\n1. One.\n\n2. Two.\n",
         "m/index.gmi": "# M\n"},
        ("m.overview.txt", None, "warning", "overview", "something else is called `m`", "rename")),
    "a dead selector": (
        {"gophermap": "Welcome\n\n0A text\tgone.txt\n"},
        ("gophermap", 3, "error", "dead-link", "`gone.txt` leads nowhere: there is no /gone.txt", "")),
    "a dead selector in a folder": (
        {"gophermap": "1M\t/m\n", "m/gophermap": "0A\ta.txt\n1B\t/b/\n0C\t../c.txt\n", "m/a.txt": "a\n", "c.txt": "c\n"},
        ("m/gophermap", 2, "error", "dead-link", "there is no /b/", "")),
    "a selector in another case": (
        {"gophermap": "0A text\tA.txt\n0a\ta.txt\n", "a.txt": "a\n"},
        ("gophermap", 1, "error", "wrong-case", "there is no /A.txt", "write a.txt: capital")),
    "no item type": (
        {"gophermap": "Out of\torder\n"},
        ("gophermap", 1, "warning", "map-fields", "`Out of` begins with no item type that clients know", "i for text")),
    "a port that is none": (
        {"gophermap": "1There\t/\texample.org\tseventy\n"},
        ("gophermap", 1, "warning", "map-fields", "`seventy` is no port", "one TAB")),
    "a port in the place of the host": (
        {"gophermap": "1There\t/\t70\n"},
        ("gophermap", 1, "error", "map-fields", "`70` stands in the place of the host", "one TAB")),
    "one field too many": (
        {"gophermap": "1There\t/\texample.org\t70\tmore\n"},
        ("gophermap", 1, "warning", "map-fields", "`more` stands behind the port", "")),
    "an item without a name": (
        {"gophermap": "0\ta.txt\n", "a.txt": "a\n"},
        ("gophermap", 1, "warning", "map-fields", "no name", "")),
    "lines behind the end of a map": (
        {"gophermap": "Welcome\n.\n\nMore\n"},
        ("gophermap", 4, "warning", "map-fields", "is not shown", "remove the dot")),
    "a page as a text": (
        {"gophermap": "0A page\ta.gmi\n", "a.gmi": "# A\n"},
        ("gophermap", 1, "warning", "map-type", "the item type `0` is not that of `a.gmi`, which is of type `1`", "`1`")),
    "a text as a menu": (
        {"gophermap": "1A text\ta.txt\n", "a.txt": "a\n"},
        ("gophermap", 1, "warning", "map-type", "which is of type `0`", "`0`")),
    "a dead selector in a .gph menu": (
        {"index.gph": "Welcome\n[0|A text|gone.txt|server|port]\n"},
        ("index.gph", 2, "error", "dead-link", "there is no /gone.txt", "")),
    "an item that is none in a .gph menu": (
        {"index.gmi": "# Home\n=> menus/m.gph\n", "menus/m.gph": "[0|A text]\n[0|A text|a.txt]\n", "menus/a.txt": "a\n"},
        ("menus/m.gph", 1, "warning", "map-fields", "`[0|A text]` is no item", "[type|name|selector|host|port]")),
    "a text that loses a letter": (
        {"index.gph": "these words\n"},
        ("index.gph", 1, "warning", "map-fields", "`these words` loses its first letter", "one more t")),
    "a .gph menu that nothing leads to": (
        {"index.gmi": "# Home\n", "m.gph": "Hello\n"},
        ("m.gph", None, "warning", "unreachable", "no page leads here", "")),
    "a .gph menu as a text": (
        {"gophermap": "0M\tm.gph\n", "m.gph": "Hello\n"},
        ("gophermap", 1, "warning", "map-type", "is of type `1`", "")),
    "a map that is too wide": (
        {"gophermap": f"{WIDE[1:]}\n{WIDE}\n"},
        ("gophermap", 2, "warning", "too-wide", "68 columns wide", "")),
    "a FIFO": (
        {"index.gmi": "# Home\n", "pipe": Fifo()},
        ("pipe", None, "note", "not-served", "neither a file nor a directory", "")),
    "a socket that is linked": (
        {"index.gmi": "# Home\n=> sock\n", "sock": Socket()},
        ("index.gmi", 2, "error", "dead-link", "neither a file nor a directory: /sock", ""),
        ("sock", None, "note", "not-served", "neither a file nor a directory", "")),
    "a symbolic link to nothing": (
        {"index.gmi": "# Home\n", "latest.gmi": Link("gone.gmi")},
        ("latest.gmi", None, "warning", "not-served", "leads to nothing", "")),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_one_mistake_each(name, tmp_path):
    tree, *expected = MISTAKES[name]
    plant(tmp_path / "capsule", tree)
    status = 1 if any(level == "error" for _, _, level, *_ in expected) else 0
    found = findings("capsule", cwd=tmp_path, status=status)
    assert brief(found) == [row[:4] for row in expected]
    text = check("capsule", cwd=tmp_path, status=status)
    for f, (file, line, level, _, what, mend) in zip(found, expected):
        assert what in f["what"] and mend in f["mend"], f
        place = f"capsule/{file}" + (f":{line}" if line else "")
        assert f"{place}: {level}: {f['what']}\n    {f['mend']}\n" in text, text
    counts = {level: sum(row[2] == level for row in expected) for level in ("error", "warning", "note")}
    said = ", ".join(f"{n} {level}{'' if n == 1 else 's'}" for level, n in counts.items())
    assert re.fullmatch(rf"\d+ files? looked at: {said}", text.splitlines()[-1]), text


FINE = {
    "index.gmi": "\ufeff# Home\r\n=> docs/ Documents\n=> ./list List\n=> a%20b.gmi?query A\n=> #top\n=> m/2.gmi\n=> pic.png\n"
                 "=> gemini://example.org/gone Elsewhere\n=> mailto:a@example.org\n=> https://localhost/ The web\n"
                 "=> gemini://localhost:1966/x Another port\n=> //example.org/x\n=> link/inner.gmi\n=> map\n=> old/\n=> hidden.gmi\n" + DRAWN % "x" * 2,
    "docs/index.gmi": "# Docs\n=> /index.gmi\n=> ..\n=> ../../../README\n",
    "list/one.txt": "a\n", "list/two.gmi": "# Two\n", "list/m.overview.txt": "Talks\n\n1. One.\n\n2. Two.\n",
    "a b.gmi": "# A b\n", "pic.png": b"\x89PNG\xff", "README": "Read me\n", "m.overview.txt": "Talks\n\n1. One.\n\n2. Two.\n",
    "inner/inner.gmi": "# Inner\n", "link": Link("inner"), "loop": Link("."), "docs/up": Link(".."),
    "robots.txt": "User-agent: *\n", ".well-known/x.txt": "x\n", ".hidden/page.gmi": "no title\n=> gone\n",
    "hidden.gmi": Link(".behind/real.gmi"), ".behind/real.gmi": "# Real\n", "empty/": None,
    "map/gophermap": "Welcome\n\n0Text\tt.txt\n1Up\t/\n1Docs\t/docs\n1There\t/x\texample.org\t70\nhWeb\tURL:https://example.org/\n"
                     "7Search\t/docs/?x\n0Caps\t/caps.txt\n0Space\ta b.txt\n0Space\ta%20b.txt\n9Text\tt.txt\n8Log in\tme\texample.org\t23\n3Error\tx\n.\n",
    "old/index.gph": "ttwo words\n[1|Up|/|server|port]\n[0|A text|a.txt|server|port]\n[1|More|more.gph|server|port]\n",
    "old/more.gph": "More\n", "old/a.txt": "a\n",
    "map/t.txt": "t\n", "map/a b.txt": "t\n", "caps.txt": "CAPS\n",
}


def test_a_capsule_in_order(tmp_path):
    plant(tmp_path / "capsule", FINE)
    assert findings("capsule", cwd=tmp_path, status=0) == []
    assert re.fullmatch(r"\d+ files looked at: nothing to mend\n", check("capsule", cwd=tmp_path, status=0))


def test_the_shipped_capsule_is_in_order():
    assert findings("capsule", cwd=ROOT, status=0) == []


def test_caps_txt_is_there_on_gopher_without_a_file(tmp_path):
    """P17: but on Gemini nothing is."""
    plant(tmp_path / "capsule", {"gophermap": "0Caps\t/caps.txt\n"})
    (found,) = findings("capsule", cwd=tmp_path, status=1)
    assert found["what"].startswith("on Gemini, ")


@pytest.mark.parametrize("target, path", [
    ("gemini://Example.org/a.gmi", "a.gmi"), ("gemini://example.org:1965/a.gmi?x", "a.gmi"), ("//b.example/a.gmi", "a.gmi"),
    ("gopher://example.org/1/a.gmi", "a.gmi"), ("gopher://example.org:70/1a.gmi", "a.gmi"), ("gemini://example.org", "/"),
])
def test_a_link_to_our_own_host_leaves_the_site(target, path, tmp_path):
    plant(tmp_path / "capsule", {"index.gmi": f"# Home\n=> {target} A\n=> a.gmi\n", "a.gmi": "# A\n"})
    hosts = ("--host", "example.org", "--host", "b.example")
    (found,) = findings(*hosts, "capsule", cwd=tmp_path, status=0)
    assert (found["kind"], found["line"], found["level"]) == ("own-host", 2, "warning")
    assert found["mend"].startswith(f"write {path} instead")
    assert findings("capsule", cwd=tmp_path, status=0) == []


def test_a_link_to_our_own_host_can_be_dead(tmp_path):
    plant(tmp_path / "capsule", {"index.gmi": "# Home\n=> gemini://example.org/Gone.gmi\n"})
    (found,) = findings("--host", "example.org", "capsule", cwd=tmp_path, status=1)
    assert (found["kind"], found["line"]) == ("dead-link", 2)


def test_a_map_that_names_our_own_host(tmp_path):
    plant(tmp_path / "capsule", {"gophermap": "0A\t/a.txt\texample.org\t70\n0B\t/b.txt\texample.org\t70\n", "a.txt": "a\n"})
    found = findings("--host", "example.org", "capsule", cwd=tmp_path, status=1)
    assert brief(found) == [("gophermap", 1, "warning", "own-host"), ("gophermap", 2, "error", "dead-link")]
    assert "without host and port" in found[0]["mend"]


# ---------------------------------------------------------------- as a site of a settings file

GOPHERNICUS = "gophermaps = gophernicus\n"

# As MISTAKES, with what the settings file has besides the capsule.
MISTAKES_OF_A_SITE = {
    "a link to what is gone": (
        'path /old/ { gone = "" }\n',
        {"index.gmi": "# Home\n=> old/a.gmi\n"},
        ("index.gmi", 2, "error", "dead-link", "the settings say that /old/a.gmi is gone", "remove the link")),
    "a page that is gone all the same": (
        'path /a.gmi { gone = "Sorry" }\n',
        {"index.gmi": "# Home\n", "a.gmi": "# A\n"},
        ("a.gmi", None, "warning", "unreachable", "no page leads here", "")),
    "a redirect to nothing": (
        "path /a.gmi { redirect = /b.gmi }\n",
        {"index.gmi": "# Home\n=> a.gmi\n"},
        ("index.gmi", 2, "error", "dead-link", "readers are led from /a.gmi to /b.gmi, and nothing is there", "mend the redirect")),
    "a redirect to what is gone": (
        'path /a/ { redirect = "/b/*" }\npath /b/ { gone = "" }\n',
        {"index.gmi": "# Home\n=> a/x.gmi\n"},
        ("index.gmi", 2, "error", "dead-link", "readers are led from /a/x.gmi to /b/x.gmi, and nothing is there", "")),
    "a loop of redirects": (
        "path /a.gmi { redirect = /b.gmi }\npath /b.gmi { redirect-permanent = /a.gmi }\n",
        {"index.gmi": "# Home\n=> a.gmi\n"},
        ("index.gmi", 2, "error", "redirect-loop", "led from /a.gmi to /b.gmi to /a.gmi", "mend the redirects")),
    "too many redirects": (
        "".join(f"path /{i}.gmi {{ redirect = /{i + 1}.gmi }}\n" for i in range(6)),
        {"index.gmi": "# Home\n=> 0.gmi\n=> 1.gmi\n", "6.gmi": "# Six\n"},
        ("index.gmi", 2, "error", "redirect-loop", "to /5.gmi to /6.gmi, and follow no more than 5 redirects", "")),
    "a page that a redirect hides": (
        "path /a.gmi { redirect = /b.gmi }\n",
        {"index.gmi": "# Home\n=> a.gmi\n", "a.gmi": "# A\n", "b.gmi": "# B\n"},
        ("a.gmi", None, "warning", "unreachable", "no page leads here", "")),
    "a text that is a menu now": (
        "path /a.txt { redirect = /b.txt }\n",
        {"gophermap": "0A\ta.txt\n", "b.txt": "b\n"},
        ("gophermap", 1, "warning", "map-type", "is of type `1`", "")),
    "a directory that is not listed": (
        "path /a/ { listing = false }\n",
        {"index.gmi": "# Home\n=> a/\n=> a/x.txt\n", "a/x.txt": "x\n", "a/y.txt": "y\n"},
        ("a/y.txt", None, "note", "unreachable", "no page leads here", ""),
        ("index.gmi", 2, "error", "dead-link", "the directory /a/ has no page of its own", "listing = true")),
    "an entry of a listing that is gone": (
        'path /b.gmi { gone = "" }\n',
        {"a.gmi": "# A\n", "b.gmi": "# B\n"},
        ("b.gmi", None, "warning", "unreachable", "no page leads here", "")),
    "an author who may not say anything": (
        "path /a/ { local-settings = true }\n",
        {"index.gmi": "# Home\n=> a/\n=> b/\n", "a/index.gmi": "# A\n", "a/.nuncio": "lang = fr\n",
         "b/index.gmi": "# B\n", "b/.nuncio": "lang = fr\n"},
        ("b/.nuncio", None, "warning", "settings", "nothing in here holds", "local-settings")),
    "an author who says that a page is gone": (
        "path / { local-settings = true }\n",
        {"index.gmi": "# Home\n=> a/\n=> a/x.gmi\n", "a/index.gmi": "# A\n", "a/.nuncio": 'path x.gmi { gone = "" }\n'},
        ("index.gmi", 3, "error", "dead-link", "/a/x.gmi is gone", "")),
    "a .meta with a mistake": (
        "agate-meta = true\n",
        {"index.gmi": "# Home\n=> a.gmi\n", ".meta": "a.gmi: 31 /\n\nx\n"},
        (".meta", 3, "warning", "settings", "expected", "does not count")),
    "a .meta that says so": (
        "agate-meta = true\n",
        {"index.gmi": "# Home\n=> a.gmi\n=> b.gmi\n", ".meta": "a.gmi: 52 Gone\nb.gmi: 51 No\n"},
        ("index.gmi", 2, "error", "dead-link", "/a.gmi is gone", ""),
        ("index.gmi", 3, "error", "dead-link", "there is no /b.gmi", "")),
    "a link to our own host": (
        "host = {a.example, B.example}\n",
        {"index.gmi": "# Home\n=> gemini://b.example/\n=> gemini://x.b.example/\n"},
        ("index.gmi", 2, "warning", "own-host", "its host is this site's own", "")),
    "a drawing that is too wide for wide menus": (
        "path / { gopher-width = 80 }\n",
        {"index.gmi": "# Home\n" + DRAWN % (WIDE + "\n" + "x" * 81)},
        ("index.gmi", 4, "warning", "too-wide", "1 line here is 81 columns wide: Gopher menus have 80", "within 80 columns")),
    "a map that includes what is not there": (
        GOPHERNICUS,
        {"gophermap": "!Welcome\n=/gone\n=head\n", "head": "Hello\n:x\n"},
        ("gophermap", 2, "error", "map", "/gone: there is no such map", "mend or remove the line"),
        ("head", 2, "error", "map", "expected :SUFFIX=TYPE", "")),
    "a map that two pages include": (
        GOPHERNICUS,
        {"gophermap": "1A\ta/\n=/head\n", "a/gophermap": "=/head\n", "head": "=\n"},
        ("head", 1, "error", "map", "expected =PATH", "")),
    "an item of an included map that is dead": (
        GOPHERNICUS,
        {"gophermap": "=/parts/.head\n=/parts/foot.txt\n1A\ta/\n", "a/gophermap": "=/parts/foot.txt\n1Up\t/\n",
         "parts/foot.txt": b"# N\xf6\n1Top\t/top\n\xfc\n", "parts/.head": "Hello\n"},
        ("parts/foot.txt", 1, "error", "not-utf8", "not UTF-8", ""),
        ("parts/foot.txt", 2, "error", "dead-link", "there is no /top", ""),
        ("gophermap", 1, "error", "map", "hidden name", "")),
    "an item of a map that is dead": (
        GOPHERNICUS,
        {"gophermap": "# Mine\n0A\ta.txt\n*\n"},
        ("gophermap", 2, "error", "dead-link", "there is no /a.txt", "")),
    "what a map hides": (
        GOPHERNICUS,
        {"gophermap": "-b.txt\n*\n", "a.txt": "a\n", "b.txt": "b\n"},
        ("b.txt", None, "note", "unreachable", "no page leads here", "")),
    "lines behind the list of a map": (
        GOPHERNICUS,
        {"gophermap": "*\nMore\n"},
        ("gophermap", 2, "warning", "map-fields", "the `*` above it", "above the line")),
    "a list in a map of a directory that is not to be listed": (
        GOPHERNICUS + "path / { listing = false }\n",
        {"gophermap": "*\n", "a.txt": "a\n"},
        ("a.txt", None, "note", "unreachable", "no page leads here", ""),
        ("gophermap", 1, "error", "map", "not to be listed", "")),
    "a link to a user who is not there": (
        'user-dirs = "homes/*/public"\n',
        {"index.gmi": "# Home\n=> /~ann/\n=> /~bob/\n=> /~ann/a.gmi\n=> /~ann/b.gmi\n"},
        ("index.gmi", 3, "error", "dead-link", "there is no /~bob/", ""),
        ("index.gmi", 5, "error", "dead-link", "there is no /~ann/b.gmi", "")),
    "patterns of the settings that mean nothing": (
        'path /privat/ { clients = any }\npath "*.gmi" { lang = fr }\npath "/~ann/" { lang = fr }\n',
        {"index.gmi": "# Home\n"},
        ("", None, "warning", "settings", "path privat/: nothing here is meant", ""),
        ("", None, "note", "settings", "path ~ann/: nothing here is meant", "")),
    "a directory with the name of a user": (
        'user-dirs = "homes/*/public"\n',
        {"index.gmi": "# Home\n", "~bob/index.gmi": "# Bob\n"},
        ("~bob", None, "warning", "not-served", "a user's name", "something else")),
}


def plant_site(tmp_path, settings, tree):
    plant(tmp_path / "capsule", tree)
    plant(tmp_path / "homes", {"ann/public/a.gmi": "no title\n", "ann/public/gophermap": "Me\n"})
    settings = settings.replace('"homes', f'"{tmp_path}/homes')
    plant(tmp_path, {"nuncio.conf": f"capsule = capsule\n{settings}"})
    return "-c", "nuncio.conf", "capsule"


@pytest.mark.parametrize("name", MISTAKES_OF_A_SITE)
def test_one_mistake_each_as_a_site(name, tmp_path):
    settings, tree, *expected = MISTAKES_OF_A_SITE[name]
    words = plant_site(tmp_path, settings, tree)
    status = 1 if any(level == "error" for _, _, level, *_ in expected) else 0
    found = findings(*words, cwd=tmp_path, status=status)
    assert brief(found) == [row[:4] for row in expected], found
    for f, (*_, what, mend) in zip(found, expected):
        assert what in f["what"] and mend in f["mend"], f
    text = check(*words, cwd=tmp_path, status=status)
    assert all(f["what"] in text for f in found), text


# What is in order as the settings have it, and would not be without them: they are taken away.
FINE_AS_A_SITE = {
    "redirects": (
        'path /old/ { redirect = "/new/*" }\npath /web { redirect = "https://example.org/" }\npath /top { redirect = / }\n'
        'path /slash { redirect = /new/ }\npath "/five" { redirect = /top }\n',
        {"index.gmi": "# Home\n=> old/a.gmi\n=> web\n=> top\n=> slash\n=> five\n=> old/\n", "new/a.gmi": "# A\n", "new/b.gmi": "# B\n"}),
    "a front page elsewhere": (
        "path / { redirect = /home/ }\npath /gone { redirect = / }\n", {"home/index.gmi": "# Home\n=> /a.gmi\n", "a.gmi": "# A\n=> /gone\n"}),
    "a redirect by an author": (
        "path /a/ { local-settings = true }\n",
        {"index.gmi": "# Home\n=> a/old.gmi\n", "a/.nuncio": "path old.gmi { redirect = /a/new.gmi }\n", "a/new.gmi": "# New\n"}),
    "a type": (
        "path /page { type = text/gemini }\n", {"index.gmi": "# Home\n=> page\n", "page": "# Page\n=> b.gmi\n", "b.gmi": "# B\n"}),
    "a character set": (
        'path "*.txt" { charset = ISO-8859-1 }\n', {"index.gmi": "# Home\n=> a.txt\n", "a.txt": b"b\xfccher\n"}),
    "wide menus": (
        "path / { gopher-width = 80 }\n", {"index.gmi": "# Home\n" + DRAWN % ("x" * 80)}),
    "frames of listings": (
        'path / {\n  listing-header = head.gmi\n  listing-footer = "/.foot.gmi"\n}\n',
        {"index.gmi": "# Home\n=> a/\n", "a/head.gmi": "Hello\n=> /b.gmi\n", ".foot.gmi": "=> c.gmi\n", "b.gmi": "# B\n", "a/c.gmi": "# C\n"}),
    "maps": (
        GOPHERNICUS,
        {"gophermap": "# A comment\tof mine\n!Welcome\n-hidden.txt\n:txt=0\n=/menus/head\n=.foot\n~\n%\n0Hidden\thidden.txt\n*\n",
         "menus/head": "1Menus\t/menus/\n0Z\tz.txt\n", ".foot": "0Y\t/menus/y.txt\n", "hidden.txt": "h\n", "list.txt": "l\n", "z.txt": "z\n",
         "in.gophermap": "0X\t/menus/x.txt\n", "menus/gophermap": "More\n", "menus/x.txt": "x\n", "menus/y.txt": "y\n"}),
    "users": (
        'user-dirs = "homes/*/public"\n',
        {"index.gmi": "# Home\n=> /~ann/\n=> /~ann\n=> /~ann/a.gmi Ann\n"}),
    "a type and an item": (
        "path /page { type = \"text/gemini; lang=de\" }\n", {"gophermap": "1A page\tpage\n", "page": "# Page\n=> b.gmi\n", "b.gmi": "# B\n"}),
    ".meta": (
        "agate-meta = true\n",
        {"index.gmi": "# Home\n=> a.gmi\n=> page\n", ".meta": "a.gmi: 31 /b.gmi\npage: text/gemini\n", "b.gmi": "# B\n",
         "page": "# P\n=> c.gmi\n", "c.gmi": "# C\n"}),
}


@pytest.mark.parametrize("name", FINE_AS_A_SITE)
def test_a_capsule_in_order_as_a_site(name, tmp_path):
    settings, tree = FINE_AS_A_SITE[name]
    words = plant_site(tmp_path, settings, tree)
    assert findings(*words, cwd=tmp_path, status=0) == []
    assert findings("capsule", cwd=tmp_path) != []
    plant(tmp_path, {"nuncio.conf": "capsule = capsule\n"})
    assert findings(*words, cwd=tmp_path) != []


RULED = """
gophermaps = gophernicus
agate-meta = true
path / { local-settings = true }
path /gone { gone = "Sorry" }
path /old/ { redirect = "/new/*" }
path /old/kept.gmi { redirect = "/new/a.gmi?x" }
path "*.htm" { redirect = "https://example.org/" }
path /one { redirect = /two }
path /two { redirect-permanent = /one }
path /far { redirect = /old/b.gmi }
path /closed/ { listing = false }
path /closed/open/ { listing = true }
path /slow.gmi { slow-down = 60 }
path /new/archive { redirect = "/new/archive/b/*" }
"""
RULED_TREE = {
    "gone/a.gmi": "# A\n", "new/a.gmi": "# A\n", "new/gone.gmi": "# G\n", "old/b.gmi": "# B\n", "x.htm": "x\n", "slow.gmi": "# S\n",
    "closed/a.txt": "a\n", "closed/in/a.txt": "a\n", "closed/in/index.gmi": "# In\n", "closed/open/x.txt": "x\n", "closed/map/gophermap": "x\n",
    "closed/m.overview.txt": "Talks\n\n1. One.\n\n2. Two.\n",
    ".meta": "meta.gmi: 52 Gone\nlost.gmi: 51 No\naway.gmi: 31 /new/a.gmi\nbusy.gmi: 44 5\n",
    "new/.nuncio": 'path gone.gmi { gone = "Author" }\npath led.gmi { redirect = /new/a.gmi }\n',
    "new/archive/b/c.gmi": "# C\n",
}
RULED_PATHS = [
    "/", "/gone", "/gone/", "/gone/a.gmi", "/gone.gmi", "/old", "/old/", "/old/a.gmi", "/old/b.gmi", "/old/kept.gmi", "/x.htm", "/y.htm", "/one",
    "/two", "/far", "/new", "/new/", "/new/gone.gmi", "/new/led.gmi", "/new/a.gmi", "/closed", "/closed/", "/closed/a.txt", "/closed/in", "/closed/in/",
    "/closed/open", "/closed/open/", "/closed/map/", "/closed/m/", "/closed/m", "/closed/m/1.gmi", "/closed/m/9.gmi", "/slow.gmi", "/meta.gmi",
    "/lost.gmi", "/away.gmi", "/busy.gmi", "/.meta", "/new/archive/c.gmi", "/new/archive/d.gmi", "/old/archive/c.gmi", "/none",
]


def is_answered(ask, path):
    """Whether a reader who follows five redirects comes to something. None: outside of the site."""
    for _ in range(6):
        status, meta = ask(path)
        if status // 10 != 3:
            return status not in (51, 52)
        if not meta.startswith("/"):
            return True
        path = meta
    return False


@pytest.mark.parametrize("other, index, begin", [("Gopher", "index.gmi", "# Home\n"), ("Gemini", "gophermap", "Home\n")])
def test_links_are_dead_where_the_server_says_so(other, index, begin, serve, tmp_path):
    """The same settings, capsule and paths, asked for and looked at."""
    tmp_path.chmod(0o755)
    links = "".join(f"=> {path}\n" if index == "index.gmi" else f"1x\t{path}\n" for path in RULED_PATHS)
    plant(tmp_path / "capsule", {**RULED_TREE, index: begin + links})
    plant(tmp_path, {"nuncio.conf": "capsule = capsule\n" + RULED})
    site = serve(None, "-c", tmp_path / "nuncio.conf", capsule=tmp_path / "capsule")

    def ask_gemini(path):
        reply = site.gemini(path)
        return reply.status, reply.meta

    def ask_gopher(path):
        """A redirect is a menu of one link, and what is not there an error."""
        reply = site.gopher(path)
        if reply.error:
            return (44 if "wait" in reply.error or reply.error == "5" else 51), ""
        if b"This has moved" not in reply.raw:
            return 20, ""
        (link,) = [item for item in reply.menu if item.type != "i"]
        return 30, link.selector

    ask = ask_gemini if other == "Gopher" else ask_gopher
    told = {f["line"] - 2 for f in findings("-c", "nuncio.conf", "capsule", cwd=tmp_path, status=1)
            if f["file"] == index and f["kind"] in ("dead-link", "redirect-loop") and not f["what"].startswith(f"on {other}")}
    dead = {i for i, path in enumerate(RULED_PATHS) if not is_answered(ask, path)}
    assert {RULED_PATHS[i] for i in told} == {RULED_PATHS[i] for i in dead}
    assert 10 < len(dead) < len(RULED_PATHS) - 10


def test_the_site_is_the_one_whose_root_it_is(tmp_path):
    """By any name that leads there: what the second site has counts."""
    plant(tmp_path / "one", {"index.gmi": "# One\n=> old.gmi\n"})
    plant(tmp_path / "two", {"index.gmi": "# Two\n=> old.gmi\n=> gemini://x.b.example/\n"})
    plant(tmp_path, {"nuncio.conf": 'site a.example { root = one }\nsite b.example { root = two\n aliases = "*.b.example"\n path /old.gmi { redirect = / } }\n',
                     "by-a-link": Link("two"), "three/index.gmi": "# Three\n"})
    assert brief(findings("-c", "nuncio.conf", "by-a-link", cwd=tmp_path, status=0)) == [("index.gmi", 3, "warning", "own-host")]
    assert brief(findings("--config=nuncio.conf", "one", cwd=tmp_path, status=1)) == [("index.gmi", 2, "error", "dead-link")]
    done = run("check", "-c", "nuncio.conf", "three", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"nuncio check: three: this is the capsule of no site of these settings; they have "
                        r"a\.example \(\S*one\), b\.example \(\S*two\)\n", done.stderr)


@pytest.mark.parametrize("shares, kinds", [(True, ["dead-link", "own-host"]), (False, ["dead-link", "dead-link"])])
def test_a_site_under_a_shared_gopher_root(shares, kinds, tmp_path):
    plant(tmp_path / "capsule", {"gophermap": "0A\t/two/a.txt\tb.example\t70\n0B\t/other\tb.example\t70\n0C\tc.txt\n", "a.txt": "a\n"})
    plant(tmp_path / "one", {"index.gmi": "# One\n"})
    path = "gopher-path = /two\n" if shares else ""
    plant(tmp_path, {"nuncio.conf": f"site a.example {{ root = one }}\nsite b.example {{ root = capsule\n {path} }}\n"})
    found = findings("-c", "nuncio.conf", "capsule", cwd=tmp_path, status=1)
    assert sorted(f["kind"] for f in found if f["kind"] in ("dead-link", "own-host"))[:2] == kinds


@pytest.mark.parametrize("settings, status, why", [
    ("capsule = capsule\nfrobnicate = 1\n", 2, "nuncio.conf:2: there is no setting `frobnicate`"),
    (None, 1, "nuncio.conf"),
    ('capsule = capsule\nuser-dirs = "/nowhere/at/all/*"\n', 1, "user-dirs: /nowhere/at/all"),
])
def test_settings_that_cannot_be_used(settings, status, why, tmp_path):
    plant(tmp_path, {"capsule/index.gmi": "# Home\n", **({"nuncio.conf": settings} if settings else {})})
    done = run("check", "-c", "nuncio.conf", "capsule", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (status, "")
    assert len(done.stderr.splitlines()) == 1 and why in done.stderr


@pytest.mark.parametrize("words", [["-c", "nuncio.conf", "--host", "a.example", "capsule"], ["--host=a.example", "capsule", "-cnuncio.conf"],
                                   ["-c", "nuncio.conf", "-c", "nuncio.conf", "capsule"], ["-c", "nuncio.conf", "capsule", "other"],
                                   ["capsule", "-c"], ["-c", "nuncio.conf", "--json"], ["-c", "nuncio.conf", "gemini://localhost/"]])
def test_a_wrong_command_line_with_settings_is_status_2(words, tmp_path):
    plant(tmp_path, {"capsule/index.gmi": "# Home\n", "nuncio.conf": "capsule = capsule\n"})
    done = run("check", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_settings_alone_are_checked_as_ever(tmp_path):
    plant(tmp_path, {"capsule/index.gmi": "# Home\n=> gone.gmi\n", "nuncio.conf": "capsule = capsule\n"})
    done = run("check", "-c", "nuncio.conf", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "nuncio.conf: fine\n")


# ---------------------------------------------------------------- files as they come


def test_what_may_not_be_read_is_told(tmp_path):
    plant(tmp_path / "capsule", {"index.gmi": "# Home\n=> a.gmi\n=> closed/\n", "a.gmi": Mode(0, "# A\n"),
                                 "closed/x.gmi": "# X\n"})
    (tmp_path / "capsule/closed").chmod(0)
    try:
        found = findings("capsule", cwd=tmp_path, status=1, before=UNPRIVILEGED_FILES)
        assert brief(found) == [
            ("a.gmi", None, "error", "unreadable"), ("closed/", None, "error", "unreadable"),
            ("index.gmi", 2, "error", "dead-link"), ("index.gmi", 3, "error", "dead-link")]
        assert "may not be read" in found[2]["what"] and "chmod" in found[2]["mend"]
    finally:
        (tmp_path / "capsule/closed").chmod(0o700)


def test_awkward_names(tmp_path):
    """Nothing in a name can steer the terminal or look like another finding."""
    names = [b"new\nline.gmi", b"\x1b[2Jclear.gmi", b"latin\xe9.gmi", b"back\\slash.gmi", b'quo"te.gmi', b"sp ace.gmi"]
    folder = plant(tmp_path / "capsule", {"index.gmi": "# Home\n"})
    for name in names:
        with open(os.path.join(os.fsencode(folder), name), "w", encoding="ascii") as file:
            file.write("# X\n=> \x1b[31mgone\n")
    text = check("capsule", cwd=tmp_path, status=1)
    assert "\x1b" not in text
    for shown in ("new\\x0aline.gmi", "\\x1b[2Jclear.gmi", "latin\\xe9.gmi", "back\\\\slash.gmi", 'quo"te.gmi', "sp ace.gmi"):
        assert f"capsule/{shown}:2: error: " in text, text
        assert f"capsule/{shown}: warning: no page leads here" in text
    for line in text.splitlines():
        assert not line or line.startswith(("capsule/", "    ")) or "looked at" in line, line
    found = findings("capsule", cwd=tmp_path, status=1)
    paths = {f["path"] for f in found}
    assert {"/new%0Aline.gmi", "/latin%E9.gmi", "/%1B%5B2Jclear.gmi", "/back%5Cslash.gmi"} <= paths
    assert "latin\ufffd.gmi" in {f["file"] for f in found}


def test_loops_and_doors_to_elsewhere(tmp_path):
    plant(tmp_path / "elsewhere", {"x.gmi": "no title\n=> gone\n"})
    plant(tmp_path / "capsule", {
        "index.gmi": "# Home\n=> docs/\n=> docs/self/self/self/a.gmi\n", "docs/a.gmi": "# A\n", "docs/self": Link("."),
        "docs/top": Link(".."), "round": Link("round"), "away": Link("../elsewhere"), "etc": Link("/etc"),
        "ping": Link("pong"), "pong": Link("ping"), "dev": Link("/dev/zero")})
    found = findings("capsule", cwd=tmp_path, status=0)
    assert {f["kind"] for f in found} == {"not-served"}
    assert sorted(f["file"] for f in found) == ["away", "dev", "etc", "ping", "pong", "round"]


def test_a_folder_behind_a_hidden_name_is_read_by_its_link(tmp_path):
    plant(tmp_path / "capsule", {"index.gmi": "# Home\n=> docs/\n", "docs": Link(".store/docs"),
                                 ".store/docs/a.gmi": "# A\n=> gone.gmi\n", ".store/b.gmi": "no title\n"})
    assert brief(findings("capsule", cwd=tmp_path, status=1)) == [("docs/a.gmi", 2, "error", "dead-link")]


def test_the_same_in_a_file_many_times_is_summed_up(tmp_path):
    plant(tmp_path / "capsule", {"index.gmi": "# Home\n" + "".join(f"=> gone{i}.gmi\n" for i in range(25))})
    text = check("capsule", cwd=tmp_path, status=1)
    assert text.count("leads nowhere") == 10
    assert "capsule/index.gmi: and 15 more of this kind: dead-link (--json shows all)\n" in text
    assert text.endswith("1 file looked at: 25 errors, 0 warnings, 0 notes\n")
    assert len(findings("capsule", cwd=tmp_path, status=1)) == 25


def test_a_folder_of_files_that_nothing_leads_to_is_summed_up(tmp_path):
    """Also where a file of it has another finding in between."""
    pages = {f"d/{i:02}.gmi": "# X\n" for i in range(25)}
    plant(tmp_path / "capsule", {"index.gmi": "# Home\n=> d/\n=> e/\n", "d/index.gmi": "# D\n", **pages, "d/05.gmi": "X\n",
                                 "e/index.gmi": "# E\n", "e/x.gmi": "# X\n"})
    text = check("capsule", cwd=tmp_path, status=0)
    assert text.count("no page leads here") == 11
    assert "\n\ncapsule/d/: and 15 more like these in this folder (--json shows all)\n\ncapsule/e/x.gmi: warn" in text
    assert text.endswith("29 files looked at: 0 errors, 27 warnings, 0 notes\n") and "\n\n\n" not in text
    assert len(findings("capsule", cwd=tmp_path, status=0)) == 27


def test_files_that_come_and_go_meanwhile(tmp_path):
    plant(tmp_path / "capsule", {"index.gmi": "# Home\n", **{f"d/{i}.gmi": f"# {i}\n=> {i + 1}.gmi\n" for i in range(300)}})
    churn = subprocess.Popen([sys.executable, "-c", """if True:
        import itertools, os
        for i in itertools.count():
            try:
                os.rename(f'd/{i % 300}.gmi', 'd/away')
                os.truncate('d/away', i % 9)
                os.rename('d/away', f'd/{i % 300}.gmi')
                os.rename('d', 'e')
                os.rename('e', 'd')
            except FileNotFoundError:
                pass
    """], cwd=tmp_path / "capsule")
    try:
        for _ in range(20):
            done = run("check", "--json", "capsule", cwd=tmp_path)
            assert done.returncode in (0, 1) and done.stderr == "", done.stderr
            for line in done.stdout.splitlines():
                json.loads(line)
    finally:
        churn.kill()
        churn.wait()


# ---------------------------------------------------------------- command line and terminal


@pytest.mark.parametrize("words", [["check"], ["check", "a", "b"], ["check", "--frobnicate", "a"], ["check", "--host"],
                                   ["check", "--host", "a b", "capsule"], ["check", "--json=yes", "capsule"]])
def test_a_wrong_command_line_is_status_2(words, tmp_path):
    plant(tmp_path / "capsule", {"index.gmi": "# Home\n"})
    done = run(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("folder, why", [("gone", "No such file"), ("file", "Not a directory")])
def test_what_is_no_folder_is_status_1(folder, why, tmp_path):
    plant(tmp_path, {"file": "x"})
    done = run("check", folder, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"nuncio check: {folder}: {why}")


def test_an_output_that_takes_nothing_is_a_failure():
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([PROGRAM, "check", "capsule"], cwd=ROOT, env=ENVIRONMENT, stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 1 and "standard output" in done.stderr


def test_progress_on_a_terminal_only(tmp_path):
    plant(tmp_path / "capsule", {f"{i}.gmi": f"# {i}\n" for i in range(400)})
    ours, theirs = pty.openpty()
    done = subprocess.run([PROGRAM, "check", "--json", "capsule"], cwd=tmp_path, env=ENVIRONMENT, stderr=theirs,
                          stdout=subprocess.PIPE, text=True, timeout=30)
    os.close(theirs)
    seen = ""
    try:
        while piece := os.read(ours, 65536):  # what was written may come in several
            seen += piece.decode()
    except OSError:  # EIO: nobody has the other end any more
        pass
    os.close(ours)
    assert (done.returncode, done.stdout) == (0, "")
    assert re.search(r"\r[a-z ]+: \d+( of 400)? files\x1b\[K", seen), seen
    assert seen.endswith("\r\x1b[K")


# ---------------------------------------------------------------- size

FOLDERS, PAGES, LARGE = 100, 1000, 50 << 20
# A small process runs the program: what a child has at most is counted from its parent's size on.
MEASURE = """if True:
    import resource, subprocess, sys
    status = subprocess.run(sys.argv[1:]).returncode
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(status, used.ru_maxrss, used.ru_utime + used.ru_stime, file=sys.stderr)
"""
# What is kept of a path takes about 150 bytes; of a file, a piece of 64 KiB and a line of 32.
MEMORY_MOST = 32 << 20


def test_a_hundred_thousand_files_and_a_large_one(tmp_path):
    """Memory does not grow with the size of files, and little with their number."""
    capsule = tmp_path / "capsule"
    plant(capsule, {"index.gmi": "# Home\n=> large.gmi\n=> d00/\n"})
    for d in range(FOLDERS):
        folder = capsule / f"d{d:02}"
        folder.mkdir()
        for i in range(PAGES):
            with open(folder / f"{i}.gmi", "wb", buffering=0) as file:
                file.write(b"# Page %d\n\n=> %d.gmi Next\n=> ../d%02d/ Another folder\n" % (i, (i + 1) % PAGES, (d + 1) % FOLDERS))
    with open(capsule / "large.gmi", "wb") as file:
        file.write(b"# Large\n")
        line = b"Words of a page that is larger than any memory should be. " * 20 + b"\n=> d01/1.gmi A page\n"
        file.write(line * (LARGE // 2 // len(line)))
        file.write(b"one line " * (LARGE // 2 // 9) + b"\n=> gone.gmi\n")
    began = time.monotonic()
    done = subprocess.run([sys.executable, "-S", "-c", MEASURE, PROGRAM, "check", "--json", "capsule"], cwd=tmp_path,
                          env=ENVIRONMENT, capture_output=True, text=True, timeout=300 * SLOWER)
    took = time.monotonic() - began
    status, memory, processor = map(float, done.stderr.split())
    print(f"{memory / 1024:.1f} MiB at most, {took:.1f} s, {processor:.1f} s of a processor")
    assert status == 1
    assert [(f["file"], f["kind"]) for f in map(json.loads, done.stdout.splitlines())] == [("large.gmi", "dead-link")]
    assert SANITIZED or memory * 1024 < MEMORY_MOST
    assert processor < 120 * SLOWER


# ---- an author's own home


ANNS = {"index.gmi": "# Ann\n=> a.gmi\n=> /~ann/b.gmi\n=> gone.gmi\n=> /site.gmi\n=> /nothing.gmi\n=> /posts/\n=> /~ann\n",
        "a.gmi": "# A\n=> /~ann/\n=> /\n", "b.gmi": "# B\n", "posts/index.gmi": "# Posts\n", "lost.gmi": "# Lost\n=> posts/\n",
        ".nuncio": "path old { redirect = /posts/ }\npath older { redirect = /~ann/posts/ }\n"}


def plant_home(tmp_path):
    plant(tmp_path / "capsule", {"index.gmi": "# Home\n", "site.gmi": "# Site\n", "lonely.gmi": "# Lonely\n=> dead.gmi\n"})
    plant(tmp_path / "homes", {f"ann/public/{name}": text for name, text in ANNS.items()})
    plant(tmp_path, {"nuncio.conf": f'capsule = capsule\nuser-dirs = "{tmp_path}/homes/*/public"\npath "/~*/" {{ local-settings = true }}\n'})


def test_a_home_is_checked_as_its_users_part_of_the_site(tmp_path):
    plant_home(tmp_path)
    found = findings("-c", "nuncio.conf", "homes/ann/public", cwd=tmp_path, status=1)
    assert [(f["file"], f["path"], f["line"], f["level"], f["kind"]) for f in found] == [
        (".nuncio", "/~ann/.nuncio", 1, "warning", "settings"),
        ("index.gmi", "/~ann/index.gmi", 4, "error", "dead-link"),
        ("index.gmi", "/~ann/index.gmi", 6, "error", "dead-link"),
        ("index.gmi", "/~ann/index.gmi", 7, "error", "dead-link"),
        ("lost.gmi", "/~ann/lost.gmi", None, "warning", "unreachable"),
        ("posts/", "/~ann/posts/", None, "warning", "unreachable")], found
    assert "there is no /~ann/gone.gmi" in found[1]["what"] and "there is no /nothing.gmi" in found[2]["what"]
    assert "leads out of /~ann/" in found[0]["what"]
    assert found[0]["mend"] == found[3]["mend"] == "did you mean /~ann/posts/?"
    assert "homes/ann/public/index.gmi:4: error" in check("-c", "nuncio.conf", "homes/ann/public", cwd=tmp_path, status=1)


@pytest.mark.parametrize("folder", ["homes/ann", "homes", "homes/ann/public/posts"])
def test_what_is_near_a_home_is_none(folder, tmp_path):
    plant_home(tmp_path)
    done = run("check", "-c", "nuncio.conf", folder, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the capsule of no site" in done.stderr


@pytest.mark.parametrize("at", ["/~ann/", "/~ann"])
def test_a_home_without_settings_is_checked_where_it_is_served(at, tmp_path):
    plant_home(tmp_path)
    found = findings("--at", at, "homes/ann/public", cwd=tmp_path, status=1)
    assert [(f["file"], f["line"], f["level"], f["kind"]) for f in found] == [
        (".nuncio", 1, "warning", "settings"),
        ("index.gmi", 4, "error", "dead-link"),
        ("index.gmi", 7, "warning", "dead-link"),
        ("lost.gmi", None, "warning", "unreachable"),
        ("posts/", None, "warning", "unreachable")], found
    assert found[2]["what"] == "`/posts/` leads out of /~ann/" and found[2]["mend"] == "did you mean /~ann/posts/?"


@pytest.mark.parametrize("words", [["--at", "ann", "f"], ["--at", "", "f"], ["--at", "/.ann/", "f"], ["-c", "nuncio.conf", "--at", "/~ann/", "f"]])
def test_a_place_that_is_none_is_status_2(words, tmp_path):
    plant(tmp_path, {"f/index.gmi": "# F\n", "nuncio.conf": "capsule = f\n"})
    done = run("check", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, ""), done.stdout
    assert "--at" in done.stderr


def test_a_user_whose_settings_have_a_mistake_is_told_at_the_link(tmp_path):
    plant_home(tmp_path)
    plant(tmp_path / "capsule", {"users.gmi": "# Users\n=> /~ann/a.gmi\n=> /~eve/\n=> /~ann/posts/\n", "index.gmi": "# Home\n=> users.gmi\n"})
    plant(tmp_path / "homes", {"eve/public/index.gmi": "# Eve\n", "eve/public/.nuncio": "lang = fr\nlst = off\n"})
    found = [f for f in findings("-c", "nuncio.conf", "capsule", cwd=tmp_path, status=1) if f["file"] == "users.gmi" and f["line"]]
    assert brief(found) == [("users.gmi", 3, "error", "dead-link")], found
    assert "answered with 40" in found[0]["what"] and "/~eve/.nuncio:2: there is no setting `lst`" in found[0]["what"]


def test_a_file_in_the_place_of_a_folder_is_asked_about(tmp_path):
    plant(tmp_path, {"f/index.gmi": "# F\n", "nuncio.conf": "capsule = f\n"})
    done = run("check", "nuncio.conf", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "nuncio check: nuncio.conf: Not a directory; did you mean -c nuncio.conf?\n"
