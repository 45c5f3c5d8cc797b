"""Gopher menus: their form, their width, what gemtext and gophermaps become in them (P7 to P12, P15, P16)."""

import re

import pytest

import client
from client import Item, columns
from server import eventually

LONG_ENGLISH = "Both ministers concurred on holding a meeting at the level of vice ministers in the autumn. " * 5
LONG_JAPANESE = "日露外相会談の概要について、次のとおり発表した。" * 12
COMBINING = "e\u0301a\u0308o\u0302 " * 60
LONG_WORD = "x" * 300

TREE = {
    "index.gmi": "# Welcome\n\n=> page.gmi A page\n=> text.txt A text\n",
    "page.gmi": "# A page\n\nText.\n",
    "text.txt": "text\n",
    "dir/index.gmi": "# In the directory\n\n=> below.gmi Below\n=> ../text.txt Above\n",
    "dir/below.gmi": "# Below\n",
    "README": "A text without a suffix.\n",
    "ünï.txt": "umlauts\n",
    "types/index.gmi": """# Types
=> a.txt text
=> b.gmi page
=> ../dir/ directory
=> ../dir directory without its slash
=> c.gif gif
=> d.png png
=> e.jpg jpeg
=> f.wav sound
=> g.html html
=> h.zip archive
=> i.pdf document
=> ../README no suffix
=> k.overview.txt source
=> k/ overview
""",
    "types/k.overview.txt": "An overview\n\n1. Point one.\n",
    "types/g.html": "<p>html</p>\n",
    "types/f.wav": b"RIFF",
    "types/c.gif": b"GIF89a",
    "types/d.png": b"\x89PNG",
    "types/e.jpg": b"\xff\xd8",
    "types/h.zip": b"PK",
    "types/i.pdf": b"%PDF",
    "types/a.txt": "a\n",
    "types/b.gmi": "# b\n",
    "out.gmi": """# Out
=> gopher://example.org A host
=> gopher://example.org/ A host with a slash
=> gopher://example.org/1/menu A menu
=> gopher://example.org:7070/0/a%20text.txt A text
=> gopher://example.org/7/search A search
=> gemini://example.org/page Gemini
=> http://example.org/ Web
=> https://example.org/?a=b&c=d Secure web
=> mailto:someone@example.org Mail
=> telnet://example.org:2323 Telnet
=> telnet://example.org Telnet by default
=> javascript:alert(1) Script
=> data:text/html,x Data
=> vbscript:x Basic
=> file:///etc/passwd File
=> sub/page.gmi Relative
=> /dir/below.gmi Absolute
=> page.gmi?a=b With a query
=> page.gmi#part With a fragment
=> ünï.txt Unencoded
=> %C3%BCn%C3%AF.txt Encoded
=> gemini://localhost/page.gmi Ourselves
""",
    "form.gmi": f"""# A heading of level one
## A heading of level two
Text.

{LONG_ENGLISH}
{LONG_JAPANESE}
{COMBINING}
{LONG_WORD}
* {LONG_ENGLISH}
> {LONG_ENGLISH}
=> page.gmi {LONG_ENGLISH}
=> page.gmi
Tab\there
```
{'preformatted ' * 10}
\t<- a tab, and => no link
```
""",
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


def test_the_form_of_menus_P7_P8(site):
    for selector in ("", "/dir/", "/form.gmi", "/types/", "/out.gmi", "/nothing", "/dir/below.gmi"):
        assert site.gopher(selector).menu, selector


def test_lines_are_67_columns_wide_at_most_P9(site):
    wide = [item for item in items_of(site, "/form.gmi") if columns(item.display) > 67]
    assert [item.display for item in wide if "preformatted" not in item.display] == []
    assert len(wide) == 1 and wide[0].display == "preformatted " * 10


def test_wrapping_uses_the_width_P9(site):
    widest = max(columns(item.display) for item in items_of(site, "/form.gmi") if "日" in item.display)
    assert widest >= 65


def test_wrapping_loses_no_word_P9(site):
    items = items_of(site, "/form.gmi")
    words = client.menu_words([item for item in items if item.display])
    assert client.holds(words, LONG_ENGLISH.split())
    assert client.holds(words, COMBINING.split())
    shown = "".join(item.display for item in items)
    assert LONG_JAPANESE in shown
    assert LONG_WORD in shown


def test_a_label_that_is_too_wide_goes_on_below_P9(site):
    items = items_of(site, "/form.gmi")
    at = next(i for i, item in enumerate(items) if item.type == "1")
    words = items[at].display.split()
    following = at + 1
    while items[following].type == "i":
        assert items[following].display.startswith(" "), items[following]
        words += items[following].display.split()
        following += 1
    assert words == LONG_ENGLISH.split()
    assert (items[following].type, items[following].selector) == ("1", "/page.gmi")


def test_gemtext_becomes_a_menu_P10(site):
    displays = [item.display for item in items_of(site, "/form.gmi")]
    heading = displays.index("A heading of level one")
    assert re.fullmatch(r"([=\-~_*#])\1+", displays[heading + 1])
    assert any("A heading of level two" in d for d in displays)
    bullet = next(i for i, d in enumerate(displays) if d.startswith("* Both"))
    assert displays[bullet + 1].startswith("  ") and displays[bullet + 1].strip()
    assert any(d.startswith("> Both") for d in displays)
    assert any(d.endswith("<- a tab, and => no link") for d in displays)
    assert not any("```" in d for d in displays)


@pytest.mark.parametrize("label, type_", [
    ("text", "0"), ("page", "1"), ("directory", "1"), ("directory without its slash", "1"), ("gif", "g"), ("png", "I"),
    ("jpeg", "I"), ("sound", "s"), ("html", "h"), ("archive", "9"), ("document", "9"), ("no suffix", "0"),
    ("source", "0"), ("overview", "1")])
def test_an_items_type_follows_its_target_P10_P15(site, label, type_):
    item = the_item(items_of(site, "/types/"), label)
    assert item.type == type_
    assert site.gopher(item.selector).error is None


@pytest.mark.parametrize("label, item", [
    ("A host", Item("1", "", "", "example.org", 70)),
    ("A host with a slash", Item("1", "", "", "example.org", 70)),
    ("A menu", Item("1", "", "/menu", "example.org", 70)),
    ("A text", Item("0", "", "/a text.txt", "example.org", 7070)),
    ("A search", Item("7", "", "/search", "example.org", 70)),
    ("Gemini", Item("h", "", "URL:gemini://example.org/page", "localhost", 0)),
    ("Web", Item("h", "", "URL:http://example.org/", "localhost", 0)),
    ("Secure web", Item("h", "", "URL:https://example.org/?a=b&c=d", "localhost", 0)),
    ("Mail", Item("h", "", "URL:mailto:someone@example.org", "localhost", 0)),
    ("Telnet", Item("8", "", "", "example.org", 2323)),
    ("Telnet by default", Item("8", "", "", "example.org", 23)),
    ("Relative", Item("1", "", "/sub/page.gmi", "localhost", 0)),
    ("Absolute", Item("1", "", "/dir/below.gmi", "localhost", 0)),
    ("With a fragment", Item("1", "", "/page.gmi", "localhost", 0)),
    ("Unencoded", Item("0", "", "/%C3%BCn%C3%AF.txt", "localhost", 0)),
    ("Encoded", Item("0", "", "/%C3%BCn%C3%AF.txt", "localhost", 0)),
    ("Ourselves", Item("1", "", "/page.gmi", "localhost", 0)),
])
def test_where_links_lead_P11(site, label, item):
    """Port 0 stands for our own."""
    found = the_item(items_of(site, "/out.gmi"), label)
    # RFC 4266 decodes a selector; a server that leaves an unusual byte encoded is in order too.
    assert (found.type, found.host) == (item.type, item.host)
    assert found.selector in (item.selector, item.selector.replace(" ", "%20"))
    assert found.port == (item.port or site.gopher_port)


def test_links_inside_resolve_against_the_page_P11(site):
    items = items_of(site, "/dir/")
    assert the_item(items, "Below").selector == "/dir/below.gmi"
    assert the_item(items, "Above").selector == "/text.txt"
    assert items_of(site, "/dir") == items


@pytest.mark.parametrize("label", ["Script", "Data", "Basic", "File"])
def test_harmful_links_become_text_P12(site, label):
    items = [item for item in items_of(site, "/out.gmi") if label in item.display.split()]
    assert items and {item.type for item in items} == {"i"}


# ---------------------------------------------------------------- gophermaps

GOPHERMAP = """Welcome to the map
i\tnot this one
1A directory\tsub
0A text\ttext.txt
0Absolute\t/top.txt
1Elsewhere\t/there\texample.org\t7070
1Default port\t/there\texample.org
htmls\tURL:https://example.org/
iInformation\tfake\t(NULL)\t0

   * drawn *
name.txt\t
.
not read
"""


@pytest.fixture(scope="module")
def maps(serve_for_module):
    return serve_for_module({
        "map/gophermap": GOPHERMAP, "map/text.txt": "t\n", "map/name.txt": "n\n", "map/ame.txt": "a\n",
        "map/sub/index.gmi": "# Sub\n", "top.txt": "top\n",
        "both/gophermap": "From the map\n", "both/index.gmi": "# From the index\n",
    })


@pytest.mark.parametrize("display, type_, selector, host, port", [
    ("A directory", "1", "/map/sub", None, None),
    ("A text", "0", "/map/text.txt", None, None),
    ("Absolute", "0", "/top.txt", None, None),
    ("Elsewhere", "1", "/there", "example.org", 7070),
    ("Default port", "1", "/there", "example.org", 70),
    ("tmls", "h", "URL:https://example.org/", None, None),
    ("ame.txt", "n", "/map/ame.txt", None, None),
])
def test_a_gophermap_is_the_menu_P16(maps, display, type_, selector, host, port):
    item = the_item(items_of(maps, "/map/"), display)
    assert item == Item(type_, display, selector, host or "localhost", port or maps.gopher_port)


def test_lines_of_a_gophermap_without_tab_are_information_P16(maps):
    items = items_of(maps, "/map")
    assert items[0] == Item("i", "Welcome to the map", "", "error.host", 1)
    assert "   * drawn *" in [item.display for item in items]
    assert "not read" not in [item.display for item in items]


def test_on_gemini_an_index_rules_else_the_map_is_translated_P16(maps):
    assert maps.gemini("/both/").text == "# From the index\n"
    assert [item.display for item in items_of(maps, "/both/")] == ["From the map"]
    page = maps.gemini("/map/")
    assert page.meta.startswith("text/gemini")
    assert "Welcome to the map" in page.text
    links = {label: target for target, label in page.links}
    assert maps.gemini(client_path("/map/", links["A text"])).text == "t\n"
    assert maps.gemini(client_path("/map/", links["Absolute"])).text == "top\n"
    assert links["Elsewhere"] == "gopher://example.org:7070/1/there"
    assert links["tmls"] == "https://example.org/"


def client_path(base, target):
    """The path that a link on the page `base` leads to."""
    return target if target.startswith("/") else base + target.removeprefix("./")


# ---------------------------------------------------------------- menus of the other form

GPH = """Welcome
[0|A text|text.txt|server|port]
[1|More|more.gph|server|port]
[1|Else\\|where|/there|example.org|7070]
[h|Web|URL:https://example.org/|server|port]
t[in brackets]
.
[0|Broken|
"""


def test_a_gph_menu_is_the_menu_on_both(serve):
    site = serve({"index.gph": GPH, "text.txt": "t\n", "more.gph": "[0|Back to it|text.txt]\n",
                  "sub/index.gph": "[0|Up|../text.txt]\n", "sub/index.gmi": "# By hand\n"})
    port = site.gopher_port
    assert site.gopher("").menu == [
        Item("i", "Welcome", "", "error.host", 1), Item("0", "A text", "/text.txt", "localhost", port),
        Item("1", "More", "/more.gph", "localhost", port), Item("1", "Else|where", "/there", "example.org", 7070),
        Item("h", "Web", "URL:https://example.org/", "localhost", port), Item("i", "[in brackets]", "", "error.host", 1),
        Item("i", ".", "", "error.host", 1), Item("i", "[0|Broken|", "", "error.host", 1)]
    assert site.gopher("/more.gph").menu == [Item("0", "Back to it", "/text.txt", "localhost", port)]
    assert site.gopher("/text.txt").text == "t\n"
    assert site.gopher("/sub").menu == [Item("0", "Up", "/sub/../text.txt", "localhost", port)]
    assert site.gopher("/sub/../text.txt").text == "t\n"
    assert site.gemini("/sub/").text == "# By hand\n"
    page = site.gemini("/")
    assert page.meta.startswith("text/gemini") and "Welcome\n" in page.text and "[in brackets]\n" in page.text
    assert [(label, target) for target, label in page.links] == [
        ("A text", "/text.txt"), ("More", "/more.gph"), ("Else|where", "gopher://example.org:7070/1/there"),
        ("Web", "https://example.org/")]
    assert site.gemini("/more.gph").links == [("/text.txt", "Back to it")]
    (site.capsule / "more.gph").write_text("[0|Another|text.txt]\n")
    eventually(lambda: site.gemini("/more.gph").links == [("/text.txt", "Another")] and
               site.gopher("/more.gph").menu[0].display == "Another", 5, "the change")
