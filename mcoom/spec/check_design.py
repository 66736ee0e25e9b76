"""Rules of ``[design]``: which keys go together, and over which parameters points can be sampled.

Takes the validated tables of a scenario file, raises ``SpecError`` on the first contradiction. Must not know how the
points are computed (``mcoom.design.build`` does).
"""

from mcoom.spec.file import POINTS_MAX, ScenarioFile
from mcoom.spec.law import Law
from mcoom.spec.scenario import iter_laws
from mcoom.spec.site import Site
from mcoom.units import closest

SAMPLED = ("latin_hypercube", "sobol", "saltelli")
"""Designs whose points are samples of laws."""
BINARY = ("sobol", "saltelli")
"""Designs that are balanced for powers of two only."""


def check_design(file: ScenarioFile, site: Site) -> None:
    """Check the design against the parameters.

    Parameters
    ----------
    file : ScenarioFile
        The validated tables.
    site : Site
        For messages.

    Raises
    ------
    SpecError
        On the first contradiction.
    """
    design = file.design
    laws = dict(iter_laws(file.machine, file.memory, file.costs, file.classes, file.crowds))
    axes = {path: law for path, law in laws.items() if law.form == "axis"}
    if design.kind in SAMPLED:
        _check_sampled(file, laws, axes, site)
        return
    for name in ("points", "over"):
        if name in design.model_fields_set:
            why = f"contradicts kind = {design.kind}; allowed: with {', '.join(SAMPLED)} only"
            raise site.error(("design", name), why)
    sizes = {path: len(law.values) for path, law in axes.items()}
    if design.kind == "zip" and len(set(sizes.values())) != 1:
        shown = ", ".join(f"{path} has {n}" for path, n in sizes.items()) or "there is none"
        raise site.error(("design", "kind"), f"zip needs axes of one length; {shown}; allowed: equal numbers of values")


def _check_sampled(file: ScenarioFile, laws: dict[str, Law], axes: dict[str, Law], site: Site) -> None:
    """Check a design that samples laws."""
    design = file.design
    if axes:
        why = f"contradicts the axis of {next(iter(axes))}; allowed: axes with grid and zip only"
        raise site.error(("design", "kind"), why)
    listed = sorted(p for p, law in laws.items() if law.form not in ("constant", "axis") and ".group." not in p)
    if not design.over:
        why = f"missing; allowed: some of {', '.join(listed) or 'none here, for no parameter has a law'}"
        raise site.error(("design", "over"), why)
    for path in design.over:
        if path in file.scenario.strata:
            raise site.error(("design", "over"), f"{path} is a stratum too; allowed: one or the other")
        if path not in listed:
            drawn = "drawn for each group" if ".group." in path else "no parameter with a law"
            why = f"{path!r} is {drawn}{closest(path, listed)}; allowed: {', '.join(listed) or 'none here'}"
            raise site.error(("design", "over"), why)
    if design.points is None:
        raise site.error(("design", "points"), f"missing; allowed: 2 to {POINTS_MAX}, needed by {design.kind}")
    if design.kind in BINARY and design.points & (design.points - 1):
        raise site.error(("design", "points"), f"{design.kind} is balanced for powers of two; allowed: 2, 4, 8, ...")
    n_points = design.points * (len(design.over) + 2 if design.kind == "saltelli" else 1)
    if n_points > POINTS_MAX:
        raise site.error(("design", "points"), f"{n_points} points in all; allowed: {POINTS_MAX}")
