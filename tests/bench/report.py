"""What was measured, as Markdown for people and as JSON for machines."""

import dataclasses
import json
import time

from rounds import Outcome
from servers import first_line

COLUMNS = ("case", "server", "CPU µs/request", "of the floor", "of the text", "to reach", "requests/s", "p50 ms", "p99 ms",
           "core busy", "remarks")
MEMORY_COLUMNS = ("server", "at rest, Pss", "at rest, Rss", "per idle TLS connection", "before its first byte")


def write(text, out, name):
    """The text, into the file of that name in the folder out, and on standard output."""
    out.mkdir(parents=True, exist_ok=True)
    (out / name).write_text(text)
    print(text, end="")


def machine(world):
    """One line: where this was measured."""
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as cpuinfo:
        for line in cpuinfo:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    cores = (f"server on core {world.server_core}, load on core {world.load_core}" if world.cores_differ
             else f"server and load share core {world.server_core}, the only one")
    return ", ".join([model, cores, "Linux " + first_line("uname", "-r"), first_line("openssl", "version")])


# ---------------------------------------------------------------- cells


def ratio_cell(ratio):
    if ratio is None:
        return ""
    middle, low, high = ratio
    digits = 3 if middle < 10 else 1 if middle < 100 else 0
    return f"{middle:.{digits}f} ± {(high - low) / 2:.{digits}f}"


def remark_cell(case, outcome):
    """What is not as it should be."""
    requests, said = outcome.total("requests"), []
    if outcome.void:
        said.append(f"{len(outcome.void)} load{'s' * (len(outcome.void) > 1)} made again: {outcome.void[-1]}")
    if case.resume and outcome.total("resumed") < 0.95 * requests:
        said.append(f"{outcome.total('resumed') / requests:.0%} resumed")
    return ", ".join(said)


def target_cell(case, outcome):
    target = case.of_floor or case.of_text
    if outcome.contender.role != "ours" or not target:
        return ""
    return f"{target[0]:.2f} (hoped {target[1]:.2f}) of the {'floor' if case.of_floor else 'text'}"


def by_role(outcomes, role):
    return next((outcome for outcome in outcomes if outcome.contender.role == role), None)


def absent_row(case, label, why):
    return [case.title, label] + [""] * (len(COLUMNS) - 3) + [f"not measured: {why}"]


def row(case, outcome, outcomes):
    label = outcome.contender.label
    if outcome.fault:
        return absent_row(case, label, outcome.fault)
    of_text = outcome.ratio(by_role(outcomes, "text")) if outcome.contender.role == "ours" else None
    return [case.title, label, f"{outcome.median('cpu_us'):.1f}", ratio_cell(outcome.ratio(by_role(outcomes, "floor"))),
            ratio_cell(of_text), target_cell(case, outcome), f"{outcome.median('rate'):.0f}",
            f"{outcome.median('p50') / 1000:.2f}", f"{outcome.median('p99') / 1000:.2f}",
            f"{outcome.median('busy'):.0%}", remark_cell(case, outcome)]


def memory_row(memory):
    def kib(value, digits=0):
        return "" if value is None else f"{value:.{digits}f} KiB"

    cells = [memory.server.name, kib(memory.rest_pss), kib(memory.rest_rss), kib(memory.per_tls, 1),
             kib(memory.per_silent, 1)]
    if memory.fault:
        cells[1 + sum(value is not None for value in (memory.rest_pss, memory.rest_rss, memory.per_tls))] = memory.fault
    return cells


def table(columns, rows):
    """Columns are padded, so that it can be read as it is."""
    widths = [max(len(line[i]) for line in [columns, *rows]) for i in range(len(columns))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |"
             for line in [columns, ["-" * width for width in widths], *rows]]
    return "\n".join(lines)


# ---------------------------------------------------------------- the whole


def remarks(results):
    """What a reader must know of this run before believing it."""
    samples = [sample for _, outcomes in results for outcome in outcomes for sample in outcome.samples]
    if not samples:
        return []
    said = []
    foreign = sorted(sample.foreign for sample in samples)
    stolen = max(sample.stolen for sample in samples)
    if foreign[len(foreign) // 2] > 0.02 or foreign[-1] > 0.1:
        said.append(f"Others ran on the server's core: {foreign[len(foreign) // 2]:.0%} of the time in the middle round,"
                    f" {foreign[-1]:.0%} in the worst.")
    if stolen > 0.01:
        said.append(f"The hypervisor took up to {stolen:.0%} of the server's core in a round.")
    return said


def markdown(world, settings, results, memories, absent, versions):
    rows = [row(case, outcome, outcomes) for case, outcomes in results for outcome in outcomes]
    rows += [absent_row(case, name, why) for case, name, why in absent]
    order = {case.title: number for number, (case, _) in enumerate(results)}
    rows.sort(key=lambda cells: order[cells[0]])
    for i in range(len(rows) - 1, 0, -1):
        if rows[i][0] == rows[i - 1][0]:
            rows[i][0] = ""
    parts = [
        f"Measured on {time.strftime('%Y-%m-%d')}: {machine(world)}.",
        "Servers: " + "; ".join(f"{name}: {version}" for name, version in versions.items()) + ".",
        f"Medians of {settings.rounds} rounds of {settings.seconds:g} s in rotated order. A ratio is of processor time,"
        " the median of those within a round; ± is half the distance of the quartiles. Differences below 2% are noise."
        f" {settings.clients} clients ask at once" + "".join(f", {case.clients} for the {case.title}" for case, _ in results
                                                           if case.clients) + ".",
        *remarks(results),
        table(COLUMNS, rows),
    ]
    if memories:
        parts += ["Memory of the server's processes; what the kernel holds for a socket is not in it. Pss counts a page"
                  " that n processes map as 1/n. Per connection: the growth of Pss."
                  " To reach: 16 KiB (hoped 15 KiB) and 2 KiB.",
                  table(MEMORY_COLUMNS, [memory_row(memory) for memory in memories])]
    return "\n\n".join(parts) + "\n"


def outcome_data(outcome: Outcome, outcomes):
    data = {"server": outcome.contender.label, "role": outcome.contender.role, "fault": outcome.fault or None,
            "void_loads": outcome.void, "rounds": [dataclasses.asdict(sample) for sample in outcome.samples]}
    if outcome.samples:
        data["cpu_us_per_request"] = outcome.median("cpu_us")
        for role in ("floor", "text"):
            ratio = outcome.ratio(by_role(outcomes, role))
            data[f"of_{role}"] = dict(zip(("median", "lower_quartile", "upper_quartile"), ratio)) if ratio else None
    return data


def as_json(world, settings, results, memories, absent, versions):
    data = {
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "machine": machine(world), "versions": versions,
        "rounds": settings.rounds, "clients": settings.clients, "seconds_per_round": settings.seconds,
        "cases": [{"name": case.name, "title": case.title, "clients": case.clients or settings.clients,
                   "of_floor_to_reach": case.of_floor,
                   "of_text_to_reach": case.of_text,
                   "servers": [outcome_data(outcome, outcomes) for outcome in outcomes]
                   + [{"server": name, "fault": why} for other, name, why in absent if other is case]}
                  for case, outcomes in results],
        "memory_kib": [{"server": memory.server.name, "rest_pss": memory.rest_pss, "rest_rss": memory.rest_rss,
                        "per_idle_tls_connection": memory.per_tls, "before_first_byte": memory.per_silent,
                        "fault": memory.fault or None} for memory in memories],
    }
    return json.dumps(data, indent=1) + "\n"
