"""The cache of compiled kernels: where it is, what is in it, and how many processes share it without harm.

Takes bytes under a name, gives them back whole or not at all. Below everything else of mcoom; must know nothing of what
the kernels do.
"""
