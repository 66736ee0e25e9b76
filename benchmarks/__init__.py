"""What mcoom costs: scripts that measure it, and the workloads they share. `make bench` runs them all."""
