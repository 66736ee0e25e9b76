"""Published answers, run through the code that users run.

Takes tables of data with answers that somebody else printed, gives for each whether mcoom gives it to all printed
digits from raw times, and within its stated bound from bins. Must know nothing about scenarios or results files.
"""
