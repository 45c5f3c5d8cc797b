"""Settings from a file: what is served with them, and what is said of mistakes (issue 5)."""

import json
import os
import re
import signal

import pytest

import client
from pairs import der, make_chain, make_pair, names_in, presents
from server import AS_BUILT, ROOT_USER, USER, eventually, run
from tree import plant

TREE = {"index.gmi": "# From the file\n", "page.gmi": "# A page\n"}
PORTS = 'gemini = {"127.0.0.1:0"}\ngopher = {"127.0.0.1:0"}\nworkers = 2\n'


@pytest.fixture
def configured(serve, tmp_path):
    """configured(text, options...): a server with a settings file, whose folder is below tmp_path."""

    def start(text, *options, **more):
        tmp_path.chmod(0o755)
        (tmp_path / "nuncio.conf").write_text(text)
        return serve({"index.gmi": "# From the command line\n"}, "-c", tmp_path / "nuncio.conf", *options, **more)

    return start


def refusal(tmp_path, text, *options):
    """What is said of a file with a mistake in it; the status and the one line."""
    (tmp_path / "nuncio.conf").write_text(text)
    done = run("serve", "-c", "nuncio.conf", *options, cwd=tmp_path)
    assert len(done.stderr.splitlines()) == 1 and done.stdout == "", done.stderr
    return done.returncode, done.stderr.rstrip("\n")


# ---------------------------------------------------------------- what a file sets


def test_a_server_that_is_told_everything_by_its_file(serve, tmp_path):
    tmp_path.chmod(0o755)
    plant(tmp_path / "pages", TREE)
    (tmp_path / "nuncio.conf").write_text(
        f'host = {{"example.org", "www.example.org"}}\ncapsule = pages\n{PORTS}lang = de\nlog-address = full\n'
        + (f"user = {USER}\n" if USER else "") + ("" if not AS_BUILT else "sandbox = false\n"))
    # The harness names the same capsule once more, which changes nothing.
    site = serve(None, "-c", tmp_path / "nuncio.conf", capsule=tmp_path / "pages", ports=False, workers=None,
                 user=None)
    reply = site.gemini(f"gemini://www.example.org:{site.gemini_port}/", sni="www.example.org")
    assert (reply.meta, reply.text) == ("text/gemini; lang=de", "# From the file\n")
    assert "listening gemini://example.org:" in site.output
    assert len(site.workers()) == 2
    eventually(lambda: "from 127.0.0.1" in site.log(), what="an address in the log")


def test_what_the_command_line_says_wins(configured):
    site = configured('host = {a.example, b.example}\ncapsule = nowhere\nlang = de\ngemini = {"127.0.0.1:1"}\n'
                      'gopher = off\nworkers = 5\n', "--host", "c.example", "--lang", "fr")
    assert len(site.workers()) == 2
    reply = site.gemini(f"gemini://c.example:{site.gemini_port}/", sni="c.example")
    assert (reply.meta, reply.text) == ("text/gemini; lang=fr", "# From the command line\n")
    assert site.gemini(f"gemini://a.example:{site.gemini_port}/", sni="c.example").status == 53
    assert b"From the command line" in site.gopher("").raw


def test_values_add_up_over_included_files(configured, tmp_path):
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "names.conf").write_text('host += "two.example"\nlang = de\n')
    site = configured('host = one.example\ninclude("part/names.conf")\nlang = en\n')
    for name in ("one.example", "two.example"):
        assert site.gemini(f"gemini://{name}:{site.gemini_port}/", sni=name).meta == "text/gemini; lang=en"


# ---------------------------------------------------------------- mistakes


def test_a_mistake_is_told_with_file_and_line_and_status_2(tmp_path):
    assert refusal(tmp_path, "\n\ncapsul = x\n") == (
        2, "nuncio serve: nuncio.conf:3: there is no setting `capsul`; did you mean `capsule`?")
    assert refusal(tmp_path, "workers = many\n", "--workers", "2") == (
        2, "nuncio serve: nuncio.conf:1: workers = many: expected a number of processes from 1 to 64")


@pytest.mark.parametrize("text, said", [
    ("path /a {\n  redirct = /b\n}\n", "2: there is no setting `redirct` within path { }; did you mean `redirect`?"),
    ("lang = en\nredirect = /b\n", "2: there is no setting `redirect`; `redirect` stands within path { }"),
    ("path /a {\n  redirect = '//evil.example/'\n}\n",
     "2: redirect = //evil.example/: a path that begins with // would be another host"),
    ("path /a { redirect = /b\n gone = x }\n",
     "2: gone = x: of redirect, redirect-permanent and gone a path has one, and there is another above"),
    ("path /a { }\npath /a { }\n", "2: there is a path `/a` already"),
    ("path /a { clients = {} }\n", "1: expected a value between these braces"),
    ("path /a { clients = {any, friends} }\n", "1: clients = friends: `any` and `everybody` stand alone: leave them out, "
     "or all others and client-ca"),
    ("path *.txt { }\n", "1: expected quotes around a value with * or + in it"),
    ("path /a {\n path /b { }\n}\n", "2: there is no setting `path` within path { }; expected path \"PATTERN\" "
     "{ NAME = VALUE }, outside of these braces"),
    ("path /a {\n site b.example { }\n}\n", "2: there is no setting `site` within path { }; expected site \"NAME\" "
     "{ NAME = VALUE }, outside of all braces"),
    ("path /a {\n include(other.conf)\n}\n", "2: there is no setting `include` within path { }; `include` stands outside "
     "of all braces"),
    ("site a.example {\n include(other.conf)\n}\n", "2: there is no setting `include` within site { }; `include` stands "
     "outside of all braces"),
])
def test_mistakes_in_path_sections(tmp_path, text, said):
    assert refusal(tmp_path, text) == (2, f"nuncio serve: nuncio.conf:{said}")


def test_a_file_that_cannot_be_read_is_status_1(tmp_path):
    done = run("serve", "-c", "missing.conf", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        1, "nuncio serve: missing.conf cannot be read: No such file or directory\n")
    done = run("serve", "--config", ".", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "nuncio serve: . cannot be read: it is not a regular file\n")


def test_two_files_and_a_missing_name_are_mistakes_of_the_command_line(tmp_path):
    for words in (["-c"], ["-c", "a", "-c", "b"]):
        done = run("serve", *words, cwd=tmp_path)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done.stderr


def test_what_a_file_says_cannot_steer_a_terminal(tmp_path):
    status, line = refusal(tmp_path, 'lang = "\u009b31mred"\n')
    assert status == 2 and not re.search(r"[\x00-\x1f\x7f-\x9f]", line)


# ---------------------------------------------------------------- nuncio check -c


def check(tmp_path, text):
    """The exit status and the lines that it prints."""
    (tmp_path / "nuncio.conf").write_text(text)
    done = run("check", "-c", "nuncio.conf", cwd=tmp_path)
    assert done.stderr == "", done.stderr
    return done.returncode, done.stdout.splitlines()


def test_a_file_that_is_fine(tmp_path):
    tmp_path.chmod(0o755)
    plant(tmp_path / "pages", TREE)
    assert check(tmp_path, "capsule = pages\ncerts = keys\n") == (0, ["nuncio.conf: fine"])
    assert not (tmp_path / "keys").exists(), "it only looks"
    make_pair(tmp_path / "keys", "a.example")
    assert check(tmp_path, "host = a.example\ncapsule = pages\ncerts = keys\n") == (0, ["nuncio.conf: fine"])
    assert check(tmp_path, "capsule = pages\ncerts = keys\nuser = nobody\n") == (0, ["nuncio.conf: fine"])


def test_every_mistake_in_a_value_is_told(tmp_path):
    status, lines = check(tmp_path, "workers = 0\nlang = en\n\ncache = much\nlimit { address = 0 }\n")
    assert status == 1
    assert [line.split(": ")[0] for line in lines] == ["nuncio.conf:1", "nuncio.conf:4", "nuncio.conf:5"]
    assert check(tmp_path, "workers = 0\nfrob = 1\ncache = x\n")[1][1].startswith("nuncio.conf:2: there is no setting")


def test_every_fault_around_it_is_told(tmp_path):
    make_pair(tmp_path / "keys", "a.example", common_name="other.example")
    status, lines = check(tmp_path, "host = {a.example, b.example}\ncapsule = nowhere\ncerts = keys\n"
                                    "user = nobody-of-that-name\n")
    assert status == 1
    for part in ("no such user", "capsule nowhere: No such file or directory", "a.example.crt does not name a.example",
                 "a.example.crt does not name b.example"):
        assert [line for line in lines if line.startswith("nuncio.conf: ") and part in line], (part, lines)
    assert len(lines) == 4


def test_half_a_pair_and_two_halves_are_faults(tmp_path):
    plant(tmp_path / "pages", TREE)
    text = "host = a.example\ncapsule = pages\ncerts = keys\n"
    make_pair(tmp_path / "keys", "a.example")
    make_pair(tmp_path / "keys", "b.example")
    (tmp_path / "keys" / "b.example.key").rename(tmp_path / "keys" / "a.example.key")
    status, lines = check(tmp_path, text)
    assert status == 1 and len(lines) == 1 and "is not the key of the first certificate" in lines[0]
    (tmp_path / "keys" / "a.example.key").unlink()
    status, lines = check(tmp_path, text)
    assert status == 1 and len(lines) == 1 and "a.example.key is not there" in lines[0]


@pytest.mark.skipif(not ROOT_USER, reason="only root becomes another user")
def test_a_capsule_that_the_user_may_not_enter_is_a_fault(tmp_path):
    plant(tmp_path / "pages", TREE).chmod(0o700)
    status, lines = check(tmp_path, "capsule = pages\nuser = nobody\n")
    assert status == 1 and len(lines) == 1 and "the user nobody may not enter it" in lines[0]


def test_what_path_sections_name_must_be_there(tmp_path):
    plant(tmp_path / "pages", TREE | {"new/index.gmi": "# New\n", "old/a.gmi": "x", "top.gmi": "Hello\n",
                                      "meeting.overview.txt": "Meeting\n=======\n\n1. One.\n2. Two.\n"})
    make_pair(tmp_path / "keys", "ca", common_name="An Authority")
    (tmp_path / "empty.pem").write_text("nothing\n")
    good = ("capsule = pages\ncerts = keys\n"
            'path /new/ { listing-header = /top.gmi listing-footer = "" client-ca = keys/ca.crt }\n'
            'path /old { redirect = "/new/*" }\n'
            "path /away { redirect = /meeting/ }\npath /on { redirect = /gone }\npath /gone { gone = x }\n"
            "path /nowhere/at/all { listing-header = top.gmi }\npath / { listing-header = .head }\n"
            'path "*.txt" { redirect-permanent = "gopher://example.org/" listing-header = top.gmi }\n')
    assert check(tmp_path, good) == (0, ["nuncio.conf: fine"])
    status, lines = check(tmp_path, good + "path /a { client-ca = {missing.pem, empty.pem} }\n"
                          'path /b { redirect = "/page.gmy?a" }\npath "b*" { listing-footer = /end.gmi }\n'
                          "path /old/ { listing-header = top.gmi }\n")
    assert status == 1
    for part in ("missing.pem", "empty.pem", "path /b: it leads to /page.gmy?a, which is not in the capsule",
                 "path b*: listing-footer = /end.gmi: there is no such file in the capsule",
                 "path /old/: listing-header = top.gmi: there is no such file in the capsule"):
        assert [line for line in lines if line.startswith("nuncio.conf: ") and part in line], (part, lines)
    assert len(lines) == 5
    status, lines = check(tmp_path, "certs = keys\nsite a.example {\nroot = pages\npath /x { redirect = /y }\n}\n")
    assert (status, lines) == (1, ["nuncio.conf: site a.example: path /x: it leads to /y, which is not in the capsule"])


def test_an_authority_may_be_called_anything_that_a_file_can_hold(tmp_path):
    """What is checked is what workers get: a tab in the name is no reason for either to refuse it."""
    plant(tmp_path / "pages", TREE)
    make_pair(tmp_path / "keys", "ca", common_name="An Authority")
    (tmp_path / "keys/ca.crt").rename(tmp_path / "o'u r\t\\.pem")
    text = "capsule = pages\ncerts = keys\npath /new/ { client-ca = \"o'u r\t\\\\.pem\" }\n"
    assert check(tmp_path, text) == (0, ["nuncio.conf: fine"])


def test_settings_that_are_too_much_for_who_serves_are_a_fault(tmp_path):
    """Each file is small enough, and nothing in them is wrong."""
    plant(tmp_path / "pages", TREE)
    site = "".join(f"path '/{number}/{'a' * 990}' {{ lang = fr }}\n" for number in range(900))
    text = "certs = keys\n"
    for name in "abc":
        (tmp_path / f"{name}.conf").write_text(f"site {name}.example {{\nroot = pages\n{site}}}\n")
        text += f"include({name}.conf)\n"
    status, lines = check(tmp_path, text)
    assert status == 1 and len(lines) == 1
    assert lines[0].startswith("nuncio.conf: the settings cannot be kept: ")


def test_nothing_to_check_is_a_wrong_command_line(tmp_path):
    for words in ([], ["-c"], ["-c", "a", "-c", "b"], ["-c", "a", "-x"]):
        done = run("check", *words, cwd=tmp_path)
        assert done.returncode == 2 and done.stdout == "" and len(done.stderr.splitlines()) == 1
    assert run("check", "-c", "missing.conf", cwd=tmp_path).stdout == (
        "missing.conf cannot be read: No such file or directory\n")


# ---------------------------------------------------------------- reload


def reload(site, number=signal.SIGHUP):
    """Sends the signal and waits for new workers."""
    before = site.workers()
    site.process.send_signal(number)

    def others():
        workers = site.workers()
        return len(workers) == len(before) and not set(workers) & set(before)

    eventually(others, 10, "new workers")


def reload_fails(site, what, number=signal.SIGHUP):
    """Sends the signal and waits until the log says why the same workers go on."""
    before, said = site.workers(), len(site.log())
    site.process.send_signal(number)
    eventually(lambda: " failed; what ran before goes on" in site.log()[said:], 10, "the failure")
    assert what in site.log()[said:]
    assert site.workers() == before


def test_a_reload_reads_the_file_anew(configured, tmp_path):
    site = configured("lang = de\nlog-level = request\n")
    assert site.gemini("/").meta == "text/gemini; lang=de"
    (tmp_path / "nuncio.conf").write_text("lang = fr\nhost = new.example\nlimit { request = 64 }\nlog-level = warning\n")
    reload(site)
    url = f"gemini://new.example:{site.gemini_port}/"
    reply = site.gemini(url, sni="new.example")
    assert (reply.meta, reply.certificate) == ("text/gemini; lang=fr", der(site.certs / "new.example.crt"))
    assert site.gemini(url + "x" * 64, sni="new.example").status == 59
    assert not [line for line in site.log_lines("request") if "new.example" in line]
    assert not site.log_lines("warning")


def test_path_sections_reach_the_workers_and_may_all_change(configured, tmp_path):
    """What they do to requests is tested where it is done."""
    site = configured('gopher-width = 72\nlocal-settings = no\npath "*.txt" { charset = iso-8859-1 clients = everybody }\n'
                      'path "/it\'s/" { gone = "Taken \\"down\\" in 2024." }\nlang = de\n')
    assert site.gemini("/").meta == "text/gemini; lang=de"
    (tmp_path / "nuncio.conf").write_text('path /a { redirect = "/b/*" slow-down = 3 }\nlang = fr\n')
    reload(site)
    assert site.gemini("/").meta == "text/gemini; lang=fr"
    assert not site.log_lines("warning") and not site.log_lines("error")
    (tmp_path / "nuncio.conf").write_text("path /a {\n  slow-down = 0\n}\n")
    reload_fails(site, "nuncio.conf:2: slow-down = 0: expected a number of seconds from 1 to 3600")


def test_a_reload_of_a_file_with_a_mistake_changes_nothing(configured, tmp_path):
    site = configured("lang = de\n")
    path = tmp_path / "nuncio.conf"
    path.write_text("lang = fr\n\ncapsul = x\n")
    reload_fails(site, f" error {path}:3: there is no setting `capsul`; did you mean `capsule`?")
    path.unlink()
    reload_fails(site, f" error {path} cannot be read: No such file or directory")
    assert site.gemini("/").meta == "text/gemini; lang=de"
    path.write_text("lang = fr\n")
    reload(site)
    assert site.gemini("/").meta == "text/gemini; lang=fr"


def test_whoever_takes_a_dead_workers_place_gets_the_settings_that_passed(configured, tmp_path):
    site = configured("lang = de\n")
    for broken in ("lang = ", "lang = fr\n"):  # also one that is right, and that nobody asked to read
        (tmp_path / "nuncio.conf").write_text(broken)
        for worker in site.workers():
            os.kill(worker, signal.SIGKILL)
        eventually(lambda: len(site.workers()) == 2, 10, "two workers")
        assert site.gemini("/").meta == "text/gemini; lang=de"
    (tmp_path / "nuncio.conf").unlink()
    os.kill(site.workers()[0], signal.SIGKILL)
    eventually(lambda: len(site.workers()) == 2, 10, "two workers")
    for _ in range(8):
        assert site.gemini("/").meta == "text/gemini; lang=de"


def test_another_certificate_is_taken_while_the_file_is_being_written(configured, tmp_path):
    """What is watched has the same settings tried, not what its owner has half done."""
    site = configured("lang = de\n")
    (tmp_path / "nuncio.conf").write_text("lang = f")
    before = site.workers()
    make_pair(site.certs, "localhost")
    eventually(lambda: not set(site.workers()) & set(before), 10, "new workers")
    assert presents(site, site.certs / "localhost.crt")
    assert site.gemini("/").meta == "text/gemini; lang=de"
    (tmp_path / "nuncio.conf").write_text("lang = f}")
    reload_fails(site, "nuncio.conf:1: there is no { to this }")


def test_listeners_workers_and_user_stay(serve, tmp_path):
    tmp_path.chmod(0o755)
    path = tmp_path / "nuncio.conf"
    user = f"user = {USER}\n" if USER else ""
    path.write_text(PORTS + user)
    site = serve(None, "-c", path, ports=False, workers=None, user=None)
    path.write_text('gemini = {"127.0.0.1:1"}\ngopher = off\nworkers = 5\nuser = daemon\nlang = fr\n')
    reload(site)
    line, = site.log_lines("warning")
    assert "kept as before" in line and line.endswith(": gemini, gopher, workers, user")
    assert site.gemini("/").meta == "text/gemini; lang=fr"
    assert site.gopher("").raw and len(site.workers()) == 2


def test_an_upgrade_reads_the_file_anew_too(configured, tmp_path):
    site = configured("lang = de\n")
    path = tmp_path / "nuncio.conf"
    path.write_text("lang = fr\nworkers = x\n")
    reload_fails(site, f"{path}:2: workers = x: expected", signal.SIGUSR2)
    path.write_text("lang = fr\n")
    reload(site, signal.SIGUSR2)
    assert "upgraded" in site.log()
    assert site.gemini("/").meta == "text/gemini; lang=fr"
    path.write_text("lang =")
    os.kill(site.workers()[0], signal.SIGKILL)
    eventually(lambda: len(site.workers()) == 2, 10, "two workers")
    for _ in range(8):
        assert site.gemini("/").meta == "text/gemini; lang=fr"
    reload_fails(site, f"{path}:2: the file ends where a value is expected")


# ---------------------------------------------------------------- sites


@pytest.fixture
def sites(serve, tmp_path):
    """A server of two sites, one with a wildcard."""
    tmp_path.chmod(0o755)
    plant(tmp_path / "one", {"index.gmi": "# One\n", "big.txt": "x" * 100_000})
    plant(tmp_path / "two", {"index.gmi": "# Two\n", "only.gmi": "# Only here\n"})
    path = tmp_path / "nuncio.conf"
    path.write_text('lang = en\n'
                    'site "one.example" { root = one aliases = {"www.one.example", "sub.two.example"} }\n'
                    'site "two.example" { root = two aliases = "*.two.example" lang = de }\n')
    # The harness names a capsule, which is the first site's.
    return serve(None, "-c", path, capsule=tmp_path / "one")


def ask(site, host, path="/", sni=None):
    return site.gemini(f"gemini://{host}:{site.gemini_port}{path}", sni=host if sni is None else sni)


def test_each_site_has_its_names_pages_and_certificate(sites):
    for host, text, lang, name in (("one.example", "# One\n", "en", "one.example"),
                                   ("www.one.example", "# One\n", "en", "one.example"),
                                   ("TWO.example", "# Two\n", "de", "two.example"),
                                   ("any.two.example", "# Two\n", "de", "two.example")):
        reply = ask(sites, host)
        assert (reply.text, reply.meta) == (text, f"text/gemini; lang={lang}")
        assert reply.certificate == der(sites.certs / f"{name}.crt")
    assert ask(sites, "one.example", "/only.gmi").status == 51
    assert ask(sites, "two.example", "/only.gmi").text == "# Only here\n"
    assert {"one.example", "www.one.example", "sub.two.example", "127.0.0.1"} <= names_in(sites.certs / "one.example.crt")
    assert {"two.example", "*.two.example"} <= names_in(sites.certs / "two.example.crt")
    assert not sites.log_lines("warning"), sites.log()


def test_a_name_in_full_goes_before_a_wildcard(sites):
    reply = ask(sites, "sub.two.example")
    assert (reply.text, reply.certificate) == ("# One\n", der(sites.certs / "one.example.crt"))


def test_a_wildcard_is_one_label(sites):
    reply = ask(sites, "a.b.two.example")
    assert reply.status == 53 and reply.certificate == der(sites.certs / "one.example.crt")


def test_what_no_site_has_is_53_and_the_default_certificate(sites):
    reply = ask(sites, "three.example")
    assert reply.status == 53 and "one.example" in reply.meta and "*.two.example" in reply.meta
    assert reply.certificate == der(sites.certs / "one.example.crt")
    assert sites.gemini(f"gemini://127.0.0.1:{sites.gemini_port}/", sni=None).text == "# One\n"
    assert ask(sites, "two.example", sni="one.example").status == 53


def test_gopher_over_tls_has_the_site_of_the_sni(sites):
    for name, title in (("two.example", b"Two"), ("x.two.example", b"Two"), ("one.example", b"One"), ("x", b"One")):
        with sites.connect_tls("gopher", sni=name) as sock:
            sock.sendall(b"\r\n")
            answer, end = client.read_to_end(sock)
        assert title in answer and end == client.CLOSE_NOTIFY
    assert b"One" in sites.gopher("").raw


def test_a_reload_adds_and_takes_away_sites(sites, tmp_path):
    plant(tmp_path / "three", {"index.gmi": "# Three\n"})
    path = tmp_path / "nuncio.conf"
    text = path.read_text()
    path.write_text(text + 'site "three.example" { root = three }\n')
    reload(sites)
    for host, page in (("one.example", "# One\n"), ("two.example", "# Two\n"), ("three.example", "# Three\n")):
        reply = ask(sites, host)
        assert (reply.text, reply.certificate) == (page, der(sites.certs / f"{host}.crt"))
    path.write_text(text + 'site "three.example" { root = nowhere }\n')
    reload_fails(sites, "capsule")
    path.write_text(text)
    reload(sites)
    assert ask(sites, "three.example").status == 53
    # What is no more used is not watched any more.
    (tmp_path / "three").rename(tmp_path / "gone")
    before = sites.workers()
    make_pair(sites.certs, "two.example")
    eventually(lambda: not set(sites.workers()) & set(before), 10, "new workers")
    assert ask(sites, "two.example").certificate == der(sites.certs / "two.example.crt")
    assert "three is another one" not in sites.log()


def test_a_site_whose_certificate_was_spoiled_is_still_served_by_whoever_comes(sites):
    good = der(sites.certs / "two.example.crt")
    (sites.certs / "two.example.key").write_text("rubbish")
    eventually(lambda: " failed; what ran before goes on" in sites.log(), 10, "a refusal")
    for worker in sites.workers():
        os.kill(worker, signal.SIGKILL)
    eventually(lambda: len(sites.workers()) == 2, 10, "two workers")
    reply = ask(sites, "two.example")
    assert (reply.text, reply.certificate) == ("# Two\n", good)


def test_a_site_has_gopher_addresses_of_its_own(serve, tmp_path):
    tmp_path.chmod(0o755)
    plant(tmp_path / "one", {"index.gmi": "# One\n\n=> page.gmi A page\n", "page.gmi": "# Page\n"})
    plant(tmp_path / "two", {"index.gmi": "# Two\n\n=> page.gmi A page\n", "page.gmi": "# Page\n"})
    path = tmp_path / "nuncio.conf"
    text = ('site one.example { root = one }\n'
            'site two.example { root = two gopher = "127.0.0.1:0" }\n')
    path.write_text(text)
    site = serve(None, "-c", path, capsule=tmp_path / "one")
    port, = re.findall(r"listening gopher://two\.example:(\d+)/ \(127\.0\.0\.1\)", site.output)

    def menu(port):
        return client.gopher("127.0.0.1", int(port), b"\r\n").raw

    def both():
        assert b"Two" in menu(port) and f"\ttwo.example\t{port}\r\n".encode() in menu(port)
        assert b"One" in menu(site.gopher_port) and f"\tone.example\t{site.gopher_port}\r\n".encode() in menu(
            site.gopher_port)

    both()
    # The places of sites change; the address goes with the name.
    path.write_text("\n".join(["site zero.example { root = one }", *text.splitlines()]))
    reload(site)
    assert b"Two" in menu(port)
    reload(site, signal.SIGUSR2)
    assert b"Two" in menu(port)
    path.write_text(text.replace("127.0.0.1:0", "127.0.0.1:1"))
    reload(site)
    line, = site.log_lines("warning")
    assert line.endswith(": gopher of two.example")
    both()


def test_a_site_has_the_pem_files_that_it_names(serve, tmp_path):
    tmp_path.chmod(0o755)
    plant(tmp_path / "one", TREE)
    make_chain(tmp_path / "elsewhere", "two.example")
    (tmp_path / "elsewhere" / "two.example.crt").rename(tmp_path / "elsewhere" / "chain.pem")
    (tmp_path / "elsewhere" / "two.example.key").rename(tmp_path / "secret.pem")
    path = tmp_path / "nuncio.conf"
    text = ("site one.example { root = one }\n"
            "site two.example { root = one certificate = elsewhere/chain.pem key = secret.pem }\n")
    path.write_text(text)
    site = serve(None, "-c", path, capsule=tmp_path / "one")
    assert ask(site, "two.example").certificate == der(tmp_path / "elsewhere" / "chain.pem")
    assert ask(site, "one.example").certificate == der(site.certs / "one.example.crt")
    assert not (site.certs / "two.example.crt").exists()
    # A renewed one is picked up; half a pair is not, and whoever comes then has the old one.
    before = site.workers()
    make_pair(tmp_path / "new", "two.example")
    (tmp_path / "new" / "two.example.key").rename(tmp_path / "secret.pem")
    (tmp_path / "new" / "two.example.crt").rename(tmp_path / "elsewhere" / "chain.pem")
    eventually(lambda: not set(site.workers()) & set(before), 10, "new workers")
    good = der(tmp_path / "elsewhere" / "chain.pem")
    assert ask(site, "two.example").certificate == good
    (tmp_path / "secret.pem").unlink()
    eventually(lambda: f"{tmp_path}/secret.pem is not there" in site.log(), 10, "the reason")
    os.kill(site.workers()[0], signal.SIGKILL)
    eventually(lambda: len(site.workers()) == 2, 10, "two workers")
    for _ in range(8):
        assert ask(site, "two.example").certificate == good
    status, lines = check(tmp_path, "certs = keys\n" + text)
    assert (status, lines) == (1, ["nuncio.conf: secret.pem is not there: put it back, or name another one"])


def test_every_site_is_checked(tmp_path):
    plant(tmp_path / "one", TREE)
    status, lines = check(tmp_path, "certs = keys\nsite a.example { root = one }\nsite b.example { root = two }\n"
                                    "site c.example { root = three }\n")
    assert status == 1
    assert [line.split(": ")[1] for line in lines] == [f"capsule {tmp}" for tmp in ("two", "three")]


# ---------------------------------------------------------------- what came with other parts


def test_the_log_of_requests_has_its_place(configured, tmp_path):
    """A relative file begins at the settings file's folder; a reload has workers write another form, not elsewhere."""
    text = 'host = a.example\nlog-requests = requests.log\nlog-format = json\nlog-address = full\n'
    site = configured(text)
    log = tmp_path / "requests.log"
    site.gopher("/one")
    eventually(lambda: log.exists() and "/one" in log.read_text(), 5, "the line")
    entry = json.loads(log.read_text())
    assert (entry["request"], entry["address"]) == ("/one", "127.0.0.1")
    (tmp_path / "nuncio.conf").write_text(text.replace("requests.log", "other.log").replace("json", "combined"))
    site.process.send_signal(signal.SIGHUP)
    eventually(lambda: "serve" in site.log() and "new worker" in site.log(), 15, "the reload")
    site.gopher("/two")
    eventually(lambda: re.search(r'"/two" 51 ', log.read_text()), 5, "the line in the new form")
    assert not (tmp_path / "other.log").exists()
    assert [line for line in site.log_lines("warning") if "kept as before" in line and "log-requests" in line]


def test_a_key_in_a_capsule_is_refused(tmp_path):
    tmp_path.chmod(0o755)
    plant(tmp_path / "pages", TREE)
    status, lines = check(tmp_path, "capsule = pages\ncerts = pages/keys\n")
    assert status == 1 and any("could ask for the private key" in line for line in lines), lines
    status, line = refusal(tmp_path, "capsule = pages\ncerts = pages/keys\ngemini = '127.0.0.1:0'\ngopher = off\n")
    assert status == 1 and "could ask for the private key" in line
    assert not (tmp_path / "pages" / "keys").exists()



@pytest.mark.parametrize("settings, expected", [
    ('log-requests = no/such/requests.log\n', "log-requests: "),
    ('path "^/old/(.*)$" { redirect = "/$1" }\n', "path /^/old/(.*)$: patterns are no regular expressions"),
    ('path /a/ { client-reason = "Members" }\n', "path /a/: client-reason: nobody is asked"),
])
def test_what_would_not_do_what_its_author_means_is_a_fault(settings, expected, tmp_path):
    plant(tmp_path / "pages", TREE)
    rest = "capsule = pages\ncerts = keys\n"
    assert check(tmp_path, rest) == (0, ["nuncio.conf: fine"])
    status, lines = check(tmp_path, rest + settings)
    assert status == 1 and any(expected in line for line in lines), lines
