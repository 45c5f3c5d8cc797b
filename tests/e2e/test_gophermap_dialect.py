"""Gophermaps in gophernicus' dialect (P16, issue 5): a real server, locked in and serving as nobody where the tests are
root."""

import shutil
import subprocess

import pytest

from server import Server, eventually, free_port, run
from tree import Mode, plant

TREE = {
    "gophermap": "!Welcome to the hole\n# nobody sees this\nText.\n\n0About\tabout.txt\n1Docs\tdocs\n=/parts/foot\n%\n~\n.\nnor this\n",
    "about.txt": "about\n",
    "parts/foot": "-------- hidden name, no line\nMade by hand.\n1Floodgap\t/\tgopher.example.net\t70\n",
    "docs/gophermap": "!Docs\n-secret.txt\n:log=0\n=missing\n*\n",
    "docs/secret.txt": "not listed, and yet there\n",
    "docs/a page.gmi": "# 2013-05-01 A page\n",
    "docs/b.txt": "b\n",
    "docs/c.log": "c\n",
    "docs/sub/x.txt": "x\n",
    "docs/extra.gophermap": "Extra\n0One more\t/about.txt\n",
    "run/gophermap": Mode(0o755, "#!/bin/sh\necho ran it\n"),
    "plain/gophermap": "!Only here it is one\n",
    "both/index.gmi": "# By hand\n",
    "both/gophermap": "!A map\n",
}
HOMES = {
    "alice/public/gophermap": "!Alice\n=more\n=/parts/foot\n",
    "alice/public/more": "More of Alice\n",
    "bob/public/index.gmi": "# Bob\n",
    "carol/other/index.gmi": "# Nothing public\n",
}


@pytest.fixture(scope="module")
def site(serve_for_module, tmp_path_factory):
    homes = tmp_path_factory.mktemp("homes")
    homes.chmod(0o755)
    plant(homes, HOMES)
    conf = homes.parent / f"{homes.name}.conf"
    conf.write_text(f'host = localhost\ngophermaps = gophernicus\nuser-dirs = "{homes}/*/public"\n')
    return serve_for_module(TREE, "-c", conf)


def shown(items):
    return [(item.type, item.display) for item in items]


def test_the_lines_of_the_dialect_become_a_menu_P16(site):
    items = site.gopher("").menu
    port = site.gopher_port
    assert shown(items) == [
        ("i", "Welcome to the hole"), ("i", "Text."), ("i", ""), ("0", "About"), ("1", "Docs"),
        ("i", "Made by hand."), ("1", "Floodgap"), ("1", "localhost"), ("1", "~alice"), ("1", "~bob")]
    assert [(i.selector, i.host, i.port) for i in items if i.type != "i"] == [
        ("/about.txt", "localhost", port), ("/docs", "localhost", port), ("/", "gopher.example.net", 70),
        ("/", "localhost", port), ("/~alice/", "localhost", port), ("/~bob/", "localhost", port)]


def test_gemini_has_the_same_as_gemtext_P16(site):
    assert site.gemini("/").text == (
        "# Welcome to the hole\nText.\n\n=> /about.txt About\n=> /docs Docs\nMade by hand.\n"
        "=> gopher://gopher.example.net/1/ Floodgap\n"
        f"=> gemini://localhost:{site.gemini_port}/ localhost\n=> /~alice/ ~alice\n=> /~bob/ ~bob\n")
    assert site.gemini("/").meta == "text/gemini"
    assert site.gemini("/both/").text == "# By hand\n"
    assert shown(site.gopher("/both").menu) == [("i", "A map")]


def test_a_star_lists_the_directory_P16(site):
    items = site.gopher("/docs").menu
    assert shown(items) == [
        ("i", "Docs"), ("1", "Up"), ("1", "2013-05-01 A page"), ("0", "b.txt (2 bytes)"), ("0", "c.log (2 bytes)"),
        ("i", "Extra"), ("0", "One more"), ("1", "sub/")]
    assert [i.selector for i in items if i.type != "i"] == [
        "/", "/docs/a%20page.gmi", "/docs/b.txt", "/docs/c.log", "/about.txt", "/docs/sub/"]
    for item in items:
        if item.type != "i":
            assert not site.gopher(item.selector).error, item
    assert site.gemini("/docs/").links[1][0] == "/docs/a%20page.gmi"
    assert site.gopher("/docs/secret.txt").text.startswith("not listed")
    eventually(lambda: "/docs/gophermap:4: missing: there is no such map" in site.log(), what="the warning")
    for _ in range(5):
        site.gopher("/docs")
        site.gemini("/docs/")
    assert site.log().count("/docs/gophermap:4:") <= len(site.workers())  # each says it once


def test_no_map_is_run(site):
    assert shown(site.gopher("/run").menu) == [("i", "This menu is made by a program, and programs are not run here.")]
    assert "echo" not in site.gemini("/run/").text
    eventually(lambda: "/run/gophermap: this map is a program" in site.log(), what="the warning")


def test_users_have_maps_of_their_own(site):
    assert shown(site.gopher("/~alice/").menu) == [("i", "Alice"), ("i", "More of Alice")]
    assert site.gemini("/~alice/").text == "# Alice\nMore of Alice\n"
    eventually(lambda: "/~alice/gophermap:3: /parts/foot: this map is another user's" in site.log(), what="the warning")


def test_a_change_is_seen(serve, tmp_path):
    conf = tmp_path / "nuncio.conf"
    conf.write_text("gophermaps = gophernicus\n")
    site = serve({"gophermap": "=part\n*\n", "part": "One\n"}, "-c", conf)
    assert shown(site.gopher("").menu) == [("i", "One"), ("0", "part (4 bytes)")]
    (site.capsule / "part").write_text("Other\n")
    (site.capsule / "new.txt").write_text("new\n")
    eventually(lambda: shown(site.gopher("").menu) == [("i", "Other"), ("0", "new.txt (4 bytes)"), ("0", "part (6 bytes)")],
               what="the change")


def test_without_the_setting_a_map_is_plain_P16(serve):
    site = serve(TREE)
    assert shown(site.gopher("/plain").menu) == [("i", "!Only here it is one")]


def test_each_site_has_its_own_dialect(serve, tmp_path):
    for name in ("one", "two"):
        plant(tmp_path / name, {"gophermap": f"!{name}\n%\n"})
        (tmp_path / name).chmod(0o755)
    port = free_port()
    conf = tmp_path / "nuncio.conf"
    conf.write_text(f'site one.example {{ root = one gophermaps = gophernicus }}\n'
                    f'site two.example {{ root = two gopher = "127.0.0.1:{port}" }}\n')
    site = serve(None, "-c", conf, capsule=tmp_path / "one")
    assert shown(site.gopher("").menu) == [("i", "one"), ("1", "one.example"), ("1", "two.example")]
    assert site.gopher("").menu[2].port == port
    assert site.gemini(f"gemini://one.example:{site.gemini_port}/", sni="one.example").links == [
        (f"gemini://one.example:{site.gemini_port}/", "one.example"),
        (f"gemini://two.example:{site.gemini_port}/", "two.example")]


@pytest.mark.parametrize("value", ["gopherd", "1", "Plain"])
def test_a_dialect_that_is_not_known_is_told(tmp_path, value):
    (tmp_path / "nuncio.conf").write_text(f"\ngophermaps = {value}\n")
    said = run("check", "-c", tmp_path / "nuncio.conf")
    assert said.returncode == 1 and f"gophermaps = {value}: expected plain or gophernicus" in said.stdout
    (tmp_path / "nuncio.conf").write_text("agate-meta = maybe\n")
    said = run("check", "-c", tmp_path / "nuncio.conf")
    assert said.returncode == 1 and "agate-meta = maybe: expected true or false" in said.stdout


@pytest.mark.skipif(not shutil.which("lynx"), reason="lynx is not here")
def test_lynx_shows_such_a_menu(site):
    shown_there = subprocess.run(["lynx", "-dump", f"gopher://127.0.0.1:{site.gopher_port}/1/docs"], capture_output=True,
                                 text=True, timeout=30).stdout
    assert "2013-05-01 A page" in shown_there and "secret" not in shown_there
