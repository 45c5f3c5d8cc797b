"""What every server of a run serves: pages and files of known sizes, an overview, and a certificate."""

import shutil
import subprocess

OVERVIEW = "meeting"  # the overview's page is at /meeting/

SENTENCE = "The quick brown fox jumps over the lazy dog, and the dog sleeps on.\n"

LINKED = ("about.gmi", "notes.txt", "picture.png", "gopher://gopher.example/1/phlog", "https://web.example/page")


def text_of(size):
    """Lines of plain text, `size` bytes of them."""
    body = SENTENCE * (size // len(SENTENCE) + 1)
    return body[: size - 1].rstrip("\n").ljust(size - 1, ".") + "\n"


def page_of(size):
    """A page of gemtext: a heading, a link, and paragraphs."""
    head = "# A page\n\n=> / Home\n\n"
    return head + text_of(size - len(head))


def gemtext_for_a_menu():
    """What an author writes who keeps to gemtext: headings, paragraphs to be wrapped, lists, a quote, links."""
    lines = ["# A place to read", "", " ".join([SENTENCE.strip()] * 4), ""]
    for number in range(1, 7):
        lines += [f"## Section {number}", "", " ".join([SENTENCE.strip()] * 3), "", f"> {SENTENCE.strip()}", ""]
        lines += [f"* point {number}.{point}: {SENTENCE.strip()}" for point in range(1, 4)] + [""]
        lines += [f"=> {number}-{target}" if ":" not in target else f"=> {target}" for target in LINKED]
        lines += [f"=> section{number}.gmi More of section {number}", ""]
    return "\n".join(lines)


def plant(folder, overview):
    """Writes the capsule; `overview` is the document to take."""
    folder.mkdir()
    (folder / "index.gmi").write_text("# The capsule of a measurement\n")
    (folder / "page.gmi").write_text(page_of(1024))
    (folder / "page.txt").write_text(text_of(1024))
    (folder / "text.txt").write_text(text_of(64 * 1024))
    (folder / "large.bin").write_bytes(bytes(range(256)) * (10 * 1024 * 1024 // 256))
    (folder / "menu").mkdir()
    (folder / "menu" / "index.gmi").write_text(gemtext_for_a_menu())
    shutil.copyfile(overview, folder / f"{OVERVIEW}.overview.txt")


def make_certificate(folder):
    """localhost.crt and localhost.key: ECDSA P-256, one leaf, self-signed, as servers here have them."""
    folder.mkdir()
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
               "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
               str(folder / "localhost.key"), "-out", str(folder / "localhost.crt")]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)


def plant_page_for_peers(folder, name, page):
    """What others have as a file where ours makes it on the way: a page."""
    (folder / f"{name}.gmi").write_bytes(page)


def plant_menu_for_peers(folder, name, menu):
    """The same for a menu: a gophermap with all fields in every line, but for empty ones, which are empty."""
    lines = menu.decode().removesuffix(".\r\n").split("\r\n")
    (folder / name).mkdir()
    (folder / name / "gophermap").write_text("\n".join("" if line.startswith("i\t") else line for line in lines))
