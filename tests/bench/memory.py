"""How much memory a server has: at rest, and for each connection that only waits."""

from dataclasses import dataclass

import load
from load import Failed

LEAD = 100  # connections opened first: they take what the start has left over on the heap
WARM_REQUESTS, WARM_CLIENTS = 500, 10


@dataclass
class Memory:
    """KiB; None where it does not apply or could not be had, and then `fault` may say why."""

    server: object
    rest_pss: int = None
    rest_rss: int = None
    per_tls: float = None  # after the handshake, before the request
    per_silent: float = None  # before the first byte
    fault: str = ""


def growth(server, number, tls):
    """Pss per connection, in KiB: the difference between LEAD connections and `number` more, divided by `number`."""
    process, port = server.process, server.gemini_port
    before = process.descriptors()
    with load.idle_connections(port, LEAD, tls):
        load.accepted(process, before, LEAD)
        process.cpu_ns_at_rest()
        lead = process.memory_kib()[0]
        with load.idle_connections(port, number, tls):
            load.accepted(process, before, LEAD + number)
            process.cpu_ns_at_rest()
            load.accepted(process, before, LEAD + number)  # all of them are open still
            return (process.memory_kib()[0] - lead) / number


def at_rest(world, server, url):
    load.run(world.nuncio, url, world.load_core, clients=WARM_CLIENTS, requests=WARM_REQUESTS,
             first=load.first_of(url, load.answer(url)))
    server.process.cpu_ns_at_rest()
    return server.process.memory_kib()


def look(world, make, number, url_of):
    """Memory of a kind of server: make() gives one that is not started. Each figure is of a process of its own, since
    what one measurement leaves on the heap would serve the next."""
    memory = Memory(make())

    def of_a_fresh_one(figure):
        server = make()
        try:
            server.start()
            memory.server = server
            return figure(server)
        finally:
            server.stop()

    try:
        memory.rest_pss, memory.rest_rss = of_a_fresh_one(lambda server: at_rest(world, server, url_of(server)))
        if memory.server.gemini_port:
            memory.per_tls = of_a_fresh_one(lambda server: growth(server, number, True))
            memory.per_silent = of_a_fresh_one(lambda server: growth(server, number, False))
    except Failed as fault:
        memory.fault = str(fault)
    except PermissionError:
        memory.fault = "root alone can look at the memory of a process that is locked in"
    return memory
