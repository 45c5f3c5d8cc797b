"""Fixtures: real servers for one test, for a file of tests, or for the whole session."""

import errno
import itertools
import os
import resource

import pytest

import server as harness
from rights import without_openat2
from tree import plant


def pytest_configure(config):
    if not os.access(harness.PROGRAM, os.X_OK):
        raise pytest.UsageError("NUNCIO must name the built program: run `make e2e`")
    # Old versions of TLS are offered on purpose, to be refused.
    config.addinivalue_line("filterwarnings", "ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
    # Some tests hold thousands of connections open.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


# Several files run side by side, each by one process: what takes longest begins first, so that none is left for the end.
LONG = ["test_check_server.py", "test_benchmark.py", "test_check_capsule.py", "test_deadlines.py", "test_workers.py",
        "test_slow_disk.py", "test_bench.py", "test_live.py"]


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Puts the logs of the servers that a failed test spoke to below its report."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for server in harness.servers:
            log = server.log()[server.shown :]
            if log:
                report.sections.append((f"log of {server.work.name}", log[-20000:]))


@pytest.fixture(autouse=True)
def _only_this_tests_log():
    for server in harness.servers:
        server.shown = len(server.log())
    yield
    for server in list(harness.servers):
        # A server that has gone was answered for by the test that ended it.
        answered_for = server.stopped or server.signalled
        assert answered_for or server.alive(), f"it died with {server.process.returncode}\n{server.log()}"


def pytest_generate_tests(metafunc):
    """A file of tests with BOTH_WAYS runs twice, the second time where openat2 is not there and the server walks a path
    by itself (G13): the answers must be the same."""
    if getattr(metafunc.module, "BOTH_WAYS", False) and "lookup" in metafunc.fixturenames:
        metafunc.parametrize("lookup", [None, errno.ENOSYS], ids=["openat2", "walk"], indirect=True, scope="module")


@pytest.fixture(scope="module")
def lookup(request):
    """With which errno openat2 fails, or None."""
    return getattr(request, "param", None)


def _factory(tmp_path_factory, started, lookup=None):
    number = itertools.count(1)

    def serve(tree=None, *options, capsule=None, **more):
        work = tmp_path_factory.mktemp(f"server{next(number)}-")
        if capsule is None:
            capsule = plant(work / "capsule", {"index.gmi": "# Home\n"} if tree is None else tree)
        if lookup:
            assert "preexec" not in more
            more["preexec"] = without_openat2(lookup)
        server = harness.Server(work, capsule, *options, **more)
        started.append(server)
        return server

    return serve


def _end(started):
    failures = []
    for server in started:
        try:
            server.stop()
        except AssertionError as failure:
            failures.append(str(failure))
        finally:
            server.kill()
        harness.servers.remove(server)
    assert not failures, "\n".join(failures)


@pytest.fixture
def serve(tmp_path_factory, lookup):
    """serve({"path": content}, options...): a server for this test. It must end cleanly on SIGTERM afterwards."""
    started = []
    yield _factory(tmp_path_factory, started, lookup)
    _end(started)


@pytest.fixture(scope="module")
def serve_for_module(tmp_path_factory, lookup):
    """The same for all tests of a file that only read."""
    started = []
    yield _factory(tmp_path_factory, started, lookup)
    _end(started)


@pytest.fixture(scope="session")
def shipped(tmp_path_factory):
    """A server of the capsule that the repository ships."""
    started = []
    yield _factory(tmp_path_factory, started)(capsule=harness.ROOT / "capsule")
    _end(started)
