"""The text of ``--until``: what it means, and what is refused."""

import pytest

from mcoom.spec.until import Clause, parse_rule

ESTIMANDS = ("kill", "kill_2", "release")


def only(text):
    (clause,) = parse_rule(text, ("kill",)).clauses
    return clause.quantity, clause.metric, clause.target


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("livelock_prob ci_width < 1e-3", ("livelock_prob", "ci_width", 1e-3)),
        ("livelock_prob half_width<=0.5%", ("livelock_prob", "half_width", 0.005)),
        ("rmst relative_error < 1 %", ("rmst", "relative_error", 0.01)),
        ("rmst ci_width < 5 ms", ("rmst", "ci_width", 5e6)),
        ("median relative_error < 0.05", ("median", "relative_error", 0.05)),
        ("  p99.9  ci_width  <  1 s ", ("p99.9", "ci_width", 1e9)),
        ("kill.p_reached ci_width < 0.01", ("p_reached", "ci_width", 0.01)),
    ],
)
def test_meaning(text, meaning):
    assert only(text) == meaning


def test_probability_of_a_quantile():
    clauses = parse_rule("median ci_width < 1 s and p99.9 ci_width < 1 s and rmst ci_width < 1 s", ("kill",)).clauses
    assert [c.prob for c in clauses] == [0.5, pytest.approx(0.999), None]


def test_without_an_estimand_it_is_asked_of_all():
    rule = parse_rule("rmst relative_error < 1 % and kill_2.livelock_prob ci_width < 0.1", ESTIMANDS)
    assert [(c.estimand, c.quantity) for c in rule.clauses] == [
        ("kill", "rmst"), ("kill_2", "rmst"), ("release", "rmst"), ("kill_2", "livelock_prob"),
    ]  # fmt: skip
    assert rule.clauses[1] == Clause("kill_2", "rmst", "relative_error", 0.01, "kill_2.rmst relative_error < 1 %")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no condition"),
        ("livelock_prob < 1e-3", "is no condition"),
        ("livelock_prob ci_width > 1e-3", "is no condition"),
        ("livelock_prob ci_width < 1e-3 or rmst ci_width < 1 s", "is no bound"),
        ("livelok_prob ci_width < 1e-3", "did you mean 'livelock_prob'"),
        ("kil.rmst ci_width < 1 s", "did you mean 'kill'"),
        ("rmst cl_width < 1 s", "did you mean 'ci_width'"),
        ("rmst ci_width < 5", "needs its unit|unit is missing"),
        ("rmst ci_width < 0 s", "is no bound"),
        ("livelock_prob ci_width < 0", "is no bound"),
        ("livelock_prob ci_width < 1", "is no bound"),
        ("livelock_prob ci_width < nan", "is no bound"),
        ("rmst relative_error < inf", "is no bound"),
        ("p0 ci_width < 1 s", "is no percentile"),
        ("p100 ci_width < 1 s", "is no percentile"),
        ("p99.9.9 ci_width < 1 s", "unknown estimand 'p99.9'|is no condition"),
    ],
)
def test_refusals_name_what_is_wrong_and_what_is_allowed(text, words):
    with pytest.raises(ValueError, match=words) as found:
        parse_rule(text, ESTIMANDS)
    assert "allowed" in str(found.value)
    assert "\n" not in str(found.value)
