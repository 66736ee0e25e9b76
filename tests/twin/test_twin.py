"""The C twin gives the engine's outputs, number for number: a yardstick that does other work measures nothing.

The scenarios are those of tests/oracle_match, and the built-in ones. Equality: there is no error rate.
"""

import random

import numpy as np
import pytest

from benchmarks.c_twin.build import Twin, compilers
from mcoom.design.build import build_design
from mcoom.engine.layout import OUT_FIELDS
from mcoom.engine.replicates import run_block
from mcoom.lower import lower_block, lower_policy
from mcoom.spec.load import list_scenarios, load_scenario
from tests.oracle.scenario import random_scenario
from tests.oracle_match.test_traces import lower

N_SCENARIOS = 400
MAX_EVENTS = 200_000
"""Per replicate of a built-in scenario: enough to pass through all that happens in it, and little without the JIT."""
N_POINTS = 6

pytestmark = pytest.mark.skipif(not compilers(), reason="no C compiler: neither gcc nor clang is on the path")


@pytest.fixture(scope="module", params=compilers())
def twin(request, tmp_path_factory):
    return Twin(request.param, tmp_path_factory.mktemp("twin"))


def check_equal(twin, inputs, policy, what):
    engine, c = run_block(inputs, policy), twin.run_block(inputs, policy)
    wrong = [(int(row), OUT_FIELDS[column]) for row, column in np.argwhere(engine != c)]
    assert wrong == [], f"{what}: {twin.compiler} differs in (row, column) {wrong[:5]}"


def test_random_scenarios(twin, base_seed):
    for n in range(N_SCENARIOS):
        seed = base_seed + n
        inputs, policy = lower(*random_scenario(random.Random(seed)), seed, n % 3, n % 7)
        check_equal(twin, inputs, policy, f"scenario {seed}")


@pytest.mark.parametrize("name", [info.name for info in list_scenarios()])
def test_built_in_scenarios(twin, name):
    scenario = load_scenario(name, [f"scenario.max_events={MAX_EVENTS}"])
    design = build_design(scenario, 3)
    for point in range(0, len(design.points), max(1, len(design.points) // N_POINTS)):
        inputs = lower_block(design, point, 0, 3).inputs
        for policy in scenario.policies:
            check_equal(twin, inputs, lower_policy(policy), f"{name}, point {point}, {policy.name}")
