"""The page is one whole document: well formed, named once, nothing from outside."""

from html.parser import HTMLParser

import pytest

from mcoom.figure.style import figure, to_svg
from mcoom.report.page import Page

VOID = {"meta", "link", "br", "img", "hr", "input"}


class Reader(HTMLParser):
    """Collects what the tests ask about, and complains where tags do not match."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.links, self.tags, self.words = [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self._note(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self._note(tag, attrs)

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    def _note(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("href", "xlink:href", "src"):
                self.links.append(value)

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def small_svg():
    drawn = figure(3, 2)
    axes = drawn.add_subplot()
    axes.plot([0, 1], [0, 1], marker="o")
    return to_svg(drawn)


def full_page():
    page = Page("Title <&>", "sub")
    for name in ("One", "Two", "Three"):
        page.section(name)
        page.paragraph("5 < 6 & 7")
    page.section("Part", level=3)
    page.finding("a finding", "from here", is_lead=True)
    page.listing(["a", "b"])
    page.figure(small_svg(), "A caption.", 'What it "shows"')
    page.figure(small_svg(), "Another.", "The same again")
    page.table(("a", "b"), [("x", "1"), ("<y>", "2")], "Numbers.")
    page.verbatim("a  b")
    page.fold("more", "text")
    return page


def test_document_is_well_formed_and_named_once():
    reader = Reader(full_page().html())
    assert len(reader.ids) == len(set(reader.ids))
    targets = {link[1:] for link in reader.links if link.startswith("#")}
    assert targets
    assert targets <= set(reader.ids)


def test_nothing_is_loaded_from_anywhere():
    text = full_page().html()
    reader = Reader(text)
    assert [link for link in reader.links if not link.startswith(("#", "data:"))] == []
    assert "@import" not in text
    assert "<script" not in text
    assert "url(" not in text.replace("url(#", "")


def test_a_reader_that_is_given_two_equal_names_notices():
    """Twin: drawings put in as they are have names in common."""
    text = f"<div>{small_svg().split('?>')[1]}{small_svg().split('?>')[1]}</div>"
    ids = Reader(text).ids
    assert len(ids) > len(set(ids))


def test_words_are_escaped():
    reader = Reader(full_page().html())
    words = "".join(reader.words)
    assert "Title <&>" in words
    assert "5 < 6 & 7" in words
    assert "<y>" in words


def test_figures_have_captions_and_alternative_texts():
    reader = Reader(full_page().html())
    assert len(reader.all("figure")) == len(reader.all("figcaption")) == 2
    drawings = reader.all("svg")
    assert [d["role"] for d in drawings] == ["img", "img"]
    assert all(d["aria-labelledby"] in reader.ids for d in drawings)
    assert 'What it "shows"' in reader.words


def test_figures_and_tables_are_numbered():
    words = "".join(Reader(full_page().html()).words)
    assert "Figure 1." in words
    assert "Figure 2." in words
    assert "Table 1." in words


def test_contents_name_the_sections_where_there_are_several():
    assert 'href="#s2">Two' in full_page().html()
    page = Page("t")
    page.section("Only")
    assert "<nav" not in page.html()


def test_equal_pages_give_equal_text():
    assert full_page().html() == full_page().html()


def test_refusals():
    page = Page("t")
    with pytest.raises(ValueError, match="alternative"):
        page.figure(small_svg(), "caption", " ")
    with pytest.raises(ValueError, match="no svg"):
        page.figure("<p></p>", "caption", "alt")
    with pytest.raises(ValueError, match="a row of 1 cells in a table of 2"):
        page.table(("a", "b"), [("x",)])
    with pytest.raises(ValueError, match="must be 2, 3 or 4"):
        page.section("x", level=1)
