"""Streams: exact values, agreement with the engine, uniformity, and independence of neighbouring keys.

False alarms are computed for a perfect generator; every seed is fixed, so a green run stays green. Each statistical
check has a twin, a flawed scheme that it must reject.
"""

import numpy as np
import pytest
from scipy import stats

from mcoom._jit import entry
from mcoom.design.stream import GOLDEN, MASK, draw, mix64, purpose_of, stream_key
from mcoom.engine.rng import fold_key

N = 1 << 15


def plain_mix(z: int) -> int:
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def plain_draw(levels: tuple[int, ...], n: int) -> int:
    key = 0
    for j, x in enumerate(levels):
        key = plain_mix(key ^ plain_mix((x + GOLDEN * (j + 1)) & MASK))
    return plain_mix((key + GOLDEN * (n + 1)) & MASK)


@pytest.mark.parametrize("levels", [(0, 0, 0, 0, 0, 0), (1, 2, 3, 0, 4, 5), (2**62, 10**5, 10**9, 7, 2**20, 2**48)])
@pytest.mark.parametrize("n", [0, 1, 1000])
def test_draws_are_those_of_the_page(levels, n):
    assert int(draw(stream_key(*levels), n)[0]) == plain_draw(levels, n)


def test_keys_broadcast():
    replicates = np.arange(5, dtype=np.uint64)
    keys = stream_key(1, 2, replicates, 0, np.arange(3)[:, None], 16)
    assert keys.shape == (3, 5)
    assert int(keys[2, 4]) == int(stream_key(1, 2, 4, 0, 2, 16)[0])


@entry
def fold_levels(levels):
    key = np.uint64(0)
    for j in range(len(levels)):
        key = fold_key(key, levels[j], j)
    return key


def test_the_engine_folds_the_same_keys():
    levels = (3, 1, 41, 0, 6, 16)
    with np.errstate(over="ignore"):  # without the compiler NumPy warns of the wrap-around that is meant
        assert int(fold_levels(np.array(levels, np.int64))) == int(stream_key(*levels)[0])


def test_purposes_are_stable_and_apart():
    assert purpose_of("machine.cpus") == 140290275285878
    paths = [f"class.c{i}.{key}" for i in range(300) for key in ("count", "nice", "rss", "touch")]
    assert len({purpose_of(path) for path in paths}) == len(paths)
    assert min(map(purpose_of, paths)) >= 16


def worst_uniformity(words: np.ndarray) -> float:
    """Smallest p-value of chi-squared tests on the bytes that the sampling uses: two tests."""
    p_values = []
    for shift in (56, 36):
        counts = np.bincount(((words >> np.uint64(shift)) & np.uint64(255)).astype(int), minlength=256)
        p_values.append(stats.chisquare(counts).pvalue)
    return min(p_values)


def test_draws_are_uniform():
    # Five streams of two tests each at 1e-7: false alarm 1e-6.
    replicates = np.arange(N * 4, dtype=np.uint64)
    for purpose in (0, 5, 16, purpose_of("machine.cpus"), purpose_of("class.storm.count")):
        assert worst_uniformity(draw(stream_key(1, 0, replicates, 0, 0, purpose), 0)) > 1e-7


def test_uniformity_rejects_a_skewed_twin():
    words = draw(stream_key(1, 0, np.arange(N * 4, dtype=np.uint64), 0, 0, 0), 0)
    skewed = words | (np.uint64(1) << np.uint64(63)) * (words % np.uint64(8) == 0).astype(np.uint64)
    assert worst_uniformity(skewed) < 1e-7


def good_scheme(levels: list[np.ndarray], n: int) -> np.ndarray:
    return draw(stream_key(*levels), n)  # type: ignore[arg-type]


def shifted_scheme(levels: list[np.ndarray], n: int) -> np.ndarray:
    """SplitMix64 whose keys are golden-ratio multiples of the sum of the levels: shifted copies of one sequence."""
    total = np.zeros(N, np.uint64)
    for level in levels:
        total = total + np.broadcast_to(np.asarray(level, np.uint64), (N,))
    return mix64(total * np.uint64(GOLDEN) + np.uint64((GOLDEN * (n + 1)) & MASK))


def worst_correlation(scheme) -> float:
    """Largest |z| of the correlation of two streams whose keys differ a little in one level, at any of 2 x 2 draws.

    Six levels x 6 shifts x 4 pairs of draws = 144 correlations, each standard normal to good approximation.
    """
    worst = 0.0
    rng = np.random.default_rng(20)
    for level in range(6):
        base = [np.full(N, 3, np.uint64) for _ in range(6)]
        base[(level + 1) % 6] = rng.permutation(N).astype(np.uint64)
        for shift in (1, 2, 3, 16, 1 << 20, 1 << 32):
            other = list(base)
            other[level] = base[level] + np.uint64(shift)
            for n in (0, 1):
                for m in (0, 1):
                    x, y = (w.astype(np.float64) for w in (scheme(base, n), scheme(other, m)))
                    worst = max(worst, abs(np.corrcoef(x, y)[0, 1]) * np.sqrt(N))
    return worst


def test_neighbouring_keys_are_independent():
    # |z| > 6 has probability 2e-9; of 144: 3e-7.
    assert worst_correlation(good_scheme) < 6


def test_independence_rejects_golden_ratio_shifts():
    assert worst_correlation(shifted_scheme) > 100


def test_swapped_levels_are_different_streams():
    words = {int(draw(stream_key(*(9 if i == j else 0 for i in range(6))), 0)[0]) for j in range(6)}
    assert len(words) == 6
