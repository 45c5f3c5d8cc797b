"""Checks the order of the layers from the #include lines: `layers.py src`.

Fails on an include that goes up or across, on a cycle between files, and on a library used outside its home.
"""
import pathlib
import re
import sys

MAY_INCLUDE = {
    "base": set(),
    "text": {"base"},
    "site": {"text", "base"},
    "proto": {"site", "text", "base"},
    "tls": {"base"},
    "config": {"text", "base"},
    "net": {"proto", "site", "tls", "base"},
    "load": {"tls", "text", "base"},
    "probe": {"load", "tls", "text", "base"},
    "proc": {"config", "net", "tls", "proto", "site", "base"},
    "cmd": {"probe", "load", "proc", "config", "net", "tls", "proto", "site", "text", "base"},
}
# One home per library: the folders, or the single files, that may speak to it.
LIBRARIES = {
    "uv.h": {"net", "load", "proc"},
    "seccomp.h": {"proc/sandbox_seccomp.c", "proc/sandbox_trap.c"},
    "openssl/": {"tls"},
    "utf8proc.h": {"base/utf8.c"},
    "uriparser/": {"text/uri.c"},
    "confuse.h": {"config"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def check(root):
    faults, graph = [], {}
    for path in sorted(root.rglob("*.[ch]")):
        name = path.relative_to(root).as_posix()
        layer = name.split("/")[0] if "/" in name else "main"
        if layer != "main" and layer not in MAY_INCLUDE:
            faults.append(f"{name}: the folder {layer} is in no layer")
            continue
        graph[name] = []
        for kind, target in INCLUDE.findall(path.read_text()):
            if kind == "<":
                for library, homes in LIBRARIES.items():
                    if target.startswith(library) and layer not in homes and name not in homes:
                        faults.append(f"{name}: <{target}> belongs in {', '.join(sorted(homes))}")
                continue
            if not (root / target).is_file():
                faults.append(f'{name}: "{target}" is no path from src/')
                continue
            graph[name].append(target)
            other = target.split("/")[0]
            if layer == "main":
                if other not in ("cmd", "base"):
                    faults.append(f"{name}: main may include cmd and base, not {other}")
            elif other != layer and other not in MAY_INCLUDE[layer]:
                faults.append(f"{name}: {layer} may not include {other} ({target})")
    return faults + cycles(graph)


def cycles(graph):
    faults, state = [], {}

    def visit(node, trail):
        state[node] = "open"
        for target in graph.get(node, []):
            if state.get(target) == "open":
                faults.append("cycle: " + " -> ".join(trail[trail.index(target):] + [target]))
            elif target not in state:
                visit(target, trail + [target])
        state[node] = "done"

    for node in graph:
        if node not in state:
            visit(node, [node])
    return faults


def main():
    faults = check(pathlib.Path(sys.argv[1]))
    for fault in faults:
        print(f"layers: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
