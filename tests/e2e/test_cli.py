"""`nuncio serve` as its owner meets it: options, errors, what it prints (issue 2, B2)."""

import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

import client
from rights import OWN_ADDRESS, UNPRIVILEGED_FILES, UNPRIVILEGED_PORTS, in_network_of, own_network, tool
from server import AS_BUILT, HAVE_IPV6, PROGRAM, ROOT, free_port, run
from tree import plant

TREE = {"index.gmi": "# Home\n\n=> page.gmi A page\n", "page.gmi": "# A page\n"}
LOOPBACK = ("--gemini", "127.0.0.1:0", "--gopher", "127.0.0.1:0")


def the_one_line(text):
    """An error is one clear line."""
    lines = text.splitlines()
    assert len(lines) == 1 and lines[0].strip(), text
    return lines[0]


# ---------------------------------------------------------------- help and usage


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["serve", "--help"], ["cert", "--help"], ["render", "--help"],
                                   ["bench", "--help"], ["check", "--help"]])
def test_help_is_an_answer(words):
    done = run(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert "usage" in done.stdout.lower()


def test_help_names_every_option():
    said = run("serve", "--help").stdout
    for option in ("--config", "--gemini", "--gopher", "--host", "--certs", "--public-gemini-port", "--public-gopher-port",
                   "--lang", "--timeout", "--cache", "--user", "--no-sandbox", "--log-requests", "--log-format", "--log-address",
                   "--verbose", "--quiet", "--help", "--version"):
        assert re.search(rf"{option}\b", said), option


def test_help_names_every_command():
    said = run("--help").stdout
    for command in ("serve", "cert", "render", "bench", "check"):
        assert re.search(rf"\b{command}\b", said), command


@pytest.mark.parametrize("words", [["--version"], ["serve", "--version"]])
def test_version(words):
    done = run(*words)
    assert done.returncode == 0
    assert re.fullmatch(r"nuncio \d+\.\d+\.\d+\S*\n", done.stdout)


@pytest.mark.parametrize("words", [
    [], ["frobnicate"], ["--frobnicate"], ["serve", "--frobnicate"], ["serve", "-x"], ["serve", "one", "two"],
    ["serve", "--host"], ["serve", "--quiet=yes"], ["cert"], ["cert", "frobnicate"], ["render"],
    ["render", "--frobnicate", "x"], ["bench"], ["bench", "--frobnicate"],
    ["check"], ["check", "--frobnicate"],
])
def test_a_wrong_command_line_is_status_2(words, tmp_path):
    done = run(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.strip()


def test_an_unknown_command_cannot_steer_the_terminal():
    done = run("\x1b[2Jx\ny")
    assert (done.returncode, done.stdout) == (2, "")
    assert the_one_line(done.stderr).startswith("nuncio: there is no command `\\x1b[2Jx\\x0ay`")
    assert "--help" in done.stderr


@pytest.mark.parametrize("option, value", [
    ("--gemini", "nonsense"), ("--gemini", "127.0.0.1"), ("--gemini", "127.0.0.1:65536"), ("--gemini", "127.0.0.1:-1"),
    ("--gemini", "127.0.0.1:x"), ("--gemini", "127.0.0.1:"), ("--gemini", "[::1:0"), ("--gemini", "::1:0"),
    ("--gemini", "300.1.1.1:0"), ("--gemini", "example.org:0"), ("--gemini", ""), ("--gopher", "nonsense"),
    ("--gopher", "[::g]:0"),
    ("--host", ""), ("--host", "a b"), ("--host", "a/b"), ("--host", "../x"), ("--host", "bücher.example"),
    ("--host", "-x"), ("--host", "bad_name"), ("--host", "bad_name.example.org"), ("--host", "x" * 300), ("--host", "a\tb"),
    ("--public-gemini-port", "0"), ("--public-gemini-port", "65536"), ("--public-gopher-port", "x"),
    ("--public-gopher-port", ""), ("--public-gopher-port", "-70"),
    ("--lang", ""), ("--lang", "e n"), ("--lang", 'en"'), ("--lang", "en;q=1"), ("--lang", "en\r\nx"),
    ("--timeout", "handshake"), ("--timeout", "handshake="), ("--timeout", "handshake=0"), ("--timeout", "write=-1"),
    ("--timeout", "request=x"), ("--timeout", "request=inf"), ("--timeout", "request=nan"), ("--timeout", "lunch=60"),
    ("--timeout", "=1"), ("--timeout", "drain=1e9"), ("--timeout", "drain=0.0"), ("--timeout", "drain=99999999999"),
    ("--cache", "-1"), ("--cache", "some"), ("--cache", "65537"),
])
def test_a_value_that_makes_no_sense_is_status_2_and_one_line(option, value, tmp_path):
    plant(tmp_path / "capsule", TREE)
    done = run("serve", *LOOPBACK, option, value, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert option in the_one_line(done.stderr)
    assert not (tmp_path / "certs").exists()


def test_what_is_wrong_with_an_address_or_a_name_is_said(tmp_path):
    plant(tmp_path / "capsule", TREE)
    for option, value, part in (("--gemini", "[::1", "expected a closing bracket"), ("--gopher", "[::1:70", "bracket"),
                                ("--host", "bad_name", "underscore")):
        done = run("serve", *LOOPBACK, option, value, cwd=tmp_path)
        assert done.returncode == 2 and part in the_one_line(done.stderr), done.stderr


def test_both_protocols_off_leave_nothing_to_serve(tmp_path):
    plant(tmp_path / "capsule", TREE)
    done = run("serve", "--gemini", "off", "--gopher", "off", cwd=tmp_path)
    assert done.returncode == 2
    assert "off" in the_one_line(done.stderr)


# ---------------------------------------------------------------- what cannot be done


def refused(*words, cwd, before=()):
    """Runs `serve` with what cannot work: status 1 and one line, which is returned."""
    done = run("serve", *words, cwd=cwd, before=before, seconds=5)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    return the_one_line(done.stderr)


def test_a_missing_capsule_is_named_and_leaves_nothing_behind(tmp_path):
    assert "no/such/folder" in refused(*LOOPBACK, "no/such/folder", cwd=tmp_path)
    assert os.listdir(tmp_path) == []


def test_the_default_capsule_is_named_when_it_is_missing(tmp_path):
    assert "capsule" in refused(*LOOPBACK, cwd=tmp_path)


def test_a_capsule_that_is_a_file_is_refused(tmp_path):
    plant(tmp_path, {"file.gmi": "# x\n"})
    line = refused(*LOOPBACK, "file.gmi", cwd=tmp_path)
    assert "file.gmi" in line and "irectory" in line


def test_a_capsule_that_may_not_be_read_is_refused(tmp_path):
    plant(tmp_path / "closed", TREE).chmod(0)
    try:
        line = refused(*LOOPBACK, "closed", cwd=tmp_path, before=UNPRIVILEGED_FILES)
        assert "closed" in line and re.search("(?i)permission|denied", line)
    finally:
        (tmp_path / "closed").chmod(0o700)


@pytest.mark.parametrize("scheme, host", [
    ("gemini", "127.0.0.1"), ("gopher", "127.0.0.1"), ("gopher", "0.0.0.0"),
    pytest.param("gemini", "::1", marks=pytest.mark.skipif(not HAVE_IPV6, reason="this machine has no IPv6"))])
def test_a_busy_port_is_named_and_how_to_choose_another(scheme, host, tmp_path):
    plant(tmp_path / "capsule", TREE)
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as taken:
        taken.bind((host, 0))
        taken.listen()
        port = taken.getsockname()[1]
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        other = "gopher" if scheme == "gemini" else "gemini"
        line = refused(f"--{scheme}", address, f"--{other}", "127.0.0.1:0", cwd=tmp_path)
    assert address in line and f"--{scheme}" in line


def test_an_address_that_this_machine_lacks_is_named(tmp_path):
    plant(tmp_path / "capsule", TREE)
    assert "192.0.2.1" in refused("--gemini", "192.0.2.1:0", "--gopher", "off", cwd=tmp_path)


def test_a_port_that_is_not_permitted_is_named(tmp_path):
    plant(tmp_path / "capsule", TREE)
    port = int(open("/proc/sys/net/ipv4/ip_unprivileged_port_start").read()) - 1
    if port < 1:
        pytest.skip("this machine permits every port to everybody")
    line = refused("--gemini", "127.0.0.1:0", "--gopher", f"127.0.0.1:{port}", cwd=tmp_path, before=UNPRIVILEGED_PORTS)
    assert str(port) in line and "--gopher" in line


# ---------------------------------------------------------------- listeners


def test_standard_output_is_one_line_per_listener_and_ready(serve):
    site = serve(TREE)
    lines = site.output.splitlines()
    assert lines[-1] == "ready"
    assert len(lines) == 1 + (4 if HAVE_IPV6 else 2)
    assert {name for name, _, _ in site.listeners} == {"gemini", "gopher"}
    assert all(port for _, _, port in site.listeners)
    site.stop()


def test_every_listener_answers_as_soon_as_it_says_ready(serve):
    site = serve(TREE)
    for scheme, host, _ in site.listeners:
        reply = site.gemini("/", host=host) if scheme == "gemini" else site.gopher("", host=host)
        assert reply.raw


def test_the_lines_name_the_main_host(serve):
    site = serve(TREE, "--host", "Example.ORG", "--host", "second.example")
    assert all("://example.org:" in line for line in site.output.lower().splitlines()[:-1])


def test_one_protocol_can_be_off(serve):
    site = serve(TREE, gemini=["off"])
    assert {name for name, _, _ in site.listeners} == {"gopher"}
    assert site.gopher("").menu
    site = serve(TREE, gopher=["off"])
    assert {name for name, _, _ in site.listeners} == {"gemini"}
    assert site.gemini("/").status == 20


def test_many_addresses_each_with_its_own_socket_B2(serve):
    site = serve(TREE, gemini=["127.0.0.1:0", "127.0.0.2:0", "127.0.0.3:0"], gopher=["127.0.0.4:0"])
    for host in ("127.0.0.1", "127.0.0.2", "127.0.0.3"):
        assert site.gemini("/", host=host).status == 20
    assert site.gopher("", host="127.0.0.4").menu


@pytest.mark.skipif(not HAVE_IPV6, reason="this machine has no IPv6")
def test_ipv6_sockets_are_ipv6_only_so_that_both_can_have_one_port_B2(serve):
    port = free_port()
    site = serve(TREE, gemini=[f"[::]:{port}", f"0.0.0.0:{port}"])
    assert site.gemini("/", host="::1").status == site.gemini("/", host="127.0.0.1").status == 20
    only = serve(TREE, gemini=["[::]:0"])
    with pytest.raises(ConnectionRefusedError):
        client.connect("127.0.0.1", only.port("gemini", "::1"))


def alone(serve, privileged=True, **more):
    """A server in a network of its own, with or without the right to low ports."""
    try:
        return serve(TREE, preexec=lambda: own_network(privileged), before=[] if privileged else UNPRIVILEGED_PORTS,
                     **more)
    except subprocess.SubprocessError:
        pytest.skip("this machine lets nobody make a network namespace")


def test_the_default_ports_are_1965_and_70(serve):
    site = alone(serve, ports=False)
    assert {(name, port) for name, _, port in site.listeners} == {("gemini", 1965), ("gopher", 70)}
    assert {"0.0.0.0"} <= {address for _, address, _ in site.listeners} <= {"0.0.0.0", "::"}


def test_7070_with_a_notice_where_70_is_not_permitted(serve):
    site = alone(serve, privileged=False, ports=False)
    assert {(name, port) for name, _, port in site.listeners} == {("gemini", 1965), ("gopher", 7070)}
    assert any("7070" in line for line in site.log_lines("notice"))


def test_menus_name_the_address_that_the_client_connected_to_P19(serve):
    site = alone(serve, gopher=["0.0.0.0:70"])
    for address, name in ((OWN_ADDRESS, OWN_ADDRESS), ("127.0.0.1", "localhost"), (OWN_ADDRESS, OWN_ADDRESS)):
        done = subprocess.run([*in_network_of(site), tool("nc"), "-w", "5", address, "70"], input=b"\r\n",
                              capture_output=True, timeout=client.PATIENCE)
        items = client.parse_menu(done.stdout)
        assert {(item.host, item.port) for item in items if item.type == "1"} == {(name, 70)}


def test_the_limit_of_open_files_is_raised_B2(serve):
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    site = serve(TREE, preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard)))
    for worker in site.workers():
        assert re.search(rf"^Max open files +{hard} +{hard} ", Path(f"/proc/{worker}/limits").read_text(), re.MULTILINE)


def test_it_serves_the_folder_capsule_by_default(tmp_path):
    plant(tmp_path / "capsule", TREE)
    with subprocess.Popen([PROGRAM, "serve", *LOOPBACK, *AS_BUILT], cwd=tmp_path, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True) as process:
        try:
            lines = [process.stdout.readline() for _ in range(3)]
            assert lines[2] == "ready\n"
            port = int(re.search(r":(\d+)/", lines[0])[1])
            reply = client.gemini("127.0.0.1", port, f"gemini://localhost:{port}/\r\n".encode())
            assert reply.text == TREE["index.gmi"]
            assert sorted(os.listdir(tmp_path / "certs")) == ["localhost.crt", "localhost.key"]
        finally:
            process.terminate()
    assert process.returncode == 0


def test_a_restart_finds_its_port_free(serve):
    site = serve(TREE)
    address = f"127.0.0.1:{site.gopher_port}"
    site.gopher("")
    with site.connect("gopher"):
        site.stop()
    assert serve(TREE, gopher=[address]).gopher("").menu


def test_the_readme_shows_the_options_as_they_are():
    readme = (ROOT / "README.md").read_text()
    for command in ("serve", "check"):
        assert run(command, "--help").stdout in readme
