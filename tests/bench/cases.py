"""What is measured: one row for each thing that a server is asked for, and who is asked."""

from dataclasses import dataclass

import capsule
import load
from load import HOST, Failed


@dataclass(frozen=True)
class Case:
    """A target is (to reach, hoped for), as a ratio of processor time per request."""

    name: str
    title: str
    scheme: str
    path: str
    clients: int = None  # at once, where it is not the usual number
    resume: bool = False
    of_floor: tuple = None  # target against the floor
    same_size: bool = False  # compared with a text file of the same size, too
    of_text: tuple = None  # target against that
    made: bool = False  # made on the way by ours; peers have what it comes to as a file


CASES = (
    Case("gemini-page", "Gemini, 1 KiB page, full handshake", "gemini", "/page.gmi", of_floor=(0.84, 0.78)),
    Case("gemini-resumed", "Gemini, 1 KiB page, resumed", "gemini", "/page.gmi", resume=True, of_floor=(0.80, 0.72)),
    Case("gemini-text", "Gemini, 64 KiB text", "gemini", "/text.txt"),
    Case("gemini-large", "Gemini, 10 MiB file", "gemini", "/large.bin", clients=4, of_floor=(0.82, 0.70)),
    Case("gemini-overview", "Gemini, page of an overview", "gemini", f"/{capsule.OVERVIEW}/", same_size=True, made=True),
    Case("gopher-text", "Gopher, 1 KiB text", "gopher", "/0/page.txt", of_floor=(1.12, 0.98)),
    Case("gopher-menu", "Gopher, menu from gemtext", "gopher", "/1/menu/", same_size=True, of_text=(1.1, 1.0),
         made=True),
    Case("gopher-overview", "Gopher, page of an overview", "gopher", f"/1/{capsule.OVERVIEW}/", same_size=True,
         of_text=(1.1, 1.0), made=True),
)


@dataclass
class Contender:
    """One server that is asked for one thing. `role` is ours, text (ours, a text of the same size), floor or peer."""

    role: str
    label: str
    server: object
    url: str


def url(case, server, path=None):
    port = server.gemini_port if case.scheme == "gemini" else server.gopher_port
    return f"{case.scheme}://{HOST}:{port}{path or case.path}"


def speaks(case, server):
    return bool(server.gemini_port if case.scheme == "gemini" else server.gopher_port)


def text_path(case):
    """The text of the same size."""
    return ("" if case.scheme == "gemini" else "/0") + f"/same-{case.name}.txt"


def peer_path(case):
    """Where a peer has what a case asks for."""
    if not case.made:
        return case.path
    return f"/peer-{case.name}.gmi" if case.scheme == "gemini" else f"/1/peer-{case.name}"


def prepare(case, world, answer):
    """Plants what depends on our own answer: a text of its size, and for peers what it comes to as a file."""
    if case.same_size:
        size = len(body(case, answer))
        (world.capsule / f"same-{case.name}.txt").write_text(capsule.text_of(size))
    if case.made:
        name = f"peer-{case.name}"
        if case.scheme == "gemini":
            capsule.plant_page_for_peers(world.capsule, name, body(case, answer))
        else:
            capsule.plant_menu_for_peers(world.capsule, name, answer)


# ---------------------------------------------------------------- whether an answer is the right one


def body(case, answer):
    """The body of an answer; Failed where the answer is none."""
    if case.scheme == "gopher":
        return answer
    header, end, rest = answer.partition(b"\r\n")
    if not end or not header.startswith(b"20 "):
        raise Failed(f"it answers {header[:60].decode(errors='replace')!r}")
    return rest


def shown(case, answer):
    """What a reader gets to see, however a server ends its lines and its text."""
    lines = body(case, answer).replace(b"\r\n", b"\n").removesuffix(b".\n").rstrip(b"\n").split(b"\n")
    if case.scheme == "gopher" and case.path.startswith("/1"):
        return [line.split(b"\t")[0].rstrip() for line in lines]
    return lines


def check_same(case, expected, answer):
    """Failed where a server answers otherwise than ours: it would be measured at something else."""
    ours, theirs = shown(case, expected), shown(case, answer)
    for number, (line, other) in enumerate(zip(ours, theirs), 1):
        if line != other:
            raise Failed(f"it answers otherwise, in line {number}: {other[:60].decode(errors='replace')!r}")
    if len(ours) != len(theirs):
        raise Failed(f"it answers otherwise: {len(theirs)} lines instead of {len(ours)}")


def ask(case, contender, expected):
    """Asks once, looks at the answer and says what a load must be answered (load.first_of)."""
    answer = load.answer(contender.url)
    if contender.role == "text":
        if len(body(case, answer)) != len(body(case, expected)):
            raise Failed("the text is not of the same size")
    else:
        check_same(case, expected, answer)
    return load.first_of(contender.url, answer)
