"""`nuncio render`: what a reader would get, without a server (issue 2)."""

import os
import re
import subprocess

import pytest

import client
from server import ENVIRONMENT, PROGRAM, ROOT, run
from test_capsule import NAME, POINTS, SOURCE
from tree import plant

TREE = {
    "index.gmi": "# Home\n",
    "page.gmi": "# A page\n\n=> a.txt A text\n=> https://example.org/ Elsewhere\n\n" + "Some long text. " * 20 + "\n",
    "crlf.gmi": b"\xef\xbb\xbf# With a BOM\r\n",
    "a.txt": "a\n",
    "list/b.txt": "b\n",
    "list/page.gmi": "# Titled\n",
    "list/c d.txt": "c d\n",
    "list/m.overview.txt": "A meeting\n\n2 May 2024\n\n1. One.\n\n3. Three.\n",
    "indexed/index.gmi": "# The index\n",
    "indexed/other.txt": "other\n",
    "mapped/gophermap": "From the map\n0A text\ta.txt\n",
    "mapped/a.txt": "a\n",
    "mapped/menu.gph": "A menu\n[0|A text|a.txt|server|port]\n",
    "both/gophermap": "From the map\n0A text\ta.txt\n",
    "both/index.gmi": "# The index\n",
}


@pytest.fixture(scope="module")
def site(serve_for_module):
    return serve_for_module(TREE)


def render(*words, cwd, status=0):
    done = run("render", *words, cwd=cwd)
    assert done.returncode == status, (done.stdout, done.stderr)
    if status == 0:
        return done.stdout
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def seen(items):
    """What a menu shows, wherever it stands: host, port and folder belong to a server."""
    return [(item.type, item.display, item.selector.rpartition("/")[2]) for item in items]


@pytest.mark.parametrize("file, path", [
    ("page.gmi", "/page.gmi"), ("crlf.gmi", "/crlf.gmi"), (".", "/"), ("list/m.overview.txt", "/list/m/")])
def test_it_prints_what_the_server_sends(site, file, path):
    assert render(file, cwd=site.capsule).encode() == site.gemini(path).body.replace(b"\r\n", b"\n")


def test_a_gophermap_is_the_page_of_its_folder_P16(site):
    for file, path in ("gophermap", "/mapped/"), ("menu.gph", "/mapped/menu.gph"):
        said = render(f"mapped/{file}", cwd=site.capsule)
        assert said.replace("=> /a.txt", "=> /mapped/a.txt") == site.gemini(path).text
        assert re.search("^=> .*a.txt A text$", said, re.MULTILINE), said


def test_a_gophermap_beside_an_index_is_what_its_own_name_leads_to_P16(site):
    assert render("both/gophermap", cwd=site.capsule) == site.gemini("/both/gophermap").text == TREE["both/gophermap"]
    assert "iFrom the map\t" in render("--gopher", "both/gophermap", cwd=site.capsule)


@pytest.mark.parametrize("file, path", [
    ("page.gmi", "/page.gmi"), (".", "/"), ("list/m.overview.txt", "/list/m/")])
def test_it_prints_the_menu_that_the_server_sends(site, file, path):
    done = run("render", "--gopher", file, cwd=site.capsule)
    assert done.returncode == 0, done.stderr
    printed = done.stdout.replace("\r\n", "\n").replace("\n", "\r\n").encode()  # text mode hides the CR
    assert seen(client.parse_menu(printed)) == seen(site.gopher(path).menu)


@pytest.mark.parametrize("file, selector", [("page.gmi", "/page.gmi"), ("crlf.gmi", "/crlf.gmi"), ("a.txt", "/a.txt")])
def test_with_host_and_port_it_is_the_menu_byte_for_byte(site, file, selector):
    words = ["render", "--gopher", "--host", "localhost", "--port", str(site.gopher_port), file]
    done = subprocess.run([PROGRAM, *words], cwd=site.capsule, env=ENVIRONMENT, capture_output=True, timeout=30)
    assert (done.returncode, done.stdout) == (0, site.gopher(selector).raw)


@pytest.mark.parametrize("folder", ["list", "indexed", "mapped", "link"])
def test_a_folder_is_the_capsule_itself(serve, tmp_path, folder):
    (plant(tmp_path, TREE) / "link").symlink_to("list")
    site = serve(capsule=tmp_path / folder)
    for words in ([folder], [folder + "/"], [tmp_path / folder]):
        assert render(*words, cwd=tmp_path).encode() == site.gemini("/").body
    assert render("--host", "example.org", folder, cwd=tmp_path).count("Up") == 0
    words = ["render", "--gopher", "--port", str(site.gopher_port), folder]
    done = subprocess.run([PROGRAM, *words], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, timeout=30)
    menus = [menu.replace(b"\t127.0.0.1\t", b"\tlocalhost\t") for menu in (done.stdout, site.gopher("/").raw)]
    assert (done.returncode, menus[0]) == (0, menus[1])


def test_a_link_is_what_its_own_name_says(serve, tmp_path):
    folder = plant(tmp_path / "capsule", {"v1.txt": TREE["list/m.overview.txt"], "sub/v2.txt": "# A page\n"})
    (folder / "m.overview.txt").symlink_to("v1.txt")
    (folder / "page.gmi").symlink_to("sub/v2.txt")
    (folder / "away.overview.txt").symlink_to("../elsewhere.overview.txt")
    (tmp_path / "elsewhere.overview.txt").write_text("Elsewhere\n\n1. One.\n")
    (tmp_path / "capsule-too").symlink_to("capsule")
    site = serve(capsule=folder)
    for where in ("capsule", "capsule-too", "capsule/sub/.."):
        assert render(f"{where}/m.overview.txt", cwd=tmp_path).encode() == site.gemini("/m/").body
        assert "One." in render("--point", "1", f"{where}/m.overview.txt", cwd=tmp_path)
        assert render(f"{where}/page.gmi", cwd=tmp_path).encode() == site.gemini("/page.gmi").body
    assert render("m.overview.txt", cwd=folder).encode() == site.gemini("/m/").body
    # Out of its folder no reader would follow it: what is there is shown.
    assert render("capsule/away.overview.txt", cwd=tmp_path).startswith("# Elsewhere\n")
    render("-o", "out", "capsule/m.overview.txt", cwd=tmp_path)
    assert files_in(tmp_path / "out")["m.overview.txt"] == TREE["list/m.overview.txt"].encode()


def test_the_folder_at_hand_is_called_as_the_server_calls_it(serve, tmp_path):
    folder = plant(tmp_path, TREE) / "list"
    site = serve(capsule=".", preexec=lambda: os.chdir(folder))
    assert render(".", cwd=folder).encode() == site.gemini("/").body


@pytest.mark.parametrize("option, value", [
    ("--host", "a b"), ("--host", ""), ("--host", "a\tb"), ("--host", "-x"), ("--host", "bücher.example"),
    ("--port", "0"), ("--port", "65536"), ("--port", "x"), ("--port", ""), ("--port", "-70")])
def test_a_value_that_makes_no_sense_is_status_2_and_one_line(site, option, value):
    said = render("--gopher", option, value, "page.gmi", cwd=site.capsule, status=2)
    assert said.startswith(f"nuncio render: {option} ") and "expected" in said


def test_a_host_is_named_as_the_server_names_it(site):
    menu = render("--gopher", "--host", "EXAMPLE.org.", "page.gmi", cwd=site.capsule)
    assert "\texample.org\t70" in menu and "EXAMPLE" not in menu


@pytest.mark.parametrize("number", POINTS)
def test_it_prints_one_point(shipped, number):
    source = f"capsule/{NAME}.overview.txt"
    assert render("--point", number, source, cwd=ROOT) == shipped.gemini(f"/{NAME}/{number}.gmi").text
    done = run("render", "--gopher", "--point", number, source, cwd=ROOT)
    menu = client.parse_menu(done.stdout.replace("\n", "\r\n").encode())
    assert seen(menu) == seen(shipped.gopher(f"/{NAME}/{number}.gmi").menu)


def test_it_prints_the_shipped_overview(shipped):
    assert render(f"capsule/{NAME}.overview.txt", cwd=ROOT) == shipped.gemini(f"/{NAME}/").text


STRAY = "A meeting\n\n1. One.\n\n2) Two.\n\n3) Three.\n\n4. Four.\n"


@pytest.mark.parametrize("words", [[], ["--gopher"], ["--point", "4"], ["-o", "out"]])
def test_a_number_in_another_style_is_a_hint_to_the_author(tmp_path, words):
    plant(tmp_path, {"m.overview.txt": STRAY})
    done = run("render", *words, "m.overview.txt", cwd=tmp_path)
    assert done.returncode == 0 and done.stdout
    assert done.stderr == ("nuncio render: m.overview.txt: no point 2: on line 5 its number is `2)`, and must be "
                           "written like the others, `1.` (and 1 more)\n")


def test_where_no_number_is_missing_there_is_no_hint():
    assert run("render", f"capsule/{NAME}.overview.txt", cwd=ROOT).stderr == ""


@pytest.mark.parametrize("words", [
    ["nothing.gmi"], ["nothing/"], ["--point", "9", "list/m.overview.txt"], ["--point", "2", "list/m.overview.txt"],
    ["--point", "1", "page.gmi"]])
def test_what_cannot_be_rendered_is_one_line_and_status_1(site, words):
    assert words[-1].rstrip("/") in render(*words, cwd=site.capsule, status=1)


# ---------------------------------------------------------------- the whole tree as files


def files_in(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_writes_the_tree_of_an_overview(shipped, tmp_path):
    render("-o", tmp_path / "out", f"capsule/{NAME}.overview.txt", cwd=ROOT)
    written = files_in(tmp_path / "out")
    by_name = {name.rpartition("/")[2]: content for name, content in written.items()}
    assert by_name["index.gmi"].decode().startswith("# Japan-Russia")
    for number in POINTS:
        assert client.holds(client.gemtext_words(by_name[f"{number}.gmi"].decode()), POINTS[number].split())
    assert SOURCE in written.values()


def test_what_it_wrote_is_a_capsule_whose_links_work(serve, tmp_path):
    render("-o", tmp_path / "out", f"capsule/{NAME}.overview.txt", cwd=ROOT)
    site = serve(capsule=tmp_path / "out")
    index = next(name for name in files_in(tmp_path / "out") if name.endswith("index.gmi"))
    base = "/" + index.removesuffix("index.gmi")
    for target, label in site.gemini(base).links:
        if label != "Back to Index":
            assert site.gemini(base + target.removeprefix("./")).status == 20, target


def test_it_may_be_written_again(tmp_path):
    source = plant(tmp_path / "in", TREE) / "list/m.overview.txt"
    render("-o", "out", source, cwd=tmp_path)
    before = files_in(tmp_path / "out")
    source.write_text(source.read_text().replace("One.", "Another one."))
    render("-o", "out", source, cwd=tmp_path)
    after = files_in(tmp_path / "out")
    assert after.keys() == before.keys() and after != before


@pytest.mark.parametrize("file", ["list", "page.gmi"])
def test_only_an_overview_has_a_tree(site, file):
    said = render("-o", "out", file, cwd=site.capsule, status=1)
    assert said.startswith(f"nuncio render: {file}: -o writes the pages of an overview") and "no points" not in said


@pytest.mark.parametrize("name", ["index.gmi", "1.gmi"])
def test_it_never_writes_over_what_it_did_not_write(tmp_path, name):
    source = plant(tmp_path / "in", TREE) / "list/m.overview.txt"
    render("-o", "first", source, cwd=tmp_path)
    place = next(path for path in files_in(tmp_path / "first") if path.rpartition("/")[2] == name)
    plant(tmp_path / "out", {place: "# By hand\n"})
    said = render("-o", "out", source, cwd=tmp_path, status=1)
    assert name in said
    assert files_in(tmp_path / "out") == {place: b"# By hand\n"}


def test_what_was_edited_by_hand_since_is_left_alone(tmp_path):
    source = plant(tmp_path / "in", TREE) / "list/m.overview.txt"
    render("-o", "out", source, cwd=tmp_path)
    edited = next(path for path in (tmp_path / "out").rglob("1.gmi"))
    edited.write_text("# Edited by hand\n")
    assert "1.gmi" in render("-o", "out", source, cwd=tmp_path, status=1)
    assert edited.read_text() == "# Edited by hand\n"
