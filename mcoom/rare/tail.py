"""Long waits and livelocks of episodes as a system to split.

Takes a design, a point, a policy and an invocation, gives a ``System`` whose importance is the time that the invocation
has been open without a kill. Must know nothing of how episodes are simulated (``mcoom.rare.fork`` does).

Time is an importance function that always leads to the target, and along which nothing is lost: a wait of a second has
been a wait of half a second before. What makes it long - the owner's deficit of vruntime, who else runs - is in the
copied state. It helps as far as the end of a wait is decided while it lasts; where it is decided by parameters that
were drawn at the start, copies share them, and splitting is no better than counting.
"""

import math

import numpy as np

from mcoom.design.build import Design
from mcoom.design.stream import Words
from mcoom.errors import SpecError
from mcoom.lower import lower_block, lower_policy
from mcoom.rare.fork import Episodes, begin_episodes, rekey, wait
from mcoom.rare.system import Floats, Outcome, Segment
from mcoom.tally.status import invocation_of


class WaitTail:
    """An invocation of one cell that stays open without a kill.

    Parameters
    ----------
    design : Design
        What is run.
    point : int
        Number of the point.
    policy : str
        Name of the policy.
    estimand : str
        ``kill``, ``kill_2``, ...: which invocation.
    target_ns : int
        How long it has to stay open, at most the horizon.
    is_livelock : bool
        Whether it has to be a livelock besides; the target is then the horizon.

    Raises
    ------
    SpecError
        Something is out of range or unknown; the text says what is allowed.
    """

    def __init__(
        self, design: Design, point: int, policy: str, estimand: str, target_ns: int, is_livelock: bool = False
    ) -> None:
        scenario = design.scenario
        names = [p.name for p in scenario.policies]
        if policy not in names:
            raise SpecError(f"--policy {policy}: not in the scenario; allowed: {', '.join(names)}")
        kills = [e for e in scenario.estimands if e.startswith("kill")]
        if estimand not in kills:
            raise SpecError(f"--estimand {estimand}: not a time to kill of the scenario; allowed: {', '.join(kills)}")
        if not 0 <= point < len(design.points):
            raise SpecError(f"--point {point}: out of range; allowed: 0 to {len(design.points) - 1}")
        if not 1 <= target_ns <= scenario.horizon_ns:
            raise SpecError(f"--beyond {target_ns} ns: allowed: 1 ns to the horizon of {scenario.horizon_ns} ns")
        if is_livelock and target_ns != scenario.horizon_ns:
            raise SpecError("--livelock: is defined at the horizon; allowed: without --beyond")
        self.target = float(target_ns)
        self._design = design
        self._point = point
        self._policy = lower_policy(next(p for p in scenario.policies if p.name == policy))
        self._invocation = invocation_of(estimand)
        self._horizon_ns = scenario.horizon_ns
        self._is_livelock = is_livelock

    def start(self, first: int, n: int) -> Episodes:
        """Give replicates ``first`` to ``first + n - 1`` at their first instant, their parameters drawn."""
        inputs = lower_block(self._design, self._point, first, n).inputs
        return begin_episodes(inputs, self._policy, self._invocation)

    def run(self, states: Episodes, keys: Words, level: Floats, floor: Floats) -> Segment:
        """Run copies on until their invocation has been open for ``level`` ns; the floor is never met."""
        episodes = states[slice(None)]
        rekey(episodes, self._design.seed, self._point, keys)
        found = wait(episodes, self._invocation, np.ceil(level).astype(np.int64), self._horizon_ns)
        is_last = level >= self.target
        is_there = np.where(is_last & self._is_livelock, found.is_livelock, found.is_open)
        # Open to the end but no livelock: as near as can be, and not there.
        best = np.where(found.kill_ns >= 0, np.minimum(found.kill_ns, level), np.where(found.is_open, level, 0.0))
        best = np.where(is_there, level, np.minimum(best, np.nextafter(level, -math.inf)))
        outcome = np.where(is_there, int(Outcome.REACHED), int(Outcome.ABSORBED))
        return Segment(outcome, episodes, best, found.n_events)
