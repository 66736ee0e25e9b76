"""The exact engine once more in C: a yardstick for speed, never a part of mcoom."""
