"""What is drawn is what was counted."""

import math
import re

import numpy as np
import pytest

from mcoom.analysis.binned import CellView
from mcoom.analysis.map import MapAxis, livelock_map
from mcoom.analysis.marginal import livelock_marginals
from mcoom.analysis.result import Interval
from mcoom.analysis.sensitivity import Sensitivity, SobolIndex
from mcoom.analysis.verdict import analyse
from mcoom.errors import SpecError
from mcoom.figure.curves import curve_panel, describe_curves, draw_curves
from mcoom.figure.forest import ForestGroup, ForestRow, describe_forest, draw_forest
from mcoom.figure.map import count_stuck, describe_map, draw_map, place_on
from mcoom.figure.ridges import describe_ridges, draw_ridges, ridge_panel
from mcoom.figure.sensitivity import describe_indices, draw_indices
from mcoom.figure.style import to_svg
from mcoom.report.plate import forest_plate, map_of, sensitivity_plate
from tests.pages.made_up import BASELINE, CURE, MS, N_STUCK, N, one_point, sweep
from tests.unit.episode_rows import HORIZON_NS, kill_tally


def views(results):
    return [CellView(results.points[0].tally, policy, "kill") for policy in results.plan.policies]


def texts(svg):
    return [re.sub(r"<[^>]+>", "", t) for t in re.findall(r"<text.*?</text>", svg, flags=re.DOTALL)]


def test_curves_hold_the_estimate_and_the_censorings():
    results = one_point(n_stuck=10)
    stuck, free = curve_panel(views(results), "kill", 0.95).lines
    assert stuck.share_after(HORIZON_NS) == pytest.approx(10 / N)
    assert free.share_after(HORIZON_NS) == 0
    assert stuck.share_after(15.5 * MS) == pytest.approx(25 / N)
    assert stuck.censored_ns.tolist() == [HORIZON_NS]
    assert free.censored_ns.size == 0
    estimate = analyse(results, has_curves=True).estimates[0]
    assert stuck.median_ns == estimate.median_ns.value
    assert stuck.survival[:-1].tolist() == list(estimate.kaplan_meier.survival)
    assert (stuck.low <= stuck.survival).all()
    assert (stuck.survival <= stuck.high).all()


def test_curves_say_what_never_came():
    panel = curve_panel(views(one_point(n_stuck=10)), "kill", 0.95)
    assert "25 %" in texts(to_svg(draw_curves([panel])))
    assert f"{BASELINE}: median 20.4 ms, 25 % still waiting at 30 s" in describe_curves([panel])
    assert "no median" in describe_curves([curve_panel(views(one_point(n_stuck=30)), "kill", 0.95)])


def test_ridges_count_every_replicate_once():
    stuck, free = ridge_panel(views(one_point(n_stuck=10)), "kill").ridges
    assert (stuck.counts.sum(), free.counts.sum()) == (30, 40)
    assert (stuck.seen_share, stuck.livelock_share, stuck.other_share) == (0.75, 0.25, 0.0)
    assert stuck.at_once_share == 0


def test_ridges_put_times_where_they_belong():
    panel = ridge_panel(views(one_point(n_stuck=0)), "kill")
    rows = np.flatnonzero(panel.ridges[0].counts)
    assert panel.edges_ns[rows[0]] <= MS < panel.edges_ns[rows[0] + 1]
    assert panel.edges_ns[rows[-1]] <= 40 * MS < panel.edges_ns[rows[-1] + 1]
    assert "100 % seen" in describe_ridges([panel])
    assert "not seen" in texts(to_svg(draw_ridges([panel])))


def test_map_counts_cells_with_livelock():
    found = livelock_map(sweep(), estimand="kill")
    by_policy = {p: [panel for panel in found.panels if panel.policy == p] for p in (BASELINE, CURE)}
    assert count_stuck(by_policy[BASELINE]) == (3, 12)
    assert count_stuck(by_policy[CURE]) == (0, 12)
    words = texts(to_svg(draw_map(found)))
    assert any("3 of 12" in word for word in words)
    assert any("none of" in word for word in words)
    assert f"{BASELINE}: livelock in at least half of the replicates at 3 of 12 cells, at most 95 %" in describe_map(
        found
    )


def dark_cells(svg):
    """Filled cells of the maps by lightness: number of those darker than half."""
    n = 0
    for group in re.findall(r'<g id="QuadMesh_\d+">.*?</g>', svg, flags=re.DOTALL):
        for red, green, blue in re.findall(r"fill: #(..)(..)(..)", group):
            n += 0.299 * int(red, 16) + 0.587 * int(green, 16) + 0.114 * int(blue, 16) < 100
    return n


def test_map_is_dark_where_a_policy_livelocks_and_only_there():
    """Pixels follow data: the dark cells are those of the stuck ones, beside the fixed ones of the colour bar."""
    results = sweep()
    n_bar = dark_cells(to_svg(draw_map(livelock_map(results, estimand="kill", policies=[CURE]))))
    n_both = dark_cells(to_svg(draw_map(livelock_map(results, estimand="kill"))))
    assert n_both - n_bar == 3


def test_boundary_lies_between_the_values_around_it():
    axis = MapAxis("class.storm.count", (1, 4, 16))
    assert place_on(axis, 4.0) == pytest.approx(1.5)
    assert place_on(axis, 8.0) == pytest.approx(2.0)
    assert place_on(axis, 0.5) == pytest.approx(0.0)
    assert place_on(axis, 33.0) is None
    assert place_on(MapAxis("x", (0, 10)), 5.0) == pytest.approx(1.0)
    assert place_on(MapAxis("x", (7,)), 7.0) == 0.5


def test_map_of_a_run_has_its_boundary():
    """HZ 1000 and 80 us an attempt: 2 ticks x CPUs / 80 us, one of them the owner."""
    found = map_of(sweep(), x="machine.cpus")
    panel = next(p for p in found.panels if p.policy == BASELINE)
    assert panel.boundary[1] == pytest.approx(2 * panel.boundary[0], rel=0.05)
    assert all(value is None for p in found.panels if p.policy == CURE for value in p.boundary)
    drawn = texts(to_svg(draw_map(livelock_map(sweep(), estimand="kill", boundary=lambda *_: 5.0))))
    assert any("closed form" in word for word in drawn)


def test_forest_shows_each_contrast():
    results = one_point()
    contrasts = analyse(results).contrasts
    group = ForestGroup("kill", tuple(ForestRow(c.policy, 1, c) for c in contrasts))
    words = texts(to_svg(draw_forest([group])))
    assert CURE in words
    assert "P(sooner)" in words
    assert f"{CURE}: restricted mean -7.5 s" in describe_forest([group], BASELINE)
    with pytest.raises(SpecError, match="nothing to compare"):
        forest_plate(type(analyse(results))((), (), 0.95), results.plan.policies, "estimand")


def test_marginals_average_the_other_parameters_out():
    estimates = [e for e in analyse(sweep()).estimates if e.policy == BASELINE]
    found = {m.parameter: m for m in livelock_marginals(estimates)}
    share = N_STUCK / N
    assert found["class.storm.count"].means == pytest.approx((0, share / 4, share / 2))
    assert found["class.owner.policy"].means == pytest.approx((share / 2, 0))
    assert found["machine.cpus"].means == pytest.approx((share / 3, share / 6))
    assert math.isclose(sum(found["machine.cpus"].means) / 2, share * 3 / 12)
    assert next(iter(found)) in ("class.storm.count", "class.owner.policy")


def test_sensitivity_of_what_was_not_swept_is_refused():
    results = one_point()
    with pytest.raises(SpecError, match="neither a grid nor a Saltelli design"):
        sensitivity_plate(results, analyse(results), ["kill"])


def test_indices_are_drawn_with_their_intervals():
    index = SobolIndex("class.a.count", Interval(0.2, 0.1, 0.3, "m"), Interval(0.5, 0.4, 0.6, "m"))
    none = SobolIndex("machine.hz", Interval(None, None, None, "m", "x"), Interval(None, None, None, "m", "x"))
    found = [Sensitivity("p0", "kill", "rmst", 8, 1.0, 1.0, 0.1, (index, none))]
    words = texts(to_svg(draw_indices(found)))
    assert {"p0", "a", "hz", "alone", " not estimable"} <= set(words)
    assert "class.a.count alone 20 % [10, 30], in all 50 % [40, 60]" in describe_indices(found)


def test_events_at_once_are_drawn_and_said():
    """All events before the first edge of the bins: nothing to put on a logarithmic axis, but nothing is lost."""
    made = kill_tally(np.zeros((2, N), dtype=np.int64))
    at_once = [CellView(made, policy, "kill") for policy in made.plan.policies]
    curves, ridges = curve_panel(at_once, "kill", 0.95), ridge_panel(at_once, "kill")
    assert "0 % still waiting" in describe_curves([curves])
    assert "100 % < 100 ns" in [w.replace("&lt;", "<") for w in texts(to_svg(draw_ridges([ridges])))]
    assert "share that still waits" in texts(to_svg(draw_curves([curves])))
