"""A self-contained page of HTML.

Takes words, tables and drawings, gives one document that needs no network, no script and no other file: styles and
drawings are inside. Must know nothing of what it says; whoever writes a section brings its words.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from mcoom.report.page_style import PAGE_CSS

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What a browser may load for the page: nothing."""
_SCREEN_SCALE = 1.4
"""Of a drawing on a wide screen against its size on paper."""


@dataclass(frozen=True)
class _Heading:
    level: int
    anchor: str
    title: str


class Page:
    """A page under construction: parts appear in the order in which they are added.

    Parameters
    ----------
    title : str
        Heading of the page and title of the document.
    subtitle : str
        A line under it; empty for none.

    Examples
    --------
    >>> page = Page("Report")
    >>> page.section("Result")
    >>> page.paragraph("Six is more than five.")
    >>> page.html().count("<h2")
    1
    """

    def __init__(self, title: str, subtitle: str = "") -> None:
        self.title = title
        self.subtitle = subtitle
        self._parts: list[str] = []
        self._headings: list[_Heading] = []
        self._n_figures = 0
        self._n_tables = 0

    def section(self, title: str, level: int = 2) -> None:
        """Begin a section.

        Parameters
        ----------
        title : str
            Its heading.
        level : int
            2 for a section, which the table of contents names; 3 or 4 for a part of one.

        Raises
        ------
        ValueError
            If the level is not 2, 3 or 4.
        """
        if level not in (2, 3, 4):
            raise ValueError(f"level = {level}: must be 2, 3 or 4")
        anchor = f"s{len(self._headings) + 1}"
        self._headings.append(_Heading(level, anchor, title))
        self._parts.append(f'<h{level} id="{anchor}">{_text(title)}</h{level}>')

    def paragraph(self, text: str) -> None:
        """Add a paragraph of plain words."""
        self._parts.append(f"<p>{_text(text)}</p>")

    def finding(self, text: str, provenance: str = "", *, is_lead: bool = False) -> None:
        """Add a finding: a sentence set off from the rest, and in small print where it comes from.

        Parameters
        ----------
        text : str
            The sentence.
        provenance : str
            Where it comes from; empty for none.
        is_lead : bool
            Whether it is what a reader in a hurry should take away.
        """
        kind = "finding lead" if is_lead else "finding"
        source = f"<small>{_text(provenance)}</small>" if provenance else ""
        self._parts.append(f'<div class="{kind}"><p>{_text(text)}</p>{source}</div>')

    def note(self, text: str) -> None:
        """Add small print."""
        self._parts.append(f'<p class="note">{_text(text)}</p>')

    def listing(self, items: Sequence[str]) -> None:
        """Add a list with bullets."""
        self._parts.append("<ul>" + "".join(f"<li>{_text(item)}</li>" for item in items) + "</ul>")

    def figure(self, svg: str, caption: str, alt: str) -> None:
        """Add a drawing with its number and caption.

        Parameters
        ----------
        svg : str
            A document or element; it is put into the page as it is, with names of its own.
        caption : str
            What is drawn and how to read it; stands below.
        alt : str
            What the drawing shows, for who cannot see it.

        Raises
        ------
        ValueError
            If there is no ``svg`` element, or no alternative text.
        """
        if not alt.strip():
            raise ValueError("a figure needs its alternative text")
        self._n_figures += 1
        drawing = _inline(svg, f"f{self._n_figures}", alt)
        self._parts.append(
            f'<figure><div class="scroll" tabindex="0">{drawing}</div>'
            f"<figcaption><b>Figure {self._n_figures}.</b> {_text(caption)}</figcaption></figure>"
        )

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "", left: int = 1) -> None:
        """Add a table.

        Parameters
        ----------
        header : sequence of str
            Names of the columns.
        rows : sequence of sequences of str
            Each as long as the header.
        caption : str
            Stands above, after the number of the table; a table without one has no number.
        left : int
            So many first columns are aligned left, the others right.

        Raises
        ------
        ValueError
            If a row is not as long as the header.
        """
        for row in rows:
            if len(row) != len(header):
                raise ValueError(f"a row of {len(row)} cells in a table of {len(header)} columns: {list(row)}")
        numbered = ""
        if caption:
            self._n_tables += 1
            numbered = f"<caption><b>Table {self._n_tables}.</b> {_text(caption)}</caption>"
        head = "".join(f'<th scope="col"{_side(c, left)}>{_text(name)}</th>' for c, name in enumerate(header))
        body = "".join(f"<tr>{_cells(row, left)}</tr>\n" for row in rows)
        self._parts.append(
            f'<div class="scroll" tabindex="0"><table>{numbered}<thead><tr>{head}</tr></thead>\n'
            f"<tbody>{body}</tbody></table></div>"
        )

    def verbatim(self, text: str) -> None:
        """Add text in a fixed pitch, such as an aligned table."""
        self._parts.append(f'<pre tabindex="0">{_text(text)}</pre>')

    def fold(self, summary: str, text: str) -> None:
        """Add text in a fixed pitch that is folded away on a screen."""
        self._parts.append(
            f'<details><summary>{_text(summary)}</summary><pre tabindex="0">{_text(text)}</pre></details>'
        )

    def html(self) -> str:
        """Return the whole document; the same parts give the same text."""
        subtitle = f'<p class="subtitle">{_text(self.subtitle)}</p>' if self.subtitle else ""
        body = "\n".join(self._parts)
        return (
            "<!DOCTYPE html>\n"
            '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="generator" content="mcoom">\n<link rel="icon" href="data:,">\n'
            f"<title>{_text(self.title)}</title>\n<style>\n{PAGE_CSS}</style>\n</head>\n<body>\n"
            f"<header><h1>{_text(self.title)}</h1>{subtitle}</header>\n{self._contents()}<main>\n{body}\n</main>\n"
            "</body>\n</html>\n"
        )

    def _contents(self) -> str:
        sections = [heading for heading in self._headings if heading.level == 2]
        if len(sections) < 3:
            return ""
        links = "".join(f'<li><a href="#{s.anchor}">{_text(s.title)}</a></li>' for s in sections)
        return f'<nav aria-label="Contents"><ul>{links}</ul></nav>\n'


def _text(text: str) -> str:
    return html.escape(text, quote=True)


def _side(column: int, left: int) -> str:
    return "" if column < left else ' class="r"'


def _cells(row: Sequence[str], left: int) -> str:
    first, *rest = row
    cells = "".join(f"<td{_side(c, left)}>{_text(cell)}</td>" for c, cell in enumerate(rest, start=1))
    return f'<th scope="row"{_side(0, left)}>{_text(first)}</th>{cells}'


def _inline(svg: str, prefix: str, alt: str) -> str:
    """Return an ``svg`` element that can stand in a page beside others."""
    match = re.search(r"<svg\b[^>]*>.*</svg>", svg, flags=re.DOTALL)
    if match is None:
        raise ValueError("no svg element")
    # A style sheet in a drawing would hold for the whole document; PAGE_CSS has its one rule.
    element = re.sub(r"<(metadata|style)\b.*?</\1>\s*", "", match.group(), flags=re.DOTALL)
    # Two drawings may use one name for two things; in one document that would show the wrong one.
    element = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', element)
    element = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', element)
    element = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", element)
    tag, rest = element.split(">", 1)
    size = re.search(r'\bwidth="([\d.]+)pt"', tag)
    # Text of 8 pt on paper is drawn larger on a screen.
    width = f' style="width:{_SCREEN_SCALE * float(size.group(1)) / 12:.2f}em"' if size else ""
    tag = re.sub(r'\s(?:width|height)="[^"]*"', "", tag)
    title = f"{prefix}-title"
    return f'{tag} role="img" aria-labelledby="{title}"{width}><title id="{title}">{_text(alt)}</title>{rest}'
