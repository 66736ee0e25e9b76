"""Predictions kept in a file, to be scored later or again.

Takes predictions and what they were made from, gives one compressed numpy archive, and back. Must know nothing of
outcomes: a file of predictions can be written before the outcomes exist. The same predictions give the same bytes.
"""

import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mcoom.errors import DataError, StoreError, UnreadableError
from mcoom.validate.measured import Configuration
from mcoom.validate.predict import Prediction, Sample

SCHEMA_VERSION = 1
_ABOUT = ("schema_version", "replicates", "seed", "stage_costs", "stage_costs_sha256", "engine_digest", "mcoom")


@dataclass(frozen=True)
class PredictionSource:
    """What predictions were made from, besides the configurations."""

    replicates: int
    """Simulated boots per configuration."""
    seed: int
    stage_costs: str
    """Name of the file of stage costs."""
    stage_costs_sha256: str
    engine_digest: str
    mcoom: str
    """Version."""


def configuration_key(configuration: Configuration) -> str:
    """Return what a prediction of a configuration depends on, in one line: factors, rounds, horizons, speeds."""
    factors = " ".join(f"{column}={value}" for column, value in configuration.factors.labels().items())
    boots = " ".join(f"{boot.horizon_ns}/{boot.pass_ns or '-'}" for boot in configuration.boots)
    return f"{factors} | {configuration.rounds} rounds | {boots}"


def write_predictions(
    path: Path, configurations: Sequence[Configuration], predictions: Sequence[Prediction], source: PredictionSource
) -> None:
    """Write predictions to a file, whole or not at all.

    Parameters
    ----------
    path : Path
        Replaced if it exists.
    configurations, predictions : sequences
        Of the same length, in order.
    source : PredictionSource
        What they were made from.

    Raises
    ------
    StoreError
        If the file cannot be written.
    """
    samples = [sample for prediction in predictions for sample in prediction.samples]
    about: dict[str, Any] = {"schema_version": SCHEMA_VERSION, **vars(source)}
    about["configurations"] = [configuration_key(item) for item in configurations]
    about["n_budget"] = [prediction.n_budget for prediction in predictions]
    about["n_kills"] = [len(prediction.samples) for prediction in predictions]
    about["n_without_entry"] = [sample.n_without_entry for sample in samples]
    arrays: dict[str, Any] = {
        "about": np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
        "n": np.array([len(sample.time_ns) for sample in samples], dtype=np.int64),
        "time_ns": np.concatenate([sample.time_ns for sample in samples] or [np.zeros(0, np.int64)]),
        "censored": np.concatenate([sample.censored for sample in samples] or [np.zeros(0, bool)]),
        "boot": np.concatenate([sample.boot for sample in samples] or [np.zeros(0, np.int64)]),
    }
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(packed.getvalue())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error


def read_predictions(
    path: Path, configurations: Sequence[Configuration]
) -> tuple[tuple[Prediction, ...], PredictionSource]:
    """Read the predictions of some configurations.

    Parameters
    ----------
    path : Path
        A file of ``write_predictions``; it may hold other configurations too.
    configurations : sequence of Configuration
        What is wanted, in order.

    Returns
    -------
    tuple
        A prediction per configuration, and what they were made from.

    Raises
    ------
    DataError
        If it is no such file, or a configuration is not in it: same factors, rounds, horizons and pass costs.
    """
    about, sizes, times, censored, boots = _load(path)
    found: dict[str, Prediction] = {}
    starts = np.concatenate([[0], np.cumsum(sizes)])
    first = 0
    for key, n_kills, n_budget in zip(about["configurations"], about["n_kills"], about["n_budget"], strict=True):
        samples = []
        for i in range(first, first + n_kills):
            part = slice(starts[i], starts[i + 1])
            samples.append(Sample(times[part], censored[part], boots[part], about["n_without_entry"][i]))
        found[key] = Prediction(tuple(samples), about["replicates"], n_budget)
        first += n_kills
    predictions = []
    for configuration in configurations:
        key = configuration_key(configuration)
        if key not in found:
            raise DataError(
                f"{path}: no prediction of {key}; allowed: predictions made for these measured files "
                f"(mcoom validate --save-predictions); it has {len(found)} configurations"
            )
        predictions.append(found[key])
    return tuple(predictions), PredictionSource(**{name: about[name] for name in _ABOUT[1:]})


def _load(path: Path) -> tuple[dict[str, Any], np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return header and arrays of a file of predictions."""
    allowed = "allowed: a file of 'mcoom validate --save-predictions'"
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            about = json.loads(archive["about"].tobytes())
            sizes, times, censored, boots = (archive[name] for name in ("n", "time_ns", "censored", "boot"))
    except OSError as error:
        raise UnreadableError(f"{path}: cannot be read: {error.strerror or error}; {allowed}") from error
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path}: not a file of predictions ({error}); {allowed}") from error
    version = about.get("schema_version")
    if version != SCHEMA_VERSION:
        raise DataError(f"{path}: schema version {version}; allowed: {SCHEMA_VERSION}")
    if not sizes.sum() == len(times) == len(censored) == len(boots) or sum(about["n_kills"]) != len(sizes):
        raise DataError(f"{path}: its parts do not fit together; {allowed}")
    return about, sizes, times, censored, boots


def digest_text(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
