"""`make bench`: whether the harness works and measures what it says; never how fast anything is."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

import server as harness
from fake_server import FakeServer, finish, request

BENCH = harness.ROOT / "tests" / "bench"
FLOOR = os.environ.get("FLOOR", "")

sys.path.insert(0, str(BENCH))
import capsule  # noqa: E402
import cases  # noqa: E402
import load  # noqa: E402
import process  # noqa: E402
import report  # noqa: E402
import rounds  # noqa: E402
import scaling  # noqa: E402

pytestmark = pytest.mark.skipif(harness.SANITIZED, reason="measures processor time: no business of sanitizers")

QUICK = {"BENCH_ROUNDS": "1", "BENCH_SECONDS": "0.1", "BENCH_PEERS": "no", "BENCH_IDLE": "10", "BENCH_CLIENTS": "4"}


def start(tmp_path, **settings):
    (tmp_path / "temporary").mkdir()
    environment = {**harness.ENVIRONMENT, **QUICK, **settings, "TMPDIR": str(tmp_path / "temporary")}
    return subprocess.Popen([sys.executable, "-B", str(BENCH / "bench.py"), harness.PROGRAM, FLOOR,
                             str(tmp_path / "out")], env=environment, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def descendants(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *descendants(child)]
    return found


def gone(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


# ---------------------------------------------------------------- the whole


def test_a_run_measures_every_server_of_a_case_and_leaves_nothing_behind(tmp_path):
    names = "gemini-page gemini-resumed gemini-large gopher-menu"
    bench = start(tmp_path, BENCH_CASES=names)
    out, err = bench.communicate(timeout=120)
    assert bench.returncode == 0, err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["result.json", "result.md"]
    assert (tmp_path / "out" / "result.md").read_text() in out
    assert not list((tmp_path / "temporary").iterdir())

    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert [case["name"] for case in result["cases"]] == names.split()
    for case in result["cases"]:
        roles = [entry["role"] for entry in case["servers"]]
        assert roles == (["ours", "text", "floor"] if case["name"] == "gopher-menu" else ["ours", "floor"])
        for entry in case["servers"]:
            assert entry["fault"] is None, entry
            sample, = entry["rounds"]
            assert sample["requests"] >= 8
            assert sample["cpu_us"] > 0 and sample["p99"] >= sample["p50"] > 0
            # All but each client's first one.
            assert sample["resumed"] == (sample["requests"] - 4 if case["name"] == "gemini-resumed" else 0)
        ours, floor = case["servers"][0], case["servers"][-1]
        assert ours["of_floor"]["median"] == pytest.approx(
            ours["cpu_us_per_request"] / floor["cpu_us_per_request"])
    assert [memory["server"] for memory in result["memory_kib"]] == ["nuncio", "floor"]
    for memory in result["memory_kib"]:
        assert memory["fault"] is None
        assert memory["rest_rss"] >= memory["rest_pss"] > 100


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_ends_its_servers(tmp_path, number):
    bench = start(tmp_path, BENCH_CASES="gemini-page", BENCH_SECONDS="3", BENCH_IDLE="0")
    try:
        assert "round 1" in bench.stderr.readline()
        servers = harness.eventually(lambda: descendants(bench.pid), what="servers")
        bench.send_signal(number)
        bench.communicate(timeout=20)
    finally:
        bench.kill()
        bench.wait()
    assert bench.returncode == 128 + number
    harness.eventually(lambda: all(map(gone, servers)), what="the end of its servers")
    assert not list((tmp_path / "temporary").iterdir())


@pytest.mark.parametrize("name, value, words", [
    ("BENCH_CASES", "gemini-page no-such", "no case no-such; there are: gemini-page"),
    ("BENCH_ROUNDS", "0", "BENCH_ROUNDS=0"),
    ("BENCH_SECONDS", "soon", "BENCH_SECONDS=soon"),
])
def test_a_wrong_setting_is_named(tmp_path, name, value, words):
    bench = start(tmp_path, **{name: value})
    _, err = bench.communicate(timeout=20)
    assert bench.returncode == 1
    assert words in err
    assert not (tmp_path / "out").exists()


def test_what_is_lost_is_counted(tmp_path):
    done = subprocess.run([sys.executable, "-B", str(BENCH / "lost.py"), harness.PROGRAM, str(tmp_path / "out")],
                          env={**harness.ENVIRONMENT, "LOST_SECONDS": "3", "TMPDIR": str(tmp_path)},
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (tmp_path / "out" / "lost.md").read_text()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()[4:]]
    assert [row[0].split(" ", 1)[1].split(",")[0] for row in rows[:3]] == [
        "reloads", "bursts of five SIGHUPs in a second", "upgrades in place"]
    assert all(int(row[0].split(" ")[0]) >= 1 and int(row[1].replace(",", "")) > 100 for row in rows[:4])
    assert rows[3][0].split(" ", 1)[1].startswith("times a worker killed")
    assert rows[4][0].startswith("2,000 Gopher clients connecting at once") and rows[4][1:3] == ["2,000", "0"]
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]


@pytest.mark.parametrize("version", [1, 2])
def test_a_quota_is_written_as_both_versions_of_control_groups_want_it(tmp_path, version):
    """Into a folder that looks like theirs: no machine has the cpu controller in both."""
    if version == 1:
        (tmp_path / "cpu").mkdir()
    else:
        (tmp_path / "cgroup.controllers").write_text("cpuset cpu io memory\n")
    scaling.Quota(12345, ExitStack(), tmp_path)
    folder = (tmp_path / "cpu" if version == 1 else tmp_path) / "nuncio-bench-12345"
    written = {file.name: file.read_text() for file in folder.iterdir()}
    if version == 1:
        assert written == {"cpu.cfs_period_us": "10000", "cpu.cfs_quota_us": "2000", "cgroup.procs": "12345"}
    else:
        assert (tmp_path / "cgroup.subtree_control").read_text() == "+cpu"
        assert written == {"cpu.max": "2000 10000", "cgroup.procs": "12345"}


@pytest.mark.skipif(not any(os.access(scaling.GROUPS / file, os.W_OK)
                            for file in ("cpu/cpu.cfs_quota_us", "cgroup.subtree_control")),
                    reason="no quota can be set here")
def test_two_workers_are_compared_with_one(tmp_path):
    done = subprocess.run([sys.executable, "-B", str(BENCH / "scaling.py"), harness.PROGRAM, str(tmp_path / "out")],
                          env={**harness.ENVIRONMENT, "BENCH_ROUNDS": "1", "BENCH_SECONDS": "1", "TMPDIR": str(tmp_path)},
                          capture_output=True, text=True, timeout=240, check=False)
    if "in no round did the workers use" in done.stderr:
        pytest.skip("this machine has too much else to do for a comparison")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (tmp_path / "out" / "scaling.md").read_text()
    for words in (r"Medians of 1 and 1 rounds of 1 s, ", r"of which [0-9]+% to [0-9]+% was used",
                  r"\(\d+ rounds with less than 90% were thrown away\)", r"used [0-9]+% to [0-9]+% of a processor",
                  r"[0-9.]+% to [0-9.]+% of the machine's time was stolen"):
        assert re.search(words, done.stdout.splitlines()[0]), words
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()[4:]]
    assert [row[0].split(",")[0] for row in rows] == ["Gopher", "Gemini"]
    for _, one, two, ratio, cost_one, cost_two in rows:
        assert float(ratio.split(" ")[0]) == pytest.approx(float(two) / float(one), rel=0.05)
        assert float(cost_one) > 0 and float(cost_two) > 0
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]
    assert not list(Path("/sys/fs/cgroup/cpu").glob("nuncio-bench-*"))


# ---------------------------------------------------------------- the parts that figures depend on


def scaled(used):
    """Measures nothing, but says what part of the quota was used: a value for each call. And who was asked for."""
    asked, left = [], list(used)

    def measure(workers):
        asked.append(workers)
        return scaling.Measured(rate=100.0 * workers, cost=1, used=left.pop(0), client=0.3, stolen=0)

    return measure, asked


def test_rounds_in_which_the_workers_waited_for_something_else_are_made_again():
    measure, asked = scaled([1, 1, 1, 0.89, 0.9, 1])
    kept, thrown = scaling.case(2, measure)
    assert asked == [1, 2, 2, 1, 2, 1] and thrown == 1
    assert [[got.rate for got in pair] for pair in kept] == [[100, 200], [100, 200]]
    assert "| 100 | 200 | 2.00 ± 0.00 |" in scaling.row("case", kept)
    said = scaling.conditions([kept, kept[:1]], thrown, 2)
    assert "2 and 1 rounds" in said and "90% to 100% was used (1 rounds" in said and "used 30% to 30% of a" in said


def test_a_round_is_made_again_three_times_and_no_more():
    measure, asked = scaled([0.5, 1] * 4 + [1, 1])
    kept, thrown = scaling.case(2, measure)
    assert (len(kept), thrown, len(asked)) == (1, 4, 10)
    with pytest.raises(load.Failed, match="in no round did the workers use 90% of their quota"):
        scaling.case(1, scaled([0.5, 1] * 4)[0])

BURN = "import time\nend = time.thread_time() + 0.3\nwhile time.thread_time() < end: pass\n"
IDLE = "print('ready', flush=True)\ntime.sleep(60)\n"
BURNERS = {
    "itself": BURN + IDLE,
    "a thread that has ended": f"import threading, time\nt = threading.Thread(target=exec, args=({BURN!r}, {{}}))\n"
                               "t.start()\nt.join()\n" + IDLE,
    "a child that has ended": f"import subprocess, sys, time\nsubprocess.run([sys.executable, '-c', {BURN!r}])\n" + IDLE,
    "a child that lives": f"import subprocess, sys, time\nc = subprocess.Popen([sys.executable, '-c', {BURN + IDLE!r}],"
                          " stdout=subprocess.PIPE)\nc.stdout.readline()\n" + IDLE,
}


@pytest.mark.parametrize("who", BURNERS)
def test_processor_time_counts_the_whole_tree(tmp_path, who):
    core = min(os.sched_getaffinity(0))
    burner = process.Process([sys.executable, "-c", BURNERS[who]], core, tmp_path / "log", tmp_path)
    try:
        burner.wait_for_line("^ready$")
        used = burner.cpu_ns_at_rest()
        assert os.sched_getaffinity(burner.process.pid) == {core}
        tree = burner.tree()
    finally:
        burner.stop()
    assert 0.29e9 < used < 2e9
    assert all(map(gone, tree))


def test_a_program_that_cannot_be_started_says_why(tmp_path):
    with pytest.raises(process.Unavailable, match="no-such-program is not installed"):
        process.Process(["no-such-program"], min(os.sched_getaffinity(0)), tmp_path / "log", tmp_path)
    failing = process.Process(["sh", "-c", "echo no licence >&2; exit 3"], min(os.sched_getaffinity(0)),
                              tmp_path / "log", tmp_path)
    with pytest.raises(process.Unavailable, match="no licence"):
        failing.wait_for_line("^ready$")
    failing.stop()


GEMINI = next(case for case in cases.CASES if case.name == "gemini-page")
GOPHER = next(case for case in cases.CASES if case.name == "gopher-text")
MENU = next(case for case in cases.CASES if case.name == "gopher-menu")


@pytest.mark.parametrize("case, expected, answer, same", [
    (GEMINI, b"20 text/gemini\r\n# A\n", b"20 text/gemini; lang=en\r\n# A\n", True),
    (GEMINI, b"20 text/gemini\r\n# A\n", b"51 not found\r\n", False),
    (GEMINI, b"20 text/gemini\r\n# A\n", b"20 text/gemini\r\n# B\n", False),
    (GEMINI, b"20 text/gemini\r\n# A\n", b"", False),
    (GOPHER, b"one\ntwo\n", b"one\r\ntwo\r\n.\r\n", True),
    (GOPHER, b"one\ntwo\n", b"one\n", False),
    (GOPHER, b"one\ntwo\n", b"3no such file\terror\terror.host\t1\r\n", False),
    (MENU, b"iA\t\terror.host\t1\r\n.\r\n", b"iA \tfake\t(NULL)\t0\r\n", True),
    (MENU, b"iA\t\terror.host\t1\r\n.\r\n", b"0A\t\terror.host\t1\r\n.\r\n", False),
])
def test_who_answers_otherwise_is_not_measured(case, expected, answer, same):
    if same:
        cases.check_same(case, expected, answer)
    else:
        with pytest.raises(load.Failed):
            cases.check_same(case, expected, answer)


@pytest.mark.parametrize("url, answer, first", [
    ("gemini://h/", b"20 text/gemini\r\n# A\r\n", {"status": 20, "bytes": 5}),
    ("gopher://h/0", b"20 text/gemini\r\n", {"status": None, "bytes": 16}),
])
def test_what_a_load_must_be_answered(url, answer, first):
    assert load.first_of(url, answer) == first


def test_a_load_of_something_else_is_no_measurement(serve):
    server = serve({"a.txt": "text\n"})
    url, core = f"gemini://127.0.0.1:{server.gemini_port}/", min(os.sched_getaffinity(0))
    first = load.first_of(url + "a.txt", load.answer(url + "a.txt"))
    assert load.run(harness.PROGRAM, url + "a.txt", core, clients=1, requests=3, first=first).requests == 3
    with pytest.raises(load.Failed, match="another answer, .*51"):
        load.run(harness.PROGRAM, url + "missing", core, clients=1, requests=3, first=first)


def samples(*cpu):
    return [rounds.Sample(cpu_us=one, rate=1, p50=1, p99=1, busy=1, load_busy=1, foreign=0, stolen=0, requests=1,
                          resumed=0) for one in cpu]


def flaky(voids):
    """A measurement whose first `voids` loads have failures."""
    left = [load.Void("1 of 9 requests failed: reset")] * voids

    def act():
        if left:
            raise left.pop()
        return "whole"

    return act


def test_a_load_with_failures_is_thrown_away_and_made_again():
    outcome = rounds.Outcome("ours", samples(1))
    assert rounds.until_whole(outcome, flaky(0)) == "whole" and outcome.void == []
    assert report.remark_cell(GEMINI, outcome) == ""
    assert rounds.until_whole(outcome, flaky(2)) == "whole"
    assert report.remark_cell(GEMINI, outcome) == "2 loads made again: 1 of 9 requests failed: reset"
    with pytest.raises(load.Failed, match="3 loads in a row: 1 of 9 requests failed: reset") as raised:
        rounds.until_whole(outcome, flaky(3))
    assert not isinstance(raised.value, load.Void)


def test_a_load_some_of_whose_requests_fail_is_void():
    def answer(sock, number):
        request(sock)
        sock.sendall(b"text\n" if number != 5 else b"tex")
        finish(sock)

    with FakeServer(answer) as server, pytest.raises(load.Void, match="1 of 9 requests failed: other length"):
        load.run(harness.PROGRAM, f"gopher://127.0.0.1:{server.port}/0", min(os.sched_getaffinity(0)), clients=1,
                 requests=9, first={"status": None, "bytes": 5})


def test_a_ratio_is_the_median_of_those_within_a_round():
    # The machine became slower in the middle: the ratio of the medians would be 15 / 20.
    ours, floor = rounds.Outcome("ours", samples(10, 15, 40)), rounds.Outcome("floor", samples(20, 30, 20))
    assert ours.ratio(floor) == pytest.approx((0.5, 0.5, 1.25))
    assert ours.ratio(ours) is None
    assert ours.ratio(rounds.Outcome("floor", fault="no answer")) is None


def test_texts_are_of_the_size_that_their_case_names():
    assert len(capsule.page_of(1024).encode()) == 1024
    assert len(capsule.text_of(64 * 1024).encode()) == 64 * 1024
    assert len(capsule.text_of(7001)) == 7001
