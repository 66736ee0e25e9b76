"""What all tests share: the seed of the random ones."""

import os

import pytest


@pytest.fixture(scope="session")
def base_seed() -> int:
    """Return the seed that random tests start from: fixed, and shiftable by MCOOM_TEST_SEED."""
    return int(os.environ.get("MCOOM_TEST_SEED", "0"))
