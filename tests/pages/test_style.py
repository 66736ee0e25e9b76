"""Canvas, palette, axis of time, and the bytes of files."""

import itertools

import matplotlib as mpl
import numpy as np
import pytest

from mcoom.errors import SpecError, StoreError
from mcoom.figure.style import figure, log_time_axis, look, save, styled, tick_text, time_ticks, to_svg

# Viénot, Brettel and Mollon (1999): linear RGB as seen by protanopes and deuteranopes.
SEEN_BY = {
    "protanopia": [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]],
    "deuteranopia": [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour):
    values = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    ratios = XYZ @ rgb / np.array([0.9505, 1.0, 1.089])
    f = np.where(ratios > 0.008856, np.cbrt(ratios), 7.787 * ratios + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def drawing(shift=0.0):
    with styled():
        drawn = figure(4, 2)
        axes = drawn.add_subplot()
        axes.plot([1e5, 1e7 + shift, 1e9], [1, 0.5, 0], label="a line")
        axes.legend()
        axes.set_title("title & <more>")
        log_time_axis(axes, 1e5, 1e9)
    return drawn


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_equal_figures_give_equal_bytes(tmp_path, suffix):
    for name, drawn in (("a", drawing()), ("b", drawing()), ("c", drawing(1e6))):
        save(drawn, tmp_path / f"{name}.{suffix}")
    first = (tmp_path / f"a.{suffix}").read_bytes()
    assert first == (tmp_path / f"b.{suffix}").read_bytes()
    assert first != (tmp_path / f"c.{suffix}").read_bytes()


def test_writing_twice_gives_the_same():
    drawn = drawing()
    assert to_svg(drawn) == to_svg(drawn)


def test_svg_holds_text_and_neither_date_nor_address_of_a_type():
    text = to_svg(drawing())
    assert "title &amp; &lt;more&gt;" in text
    assert "100 us" in text
    assert "<!DOCTYPE" not in text
    assert "dc:date" not in text


def test_settings_of_the_process_are_left_alone(tmp_path):
    before = dict(mpl.rcParams)
    save(drawing(), tmp_path / "a.svg")
    assert dict(mpl.rcParams) == before


def test_errors_of_writing(tmp_path):
    with pytest.raises(SpecError, match=r"written as \.gif; allowed: \.svg, \.png, \.pdf"):
        save(drawing(), tmp_path / "a.gif")
    with pytest.raises(StoreError, match="cannot be written"):
        save(drawing(), tmp_path / "missing" / "a.svg")


def test_ticks_have_units():
    ticks = [tick_text(tick) for tick in time_ticks(1e3, 700e9)]
    assert ticks == ["1 us", "10 us", "100 us", "1 ms", "10 ms", "100 ms", "1 s", "10 s", "1 min", "10 min"]
    assert [tick_text(tick) for tick in time_ticks(1.5e9, 40e9)] == ["2 s", "5 s", "10 s", "20 s", "30 s"]


@pytest.mark.parametrize(("low", "high"), [(0, 1e9), (1e9, 1e9), (-1, 1)])
def test_limits_that_are_no_limits(low, high):
    with pytest.raises(ValueError, match="must be 0 < low < high"):
        log_time_axis(figure().add_subplot(), low, high)


def test_labels_are_thinned_where_there_is_no_room():
    axes = figure().add_subplot()
    log_time_axis(axes, 1e3, 1e10, most=4)
    shown = [label for label in axes.xaxis.get_major_formatter().seq if label]
    assert len(shown) <= 4
    assert shown[-1] == "10 s"


def test_neighbours_differ_in_grey():
    """Black and white print and no colour at all: lightness differs by 10 of 100 at least, or the dash does."""
    light = [lab(linear(look(i).colour))[0] for i in range(7)]
    assert all(abs(a - b) > 10 for a, b in itertools.pairwise(light))
    assert len({(look(i).colour, look(i).dash) for i in range(35)}) == 35
    assert len({look(i).dash for i in range(5)}) == 5


@pytest.mark.parametrize("kind", SEEN_BY)
def test_colours_of_the_first_policies_differ_for_the_colour_blind(kind):
    seen = [lab(np.array(SEEN_BY[kind]) @ linear(look(i).colour)) for i in range(5)]
    distances = {
        pair: float(np.linalg.norm(seen[pair[0]] - seen[pair[1]])) for pair in itertools.combinations(range(5), 2)
    }
    assert min(distances.values()) > 15, distances


def test_the_measure_of_colours_notices_red_and_green():
    """Twin: two colours that a deuteranope does confuse are found to be alike."""
    red, green = (lab(np.array(SEEN_BY["deuteranopia"]) @ linear(c)) for c in ("#b03030", "#5a6b20"))
    assert float(np.linalg.norm(red - green)) < 15
