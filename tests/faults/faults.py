"""Fault tests: a hostile or a broken world, and what it costs the other clients. `faults.py OUTPUT_FOLDER`, by way of
`make faults`; with FAULTS=short in a form for CI, with FAULTS_ONLY="name ..." some of them. NUNCIO names the program.

Each test in SCENARIOS is a check that passes or fails, and a row of the table faults.md.
"""

import contextlib
import os
import resource
import sys
import tempfile
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE.parent / "bench"), str(HERE.parent / "e2e")]

# pylint: disable=wrong-import-position
import broken
import hostile
import stage
from process import HARD_LIMIT

SCENARIOS = [hostile.idle, hostile.slow, hostile.garbage, hostile.silent, hostile.handshakes, hostile.resets_gopher,
             hostile.resets_gemini, broken.killed, broken.few_descriptors, broken.descriptors_run_out, broken.memory,
             broken.accept_errors, broken.accept_fails, broken.emptied, broken.unmounted, broken.certificate,
             broken.log_full, broken.log_disk, broken.log_unread, broken.log_closed]

HEAD = ["| fault | what was done | the other clients | the server | verdict |", "| --- | --- | --- | --- | --- |"]


def play(scenario):
    """(its row, whether it held)."""
    with tempfile.TemporaryDirectory(prefix="nuncio-faults-") as work, contextlib.ExitStack() as stack:
        os.chmod(work, 0o755)
        played = None
        try:
            played = scenario(Path(work), stack)
            row = played.row()
            held = not played.faults
        except Exception as failure:  # pylint: disable=broad-except
            traceback.print_exc()
            row, held = f"| {scenario.__name__} | | | | FAILED: {failure!r} |".replace("\n", " "), False
        if not held:
            for server in stage.harness.servers or ([played.server] if played else []):
                print(server.log()[-8000:], file=sys.stderr)
        return row, held


def main():
    out = Path(sys.argv[1])
    if stage.harness.SANITIZED:
        sys.exit("faults: not with sanitizers, which take memory and preloading for themselves; see tests/unit/net for those")
    wanted = os.environ.get("FAULTS_ONLY", "").split()
    unknown = set(wanted) - {scenario.__name__ for scenario in SCENARIOS}
    if unknown:
        sys.exit(f"faults: no such test: {' '.join(sorted(unknown))}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (HARD_LIMIT, HARD_LIMIT))
    lines, failed = [], 0
    for scenario in SCENARIOS:
        if wanted and scenario.__name__ not in wanted:
            continue
        began = time.monotonic()
        row, held = play(scenario)
        lines.append(row)
        failed += not held
        print(f"{row}\n  ({scenario.__name__}, {time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True)
    form = "short" if stage.SHORT else "full"
    text = "\n".join([f"Two workers, {stage.CLIENTS} Gemini and {stage.CLIENTS} Gopher clients besides; "
                      f"{'with' if stage.LOCKED_IN else 'without'} the sandbox; the {form} form.",
                      "", *HEAD, *lines]) + "\n"
    out.mkdir(parents=True, exist_ok=True)
    (out / "faults.md").write_text(text)
    if failed:
        sys.exit(f"faults: {failed} of {len(lines)} failed")
    print(f"faults: {len(lines)} held; the table is in {out / 'faults.md'}")


if __name__ == "__main__":
    main()
