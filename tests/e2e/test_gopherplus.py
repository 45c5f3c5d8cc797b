"""The Gopher+ courtesies: what the UMN client sends must not go wrong (P4)."""

import pytest

from client import Item

TREE = {
    "index.gmi": "# Welcome\n\n=> page.gmi A page\n=> text.txt A text\n=> gopher://example.org/1/x Elsewhere\n",
    "page.gmi": "# A page\n\n=> text.txt The text\n",
    "text.txt": "one\ntwo\n",
    "data.bin": bytes(range(256)),
}


@pytest.fixture(scope="module")
def site(serve_for_module):
    return serve_for_module(TREE)


def info_blocks(raw):
    """The items of an answer `+-1`, one `+INFO:` block each, ended by a dot."""
    lines = raw.decode().split("\r\n")
    assert lines[0] == "+-1"
    assert lines[-2:] == [".", ""]
    items = []
    for line in lines[1:-2]:
        if line.startswith("+INFO: "):
            fields = line.removeprefix("+INFO: ").split("\t")
            assert len(fields) == 4, line  # and no `+` after them: that would promise more than we do
            items.append(Item(fields[0][0], fields[0][1:], fields[1], fields[2], int(fields[3])))
    return items


@pytest.mark.parametrize("selector", ["", "/", "/page.gmi"])
def test_dollar_on_a_menu_answers_its_items_P4(site, selector):
    wanted = [item for item in site.gopher(selector).menu if item.type != "i"]
    found = [item for item in info_blocks(site.gopher(selector + "\t$").raw) if item.type != "i"]
    assert found == wanted and wanted


@pytest.mark.parametrize("selector, type_", [("", "1"), ("/page.gmi", "1"), ("/text.txt", "0"), ("/data.bin", "9")])
def test_exclamation_mark_answers_the_item_itself_P4(site, selector, type_):
    items = info_blocks(site.gopher(selector + "\t!").raw)
    assert [(item.type, item.host, item.port) for item in items] == [(type_, "localhost", site.gopher_port)]
    assert site.gopher(items[0].selector).raw == site.gopher(selector).raw


@pytest.mark.parametrize("selector", ["", "/page.gmi", "/text.txt", "/data.bin"])
@pytest.mark.parametrize("fields", ["\t+", "\t+text/plain", "\t", "\t?", "\twords", "\twords\t+", "\t+\t1"])
def test_anything_else_is_answered_plainly_P4(site, selector, fields):
    assert site.gopher(selector + fields).raw == site.gopher(selector).raw


def test_gopher_plus_on_what_is_not_there_is_an_error_P4(site):
    for fields in ("\t$", "\t!", "\t+"):
        raw = site.gopher("/nothing" + fields).raw
        assert raw.startswith((b"3", b"+-1\r\n+INFO: 3")), raw
