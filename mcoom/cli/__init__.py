"""The command line: one module per group of commands.

Takes arguments, gives text or JSON and an exit code. Must know nothing of how anything is computed, and must import
neither Numba nor SciPy nor h5py before a command needs them: help has to answer at once.
"""
