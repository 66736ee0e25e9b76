"""Several measured files as one.

Takes files that were read, gives one whose configurations have the boots of all. Must know nothing of predictions.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from mcoom.errors import DataError
from mcoom.validate.measured import Boot, Configuration, Factors, Measured, read_measured, read_text
from mcoom.validate.stages import SHIPPED_COSTS


def read_all(paths: Sequence[str]) -> Measured:
    """Read measured files; none means the one that comes with mcoom.

    Raises
    ------
    DataError
        As ``read_measured``.
    """
    return merge([read_measured(path) for path in paths] or [read_measured()])


def merge(files: Sequence[Measured]) -> Measured:
    """Join measured files, at least one.

    Boots of different files are different boots, whatever their names: with several files a boot is named
    ``FILE:BOOT``. A configuration that is in several files is one, with the boots of all.

    Parameters
    ----------
    files : sequence of Measured
        In the order that decides the order of configurations.

    Returns
    -------
    Measured
        The file itself if there is only one.
    """
    if len(files) == 1:
        return files[0]
    boots: dict[Factors, list[Boot]] = {}
    episodes = []
    for i, file in enumerate(files):
        # A file given twice is two files: the number keeps their boots apart.
        place = f"{i + 1}:{file.name}"
        for configuration in file.configurations:
            named = [dataclasses.replace(boot, boot_id=f"{place}:{boot.boot_id}") for boot in configuration.boots]
            boots.setdefault(configuration.factors, []).extend(named)
        episodes += [
            dataclasses.replace(episode, boot_id=f"{place}:{episode.boot_id}") for episode in file.episodes
        ]  # fmt: skip
    return Measured(
        ", ".join(file.name for file in files),
        tuple(Configuration(factors, tuple(found)) for factors, found in boots.items()),
        tuple(episodes),
        sum(file.n_rows for file in files),
        sum(file.n_never_open for file in files),
    )


def stage_costs_beside(paths: Sequence[str]) -> str | None:
    """Return the stage costs that lie beside the measured files, None (those that mcoom ships) if there are none.

    Raises
    ------
    DataError
        If they lie beside several files and differ: one prediction has one table of costs.
    """
    found = [str(beside) for path in paths if (beside := Path(path).parent / SHIPPED_COSTS).is_file()]
    for other in found[1:]:
        if read_text(Path(other)) != read_text(Path(found[0])):
            raise DataError(f"{other}: other stage costs than {found[0]}; allowed: one table for all measured files")
    return found[0] if found else None
