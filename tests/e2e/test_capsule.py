"""The capsule that ships, walked whole on both protocols: every link works, and the five points of the overview arrive
whole, each on its page."""

import re
from urllib.parse import unquote, urljoin, urlsplit

import pytest

import client
from server import ROOT

NAME = "japan-russia-foreign-ministers-2012-09"
SOURCE = (ROOT / "capsule" / f"{NAME}.overview.txt").read_bytes()
TITLE = "Japan-Russia Foreign Ministers’ Meeting (Overview)"
LEAD = re.search(r"^On Tuesday, .+ 25 minutes\.$", SOURCE.decode(), re.MULTILINE)[0]

# Read from the source by the plainest rule that fits it: `N. N. text` on one line.
POINTS = dict(re.findall(r"^ +(\d)\. \1\. (.+)$", SOURCE.decode(), re.MULTILINE))


def test_the_tests_know_the_five_points():
    assert list(POINTS) == ["1", "2", "3", "4", "5"]
    assert POINTS["5"].split()[:4] == ["In", "addition,", "Minister", "Gemba"]


# ---------------------------------------------------------------- the walk


@pytest.fixture(scope="module")
def gemini_pages(shipped):
    """{path: reply} for all that can be reached from the first page over Gemini."""
    pages, todo = {}, ["/"]
    while todo:
        path = todo.pop()
        if path in pages:
            continue
        pages[path] = reply = shipped.gemini(path)
        assert reply.status == 20, f"{path}: {reply.raw[:100]}"
        if not reply.meta.startswith("text/gemini"):
            continue
        for target, label in reply.links:
            url = urljoin("http://here" + path, target)  # urllib joins only schemes that it knows
            if urlsplit(url).netloc == "here":
                todo.append(urlsplit(url).path)
    return pages


@pytest.fixture(scope="module")
def gopher_pages(shipped):
    """{(type, selector): reply} for all that can be reached from the first menu over Gopher."""
    pages, todo = {}, [("1", "")]
    while todo:
        type_, selector = todo.pop()
        if (type_, selector) in pages:
            continue
        pages[type_, selector] = reply = shipped.gopher(selector)
        assert reply.error is None, f"{selector}: {reply.error}"
        if type_ == "1":
            for item in reply.menu:
                if item.type not in "i3" and (item.host, item.port) == ("localhost", shipped.gopher_port):
                    todo.append((item.type, item.selector))
    return pages


def test_every_page_is_reached_over_gemini(gemini_pages):
    wanted = {"/", "/about.gmi", f"/{NAME}/", f"/{NAME}.overview.txt"} | {f"/{NAME}/{n}.gmi" for n in POINTS}
    assert wanted <= set(gemini_pages)


def test_every_page_is_reached_over_gopher(gopher_pages):
    reached = {re.sub(r"\A/*", "/", selector) for _, selector in gopher_pages}
    wanted = {"/", "/about.gmi", f"/{NAME}/", f"/{NAME}.overview.txt"} | {f"/{NAME}/{n}.gmi" for n in POINTS}
    assert wanted <= reached


def test_items_are_of_the_type_that_they_lead_to(gopher_pages):
    for (type_, selector), reply in gopher_pages.items():
        if type_ == "1":
            assert reply.menu, selector
        elif type_ == "h":
            assert reply.text.lower().lstrip().startswith(("<!doctype html", "<html")), selector
        else:
            assert type_ == "0", selector


def test_no_menu_line_is_wider_than_67_columns_P9(gopher_pages):
    wide = [(selector, item.display) for (type_, selector), reply in gopher_pages.items() if type_ == "1"
            for item in reply.menu if client.columns(item.display) > 67]
    assert wide == []


def test_the_first_page_leads_to_the_overview_by_a_dated_link_G24(gemini_pages):
    page = gemini_pages["/"].text
    assert page.startswith("# ")
    labels = [label for target, label in client.gemtext_links(page) if target.strip("./") == NAME]
    assert any(re.match(r"2012-09-26[ -]", label) for label in labels), page


def test_the_page_about_names_the_source(gemini_pages):
    text = " ".join(gemini_pages["/about.gmi"].text.split())
    assert "Ministry of Foreign Affairs of Japan" in text
    assert "26 September 2012" in text or "September 26, 2012" in text


# ---------------------------------------------------------------- the overview


def test_the_source_arrives_byte_for_byte(shipped):
    assert shipped.gemini(f"/{NAME}.overview.txt").body == SOURCE
    assert shipped.gopher(f"/{NAME}.overview.txt").raw == SOURCE
    assert shipped.gopher(f"/{NAME}.overview.txt", tls=True).raw == SOURCE


def gemini_words(shipped, path):
    return client.gemtext_words(shipped.gemini(path).text)


def gopher_words(shipped, path):
    return client.menu_words(shipped.gopher(path).menu)


READERS = [gemini_words, gopher_words]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("number", POINTS)
def test_each_point_arrives_whole_and_in_order_on_its_page(shipped, number, read):
    assert client.holds(read(shipped, f"/{NAME}/{number}.gmi"), POINTS[number].split())


@pytest.mark.parametrize("number", POINTS)
def test_no_page_has_the_words_of_another_point(shipped, number):
    """The links to the neighbours, whose labels are their first sentences, stand below the text."""
    page = shipped.gemini(f"/{NAME}/{number}.gmi").text
    text = page[: page.index("\n=>")].split()
    menu = shipped.gopher(f"/{NAME}/{number}.gmi").menu
    shown = client.menu_words(menu[: next(i for i, item in enumerate(menu) if item.type != "i")])
    for words in (text, shown):
        assert client.holds(words, POINTS[number].split())
        for other in POINTS.keys() - {number}:
            assert not client.holds(words, POINTS[other].split()[:8])


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("number", POINTS)
def test_a_points_page_has_the_title_and_its_number_once(shipped, number, read):
    words = read(shipped, f"/{NAME}/{number}.gmi")
    assert client.holds(words, TITLE.split())
    assert f"{number}." in words
    assert not client.holds(words, [f"{number}.", f"{number}."])


def test_the_ways_from_point_to_point(shipped):
    for number in POINTS:
        targets = [t.removeprefix("./") or "./" for t, _ in shipped.gemini(f"/{NAME}/{number}.gmi").links]
        n = int(number)
        assert (f"{n - 1}.gmi" in targets) == (n > 1), targets
        assert (f"{n + 1}.gmi" in targets) == (n < 5), targets
        assert {"./", f"/{NAME}/"} & set(targets), targets


@pytest.mark.parametrize("read", READERS)
def test_the_overview_page_has_title_date_and_lead(shipped, read):
    words = read(shipped, f"/{NAME}/")
    title, date, lead = TITLE.split(), "September 26, 2012".split(), LEAD.split()
    assert client.holds(words, title) and client.holds(words, date) and client.holds(words, lead)


def test_the_overview_page_has_one_link_per_point(shipped):
    page = shipped.gemini(f"/{NAME}/").text
    assert page.startswith(f"# {TITLE}\n")
    links = client.gemtext_links(page)
    by_target = {}
    for target, label in links:
        by_target.setdefault(target.removeprefix("./"), []).append(label)
    for number, text in POINTS.items():
        labels = by_target[f"{number}.gmi"]
        assert len(labels) == 1
        assert labels[0].startswith(f"{number}. {' '.join(text.split()[:3])}"), labels
        assert client.columns(labels[0]) <= 100
    assert any(unquote(t).endswith(f"{NAME}.overview.txt") for t in by_target)
    assert "Back to Index" in [label for _, label in links]


def test_back_to_index_leads_to_the_directory_that_holds_it(shipped):
    target = [t for t, label in shipped.gemini(f"/{NAME}/").links if label == "Back to Index"][0]
    assert urlsplit(urljoin(f"http://here/{NAME}/", target)).path == "/"
    item = [item for item in shipped.gopher(f"/{NAME}/").menu if item.display.strip() == "Back to Index"][0]
    assert shipped.gopher(item.selector).raw == shipped.gopher("").raw


def test_its_name_without_the_slash_leads_there_G16(shipped):
    reply = shipped.gemini(f"/{NAME}")
    assert (reply.status, reply.meta) == (31, f"/{NAME}/")
    assert shipped.gopher(f"/{NAME}").raw == shipped.gopher(f"/{NAME}/").raw


@pytest.mark.parametrize("page", ["0.gmi", "6.gmi", "1", "01.gmi", "1-2.gmi", "1.gmi/", "x.gmi", "1.txt", "-1.gmi"])
def test_there_are_no_other_points(shipped, page):
    assert shipped.gemini(f"/{NAME}/{page}").status == 51
