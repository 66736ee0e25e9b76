"""Watermarks from the amount of managed memory, by the kernel's formulas.

Takes columns of pages, gives columns of pages. Must not know zones: the machine has one.
"""

import numpy as np
from numpy.typing import NDArray

PAGE_KB = 4
"""kB of a page."""
MIN_FREE_KB = {0: (128, 65_536), 1: (128, 262_144)}
"""Least and greatest min_free_kbytes by version of the formulas: 0 is v4.13, 1 is v6.1 (since about v5.8)."""
PAGEBLOCK = 512
"""Pages of a huge page block on x86-64."""
SCALE_FACTOR = 10
"""watermark_scale_factor, in 1/10000 of managed memory."""


def min_pages(
    managed: NDArray[np.int64], version: NDArray[np.int64], thp_zones: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Give the min watermark.

    Parameters
    ----------
    managed : np.ndarray
        (R,) int64 managed memory, pages; taken for the lowmem of the formula.
    version : np.ndarray
        (R,) int64, a key of ``MIN_FREE_KB``.
    thp_zones : np.ndarray
        (R,) int64 zones counted for transparent huge pages; 0: they are off.

    Returns
    -------
    np.ndarray
        (R,) int64 pages.

    Source
    ------
    mm/page_alloc.c: init_per_zone_wmark_min (v4.13), calculate_min_free_kbytes (v6.1): the root of 16 * lowmem in kB,
    clamped; mm/khugepaged.c: set_recommended_min_free_kbytes: 11 page blocks for each zone, at most a twentieth.
    """
    root = _isqrt(16 * PAGE_KB * managed)
    lows = np.array([MIN_FREE_KB[v][0] for v in (0, 1)], np.int64)[version]
    highs = np.array([MIN_FREE_KB[v][1] for v in (0, 1)], np.int64)[version]
    plain = np.clip(root, lows, highs) // PAGE_KB
    huge = np.minimum(PAGEBLOCK * thp_zones * (2 + 9), managed // 20)
    mark: NDArray[np.int64] = np.maximum(plain, np.where(thp_zones > 0, huge, 0))
    return mark


def high_pages(managed: NDArray[np.int64], min_mark: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the high watermark.

    Parameters
    ----------
    managed : np.ndarray
        (R,) int64 managed memory, pages; 0 where only the min mark is known.
    min_mark : np.ndarray
        (R,) int64 min watermark, pages.

    Returns
    -------
    np.ndarray
        (R,) int64 pages: min + 2 * max(min / 4, managed * 10 / 10000).

    Source
    ------
    mm/page_alloc.c: __setup_per_zone_wmarks, v4.13 and v6.1.
    """
    gap: NDArray[np.int64] = np.maximum(min_mark // 4, managed * SCALE_FACTOR // 10_000)
    return min_mark + 2 * gap


def _isqrt(x: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the whole part of the root, exact for x below 2**52."""
    root: NDArray[np.int64] = np.sqrt(x.astype(np.float64)).astype(np.int64)
    root -= root * root > x
    root += (root + 1) * (root + 1) <= x
    return root
