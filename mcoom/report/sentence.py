"""What a contrast says, in one sentence.

Takes a contrast and the two estimates it compares, gives a sentence with effect, interval and adjusted p-value. Must
know nothing of how they were computed, and claims nothing that the adjusted p-value of that very claim does not carry:
means, order and livelock are a family of tests each.
"""

from mcoom.analysis.result import Contrast, Estimate, Interval
from mcoom.report.any_law import ALLOWING, is_wider
from mcoom.report.quantity import p_text, share_text, time_interval, time_text

TESTS_OF_A_SENTENCE = 5
"""Mean, order, curve, crossing, livelock: each has a family of its own, so a sentence shares its error rate."""
_LATER = {"sooner": "later", "shorter": "longer"}


def earlier(estimand: str) -> str:
    """Say what a smaller time of an estimand is called."""
    return "shorter" if estimand == "hold_max" else "sooner"


def sentence(contrast: Contrast, policy: Estimate, baseline: Estimate, error_rate: float) -> str:
    """Return the verdict on one contrast.

    Parameters
    ----------
    contrast : Contrast
        The policy against the baseline.
    policy, baseline : Estimate
        The two that are compared.
    error_rate : float
        A difference is claimed where the adjusted p-value is at most this.

    Returns
    -------
    str
        One sentence, perhaps with a second half about livelock.
    """
    head = f"=> {contrast.estimand}: {contrast.policy} "
    if contrast.n_pairs and contrast.outcomes.get("n_tie") == contrast.n_pairs:
        times = f"does not differ from {contrast.baseline}: all {contrast.n_pairs:,} pairs are ties"
        return head + times + _livelock(contrast, policy, baseline, error_rate) + "."
    if contrast.p_adjusted is None:
        return f"{head}cannot be compared with {contrast.baseline}: {_why_not(contrast, policy, baseline)}."
    times = _times(contrast, error_rate) + _crossing(contrast, error_rate)
    return head + times + _livelock(contrast, policy, baseline, error_rate) + "."


def direction(contrast: Contrast, error_rate: float) -> str:
    """Return what a contrast carries: ``earlier``, ``later``, ``mixed`` (they differ, no direction) or ``open``.

    The restricted means and the order of the pairs are asked, each by its own adjusted p-value; the log-rank test,
    which is cautious on pairs and blind where curves cross, only if neither decides.

    Parameters
    ----------
    contrast : Contrast
        The policy against the baseline.
    error_rate : float
        A difference is claimed where the adjusted p-value is at most this.
    """
    found = {_mean_way(contrast, error_rate), _order_way(contrast, error_rate)} - {0}
    if found == {-1}:
        return "earlier"
    if found == {1}:
        return "later"
    if found or (contrast.p_adjusted is not None and contrast.p_adjusted <= error_rate):
        return "mixed"
    return "open"


def _mean_way(contrast: Contrast, error_rate: float) -> int:
    """Return -1 or 1 for a restricted mean shown to be smaller or larger than the baseline's, else 0."""
    value, p = contrast.rmst_diff_ns.value, contrast.rmst_p_adjusted
    if value is None or p is None or p > error_rate or _holds(contrast.rmst_diff_ns, 0.0):
        return 0
    return -1 if value < 0 else 1


def _order_way(contrast: Contrast, error_rate: float) -> int:
    """Return -1 or 1 for a policy shown to be mostly earlier or later than the baseline, else 0."""
    value, p = contrast.prob_superiority.value, contrast.superiority_p_adjusted
    if value is None or p is None or p > error_rate or _holds(contrast.prob_superiority, 0.5):
        return 0
    return -1 if value > 0.5 else 1


def _holds(interval: Interval, null: float) -> bool:
    """Return whether an interval holds what a test rejects: then nothing is claimed, whatever the test says."""
    low, high = interval.low, interval.high
    return (low is None or low <= null) and (high is None or null <= high)


def _mean_text(contrast: Contrast) -> str:
    """Give the size of a decided difference of means, without its sign, with interval and p-value."""
    diff = contrast.rmst_diff_ns
    value, *limits = (abs(x or 0.0) for x in (diff.value, diff.low, diff.high))
    low, high = sorted(limits)
    limits_text = f"{time_text(low)} to {time_text(high)}"
    return f"{time_text(value)} in the restricted mean ({limits_text}{_unseen(diff)}; {_p(contrast.rmst_p_adjusted)})"


def _unseen(diff: Interval) -> str:
    """Give the limits for every law where they say much less than the interval does; else nothing."""
    if not is_wider(diff):
        return ""
    low, high = diff.any_law or (None, None)
    sign = -1.0 if (diff.value or 0.0) < 0 else 1.0
    ends = sorted(sign * (x or 0.0) for x in (low, high))
    return f"; {time_text(ends[0])} to {time_text(ends[1])} {ALLOWING}"


def _p(p: float | None) -> str:
    return f"adjusted p {p_text(p)}"


def _fixed_p(contrast: Contrast, p: float | None) -> str:
    """Give the p-value of a test of whole curves, which a run that stopped by its own data has for a fixed n only."""
    return _p(p) + (", for a number of replicates fixed beforehand" if contrast.fixed_n else "")


def _order_p(contrast: Contrast) -> str:
    p = contrast.superiority_p_adjusted
    return _fixed_p(contrast, p) if "superiority_p" in contrast.fixed_n else _p(p)


def _times(contrast: Contrast, error_rate: float) -> str:
    word = earlier(contrast.estimand)
    mean, order = _mean_way(contrast, error_rate), _order_way(contrast, error_rate)
    share = f"{word} with probability {share_text(contrast.prob_superiority.value)}"
    if mean and mean == order:
        return f"is {word if mean < 0 else _LATER[word]} than {contrast.baseline}: by {_mean_text(contrast)}, {share}"
    if mean and order:
        way = word if mean < 0 else _LATER[word]
        return (
            f"differs from {contrast.baseline}, but not in one direction: {share}, yet {way} by {_mean_text(contrast)}"
        )
    if mean:
        return (
            f"is {word if mean < 0 else _LATER[word]} than {contrast.baseline} by {_mean_text(contrast)}; "
            "which is the earlier of a pair is undecided"
        )
    if order:
        return (
            f"is mostly {word if order < 0 else _LATER[word]} than {contrast.baseline}: {share} "
            f"({_order_p(contrast)}), restricted mean undecided"
        )
    if contrast.p_adjusted is not None and contrast.p_adjusted <= error_rate:
        p = f"log-rank, {_fixed_p(contrast, contrast.p_adjusted)}"
        return f"differs from {contrast.baseline} in its curve ({p}), neither in mean nor in order"
    diff = time_interval(contrast.rmst_diff_ns, signed=True)
    p = _fixed_p(contrast, contrast.p_adjusted)
    return f"is not told apart from {contrast.baseline} ({p}; restricted mean differs by {diff})"


def _crossing(contrast: Contrast, error_rate: float) -> str:
    """Give the half sentence on curves that are shown to cross; else nothing."""
    curves = contrast.curves
    if curves is None or curves.crossing_ns is None:
        return ""
    if curves.crossing_p_adjusted is None or curves.crossing_p_adjusted > error_rate:
        return ""
    word = earlier(contrast.estimand)
    first, then = (_LATER[word], word) if curves.is_later_first else (word, _LATER[word])
    between = " and ".join(time_text(t) for t in curves.crossing_ns)
    p = _fixed_p(contrast, curves.crossing_p_adjusted)
    return f"; the curves cross between {between}: {first} before, {then} after ({p})"


def _livelock(contrast: Contrast, policy: Estimate, baseline: Estimate, error_rate: float) -> str:
    """Give the half sentence on livelock; empty where neither policy ever livelocks."""
    ours, theirs = policy.livelock_prob.value, baseline.livelock_prob.value
    if not ours and not theirs:
        return ""
    shares = f"livelock {share_text(ours)} against {share_text(theirs)}"
    if contrast.livelock_p_adjusted is None or contrast.livelock_p_adjusted > error_rate:
        return f"; {shares}, not told apart"
    return f"; {shares} (adjusted p {p_text(contrast.livelock_p_adjusted)})"


def _why_not(contrast: Contrast, policy: Estimate, baseline: Estimate) -> str:
    for estimate in (policy, baseline):
        if estimate.n == 0:
            return f"{estimate.policy} never reached the invocation"
    if policy.counts["n_seen"] + baseline.counts["n_seen"] == 0:
        return "neither was ever seen to end"
    return contrast.rmst_diff_ns.reason or "too little was seen"
