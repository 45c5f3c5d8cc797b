"""`make install`: everything in its place, by the usual variables, and gone again by `make uninstall`."""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

import server as harness
from rights import tool
from server import MODE, PROGRAM, ROOT, run
from tree import plant

PREFIX = "/opt/odd+prefix-1.2"
BASH = "/bin/bash"


def make(*words):
    """Another build than the usual one, or none: what is installed is what is being tested."""
    done = subprocess.run(["make", "-s", "-C", str(ROOT), f"MODE={MODE}", "-o", PROGRAM, "-o", os.path.relpath(PROGRAM, ROOT),
                           *map(str, words)], capture_output=True, text=True, timeout=120, check=False,
                          env={k: v for k, v in os.environ.items() if not k.startswith("MAKE")})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if not path.is_dir())


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    make("install", f"DESTDIR={folder}", f"PREFIX={PREFIX}")
    return folder


def test_everything_is_beneath_the_prefix(installed):
    assert files(installed / PREFIX[1:]) == [
        "bin/nuncio",
        "etc/default/nuncio",
        "lib/systemd/system/nuncio-gemini.socket",
        "lib/systemd/system/nuncio-gopher.socket",
        "lib/systemd/system/nuncio.service",
        "lib/sysusers.d/nuncio.conf",
        "lib/tmpfiles.d/nuncio.conf",
        "share/bash-completion/completions/nuncio",
        "share/doc/nuncio/README.md",
        "share/man/man1/nuncio.1",
        "share/man/man5/nuncio-overview.5",
        "share/man/man5/nuncio.conf.5",
        "share/nuncio/nuncio.conf",
        "share/nuncio/welcome.gmi",
    ]
    assert files(installed) == [f"{PREFIX[1:]}/{name}" for name in files(installed / PREFIX[1:])]
    for name in files(installed):
        assert (installed / name).stat().st_mode & 0o777 == (0o755 if name.endswith("bin/nuncio") else 0o644), name


def test_what_is_installed_names_where_it_is_installed(installed):
    unit = (installed / PREFIX[1:] / "lib/systemd/system/nuncio.service").read_text()
    assert f"ExecStart={PREFIX}/bin/nuncio serve $NUNCIO_OPTIONS\n" in unit
    assert f"EnvironmentFile=-{PREFIX}/etc/default/nuncio\n" in unit
    page = (installed / PREFIX[1:] / "share/man/man1/nuncio.1").read_text()
    assert f".It Pa {PREFIX}/etc/default/nuncio\n" in page


def test_each_path_has_its_variable(tmp_path):
    make("install", f"DESTDIR={tmp_path}", "PREFIX=/usr", "UNITDIR=/lib/systemd/system", "BINDIR=/usr/sbin")
    there = files(tmp_path)
    assert {"usr/sbin/nuncio", "lib/systemd/system/nuncio.service", "etc/default/nuncio"} <= set(there)
    assert "ExecStart=/usr/sbin/nuncio serve" in (tmp_path / "lib/systemd/system/nuncio.service").read_text()


def test_defaults_that_the_owner_has_changed_are_kept(tmp_path):
    where = [f"DESTDIR={tmp_path}", "PREFIX=/usr"]
    defaults = tmp_path / "etc/default/nuncio"
    make("install", *where)
    assert "NUNCIO_OPTIONS=" in defaults.read_text()
    defaults.write_text("NUNCIO_OPTIONS=--quiet\n")
    assert "kept" in make("install", *where)
    assert "kept" in make("uninstall", *where)
    assert (files(tmp_path), defaults.read_text()) == (["etc/default/nuncio"], "NUNCIO_OPTIONS=--quiet\n")


def test_uninstall_leaves_no_file(tmp_path):
    where = [f"DESTDIR={tmp_path}", f"PREFIX={PREFIX}"]
    make("install", *where)
    make("uninstall", *where)
    assert files(tmp_path) == []
    make("uninstall", *where)  # once more does no harm


def test_the_program_that_is_installed_serves(installed, tmp_path, monkeypatch, serve):
    program = installed / PREFIX[1:] / "bin/nuncio"
    monkeypatch.setattr(harness, "PROGRAM", str(program))
    assert run("--version").stdout.startswith("nuncio ")
    site = serve({"index.gmi": "# Home\n"})
    assert site.gemini("/").text == "# Home\n"


def test_the_defaults_are_options_that_it_has(installed, tmp_path):
    """A folder that is not there is all that is missing of them."""
    text = (installed / PREFIX[1:] / "etc/default/nuncio").read_text()
    words = re.search(r'^NUNCIO_OPTIONS="(.*)"$', text, re.MULTILINE)[1].split()
    assert words[-1] == "/var/lib/nuncio/capsule"
    words[-1] = str(tmp_path / "none")
    done = run("serve", *words, cwd=tmp_path)
    assert done.returncode == 1 and str(tmp_path / "none") in done.stderr


def test_the_units_are_good(installed, tmp_path):
    """As systemd sees it, where the program and the unit's wishes are there."""
    verify = tool("systemd-analyze")
    units = installed / PREFIX[1:] / "lib/systemd/system"
    for name in os.listdir(units):
        text = (units / name).read_text().replace(f"{PREFIX}/", f"{installed}{PREFIX}/")
        (tmp_path / name).write_text(re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE))
    done = subprocess.run([verify, "verify", "--man=no", *sorted(map(str, tmp_path.glob("nuncio*")))], capture_output=True,
                          text=True, timeout=60, check=False)
    ours = [line for line in done.stderr.splitlines() if "nuncio" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


def test_the_user_and_the_folders_are_good(installed, tmp_path):
    """Made in an empty root; an ordinary user can have them looked at only."""
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    for name in ("passwd", "group"):
        (root / "etc" / name).write_text("root:x:0:0:root:/root:/bin/sh\n" if name == "passwd" else "root:x:0:\n")
    lib = installed / PREFIX[1:] / "lib"
    dry = [] if os.geteuid() == 0 else ["--dry-run"]
    subprocess.run([tool("systemd-sysusers"), *dry, f"--root={root}", lib / "sysusers.d/nuncio.conf"], check=True, timeout=30)
    if not dry:
        assert re.search(r"^nuncio:x:\d+:\d+:[^:]*:/var/lib/nuncio:/usr/sbin/nologin$",
                         (root / "etc/passwd").read_text(), re.MULTILINE)
        subprocess.run([tool("systemd-tmpfiles"), "--create", f"--root={root}", lib / "tmpfiles.d/nuncio.conf"], check=True,
                       timeout=30)
        assert (root / "var/lib/nuncio/capsule").stat().st_mode & 0o777 == 0o755


# ---------------------------------------------------------------- completion


def completes(installed, *words, cwd=None):
    """What bash offers for the last word."""
    script = installed / PREFIX[1:] / "share/bash-completion/completions/nuncio"
    code = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nuncio; '
            '[ ${#COMPREPLY[@]} = 0 ] || printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run([BASH, "-c", code, "bash", str(script), "nuncio", *words], capture_output=True, text=True,
                          timeout=30, check=True, cwd=cwd)
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


def test_completion_lists_the_commands(installed):
    commands = re.findall(r"^  (\w+)  ", run("--help").stdout, re.MULTILINE)
    assert [word for word in completes(installed, "") if not word.startswith("-")] == commands
    assert completes(installed, "se") == ["serve"]


@pytest.mark.parametrize("command", ["serve", "cert", "render", "check", "bench"])
def test_completion_lists_every_option(installed, command):
    text = run(command, "--help").stdout + "".join(
        run("cert", action, "--help").stdout for action in ("new", "client") if command == "cert")
    options = set(re.findall(r"(?:^  |, |\[)(--?[a-zA-Z][\w-]*)", text, re.MULTILINE))
    assert set(completes(installed, command, "-")) >= options
    assert set(completes(installed, command, "-")) - options <= {"--help"}


def test_completion_knows_names_and_folders(installed, tmp_path):
    plant(tmp_path, {"certs/example.org.crt": "", "other/example.net.crt": "", "a folder/": ""})
    assert completes(installed, "cert", "s", cwd=tmp_path) == ["show"]
    assert completes(installed, "cert", "show", "", cwd=tmp_path) == ["example.org"]
    assert completes(installed, "cert", "show", "--certs", "other", "", cwd=tmp_path) == ["example.net"]
    assert completes(installed, "serve", "a", cwd=tmp_path) == ["a folder"]
    plant(tmp_path, {"nuncio.conf": ""})
    assert completes(installed, "check", "-c", "n", cwd=tmp_path) == ["nuncio.conf"]
    assert completes(installed, "check", "-c", "nuncio.conf", "a", cwd=tmp_path) == ["a folder"]
    assert completes(installed, "bench", "-c", "n", cwd=tmp_path) == []
    assert completes(installed, "serve", "--timeout", "h") == ["handshake=", "handle="]
    assert completes(installed, "render", "--host", "") == []


@pytest.mark.parametrize("command", ["serve", "check"])
@pytest.mark.parametrize("option", ["-c", "--config"])
def test_completion_knows_the_settings_files(installed, tmp_path, command, option):
    plant(tmp_path, {"nuncio.conf": "", "news/": ""})
    assert sorted(completes(installed, command, option, "n", cwd=tmp_path)) == ["news", "nuncio.conf"]


def test_completion_of_a_number_offers_nothing(installed, tmp_path):
    plant(tmp_path, {"certs/example.org.crt": ""})
    assert completes(installed, "cert", "client", "alice", "--days", "", cwd=tmp_path) == []
    assert completes(installed, "bench", "-c", "", cwd=tmp_path) == []


def test_completion_runs_nothing_that_a_file_is_called(installed, tmp_path):
    """A visitor's certificate may have any name (`nuncio cert client`)."""
    names = ["client-$(touch ran)", "client-Anne B", "client-`touch ran`", "client-it's", "example.org"]
    plant(tmp_path, {f"certs/{name}.crt": "" for name in names})
    offered = completes(installed, "cert", "show", "", cwd=tmp_path)
    assert sorted(shlex.split(" ".join(offered))) == sorted(names), "each is one word of a command line"
    for begun in ("client-A", "client-Anne B", "client-Anne\\ B"):
        assert completes(installed, "cert", "show", begun, cwd=tmp_path) == ["client-Anne\\ B"]
    assert not (tmp_path / "ran").exists()


# ---------------------------------------------------------------- the package


def test_the_package_has_the_programs_version():
    changelog = (ROOT / "src/dist/debian/changelog").read_text()
    assert re.match(r"nuncio \((\S+)\)", changelog)[1] == run("--version").stdout.split()[1]


def test_make_help_lists_what_this_adds():
    assert shutil.which("make")
    said = make("help")
    for goal in ("install", "uninstall", "deb", "deb-check", "manual"):
        assert re.search(rf"^  {goal} +\S", said, re.MULTILINE), goal
