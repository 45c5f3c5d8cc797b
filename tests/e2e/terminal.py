"""A terminal browser at work: it runs in tmux, gets keys, and its screen is read."""

import itertools
import os
import shlex
import subprocess
import time

from rights import tool
from server import SLOWER

COLUMNS, LINES = 80, 40

numbers = itertools.count(1)


class Terminal:
    """A program in a tmux server of its own, with a home folder of its own."""

    def __init__(self, home, *command):
        self.socket = f"nuncio-e2e-{os.getpid()}-{next(numbers)}"
        # A socket's path has a limit of about a hundred bytes: tmux's own folder, below /tmp, is short enough.
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home), "SHELL": "/bin/sh",
                            "TERM": "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
                            "XDG_CONFIG_HOME": str(home / "config"), "XDG_DATA_HOME": str(home / "data"),
                            "XDG_CACHE_HOME": str(home / "cache")}
        # The shell stays when the program ends, so that the last screen can still be read.
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(COLUMNS), "-y", str(LINES),
                   shlex.join(map(str, command)) + "; echo; echo '[ended]'; sleep 60")

    def _tmux(self, *words):
        done = subprocess.run([tool("tmux"), "-L", self.socket, *words], env=self.environment, capture_output=True,
                              text=True, timeout=20)
        assert done.returncode == 0, f"tmux {words}: {done.stderr}"
        return done.stdout

    def screen(self):
        return self._tmux("capture-pane", "-p")

    def keys(self, *keys):
        """Types keys as tmux names them (Enter, Down, or a character)."""
        self._tmux("send-keys", *keys)

    def wait_for(self, *texts, seconds=15):
        """The screen, once it shows all of these (line breaks count as spaces)."""
        end = time.monotonic() + seconds * SLOWER
        while True:
            screen = self.screen()
            flat = " ".join(screen.split())
            if all(text in flat for text in texts):
                return screen
            assert time.monotonic() < end, f"waited for {texts}, and the screen is:\n{screen}"
            time.sleep(0.05)

    def close(self):
        self._tmux("kill-server")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def amfora(home, url):
    """Amfora at a page. It lays its page out anew when it first knows the terminal's size, and may then bring back
    the page that was there before: so the address is typed once its own first page stands."""
    terminal = Terminal(home, tool("amfora"))
    try:
        terminal.wait_for("New Tab", "Project Gemini")
        terminal.keys("Space")
        terminal.wait_for("URL/Num./Search:")
        terminal.keys(url, "Enter")
    except BaseException:
        terminal.close()
        raise
    return terminal
