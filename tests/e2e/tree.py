"""Capsules for tests: folders made from a table."""

import os
import stat
from pathlib import Path


class Link(str):
    """A symbolic link to the path that this text is."""


class Fifo:
    """A named pipe."""


class Socket:
    """A Unix socket."""


class Sparse(int):
    """A file of that many zero bytes that takes no room."""


class Mode:
    """Content with a file mode of its own."""

    def __init__(self, mode, content=b""):
        self.mode, self.content = mode, content


def plant(root, tree):
    """Makes a capsule: {"path": content}, where a path with a final slash is an empty directory."""
    root = Path(root)
    root.mkdir(parents=True, exist_ok=True)
    for name, content in tree.items():
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = None
        if isinstance(content, Mode):
            mode, content = content.mode, content.content
        if isinstance(content, Link):
            path.symlink_to(str(content))
        elif isinstance(content, Fifo):
            os.mkfifo(path)
        elif isinstance(content, Socket):
            os.mknod(path, stat.S_IFSOCK | 0o600)
        elif isinstance(content, Sparse):
            with open(path, "wb") as f:
                f.truncate(int(content))
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        if mode is not None:
            path.chmod(mode)
    return root
