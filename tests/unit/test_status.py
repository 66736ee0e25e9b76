"""How one replicate stands with each estimand, case by case."""

import numpy as np
import pytest

from mcoom.codes import EndReason
from mcoom.engine.layout import OUT
from mcoom.tally.status import Case, Status, classify, restrict
from tests.unit.episode_rows import blank_row

H = 1_000_000


def row(end=EndReason.HORIZON, end_ns=0, **columns):
    out = blank_row()
    out[OUT["end_reason"]], out[OUT["end_ns"]] = end, end_ns
    for name, value in columns.items():
        out[OUT[name]] = value
    return out


def stand(estimand, out):
    standing = classify(estimand, out[None, None, :])
    return Status(standing.status[0, 0]), int(standing.times_ns[0, 0]), bool(standing.is_livelock[0, 0])


OPEN = {"t0_ns_0": 10, "n_inv": 1}
KILLED = {**OPEN, "kill_ns_0": 5}
CLOSED = {**KILLED, "release_ns_0": 8}
SECOND = {**CLOSED, "t0_ns_1": 30}

CASES = [
    ("kill", row(EndReason.KILLS_DONE, 99, **CLOSED), Status.SEEN, 5),
    ("kill", row(EndReason.HORIZON, 10 + H, **OPEN), Status.HORIZON, H),
    ("kill", row(EndReason.BUDGET, 60, **OPEN), Status.BUDGET, 50),
    ("kill", row(EndReason.NO_VICTIM, 60, **OPEN), Status.NO_VICTIM, 50),
    ("kill", row(EndReason.HORIZON, H), Status.NOT_REACHED, 0),
    ("kill", row(EndReason.BUDGET, 7), Status.BUDGET_BEFORE, 0),
    ("kill", row(EndReason.BUDGET, 60, **KILLED), Status.SEEN, 5),
    ("kill_2", row(EndReason.HORIZON, 18 + H, **CLOSED), Status.NOT_REACHED, 0),
    ("kill_2", row(EndReason.BUDGET, 60, **CLOSED), Status.BUDGET_BEFORE, 0),
    ("kill_2", row(EndReason.NO_VICTIM, 60, **CLOSED), Status.NOT_REACHED, 0),
    ("kill_2", row(EndReason.RECOVERED, 60, **SECOND), Status.RECOVERED, 30),
    ("kill_2", row(EndReason.HORIZON, 30 + H, **SECOND), Status.HORIZON, H),
    ("kill_2", row(EndReason.KILLS_DONE, 60, kill_ns_1=0, **SECOND), Status.SEEN, 0),
    ("release", row(EndReason.HORIZON, 10 + H, **KILLED), Status.HORIZON, H),
    ("release", row(EndReason.KILLS_DONE, 99, **CLOSED), Status.SEEN, 8),
    ("recovery", row(EndReason.RECOVERED, 99, recovery_ns=89, **CLOSED), Status.SEEN, 89),
    ("recovery", row(EndReason.HORIZON, 30 + H, **SECOND), Status.HORIZON, 20 + H),
    ("hold_max", row(EndReason.KILLS_DONE, 99, hold_max_ns=4, **CLOSED), Status.SEEN, 4),
    ("hold_max", row(EndReason.KILLS_DONE, 99, hold_max_ns=4, hold_open=1, **CLOSED), Status.SEEN, 4),
    ("hold_max", row(EndReason.HORIZON, 10 + H, hold_max_ns=4, hold_open=1, **KILLED), Status.HORIZON, 4),
    ("hold_max", row(EndReason.HORIZON, 10 + H, hold_max_ns=4, **KILLED), Status.SEEN, 4),
    ("hold_max", row(EndReason.BUDGET, 99, hold_max_ns=4, **CLOSED), Status.BUDGET, 4),
    ("hold_max", row(EndReason.NO_VICTIM, 99, hold_max_ns=4, hold_open=1, **OPEN), Status.NO_VICTIM, 4),
    ("hold_max", row(EndReason.HORIZON, H), Status.NOT_REACHED, 0),
]


@pytest.mark.parametrize(("estimand", "out", "status", "time_ns"), CASES)
def test_status_and_time(estimand, out, status, time_ns):
    assert stand(estimand, out)[:2] == (status, time_ns)


def test_every_status_is_covered():
    assert {case[2] for case in CASES} == set(Status)


@pytest.mark.parametrize(
    ("estimand", "seen", "livelock", "expected"),
    [("kill", OPEN, 0, True), ("kill", KILLED, 0, False), ("kill", SECOND, 1, False), ("kill_2", SECOND, 1, True),
     ("kill_2", SECOND, 0, False), ("release", KILLED, 0, True), ("release", SECOND, 1, False),
     ("recovery", SECOND, 1, True),
     ("hold_max", SECOND, 1, True), ("hold_max", SECOND, -1, False)],
)  # fmt: skip
def test_livelock_belongs_to_its_invocation_and_to_what_was_not_seen(estimand, seen, livelock, expected):
    assert stand(estimand, row(EndReason.HORIZON, 30 + H, livelock=livelock, **seen))[2] is expected


RESTRICTED = [
    # status of the row, then (is a member, restricted time) by case
    (row(EndReason.KILLS_DONE, 99, **CLOSED), (True, 5), (True, 5), (True, 5)),
    (row(EndReason.HORIZON, 10 + H, **OPEN), (True, H), (True, H), (True, H)),
    (row(EndReason.NO_VICTIM, 60, **OPEN), (True, H), (True, H), (True, H)),
    (row(EndReason.BUDGET, 60, **OPEN), (True, H), (True, 50), (True, H)),
    (row(EndReason.BUDGET, 7), (False, 0), (True, 0), (True, H)),
    (row(EndReason.HORIZON, H), (False, 0), (False, 0), (False, 0)),
]


@pytest.mark.parametrize(("out", "value", "best", "worst"), RESTRICTED)
def test_restricted_times_by_case(out, value, best, worst):
    standing = classify("kill", out[None, None, :])
    for case, expected in zip(Case, (value, best, worst), strict=True):
        restricted = restrict(standing, np.array([H]), case)
        assert (bool(restricted.is_member[0, 0]), int(restricted.times_ns[0, 0])) == expected


def test_a_recovery_after_the_horizon_is_restricted_to_it():
    out = row(EndReason.RECOVERED, 3 * H, recovery_ns=2 * H, **CLOSED)
    restricted = restrict(classify("recovery", out[None, None, :]), np.array([H]), Case.VALUE)
    assert restricted.times_ns.tolist() == [[H]]
