"""The servers that take part: ours, the floor, and what Debian packages. Each is started with start(), speaks at
gemini_port or gopher_port (None where it does not speak that protocol), and is ended by its process."""

import os
import re
import shutil
import socket
import subprocess

from load import HOST
from process import ENVIRONMENT, Process, Unavailable


def free_port():
    """A port that nothing listens on just now."""
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        return sock.getsockname()[1]


def answers(port):
    with socket.socket() as sock:
        sock.settimeout(1)
        return sock.connect_ex((HOST, port)) == 0


def first_line(*words):
    """What a program prints when it is asked about itself."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, env=ENVIRONMENT, timeout=10, check=False)
    except OSError:
        return "unknown"
    return ((done.stdout + done.stderr).strip().splitlines() or ["unknown"])[0]


def package_version(package):
    return f"{package} {first_line('dpkg-query', '-W', '-f=${Version}', package)}"


class Server:
    """`world` says where things are. What a server writes goes below world.work."""

    name = None
    gemini_port = gopher_port = None

    def __init__(self, world):
        self.world = world
        self.process = None

    def start(self):
        """Starts it; Unavailable where it cannot be."""
        raise NotImplementedError

    def launch(self, words, user=None):
        log = self.world.work / f"log{next(self.world.numbers)}-{self.name}"
        self.process = Process(words, self.world.server_core, log, self.world.work, user)

    def stop(self):
        if self.process:
            self.process.stop()

    def version(self):
        raise NotImplementedError


class Nuncio(Server):
    """Ours as an owner runs it: with its log, to a file. One worker, as one core is measured."""

    name = "nuncio"

    def start(self):
        self.launch([self.world.nuncio, "serve", "--gemini", f"{HOST}:0", "--gopher", f"{HOST}:0", "--certs",
                     self.world.certificates, "--workers", "1", self.world.capsule])
        self.process.wait_for_line(r"^ready$")
        said = self.process.log.read_text()
        self.gemini_port = int(re.search(r"^listening gemini://[^/]*:(\d+)/", said, re.MULTILINE)[1])
        self.gopher_port = int(re.search(r"^listening gopher://[^/]*:(\d+)/", said, re.MULTILINE)[1])

    def version(self):
        return first_line(self.world.nuncio, "--version")


class Floor(Server):
    """The least that a server can do. It sends `answer` to everyone, so that one is started for each case."""

    name = "floor"

    def __init__(self, world, answer, tls):
        super().__init__(world)
        self.answer, self.tls = answer, tls

    def start(self):
        path = self.world.work / f"answer{next(self.world.numbers)}"
        path.write_bytes(self.answer)
        pair = [self.world.certificates / "localhost.crt", self.world.certificates / "localhost.key"]
        self.launch([self.world.floor, path, *(pair if self.tls else [])])
        port = int(self.process.wait_for_line(r"^ready (\d+)$")[1])
        if self.tls:
            self.gemini_port = port
        else:
            self.gopher_port = port

    def version(self):
        return "tests/bench/floor.c"


# ---------------------------------------------------------------- peers

# Who they run as where we are root: some refuse to be that.
NOBODY = "nobody" if os.geteuid() == 0 else None
MANY = 2 * 10**9


class MollyBrown(Server):
    """Gemini, in Go. It reads the key as whoever we are."""

    name, scheme = "molly-brown", "gemini"

    def start(self):
        self.gemini_port = free_port()
        path = self.world.work / "molly-brown.conf"
        settings = {"Port": self.gemini_port, "Hostname": HOST, "DocBase": self.world.capsule,
                    "CertPath": self.world.certificates / "localhost.crt",
                    "KeyPath": self.world.certificates / "localhost.key",
                    "AccessLog": self.world.work / "molly-brown.access",
                    "ErrorLog": self.world.work / "molly-brown.errors"}
        path.write_text("".join(f"{key} = {value if isinstance(value, int) else chr(34) + str(value) + chr(34)}\n"
                                for key, value in settings.items()))
        self.launch(["molly-brown", "-c", path])
        self.process.wait_until(lambda: answers(self.gemini_port))

    def version(self):
        return package_version("molly-brown")


class Gophernicus(Server):
    """Gopher, in C, a process per connection under an inetd of our own. Without the footer that it puts below every menu
    (-nf), and without a limit on what one address may ask for (-i, -k). Its processes share a segment of memory in
    which they remember what takes them long to find out; that is in a namespace of its own, and gone with it."""

    name, scheme = "gophernicus", "gopher"

    def start(self):
        program = shutil.which("gophernicus", path=ENVIRONMENT["PATH"])
        if not program:
            raise Unavailable("gophernicus is not installed: run `make deps-bench`")
        self.gopher_port = free_port()
        path = self.world.work / "inetd.conf"
        user = NOBODY or self.world.user
        path.write_text(f"{HOST}:{self.gopher_port} stream tcp nowait.{MANY} {user} {program} gophernicus"
                        f" -r {self.world.capsule} -h {HOST} -p {self.gopher_port} -i {MANY} -k {MANY} -nf -nx\n")
        apart = ["unshare", "--ipc"] if NOBODY else ["unshare", "--map-current-user", "--ipc"]
        # -i: in the foreground; -q: as many waiting as the others let wait. What would be the flag for any number of
        # clients a minute does not do it, so that the number stands in the line.
        self.launch([*apart, "inetd", "-i", "-q", "4096", path])
        self.process.wait_until(lambda: answers(self.gopher_port))

    def version(self):
        return f"{package_version('gophernicus')} under {package_version('openbsd-inetd')}"


class Pygopherd(Server):
    """Gopher, in Python, a process per connection, with the settings of its package."""

    name, scheme = "pygopherd", "gopher"

    def start(self):
        self.gopher_port = free_port()
        try:
            with open("/etc/pygopherd/pygopherd.conf", encoding="utf-8") as shipped:
                settings = shipped.read()
        except OSError:
            raise Unavailable("pygopherd is not installed: run `make deps-bench`") from None
        ours = {"port": self.gopher_port, "interface": HOST, "servername": HOST, "root": self.world.capsule,
                "usechroot": "no", "logmethod": "file"}
        for key, value in ours.items():
            settings, known = re.subn(rf"^#? *{key} *=.*$", f"{key} = {value}", settings, flags=re.MULTILINE)
            if not known:
                raise Unavailable(f"its settings have no {key}")
        path = self.world.work / "pygopherd.conf"
        path.write_text(re.sub(r"^pidfile\b", "# pidfile", settings, flags=re.MULTILINE))
        self.launch(["pygopherd", path], NOBODY)
        self.process.wait_until(lambda: answers(self.gopher_port))

    def version(self):
        return package_version("pygopherd")


PEERS = (MollyBrown, Gophernicus, Pygopherd)
