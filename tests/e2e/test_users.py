"""Users of a shared host at /~NAME/ (issue 5): a real server, locked in and serving as nobody where the tests are root."""

import os
import shutil
import signal

import pytest

from server import ROOT_USER, SANDBOX, USER, eventually, run
from tree import Fifo, Link, Mode, plant

BOTH_WAYS = True

TREE = {"index.gmi": "# The host\n=> /~alice/ Alice\n=> ~bob/notes\n"}
HOMES = {
    "alice/public/index.gmi": "# Alice\n=> list/ My list\n=> / Home\n",
    "alice/public/list/one.gmi": "# One\n",
    "alice/public/list/two.txt": "two\n",
    "alice/public/list/bobs.gmi": Link("../../../bob/public/page.gmi"),
    "alice/public/notes": "text without a suffix\n",
    "alice/public/doc.overview.txt": "Work\n\n1. First.\n\n2. Second.\n",
    "alice/public/hole/gophermap": "Hole\n0Text\ttext.txt\n1Bob\t/~bob\n",
    "alice/public/gph/index.gph": "[0|A text|x.txt|server|port]\n",
    "alice/public/passwd": Link("/etc/passwd"),
    "alice/public/up": Link(".."),
    "alice/private.txt": "s3cret of alice\n",
    "bob/public/page.gmi": "# Page of bob\n",
    "bob/public/notes": "notes of bob\n",
    "carol/index.gmi": "# Not public\n",
    "dave": Link("bob"),
    "erin/public": Link("../bob/public"),
    "fifo/public": Fifo(),
    "file/public": "a file\n",
    ".hidden/public/index.gmi": "# Hidden\n",
}


def settings(homes, more="", folder="public"):
    return f'user-dirs = "{homes}/*{"/" + folder if folder else ""}"\n{more}'


@pytest.fixture(scope="module")
def homes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("homes")
    folder.chmod(0o711)
    plant(folder, HOMES)
    for name in ("alice", "bob"):
        (folder / name).chmod(0o711)
    return folder


@pytest.fixture(scope="module")
def site(serve_for_module, homes):
    conf = homes.parent / f"{homes.name}.conf"
    conf.write_text(settings(homes))
    return serve_for_module(TREE, "-c", conf)


def test_a_user_has_a_capsule_of_her_own(site):
    assert site.gemini("/~alice/").text.startswith("# Alice\n")
    assert site.gemini("/~alice/list/").text == "# list\n\n=> ../ Up\n=> one.gmi One\n=> two.txt two.txt (4 bytes)\n"
    assert site.gemini("/~alice/notes").meta == "text/plain"
    assert "=> 2.gmi" in site.gemini("/~alice/doc/").text
    assert "Second" in site.gemini("/~alice/doc/2.gmi").text
    assert site.gemini("/~bob/").text.startswith("# ~bob\n\n=> ../ Up\n")
    assert "=> page.gmi Page of bob\n" in site.gemini("/~bob/").text
    assert site.gemini("/%7ealice/notes").text == "text without a suffix\n"
    assert "=> /~alice/hole/text.txt Text\n" in site.gemini("/~alice/hole/").text
    assert "=> /~alice/gph/x.txt A text\n" in site.gemini("/~alice/gph/").text


def test_without_the_slash_it_is_a_redirect_on_gemini_and_the_menu_on_gopher(site):
    reply = site.gemini("/~alice")
    assert (reply.status, reply.meta) == (31, "/~alice/")
    assert site.gemini("/~alice/list").meta == "/~alice/list/"
    assert b"Alice" in site.gopher("/~alice").raw
    assert site.gopher("/~alice").raw == site.gopher("/~alice/").raw


def items(reply):
    return [(line[0], *line[1:].split("\t")[:2]) for line in reply.raw.decode().split("\r\n") if line and line != "."]


def test_menus_lead_to_users_and_about_their_folders(site):
    assert ("1", "Alice", "/~alice/") in items(site.gopher(""))
    # Where the loop cannot look without waiting, the pool sees to it that the next reader has the type.
    eventually(lambda: ("0", "~bob/notes", "/~bob/notes") in items(site.gopher("")), what="the type of a file")
    menu = items(site.gopher("/~alice/"))
    assert ("1", "My list", "/~alice/list/") in menu and ("1", "Home", "/") in menu
    menu = items(site.gopher("/~alice/list/"))
    assert ("1", "Up", "/~alice/") in menu and ("1", "One", "/~alice/list/one.gmi") in menu
    assert ("0", "two.txt (4 bytes)", "/~alice/list/two.txt") in menu
    menu = items(site.gopher("/~alice/hole"))
    assert ("0", "Text", "/~alice/hole/text.txt") in menu and ("1", "Bob", "/~bob") in menu
    assert ("0", "A text", "/~alice/gph/x.txt") in items(site.gopher("/~alice/gph"))
    assert any(selector == "/~alice/doc/2.gmi" for _, _, selector in items(site.gopher("/~alice/doc/")))
    assert site.gopher("/~bob/notes").raw == b"notes of bob\n"
    assert b"+INFO: 1~alice\t/~alice\t" in site.gopher("/~alice\t!").raw


NOT_THERE = [
    "/~", "/~/", "/~zoe", "/~zoe/", "/~zoe/x.gmi", "/~carol/", "/~carol/index.gmi", "/~dave/", "/~dave", "/~erin/",
    "/~erin/page.gmi", "/~fifo", "/~fifo/", "/~file", "/~file/", "/~.hidden/", "/~.hidden/index.gmi", "/~./", "/~../",
    "/~alice/private.txt", "/~alice/passwd", "/~alice/up/private.txt", "/~alice/up/", "/~alice/list/bobs.gmi",
    "/~alice%2F..", "/~alice%2f..%2fbob/", "/~alice%2f../bob/", "/~%2e%2e/", "/~%2ehidden/index.gmi",
    "/~" + "a" * 255 + "/", "/~" + "a" * 256 + "/", "/~alice/../private.txt", "/x/~alice/",
]


@pytest.mark.parametrize("path", NOT_THERE)
def test_what_nobody_publishes_is_not_there(site, path):
    reply = site.gemini(path)
    assert reply.status in (51, 59) and b"s3cret" not in reply.raw
    for selector in (path, path + "\t$"):
        raw = site.gopher(selector).raw
        assert raw.startswith((b"3", b"+-1\r\n+INFO: 3")), raw
        assert b"s3cret" not in raw and b"root:" not in raw


def test_dots_are_taken_out_before_the_user_is_looked_for(site):
    assert site.gemini("/~alice/../~bob/notes").text == "notes of bob\n"
    assert site.gemini("/~alice/./list/../notes").text == "text without a suffix\n"
    assert site.ask(f"gemini://localhost:{site.gemini_port}//~alice/notes\r\n".encode()).text == "text without a suffix\n"
    assert site.gopher("//~alice/notes").raw == b"text without a suffix\n"
    assert site.gopher("~alice/notes").raw == b"text without a suffix\n"
    assert site.gemini("/~alice/../../etc/passwd").status == 59


def test_nobody_learns_who_has_a_home_here(site):
    """One who publishes nothing, one who lets nobody in, and one who is not there: the same words but the name."""
    said = {name: site.gemini(f"/~{name}/").meta.replace(name, "NAME") for name in ("carol", "zoe", "fifo", "dave")}
    assert len(set(said.values())) == 1, said
    assert "~" not in site.gemini("/").text.replace("=> /~alice/ Alice", "").replace("=> ~bob/notes", "")


@pytest.mark.skipif(not ROOT_USER, reason="only root can make the homes another's")
def test_permissions_decide(serve, tmp_path):
    """Homes that let pass (0711) are enough; what may not be read is not there, or refused, and no more is told."""
    tmp_path.chmod(0o755)
    homes = plant(tmp_path / "homes", {
        "open/public/index.gmi": "# Open\n", "shut/public/index.gmi": "# Shut\n",
        "late/public/index.gmi": "# Late\n", "late/public/own.txt": Mode(0o600, "mine\n"), "half/public/x.gmi": "# X\n"})
    homes.chmod(0o711)
    for name, mode in (("open", 0o711), ("shut", 0o700), ("late", 0o711), ("half", 0o711)):
        (homes / name).chmod(mode)
        os.chown(homes / name, 54321, 54321)
    (homes / "half" / "public").chmod(0o700)
    (tmp_path / "nuncio.conf").write_text(settings(homes))
    site = serve(TREE, "-c", tmp_path / "nuncio.conf")
    assert site.gemini("/~open/").text == "# Open\n"
    if not USER:
        return
    assert site.gemini("/~shut/").status == 51 and site.gemini("/~shut/index.gmi").status == 51
    assert site.gemini("/~shut/").meta.replace("shut", "x") == site.gemini("/~zoe/").meta.replace("zoe", "x")
    assert site.gemini("/~late/own.txt").status not in (20, 30, 31)
    assert site.gemini("/~half/").status not in (20, 30, 31) and site.gemini("/~half/x.gmi").status not in (20, 30, 31)
    (homes / "shut").chmod(0o711)
    assert eventually(lambda: site.gemini("/~shut/").status == 20, what="the home that was opened")
    if SANDBOX:
        assert not site.log_lines("error"), site.log()


def test_users_come_and_go_while_it_runs(serve, tmp_path):
    tmp_path.chmod(0o755)
    homes = plant(tmp_path / "homes", {"alice/public/index.gmi": "# Alice\n"})
    (tmp_path / "nuncio.conf").write_text(settings(homes))
    site = serve(TREE, "-c", tmp_path / "nuncio.conf")
    assert site.gemini("/~frank/").status == 51
    plant(homes / "frank", {"public/index.gmi": "# Frank\n", "public/list/a.txt": "a\n"})
    assert site.gemini("/~frank/").text == "# Frank\n"
    assert "a.txt" in site.gemini("/~frank/list/").text
    (homes / "frank" / "public").rename(homes / "frank" / "away")
    eventually(lambda: site.gemini("/~frank/").status == 51, what="the end of a folder")
    (homes / "frank" / "public").symlink_to(homes / "alice" / "public")
    assert eventually(lambda: site.gemini("/~frank/").status == 51) and site.gemini("/~frank/list/").status == 51
    (homes / "frank" / "public").unlink()
    os.mkfifo(homes / "frank" / "public")
    assert site.gemini("/~frank/").status == 51 and site.gemini("/~alice/").text == "# Alice\n"
    (homes / "frank" / "public").unlink()
    (homes / "frank" / "away").rename(homes / "frank" / "public")
    eventually(lambda: site.gemini("/~frank/").status == 20, what="the folder that came back")
    shutil.rmtree(homes / "frank")
    eventually(lambda: site.gemini("/~frank/").status == 51, what="the end of a home")


def renewed(site, number):
    before = site.workers()
    site.process.send_signal(number)
    eventually(lambda: site.workers() and not set(site.workers()) & set(before), 10, "new workers")


def test_a_reload_takes_other_homes_and_an_upgrade_keeps_them(serve, tmp_path):
    tmp_path.chmod(0o755)
    first = plant(tmp_path / "first", {"alice/public/index.gmi": "# First\n"})
    second = plant(tmp_path / "second", {"alice/index.gmi": "# Second\n"})
    conf = tmp_path / "nuncio.conf"
    conf.write_text(settings(first))
    site = serve(TREE, "-c", conf)
    assert site.gemini("/~alice/").text == "# First\n"
    conf.write_text(settings(second, folder=""))
    for number in (signal.SIGHUP, signal.SIGUSR2):
        renewed(site, number)
        assert site.gemini("/~alice/").text == "# Second\n"
    # Homes that cannot be opened: what runs goes on.
    conf.write_text(settings(tmp_path / "nowhere"))
    site.process.send_signal(signal.SIGHUP)
    eventually(lambda: "name another one by user-dirs" in site.log(), 10, "the reason")
    assert site.gemini("/~alice/").text == "# Second\n"
    conf.write_text("")
    renewed(site, signal.SIGHUP)
    assert site.gemini("/~alice/").status == 51


def test_homes_that_are_replaced_are_a_reload(serve, tmp_path):
    tmp_path.chmod(0o755)
    homes = plant(tmp_path / "homes", {"alice/public/index.gmi": "# First\n"})
    plant(tmp_path / "next", {"alice/public/index.gmi": "# Second\n"})
    (tmp_path / "nuncio.conf").write_text(settings(homes))
    site = serve(TREE, "-c", tmp_path / "nuncio.conf")
    assert site.gemini("/~alice/").text == "# First\n"
    homes.rename(tmp_path / "before")
    (tmp_path / "next").rename(homes)
    eventually(lambda: site.gemini("/~alice/").text == "# Second\n", 10, "the homes that took the name")


def test_the_host_sets_what_holds_for_users_and_lets_them_set_the_rest(serve, tmp_path):
    """Paths are paths: a section for all users, and a .nuncio of each where the host allows that for them only."""
    tmp_path.chmod(0o755)
    homes = plant(tmp_path / "homes", {
        "alice/public/index.gmi": "# Alice\n", "alice/public/.nuncio": "lang = de\n", "alice/public/a/x.gmi": "# X\n",
        "alice/public/a/.nuncio": "listing-order = name-down\n",
        "alice/public/a/y.gmi": "# Y\n", "alice/.nuncio": "lang = xx\n", "bob/public/index.gmi": "# Bob\n"})
    (tmp_path / "nuncio.conf").write_text(
        settings(homes, 'lang = en\npath "/~*/" { local-settings = true lang = fr }\n'))
    site = serve({**TREE, ".nuncio": "lang = yy\n"}, "-c", tmp_path / "nuncio.conf")
    assert site.gemini("/").meta == "text/gemini; lang=en"
    assert site.gemini("/~bob/").meta == "text/gemini; lang=fr"
    assert site.gemini("/~alice/").meta == "text/gemini; lang=de"
    assert site.gemini("/~alice/a/").text.endswith("=> y.gmi Y\n=> x.gmi X\n")
    assert site.gemini("/~alice/.nuncio").status == 51
    assert site.gemini("/~zoe/").status == 51 and site.gemini("/~zoe/").meta == "There is no page at /~zoe/"


def test_each_site_has_its_own_users(serve, tmp_path):
    tmp_path.chmod(0o755)
    for name in ("one", "two"):
        plant(tmp_path / name, {"index.gmi": f"# {name}\n"})
    one = plant(tmp_path / "homes-one", {"alice/public/index.gmi": "# Alice of one\n"})
    two = plant(tmp_path / "homes-two", {"alice/index.gmi": "# Alice of two\n"})
    plant(tmp_path / "three", {"index.gmi": "# three\n", "~alice/index.gmi": "# A folder\n"})
    (tmp_path / "nuncio.conf").write_text(
        f'site one.example {{ root = one user-dirs = "{one}/*/public" }}\n'
        f'site two.example {{ root = two user-dirs = "{two}/*" }}\nsite three.example {{ root = three }}\n')
    site = serve(None, "-c", tmp_path / "nuncio.conf", capsule=tmp_path / "one")

    def ask(host):
        return site.gemini(f"gemini://{host}:{site.gemini_port}/~alice/", sni=host).text

    assert [ask(f"{name}.example") for name in ("one", "two", "three")] == [
        "# Alice of one\n", "# Alice of two\n", "# A folder\n"]


# ---------------------------------------------------------------- nuncio check -c, and refusals


def checked(tmp_path, text):
    (tmp_path / "nuncio.conf").write_text("capsule = capsule\ncerts = certs\n" + text)
    done = run("check", "-c", "nuncio.conf", cwd=tmp_path)
    return done.returncode, done.stdout


def test_check_says_what_is_wrong_with_homes(tmp_path):
    plant(tmp_path / "capsule", TREE)
    homes = plant(tmp_path / "homes", {"alice/public/index.gmi": "# Alice\n"})
    assert checked(tmp_path, settings(homes)) == (0, "nuncio.conf: fine\n")
    assert checked(tmp_path, settings(tmp_path / "nowhere")) == (
        1, f"nuncio.conf: user-dirs: {tmp_path}/nowhere: No such file or directory; name the folder in which users have "
           "their homes, before the `*`\n")
    status, said = checked(tmp_path, settings(tmp_path / "capsule/index.gmi"))
    assert status == 1 and "index.gmi: Not a directory;" in said
    status, said = checked(tmp_path, 'user-dirs = "home/*"\n')
    assert status == 1 and said.startswith("nuncio.conf:3: user-dirs = home/*: expected an absolute path with `*`")
    status, said = checked(tmp_path, settings(tmp_path))
    assert status == 1 and "certs, a place for private keys, lies in" in said


@pytest.mark.skipif(not ROOT_USER, reason="only root can become somebody else")
def test_homes_that_the_user_may_not_enter(tmp_path):
    tmp_path.chmod(0o755)
    plant(tmp_path / "capsule", TREE)
    homes = plant(tmp_path / "homes", {"alice/public/index.gmi": "# Alice\n"})
    homes.chmod(0o700)
    status, said = checked(tmp_path, settings(homes, "user = nobody\n"))
    assert status == 1
    assert said == f"nuncio.conf: user-dirs: the user nobody may not enter {homes}: let everybody pass (chmod a+x {homes})\n"
    if SANDBOX:
        done = run("serve", "-c", "nuncio.conf", "--gemini", "127.0.0.1:0", "--gopher", "off", cwd=tmp_path)
        assert done.returncode != 0 and f"may not enter {homes}, where user-dirs has its users" in done.stderr


def test_a_server_does_not_start_without_its_homes_or_with_keys_in_them(tmp_path):
    plant(tmp_path / "capsule", TREE)
    for text, why in ((settings(tmp_path / "nowhere"), "nowhere: make it, or name another one by user-dirs"),
                      (settings(tmp_path), "a place for private keys, lies in")):
        (tmp_path / "nuncio.conf").write_text(f"capsule = capsule\ncerts = certs\n{text}")
        done = run("serve", "-c", "nuncio.conf", "--gemini", "127.0.0.1:0", "--gopher", "off", cwd=tmp_path)
        assert done.returncode != 0 and why in done.stderr, done.stderr


def test_checking_a_capsule_tries_links_to_users_where_they_are(tmp_path):
    plant(tmp_path / "capsule", {
        "index.gmi": "# The host\n=> /~alice/ Alice\n=> ~alice/page.gmi Her page\n=> /~zoe/ Zoe\n=> /~alice/gone.gmi Gone\n",
        "~alice/never.gmi": "no title, and nobody comes here\n"})
    homes = plant(tmp_path / "homes", {"alice/public/index.gmi": "# Alice\n", "alice/public/page.gmi": "# Page\n"})

    (tmp_path / "nuncio.conf").write_text(f'capsule = capsule\nuser-dirs = "{homes}/*/public"\n')

    def checked(*options):
        done = run("check", *options, tmp_path / "capsule", cwd=tmp_path)
        return done.returncode, done.stdout

    status, said = checked("-c", "nuncio.conf")
    assert status == 1 and said.count(" leads nowhere") == 2 and "never.gmi" not in said
    assert "`/~zoe/` leads nowhere" in said and "`/~alice/gone.gmi` leads nowhere" in said
    (homes / "zoe" / "public").mkdir(parents=True)
    plant(homes, {"alice/public/gone.gmi": "# Back\n"})
    assert checked("-c", "nuncio.conf")[0] == 0
    status, said = checked()
    assert status == 1 and "`/~zoe/` leads nowhere" in said and "never.gmi" in said
