"""What a contrast says, in one sentence.

Takes a contrast and the two estimates it compares, gives a sentence with effect, interval and adjusted p-value. Must
know nothing of how they were computed, and claims nothing that the adjusted p-value does not carry.
"""

from mcoom.analysis.result import Contrast, Estimate
from mcoom.report.quantity import p_text, share_text, time_interval, time_text

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
    return head + _times(contrast, error_rate) + _livelock(contrast, policy, baseline, error_rate) + "."


def direction(contrast: Contrast, error_rate: float) -> str:
    """Return what a contrast carries: ``earlier``, ``later``, ``mixed`` (they differ, no direction) or ``open``.

    Parameters
    ----------
    contrast : Contrast
        The policy against the baseline.
    error_rate : float
        A difference is claimed where the adjusted p-value is at most this.
    """
    if contrast.p_adjusted is None or contrast.p_adjusted > error_rate:
        return "open"
    diff = contrast.rmst_diff_ns
    if diff.high is not None and diff.high < 0:
        return "earlier"
    return "later" if diff.low is not None and diff.low > 0 else "mixed"


def _times(contrast: Contrast, error_rate: float) -> str:
    diff = contrast.rmst_diff_ns
    p = f"adjusted p {p_text(contrast.p_adjusted)}"
    way = direction(contrast, error_rate)
    if way == "open":
        return (
            f"is not told apart from {contrast.baseline} ({p}; restricted mean differs by "
            f"{time_interval(diff, signed=True)})"
        )
    if way in ("earlier", "later") and None not in (diff.value, diff.low, diff.high):
        word = earlier(contrast.estimand) if way == "earlier" else _LATER[earlier(contrast.estimand)]
        value, *limits = (time_text(abs(x or 0.0)) for x in (diff.value, diff.low, diff.high))
        limits = limits[::-1] if way == "earlier" else limits
        return (
            f"is {word} than {contrast.baseline}: by {value} in the restricted mean ({limits[0]} to {limits[1]}; {p})"
        )
    share = contrast.prob_superiority.value
    how = (
        f"{earlier(contrast.estimand)} with probability {share_text(share)}"
        if share is not None
        else "the curves differ"
    )
    return f"differs from {contrast.baseline}, but not in one direction: {how}, restricted mean undecided ({p})"


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
