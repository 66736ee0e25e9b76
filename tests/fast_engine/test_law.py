"""The fast engine equals the exact one in law, and the test would see a bias of one percent."""

import numpy as np
import pytest

from mcoom.codes import Engine
from mcoom.engine.layout import MACHINE, OUT
from mcoom.engine.replicates import run_block
from tests.fast_engine.cells import Cell, cells, inputs_of, outputs, p_value, p_values, rejected, with_engine

FAMILY = 1e-3
STORM = Cell("trylock_spin", ("class.storm.count=6",))


def compare(chosen, n, seed, rng):
    """Test all outputs of all cells on ``n`` replicates of each engine, none of them shared."""
    found = {}
    for k, cell in enumerate(chosen):
        exact = outputs(cell, Engine.EXACT, n, 0, seed)
        fast = outputs(cell, Engine.FAST, n, n, seed)
        found.update({(k, name): p for name, p in p_values(exact, fast, rng).items()})
    return found


def test_a_few_storms_are_equal_in_law(base_seed):
    chosen = [cell for cell in cells() if "class.owner.policy=idle" in cell.changes][:8:2]
    p = compare(chosen, 150, base_seed, np.random.default_rng(base_seed))
    assert len(p) > 30
    assert rejected(p, FAMILY) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_all_cells_are_equal_in_law(base_seed):
    chosen = cells()
    assert len(chosen) >= 40
    p = compare(chosen, 2000, base_seed, np.random.default_rng(base_seed))
    assert rejected(p, FAMILY) == []


def test_a_bias_of_one_percent_is_seen(base_seed):
    """Passes that cost one percent more, or an owner that does: both would be found at the level of the family."""
    rng = np.random.default_rng(base_seed)
    inputs, policy = inputs_of(STORM, 300, 300)
    exact = outputs(STORM, Engine.EXACT, 300)
    longer = inputs.machine[:, MACHINE["pass_ns"]] * 101 // 100
    biased = run_block(with_engine(inputs, Engine.FAST, pass_ns=longer), policy)
    p = p_values(exact, biased, rng)
    assert {"n_pass", "n_entry", "n_tryfail"} <= set(rejected(p, FAMILY))
    alone = Cell("trylock_spin", ("class.storm.count=0", "scenario.kills=1"))
    inputs, policy = inputs_of(alone, 300, 300)
    exact = outputs(alone, Engine.EXACT, 300)
    slower = {
        name: inputs.machine[:, MACHINE[name]] * 101 // 100
        for name in ("select_base_ns", "select_task_ns", "select_candidate_ns", "report_ns", "report_task_ns")
    }
    biased = run_block(with_engine(inputs, Engine.FAST, **slower), policy)
    assert p_value(exact[:, OUT["hold_max_ns"]], biased[:, OUT["hold_max_ns"]], rng) < FAMILY


def test_mean_counts_of_whole_draws_have_no_bias(base_seed):
    """Wald: the mean number of passes does not depend on how many of them were drawn together."""
    n = 400
    exact = outputs(STORM, Engine.EXACT, n, 0, base_seed).astype(float)
    fast = outputs(STORM, Engine.FAST, n, 0, base_seed).astype(float)
    column = OUT["n_pass"]
    busy = OUT["busy_ns"]
    rate = exact[:, column] / exact[:, busy] - fast[:, column] / fast[:, busy]
    assert abs(rate.mean()) < 4 * rate.std() / n**0.5
    spread = np.array([np.std(rows[:, column] / rows[:, busy]) for rows in (exact, fast)])
    assert abs(spread[1] / spread[0] - 1) < 5 / n**0.5
