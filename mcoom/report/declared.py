"""What the scenario of a run said beforehand of its analysis.

Takes stored results, gives the ``Declared`` of their scenario and a line about it. Must know nothing of p-values.
"""

import json
from collections import Counter

from mcoom.analysis.anytime import Sequential
from mcoom.analysis.verdict import Analysis
from mcoom.errors import McoomError
from mcoom.spec.family import ONE_FAMILY, Declared
from mcoom.spec.load import parse_scenario
from mcoom.store.record import Results


def declared_of(results: Results) -> Declared:
    """Return what the stored scenario declares; the defaults where its text is of another version."""
    record = results.provenance
    try:
        return parse_scenario(str(record["scenario_text"]), str(record["scenario_name"])).declared
    except (KeyError, McoomError):
        return ONE_FAMILY


def sequential_of(results: Results) -> Sequential | None:
    """Return how to give limits of a run that stopped by its own data; None for any other."""
    stored = results.provenance.get("stopping")
    if not stored:
        return None
    how = json.loads(str(stored))
    means = {(p, policy, estimand): ((a, b), (c, d)) for p, policy, estimand, a, b, c, d in how.get("rmst", ())}
    return Sequential(round(1 - how["level"], 12), means)


def policy_titles(results: Results) -> dict[str, str]:
    """Return what each policy of the stored scenario does, in words; nothing if its text is of another version."""
    record = results.provenance
    try:
        scenario = parse_scenario(str(record["scenario_text"]), str(record["scenario_name"]))
    except (KeyError, McoomError):
        return {}
    return {policy.name: policy.title for policy in scenario.policies}


def families_text(analysis: Analysis) -> str:
    """Return a line on the families that the scenario declared, empty where it declared none."""
    if not analysis.declared.families:
        return ""
    sizes = Counter(contrast.family for contrast in analysis.contrasts if contrast.logrank_p is not None)
    shown = ", ".join(f"{name} ({n:,} contrasts)" for name, n in sizes.items())
    return f"p adjusted by {analysis.adjust} within families declared in the scenario: {shown}"
