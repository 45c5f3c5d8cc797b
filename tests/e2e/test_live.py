"""What is in the folder is what is served: dropped in, edited, deleted, swapped, all without a restart (design.md)."""

import os
import shutil
import time

from server import eventually
from tree import plant

BOTH_WAYS = True  # with openat2, and without it


def test_an_edit_is_seen_by_the_next_reader(serve):
    site = serve({"page.gmi": "# 0000\n"})
    for i in range(1, 60):  # same length, same tick: neither size nor time need tell
        (site.capsule / "page.gmi").write_text(f"# {i:04}\n")
        assert site.gemini("/page.gmi").text == f"# {i:04}\n"
        assert f"{i:04}" in site.gopher("/page.gmi").text


SETTLED = 2  # seconds: a younger file is not kept in memory


def test_an_edit_of_what_is_sent_from_memory_is_seen_within_two_seconds(serve):
    site = serve({"page.gmi": "# old\n", "list/a.gmi": "# old\n", "m.overview.txt": "old\n\n1. old.\n", "a.txt": "old\n",
                  "dir/b.txt": "old\n"})
    paths = ["/page.gmi", "/a.txt", "/list/", "/m/", "/m/1.gmi", "/dir/b.txt"]
    ways = [lambda path=path: site.gemini(path).body for path in paths]
    ways += [lambda path=path: site.gopher(path).raw for path in paths]
    newest = max(path.stat().st_ctime for path in site.capsule.rglob("*"))
    eventually(lambda: time.time() > newest + SETTLED, 5, "all files' age")
    for way in ways:
        assert b"old" in way() and way() == way()
    for path in site.capsule.rglob("*.*"):
        if path.is_file() and path.parent.name != "dir":
            before = path.stat()
            path.write_text(path.read_text().replace("old", "new"))
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    (site.capsule / "dir").rename(site.capsule / "was")
    plant(site.capsule / "dir", {"b.txt": "new\n"})
    time.sleep(2)
    for way in ways * 4:  # whichever worker answers
        assert b"new" in way() and b"old" not in way()


def test_with_no_cache_an_edit_is_seen_by_the_next_reader(serve):
    site = serve({"page.gmi": "# 0000\n"}, "--cache", "0")
    eventually(lambda: time.time() > (site.capsule / "page.gmi").stat().st_ctime + SETTLED, 5, "the file's age")
    for i in range(1, 20):
        assert f"{i - 1:04}" in site.gopher("/page.gmi").text
        (site.capsule / "page.gmi").write_text(f"# {i:04}\n")
        assert site.gemini("/page.gmi").text == f"# {i:04}\n"


def test_a_file_dropped_in_is_live_and_a_deleted_one_gone(serve):
    site = serve({"a.txt": "a\n"})
    for i in range(20):
        path = site.capsule / f"new-{i}.gmi"
        assert site.gemini(f"/new-{i}.gmi").status == 51
        path.write_text(f"# Title {i}\n")
        assert site.gemini(f"/new-{i}.gmi").status == 20
        assert f"Title {i}" in site.gemini("/").text
        assert f"Title {i}" in site.gopher("").text
        path.unlink()
        assert site.gemini(f"/new-{i}.gmi").status == 51
        assert f"Title {i}" not in site.gemini("/").text


def test_a_title_in_a_listing_follows_the_file(serve):
    site = serve({"list/page.gmi": "# Title 0000\n"})
    for i in range(1, 30):
        (site.capsule / "list/page.gmi").write_text(f"# Title {i:04}\n")
        assert f"Title {i:04}" in site.gemini("/list/").text
        assert f"Title {i:04}" in site.gopher("/list/").text


def test_an_index_that_comes_and_goes(serve):
    site = serve({"dir/a.txt": "a\n"})
    index = site.capsule / "dir/index.gmi"
    for _ in range(5):
        assert "a.txt" in site.gemini("/dir/").text
        index.write_text("# Index\n")
        eventually(lambda: site.gemini("/dir/").text == "# Index\n", 2, "the index")
        eventually(lambda: "Index" in site.gopher("/dir/").text, 2, "the index")
        index.unlink()


def test_an_overview_follows_its_source(serve):
    site = serve({"m.overview.txt": "Title 0000\n\n1. Point 0000.\n"})
    for i in range(1, 30):
        (site.capsule / "m.overview.txt").write_text(f"Title {i:04}\n\n1. Point {i:04}.\n")
        assert f"Title {i:04}" in site.gemini("/m/").text
        assert f"Point {i:04}." in site.gemini("/m/1.gmi").text
        assert f"Title {i:04}" in site.gemini("/").text
    (site.capsule / "m.overview.txt").unlink()
    assert site.gemini("/m/").status == 51
    assert site.gemini("/m/1.gmi").status == 51


def test_a_file_replaced_by_a_renamed_one(serve):
    site = serve({"page.gmi": "# one\n"})
    for i in range(30):
        (site.work / "next").write_text(f"# {i:03}\n")
        os.replace(site.work / "next", site.capsule / "page.gmi")
        assert site.gemini("/page.gmi").text == f"# {i:03}\n"


def test_a_release_swapped_in_by_a_symbolic_link(serve, tmp_path):
    for name in ("one", "two"):
        plant(tmp_path / name, {"index.gmi": f"# Release {name}\n", f"{name}.txt": f"{name}\n"})
    current = tmp_path / "current"
    current.symlink_to("one")
    site = serve(capsule=current)
    assert site.gemini("/").text == "# Release one\n"
    (tmp_path / "next").symlink_to("two")
    os.replace(tmp_path / "next", current)
    eventually(lambda: site.gemini("/").text == "# Release two\n", 3, "the new release")
    eventually(lambda: any("2 new workers serve" in line for line in site.log_lines("notice")), 3, "every worker")
    assert site.gemini("/two.txt").text == "two\n"
    assert site.gemini("/one.txt").status == 51
    assert "Release two" in site.gopher("").text


def test_a_capsule_that_is_gone_is_served_on_until_another_comes(serve):
    site = serve({"index.gmi": "# Old\n"})
    site.capsule.rename(site.work / "old")
    eventually(lambda: any("what ran before goes on" in line for line in site.log_lines("warning")), 4, "the warning")
    why, = [line for line in site.log_lines("error") if str(site.capsule) in line]
    assert "there is no folder" in why
    for _ in range(10):
        assert site.gemini("/").text == "# Old\n"
    plant(site.capsule, {"index.gmi": "# New\n"})
    eventually(lambda: site.gemini("/").text == "# New\n", 3, "the new folder")


def test_a_folder_moved_away_and_a_new_one_put_in_its_place(serve):
    site = serve({"index.gmi": "# Old\n"})
    assert site.gemini("/").text == "# Old\n"
    site.capsule.rename(site.work / "old")
    plant(site.capsule, {"index.gmi": "# New\n"})
    eventually(lambda: site.gemini("/").text == "# New\n", 3, "the new folder")
    eventually(lambda: any("2 new workers serve" in line for line in site.log_lines("notice")), 3, "every worker")
    shutil.rmtree(site.work / "old")
    assert site.gemini("/").text == "# New\n"
