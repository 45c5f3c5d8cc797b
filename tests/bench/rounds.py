"""Short rounds in which every contender of a case is loaded once, in rotated order; and what they come to.

A machine that others share is not the same from minute to minute. What was measured within one round is comparable, so
ratios are taken there, and the median of the rounds is what counts.
"""

import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

import load
from cases import ask
from load import Failed, Void
from process import TICK_NS

TRIES = 3  # of one contender in one round


@dataclass
class Sample:
    """One contender in one round."""

    cpu_us: float  # of the server, per request
    rate: float  # requests per second
    p50: float  # microseconds
    p99: float
    busy: float  # the server's processor time, as a share of the time that passed
    load_busy: float  # the same of the client
    foreign: float  # what else ran on the server's core
    stolen: float  # what the hypervisor took from the server's core
    requests: int
    resumed: int


@dataclass
class Outcome:
    """One contender in one case: its samples, or why there are none."""

    contender: object
    samples: list = field(default_factory=list)
    void: list = field(default_factory=list)  # of loads that were thrown away and made again: why
    fault: str = ""

    def median(self, what):
        return statistics.median(getattr(sample, what) for sample in self.samples)

    def total(self, what):
        return sum(getattr(sample, what) for sample in self.samples)

    def ratio(self, other):
        """(median, lower quartile, upper quartile) of this one's processor time by the other's in the same round; None
        where there is none."""
        if other is None or other is self or not self.samples or len(self.samples) != len(other.samples):
            return None
        ratios = [mine.cpu_us / theirs.cpu_us for mine, theirs in zip(self.samples, other.samples)]
        if len(ratios) == 1:
            return ratios[0], ratios[0], ratios[0]
        low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
        return middle, low, high


def core_ns(core):
    """(busy, stolen) time of a core since the machine started. Counted in ticks: good for shares of seconds."""
    for line in Path("/proc/stat").read_text().splitlines():
        fields = line.split()
        if fields[0] == f"cpu{core}":
            user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, fields[1:9])
            return (user + nice + system + irq + softirq) * TICK_NS, steal * TICK_NS
    return 0, 0


def measure(world, case, contender, clients, requests, first):
    """Loads one contender once. The load makes whole requests only, so that time divided by number is exact."""
    process = contender.server.process
    cpu, (busy, stolen), start = process.cpu_ns_at_rest(), core_ns(world.server_core), time.monotonic_ns()
    done = load.run(world.nuncio, contender.url, world.load_core, clients=clients, requests=requests,
                    first=first, resume=case.resume)
    used = process.cpu_ns_at_rest() - cpu
    busy_after, stolen_after = core_ns(world.server_core)
    passed = time.monotonic_ns() - start
    return Sample(cpu_us=used / 1000 / done.requests, rate=done.rate, p50=done.p50, p99=done.p99,
                  busy=used / 1e9 / done.seconds, load_busy=done.cpu_us / 1e6 / done.seconds,
                  foreign=max(0.0, (busy_after - busy - used) / passed), stolen=(stolen_after - stolen) / passed,
                  requests=done.requests, resumed=done.resumed)


def until_whole(outcome, act):
    """What act() returns once no request of its load fails. A load with failures is thrown away and made again, within
    the round; where it keeps failing, so does this."""
    for left in reversed(range(TRIES)):
        try:
            return act()
        except Void as why:
            outcome.void.append(str(why))
            if not left:
                raise Failed(f"{TRIES} loads in a row: {why}") from None


def warm(world, case, contender, clients, seconds, first):
    """Loads that are not counted; how many requests make a round."""
    requests = 2 * clients
    for share in (0.25, 1):
        done = load.run(world.nuncio, contender.url, world.load_core, clients=clients, requests=requests,
                        first=first, resume=case.resume)
        requests = max(2 * clients, round(done.rate * seconds * share))
    return requests


def play(world, case, contenders, expected, settings, say):
    """All rounds of a case: [Outcome] in the order of the contenders. Who fails leaves the case, with the reason."""
    outcomes, firsts, requests = [Outcome(contender) for contender in contenders], {}, {}
    clients = case.clients or settings.clients
    for outcome in outcomes:
        try:
            first = firsts[id(outcome)] = ask(case, outcome.contender, expected)
            requests[id(outcome)] = until_whole(
                outcome, lambda: warm(world, case, outcome.contender, clients, settings.seconds, first))
        except Failed as fault:
            outcome.fault = str(fault)
    for number in range(settings.rounds):
        say(f"{case.name}: round {number + 1} of {settings.rounds}")
        turn = number % len(outcomes)
        for outcome in outcomes[turn:] + outcomes[:turn]:
            if outcome.fault:
                continue
            try:
                outcome.samples.append(until_whole(outcome, lambda: measure(
                    world, case, outcome.contender, clients, requests[id(outcome)], firsts[id(outcome)])))
            except Failed as fault:
                outcome.fault, outcome.samples = str(fault), []
    return outcomes
