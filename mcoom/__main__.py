"""``python -m mcoom``: the command line.

Takes the arguments of the process and gives its exit code. Must know nothing but where the command line is.
"""

from mcoom.cli.main import main

if __name__ == "__main__":
    main()
