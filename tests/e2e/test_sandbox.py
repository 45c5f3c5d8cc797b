"""The sandbox, proved from inside (issue 4): a worker that is made to try opens nothing outside, writes nothing, makes no
socket and runs no program, from the loop's thread and from a thread of the pool. Without the sandbox it can."""

import errno
import os
import re
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

import client
import server as harness
from pairs import make_pair
from server import PROGRAM, ROOT, ROOT_USER, SANDBOX, eventually, run
from tree import plant

pytestmark = pytest.mark.skipif(not SANDBOX, reason="this build runs without the sandbox")
as_root = pytest.mark.skipif(not ROOT_USER, reason="only root can become somebody else")

TREE = {"index.gmi": "# Home\n", "file.txt": "text\n", "list/a.txt": "a\n"}


@pytest.fixture(scope="module", name="preload")
def _preload(tmp_path_factory):
    library = tmp_path_factory.mktemp("forbidden") / "forbidden.so"
    subprocess.run([os.environ.get("CC", "cc"), "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library,
                    ROOT / "tests/e2e/forbidden.c", "-ldl", "-lpthread"], check=True)
    library.parent.chmod(0o755)
    return library


def victim(serve, preload, tmp_path, **more):
    """A server whose one worker does what it is told, and has all the rights there are: what it cannot do is the
    sandbox's doing. Nothing is in its cache, so that listings go to the pool."""
    capsule = plant(tmp_path / "capsule", TREE)
    words = ["env", f"LD_PRELOAD={preload}", f"FORBIDDEN_FILE={capsule / 'file.txt'}"]
    return serve(None, "--cache", "0", capsule=capsule, before=words, workers=1, user=None, **more)


def command(site, act, where):
    """Makes the worker try it. What the client gets is of no matter: the worker may be gone by then."""

    def send(data):
        with site.connect("gopher") as sock:
            client.try_send(sock, data)
            client.read_to_end(sock)

    send(b"forbidden " + (b"pool " if where == "pool" else b"") + act.encode() + b"\r\n")
    if where == "pool":
        send(b"/list/\r\n")


def came_of(site, act):
    """What the library said of the act: "did", or an errno."""

    def said():
        return re.findall(rf"^act {act}: (?:(did)|errno (\d+))$", site.log(), re.MULTILINE)

    (did, number), = eventually(said, 5, f"the outcome of {act}")
    return did or int(number)


def refusal(site):
    """(call, where) of the line by which the sandbox says why a worker ends."""
    pattern = r"error the sandbox refused the system call (\w+) \(number \d+\) in (the event loop|a thread of the pool): "
    return re.findall(pattern, site.log())


PLACES = {"loop": "the event loop", "pool": "a thread of the pool"}

# Files: the kernel says no, and the worker goes on.
DENIED = {
    "read_outside": errno.EACCES, "read_outside_openat2": errno.EACCES, "list_outside": errno.EACCES,
    "write_inside": errno.EACCES, "make_inside": errno.EACCES,
    # What a newer library tries first and can do without.
    "io_ring": errno.ENOSYS, "young_call": errno.ENOSYS, "no_call": errno.ENOSYS,
}
# The rest: the worker ends.
REFUSED = {
    "write_by_open": {"open", "openat"}, "remove_inside": {"unlink", "unlinkat"},
    "rename_inside": {"rename", "renameat", "renameat2"}, "chmod_inside": {"fchmodat", "fchmodat2"},
    "tcp_socket": {"socket"}, "unix_socket": {"socket"}, "connect_out": {"connect"}, "run_program": {"execve"},
    "new_process": {"clone", "clone3"}, "signal_another": {"kill"},
    "trace_another": {"ptrace"}, "map_code": {"mmap", "mmap2"}, "make_code": {"mprotect"}, "become_root": {"setuid"},
    "raise_limit": {"prlimit64"},
}


@pytest.mark.parametrize("where", PLACES)
def test_no_file_outside_is_opened_and_none_is_written(serve, preload, tmp_path, where):
    site = victim(serve, preload, tmp_path)
    worker = site.workers()
    for act, number in DENIED.items():
        command(site, act, where)
        assert came_of(site, act) == number, act
    command(site, "read_inside", where)
    assert came_of(site, "read_inside") == "did"
    assert site.workers() == worker and site.gemini("/file.txt").text == "text\n"
    assert not (site.capsule / "file.txt.new").exists()


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("act", REFUSED)
def test_a_call_that_no_worker_needs_ends_it_and_the_log_names_it(serve, preload, tmp_path, act, where):
    site = victim(serve, preload, tmp_path)
    worker, = site.workers()
    command(site, act, where)
    eventually(lambda: site.workers() and worker not in site.workers(), 5, "another worker")
    (call, place), = refusal(site)
    assert call in REFUSED[act] and place == PLACES[where]
    line = site.warning_of(worker)
    assert "was ended by its sandbox" in line and "another one takes its place" in line
    assert re.search(rf"^\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{3}}Z error the sandbox refused .*{call}", site.log(),
                     re.MULTILINE)
    assert not re.search(rf"^act {act}:", site.log(), re.MULTILINE)
    assert (site.capsule / "file.txt").read_text() == "text\n"
    eventually(lambda: site.gopher("/file.txt").raw == b"text\n", 5, "the next worker's answer")


@pytest.mark.parametrize("where", PLACES)
def test_a_thread_cannot_be_made(serve, preload, tmp_path, where):
    """The C library blocks all signals for that, so that no handler can name the call."""
    site = victim(serve, preload, tmp_path)
    worker, = site.workers()
    command(site, "new_thread", where)
    eventually(lambda: site.workers() and worker not in site.workers(), 5, "another worker")
    line = site.warning_of(worker)
    assert "was ended by its sandbox" in line and "signals blocked" in line
    assert "act new_thread" not in site.log()


@pytest.mark.parametrize("where", PLACES)
def test_without_the_sandbox_all_of_it_succeeds(serve, preload, tmp_path, where):
    """So that the tests above can fail."""
    site = victim(serve, preload, tmp_path, sandbox=False)
    last = ("remove_inside", "run_program")
    for act in [act for act in [*DENIED, *REFUSED, "new_thread"] if act not in last] + list(last):
        if act in ("young_call", "no_call", "io_ring"):
            continue  # whether the kernel knows it
        command(site, act, where)
        assert came_of(site, act) == "did", act
    assert refusal(site) == []


@pytest.mark.parametrize("where", PLACES)
def test_abort_is_still_an_abort(serve, preload, tmp_path, where):
    """What a library of ours does at its wits' end is seen as what it is."""
    site = victim(serve, preload, tmp_path)
    worker, = site.workers()
    command(site, "give_up", where)
    eventually(lambda: [line for line in site.log_lines("warning") if f"process {worker}" in line and "signal 6" in line],
               5, "the death")
    assert refusal(site) == []


# ---------------------------------------------------------------- seen from outside


def status(pid):
    return dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())


@pytest.mark.parametrize("threads", [None, "1", "7"])
def test_all_threads_of_a_worker_are_locked_in_before_it_serves(serve, threads):
    site = serve(TREE, before=["env", f"UV_THREADPOOL_SIZE={threads}"] if threads else ())
    for pid in site.workers():
        tasks = os.listdir(f"/proc/{pid}/task")
        assert len(tasks) == 1 + int(threads or 4)
        for task in tasks:
            seen = status(f"{pid}/task/{task}")
            assert (seen["NoNewPrivs"], seen["Seccomp"]) == ("1", "2")


def test_no_core_is_dumped_while_keys_are_in_memory(serve):
    site = serve(TREE)
    for pid in [site.pid, *site.workers()]:
        limits = Path(f"/proc/{pid}/limits").read_text()
        assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)
        # Of a process that may be dumped this belongs to its user; else to root, whoever runs it.
        assert os.stat(f"/proc/{pid}/mem").st_uid == 0
        if site.user and pid != site.pid:
            assert status(pid)["Uid"].split()[0] != "0"


def test_without_the_sandbox_a_worker_can_be_debugged(serve):
    site = serve(TREE, sandbox=False)
    for pid in site.workers():
        seen = status(pid)
        assert (seen["NoNewPrivs"], seen["Seccomp"]) == ("0", "0")


# ---------------------------------------------------------------- kernels without


@pytest.fixture(scope="module", name="old_kernel")
def _old_kernel(tmp_path_factory):
    """A library that answers for a kernel without the calls whose numbers ABSENT_CALLS holds."""
    folder = tmp_path_factory.mktemp("old")
    (folder / "old.c").write_text(r"""
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
long syscall(long number, ...)
{
  long (*next)(long, ...), value[6];
  char word[32];
  void *symbol = dlsym(RTLD_NEXT, "syscall");
  memcpy(&next, &symbol, sizeof next);
  va_list args;
  va_start(args, number);
  for (int i = 0; i < 6; i++)
    value[i] = va_arg(args, long);
  va_end(args);
  snprintf(word, sizeof word, " %ld ", number);
  if (strstr(getenv("ABSENT_CALLS"), word)) {
    errno = atoi(getenv("ABSENT_ERRNO"));
    return -1;
  }
  return next(number, value[0], value[1], value[2], value[3], value[4], value[5]);
}
""")
    subprocess.run([os.environ.get("CC", "cc"), "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", folder / "old.so",
                    folder / "old.c", "-ldl"], check=True)
    return folder / "old.so"


LANDLOCK, SECCOMP = " 444 445 446 ", {"x86_64": " 317 ", "aarch64": " 277 "}.get(os.uname().machine)


@pytest.mark.skipif(not SECCOMP, reason="the number of the call is not known for this machine")
@pytest.mark.parametrize("calls, number, missing", [
    (LANDLOCK, errno.ENOSYS, ["Landlock"]), (LANDLOCK, errno.EOPNOTSUPP, ["Landlock"]),
    (SECCOMP, errno.EINVAL, ["seccomp"]), (f"{LANDLOCK}{SECCOMP}", errno.ENOSYS, ["Landlock", "seccomp"])])
def test_a_kernel_without_one_of_these_is_named_in_one_line_and_it_serves(serve, old_kernel, calls, number, missing):
    site = serve(TREE, workers=3, before=["env", f"LD_PRELOAD={old_kernel}", f"ABSENT_CALLS={calls}",
                                          f"ABSENT_ERRNO={number}"])
    line, = site.log_lines("warning")
    assert [name for name in ("Landlock", "seccomp") if name in line] == missing
    assert site.gemini("/").text == "# Home\n"
    for pid in site.workers():
        assert status(pid)["Seccomp"] == ("0" if "seccomp" in missing else "2")
    before = site.workers()
    site.process.send_signal(signal.SIGHUP)
    eventually(lambda: len(site.workers()) == 3 and not set(site.workers()) & set(before), 10, "new workers")
    assert len(site.log_lines("warning")) == 1, "it is said at the start, not at each reload"


@pytest.mark.skipif(not SECCOMP, reason="the number of the call is not known for this machine")
def test_what_goes_wrong_otherwise_is_no_reason_to_serve_unprotected(tmp_path, old_kernel):
    for calls in (LANDLOCK, SECCOMP):
        done = run("serve", "--gemini", "off", "--gopher", "127.0.0.1:0", "--no-gophers", plant(tmp_path / "capsule", TREE), cwd=tmp_path,
                   before=["env", f"LD_PRELOAD={old_kernel}", f"ABSENT_CALLS={calls}", f"ABSENT_ERRNO={errno.ENOMEM}"])
        assert (done.returncode, done.stdout) == (1, "")
        assert len(done.stderr.splitlines()) == 1 and "--no-sandbox" in done.stderr


# ---------------------------------------------------------------- the user


def is_nobody(pid):
    seen = status(pid)
    uid, gid = 65534, 65534
    return (set(seen["Uid"].split()) == {str(uid)} and set(seen["Gid"].split()) == {str(gid)}
            and set(seen["Groups"].split()) <= {str(gid)} and int(seen["CapEff"], 16) == 0
            and int(seen["CapPrm"], 16) == 0)


@as_root
def test_root_is_dropped_and_keys_stay_roots(serve, tmp_path):
    """A key that only root reads, a port that only root binds, a folder on the way that only root enters."""
    certs = make_pair(tmp_path / "certs", "localhost")
    (certs / "localhost.key").chmod(0o600)
    (tmp_path / "locked").mkdir(mode=0o700)
    port = next(port for port in range(600, 1024) if not in_use(port))
    site = serve(None, "--gopher", f"127.0.0.1:{port}", capsule=plant(tmp_path / "locked/capsule", TREE), certs=certs,
                 gopher=[], user="nobody")
    assert site.gopher_port == port
    assert status(site.pid)["Uid"].split()[0] == "0"
    assert all(is_nobody(pid) for pid in site.workers())

    def renewed(number):
        before = site.workers()
        if number == signal.SIGKILL:
            os.kill(before[0], number)
        else:
            site.process.send_signal(number)
        gone = before[:1] if number == signal.SIGKILL else before
        eventually(lambda: len(site.workers()) == 2 and not set(gone) & set(site.workers()), 10, "new workers")
        eventually(lambda: all(is_nobody(pid) and status(pid)["Seccomp"] == "2" for pid in site.workers()), 5, "nobody")
        assert site.gemini("/").text == "# Home\n" and site.gopher("/file.txt").text == "text\n"

    for number in (signal.SIGHUP, signal.SIGKILL, signal.SIGUSR2, signal.SIGHUP):
        renewed(number)
    old = site.gemini("/").certificate
    make_pair(certs, "localhost")
    eventually(lambda: site.gemini("/").certificate != old, 4, "the new certificate")
    assert not site.log_lines("error"), site.log()


def in_use(port):
    with socket.socket() as sock:
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


@as_root
def test_root_without_a_user_is_warned_once(serve):
    site = serve(TREE, user=None)
    assert len([line for line in site.log().splitlines() if " warning " in line and "--user" in line]) == 1
    before = site.workers()
    site.process.send_signal(signal.SIGHUP)
    eventually(lambda: len(site.workers()) == 2 and not set(site.workers()) & set(before), 10, "new workers")
    assert site.log().count("--user") == 1


def refused(tmp_path, *options, before=(), capsule=None):
    done = run("serve", "--gemini", "off", "--gopher", "127.0.0.1:0", "--no-gophers", *options,
               capsule or plant(tmp_path / "capsule", TREE), cwd=tmp_path, before=before)
    assert (done.returncode, done.stdout) == (1, "")
    line, = done.stderr.splitlines()
    return line


def test_a_user_that_cannot_be_become_is_named(tmp_path):
    assert "no such user" in refused(tmp_path, "--user", "nosuchuser")
    assert "is root" in refused(tmp_path, "--user", "root")


@as_root
def test_a_user_who_may_not_enter_the_capsule_is_named(tmp_path):
    capsule = plant(tmp_path / "capsule", TREE)
    capsule.chmod(0o700)
    line = refused(tmp_path, "--user", "nobody", capsule=capsule)
    assert "nobody" in line and str(capsule) in line and "chmod" in line


@as_root
def test_only_root_can_become_another_user():
    with tempfile.TemporaryDirectory() as work:
        Path(work).chmod(0o755)
        words = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]
        capsule = plant(Path(work) / "capsule", TREE)
        assert "only root" in refused(work, "--user", "daemon", before=words, capsule=capsule)
        # The same user is no change.
        with subprocess.Popen([*words, PROGRAM, "serve", "--gemini", "off", "--gopher", "127.0.0.1:0", "--user", "nobody",
                               "--no-gophers", capsule], cwd=work, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, env=harness.ENVIRONMENT) as process:
            try:
                said = [process.stdout.readline() for _ in range(2)]
                assert said[0].startswith("listening") and said[1] == "ready\n"
            finally:
                process.terminate()
            assert process.wait(timeout=20) == 0
            assert " warning " not in process.stderr.read()
