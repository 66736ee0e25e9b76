"""The public episodes, predicted from stage costs: floors that no change may fall through unseen."""

import pytest

from mcoom.validate.main import Settings, validate


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_public_scores_stay_above_their_floors():
    """Floors lie a few cells below the scores of today (docs/validation.md); raise them with it."""
    report = validate((), Settings(40, 1, 2))
    summary = report.summary
    assert (summary.n_cells, summary.n_stuck, report.n_boots) == (1836, 229, 700)
    assert summary.recall.value > 0.87
    assert summary.specificity.value > 0.975
    assert summary.coverage.value > 0.78
    assert summary.median_abs_log10_ratio < 0.03
    # An answer that cannot tell cells apart has skill 0.
    assert summary.skill > 0.75
    sleeping = [one for one in report.transitions if one.sleeps_under_lock and one.crosses]
    assert sum(one.agrees for one in sleeping) >= 0.6 * len(sleeping) > 0
