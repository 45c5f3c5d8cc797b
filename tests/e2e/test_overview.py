"""Overviews of other shapes than the shipped one, as their readers see them (design.md, issue 2)."""

import random

import pytest

import client
from server import SLOWER
from tree import Sparse

BOTH_WAYS = True  # with openat2, and without it

MEETING = """\ufeffAn Imaginary Meeting\r
\r
2 May 2024\r
\r
The ministers met in the morning. In 2012. nothing was agreed; it all took\r
110 minutes of their time and the whole of their patience to find that out\r
once again.\r
\r
1. Opening\r
\r
The first point has a heading, and text that looks like markup:\r
\r
=> gemini://evil.example/ not a link\r
\r
# not a heading\r
\r
``` not a fence\r
\r
* not an item\r
\r
> not a quote\r
\r
2. The second point is a sentence. It goes on, with U.S. and Mr. Smith in it.\r
\r
3. The third.\r
\r
3. The third again.\r
\r
5. The fifth.\r
\r
(END)\r
\r
A note below the line.\r
"""

TREE = {
    "index.gmi": "# Home\n",
    "meeting.overview.txt": MEETING,
    "plain.overview.txt": "Just a note\n\nWithout any numbered points.\n",
    "empty.overview.txt": "",
    "latin.overview.txt": "A caf\xe9\n\n1. One caf\xe9.\n".encode("latin-1"),
    "folder.overview.txt": "Never seen as a page\n\n1. One.\n",
    "folder/index.gmi": "# A real folder\n",
    "file.overview.txt": "Never seen as a page\n\n1. One.\n",
    "file": "a real file\n",
    "deep/down/x y.overview.txt": "A name with a space\n\n1. One.\n\n2. Two.\n",
    "日本.overview.txt": "日露外相会談（概要）\n\n平成24年9月26日\n\n１．最初の点。\n\n２．次の点。\n",
    "huge.overview.txt": "Huge\n\n1. One.\n" + "x" * (8 * 1024 * 1024),
    "sparse.overview.txt": Sparse(1 << 30),
    "many.overview.txt": "Many\n\n" + "".join(f"{i}. Point number {i}.\n\n" for i in range(1, 1000)),
}


@pytest.fixture(scope="module")
def site(serve_for_module):
    return serve_for_module(TREE)


def links_of(site, path):
    return dict((target.removeprefix("./"), label) for target, label in site.gemini(path).links)


def test_the_page_of_points(site):
    links = links_of(site, "/meeting/")
    assert links["1.gmi"].startswith("1. Opening")
    assert links["2.gmi"] == "2. The second point is a sentence."
    assert links["3.gmi"] == "3. The third."
    assert links["3-2.gmi"] == "3. The third again."
    assert links["5.gmi"] == "5. The fifth."
    assert "4.gmi" not in links
    page = site.gemini("/meeting/").text
    assert page.startswith("# An Imaginary Meeting\n")
    assert client.holds(client.gemtext_words(page), "took 110 minutes of their time".split())
    assert page.index("2 May 2024") < page.index("1. Opening") < page.index("A note below the line.")


def test_hard_wrapped_lines_are_joined(site):
    page = site.gemini("/meeting/").text
    assert "it all took 110 minutes of their time and the whole of their patience to find that out once again." in page


def test_text_that_looks_like_markup_stays_text_G22(site):
    page = site.gemini("/meeting/1.gmi").text
    for line in ("=> gemini://evil.example/ not a link", "# not a heading", "``` not a fence", "* not an item",
                 "> not a quote"):
        assert f"\n {line}\n" in page
    assert "gemini://evil.example/" not in links_of(site, "/meeting/1.gmi")
    items = site.gopher("/meeting/1.gmi").menu
    shown = [item.display.strip() for item in items if item.type == "i"]
    assert "=> gemini://evil.example/ not a link" in shown
    assert not [item for item in items if "evil" in item.selector]


def test_no_point_has_anothers_words(site):
    for name, own in (("2", "second"), ("3", "third."), ("3-2", "again."), ("5", "fifth.")):
        words = site.gemini(f"/meeting/{name}.gmi").text
        assert own in words
        links = links_of(site, f"/meeting/{name}.gmi")
        text = "\n".join(line for line in words.splitlines() if not line.startswith("=>"))
        assert not [w for w in ("second", "again.", "fifth.", "Opening") if w in text and w != own], text
        assert "meeting" not in links


def test_previous_and_next_follow_the_order_of_the_document(site):
    around = {"1": (None, "2"), "2": ("1", "3"), "3": ("2", "3-2"), "3-2": ("3", "5"), "5": ("3-2", None)}
    for name, (before, after) in around.items():
        links = links_of(site, f"/meeting/{name}.gmi")
        expected = {f"{x}.gmi" for x in (before, after) if x}
        assert {t for t in links if t.endswith(".gmi")} == expected


def test_a_document_without_points_is_its_text(site):
    page = site.gemini("/plain/").text
    assert page.startswith("# Just a note\n") and "Without any numbered points." in page
    assert site.gemini("/plain/1.gmi").status == 51


def test_an_empty_document_has_its_name_for_a_title(site):
    assert site.gemini("/empty/").text.startswith("# empty\n")
    assert site.gopher("/empty/").menu


def test_invalid_utf_8_becomes_replacement_and_a_warning(site):
    assert "One caf\ufffd." in site.gemini("/latin/1.gmi").text
    assert [line for line in site.log_lines("warning") if "latin" in line and "UTF-8" in line]
    assert site.gemini("/latin.overview.txt").body == TREE["latin.overview.txt"]


@pytest.mark.parametrize("name", ["folder", "file"])
def test_nothing_virtual_stands_beside_something_real(site, name):
    for _ in range(2):
        site.gemini(f"/{name}.overview.txt")
        site.gemini("/")
        reply = site.gemini(f"/{name}/")
        assert "Never seen" not in reply.raw.decode()
        assert site.gemini(f"/{name}/1.gmi").status == 51
    warnings = [line for line in site.log_lines("warning") if f"{name}.overview.txt" in line]
    assert 1 <= len(warnings) <= 2, site.log()  # each of the two workers says so, once


def test_names_are_percent_encoded(site):
    links = links_of(site, "/deep/down/")
    assert links["x%20y/"] == "A name with a space"
    links = links_of(site, "/deep/down/x%20y/")
    assert links["1.gmi"] == "1. One."
    source = [t for t in links if t.endswith("x%20y.overview.txt")]
    assert len(source) == 1
    assert site.gemini("/deep/down/x y/2.gmi").status == 20


def test_a_japanese_document(site):
    page = site.gemini("/日本/").text
    assert page.startswith("# 日露外相会談（概要）\n")
    assert "平成24年9月26日" in page
    links = links_of(site, "/日本/")
    assert links["1.gmi"].startswith("１．") and links["2.gmi"].startswith("２．")


@pytest.mark.parametrize("name", ["huge", "sparse"])
def test_above_8_mib_only_the_plain_file_is_served(site, name):
    assert site.gemini(f"/{name}/1.gmi").status == 51
    assert site.gemini(f"/{name}/").status == 51
    if name == "huge":
        assert site.gemini(f"/{name}.overview.txt").body == TREE["huge.overview.txt"].encode()


def test_a_thousand_points(site):
    assert len([t for t in links_of(site, "/many/") if t.endswith(".gmi")]) == 999
    assert "Point number 999." in site.gemini("/many/999.gmi").text
    assert len([item for item in site.gopher("/many/").menu if item.selector.endswith(".gmi")]) == 999


def test_a_listing_shows_one_entry_for_each(site):
    targets = [target.removeprefix("./") for target, _ in site.gemini("/deep/down/").links]
    assert [t for t in targets if "x%20y" in t] == ["x%20y/"]


def random_document(generator):
    """A document by the plain rules, and what must come of it: [(page, words)]."""
    vocabulary = ["agreed", "ministers’", "110", "U.S.", "talks", "日露", "=>", "(local)", "x" * 80]
    points, text, number = [], "A random document\n\nSome lead text.\n\n", 0
    for _ in range(generator.randint(1, 8)):
        number += generator.randint(1, 3) if number else 1
        paragraphs = [generator.choices(vocabulary, k=generator.randint(3, 40)) + ["end."]
                      for _ in range(generator.randint(1, 3))]
        doubled = f"{number}. " if generator.random() < 0.5 else ""
        text += f"  {number}. {doubled}" + "\n\n  ".join(" ".join(p) for p in paragraphs) + "\n\n"
        points.append((number, [w for p in paragraphs for w in p]))
    return text + "Back to Index\n", points


def test_any_documents_points_arrive_whole(serve):
    generator = random.Random(20120926)
    documents = [random_document(generator) for _ in range(12 if SLOWER == 1 else 4)]
    site = serve({f"d{i}.overview.txt": text for i, (text, _) in enumerate(documents)})
    for i, (text, points) in enumerate(documents):
        for number, words in points:
            page = site.gemini(f"/d{i}/{number}.gmi").text
            lines = [line.lstrip("# ") for line in page.splitlines() if not line.startswith(("=>", "# "))]
            assert client.holds(" ".join(lines).split(), words), (text, page)
