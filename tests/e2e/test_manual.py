"""The manual pages: true to the program, and to what is installed (`make lint` has mandoc look at their form)."""

import re

import pytest

from server import ROOT, run

PAGE = (ROOT / "src/dist/nuncio.1").read_text()
COMMANDS = ("serve", "cert", "render", "check", "bench")
# Each part of the page, from its heading to the next one.
PARTS = {name: text for name, text in re.findall(r"^\.Ss nuncio (\w+)\n(.*?)(?=^\.S[sh] )", PAGE, re.MULTILINE | re.DOTALL)}


def options_in(text):
    """Every option that a help text tells of: those that begin a line, or stand in brackets in a line of usage."""
    found = set()
    for line in text.splitlines():
        if line.startswith("usage:"):
            found |= set(re.findall(r"\[(--?[a-zA-Z][\w-]*)", line))
        elif re.match(r"  -", line):
            found |= set(re.findall(r"(?:^  |, )(--?[a-zA-Z][\w-]*)", line))
    return found


def help_of(command):
    text = run(command, "--help").stdout
    if command == "cert":
        text += "".join(run("cert", action, "--help").stdout for action in ("show", "new", "renew", "client"))
    return text


def test_every_command_has_its_part():
    shown = set(re.findall(r"^  (\w+)  ", run("--help").stdout, re.MULTILINE))
    assert shown == set(COMMANDS) == set(PARTS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_in_the_page_and_none_that_is_not_there(command):
    documented = set()
    for item in re.findall(r"^\.It (Fl .*)", PARTS[command], re.MULTILINE):
        for word in re.findall(r"(?:Fl|,) (-?[a-zA-Z][\w-]*)", item):
            documented.add("-" + word)
    offered = options_in(help_of(command))
    assert len(offered) > 2
    assert documented == offered


@pytest.mark.parametrize("option", ["timeout", "limit"])
def test_every_deadline_and_limit_is_in_the_page(option):
    """An unknown name is answered by the list of those there are."""
    names = re.search(r"with NAME one of ([\w, ]+)", run("serve", f"--{option}", "x=1").stderr)[1].split(", ")
    listed = re.search(rf"^\.It Fl -{option} .*?^\.Bl.*?\n(.*?)^\.El", PARTS["serve"], re.MULTILINE | re.DOTALL)[1]
    assert re.findall(r"^\.It Cm (\w+)", listed, re.MULTILINE) == names


def test_the_example_of_an_overview_is_read_as_the_page_says(tmp_path):
    page = (ROOT / "src/dist/nuncio-overview.5").read_text()
    document = re.search(r"^\.Bd -literal[^\n]*\n(Harbour.*?)^\.Ed", page, re.MULTILINE | re.DOTALL)[1]
    (tmp_path / "harbour.overview.txt").write_text(document)
    shown = run("render", tmp_path / "harbour.overview.txt").stdout
    assert shown.startswith("# Harbour Commission, Third Meeting (Overview)\n")
    assert re.findall(r"^=> (\d\.gmi)", shown, re.MULTILINE) == ["1.gmi", "2.gmi"]
    assert "ferry" in run("render", "--point", "2", tmp_path / "harbour.overview.txt").stdout


def test_every_setting_is_in_its_page_and_the_sample_is_fine(tmp_path):
    page = (ROOT / "src/dist/nuncio.conf.5").read_text()
    sample = (ROOT / "src/dist/nuncio.conf").read_text()
    assert sample in page
    (tmp_path / "nuncio.conf").write_text("xxxxxxxxxxxxxxx = 1\n")
    names = re.search(r"expected one of (.*)", run("check", "-c", tmp_path / "nuncio.conf").stdout)[1].split(", ")
    assert len(names) > 15
    (tmp_path / "nuncio.conf").write_text("path / { xxxxxxxxxxxxxxx = 1 }\n")
    in_path = re.search(r"expected one of (.*)", run("check", "-c", tmp_path / "nuncio.conf").stdout)[1].split(", ")
    assert len(in_path) > 15
    for name in names + in_path:
        assert re.search(rf"(?:^\.(?:It|Cm|Ss|Fn).*[ ,]){name}\b", page, re.MULTILINE), name
    told = page.partition(".Sh PATHS")[2].partition(".Ss .nuncio")[0]
    listed = [name for line in re.findall(r"^\.It Cm (.*)", told, re.MULTILINE) for name in line.split(" , ")]
    assert sorted(listed) == sorted(in_path)
    (tmp_path / "capsule").mkdir()
    (tmp_path / "nuncio.conf").write_text(sample)
    assert run("check", "-c", tmp_path / "nuncio.conf").returncode == 0
    # What it shows in comments is right as well, but for what this machine lacks.
    shown = re.sub(r"^# (?=[a-z-]+ (?:=|\{|\")|  |\})", "", sample.partition("# Several")[0],
                   flags=re.MULTILINE)
    assert "\nlog-requests = /var/log/nuncio/requests.log\n" in shown
    (tmp_path / "nuncio.conf").write_text(shown.replace("/var/log/nuncio/", f"{tmp_path}/"))
    assert "gemini = {" in shown and "\ntimeout {" in shown and "\npath \"/members/\" {\n  clients = any\n" in shown
    said = run("check", "-c", tmp_path / "nuncio.conf")
    assert said.returncode == 0, said.stdout
    uncommented = re.sub(r"^# ", "", sample, flags=re.MULTILINE)
    for name in in_path:
        assert re.search(rf"\b{name} = ", uncommented), f"the sample shows no {name}"
    # Sections too, whose folders are not here: nothing is told of a line.
    sections = sample.partition("# Several")[2].partition("\n")[2].partition("# include")[0]
    (tmp_path / "nuncio.conf").write_text(re.sub(r"^# ?", "", sections, flags=re.MULTILINE))
    said = run("check", "-c", tmp_path / "nuncio.conf").stdout
    assert "/srv/example" in said and not re.search(r"nuncio\.conf:\d", said), said
