"""The report in a real browser: read from a file, on a desk, on a telephone, and on paper."""

import re

import pytest

from tests.pages.chromium import PROGRAM, Browser

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no Chromium here (Debian: apt-get install chromium)")

BOXES = """
JSON.stringify([...document.querySelectorAll('figure svg')].map(svg => {
  const box = svg.getBoundingClientRect(), shown = svg.closest('.scroll').getBoundingClientRect();
  const inside = svg.getBBox();
  return {width: box.width, height: box.height, shown: shown.width, drawn: inside.width * inside.height,
          visible: getComputedStyle(svg).visibility === 'visible' && box.height > 0};
}))
"""
SMALLEST_TEXT = """
Math.min(...[...document.querySelectorAll('figure svg text')].map(t => {
  const ctm = t.getScreenCTM(); return parseFloat(getComputedStyle(t).fontSize) * ctm.a || 99;
}).filter(size => size > 0))
"""
CUT_OFF = """
[...document.querySelectorAll('figure svg')].flatMap(svg => {
  const box = svg.getBoundingClientRect();
  return [...svg.querySelectorAll('text')].filter(t => {
    const own = t.getBoundingClientRect();
    return own.width > 0 && (own.left < box.left - 2 || own.right > box.right + 2
      || own.top < box.top - 2 || own.bottom > box.bottom + 2);
  }).map(t => t.textContent);
})
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.mark.parametrize("width", [1280, 400])
def test_page_is_whole_at_any_width(browser, report_folder, width):
    page = report_folder / "index.html"
    browser.open(page, width)
    assert browser.complaints == []
    assert browser.requests == [page.resolve().as_uri()]
    import json

    boxes = json.loads(browser.ask(BOXES))
    assert len(boxes) == page.read_text().count("<figure>")
    for box in boxes:
        assert box["visible"]
        assert box["drawn"] > 0
        assert box["shown"] <= width
        assert box["width"] > 300
    # Wide tables and drawings scroll in boxes of their own: the page itself never does.
    assert browser.ask("document.documentElement.scrollWidth") <= width
    assert browser.ask("document.querySelectorAll('script').length") == 0


def test_text_of_figures_can_be_read(browser, report_folder):
    browser.open(report_folder / "index.html", 1280)
    assert browser.ask(SMALLEST_TEXT) >= 9
    browser.open(report_folder / "index.html", 400)
    assert browser.ask(SMALLEST_TEXT) >= 5.5


def test_no_text_of_a_figure_is_cut_off(browser, report_folder):
    browser.open(report_folder / "index.html", 1280)
    answer = browser.call("Runtime.evaluate", expression=CUT_OFF, returnByValue=True)
    assert answer["result"]["value"] == []


def test_page_prints(browser, report_folder, tmp_path):
    browser.open(report_folder / "index.html", 1280)
    browser.print_pdf(tmp_path / "page.pdf")
    content = (tmp_path / "page.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    n_pages = len(re.findall(rb"/Type\s*/Page\b", content))
    assert 3 <= n_pages <= 30


def test_the_browser_does_report_what_is_forbidden(browser, tmp_path):
    """Twin: a page that asks for something from outside and complains is found out."""
    page = tmp_path / "bad.html"
    page.write_text(
        "<!DOCTYPE html><p>x</p><img src='http://127.0.0.1:9/x.png'><script>console.error('no')</script>"
        "<div style='width:3000px'>wide</div>"
    )
    browser.open(page, 400)
    assert any("127.0.0.1:9" in address for address in browser.requests)
    assert browser.complaints
    assert browser.ask("document.documentElement.scrollWidth") > 400
