"""Whether there is a GPU to run on.

Takes nothing, gives a reason why not. Must not compile or allocate anything.
"""


def why_not() -> str | None:
    """Return why no GPU can be used here, None if one can."""
    try:
        from numba import cuda
    except ImportError as error:
        return f"numba.cuda cannot be loaded ({error}); install it with pip install 'mcoom[gpu]'"
    if not cuda.is_available():
        return "Numba finds no CUDA GPU with a driver"
    try:
        import mcoom.gpu.kernel  # noqa: F401
    except ImportError as error:
        return f"the package numba-cuda is missing ({error}); install it with pip install 'mcoom[gpu]'"
    return None
