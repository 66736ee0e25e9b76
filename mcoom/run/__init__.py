"""Running a design: blocks of replicates over threads, and progress.

Takes a design, gives tallies per point with their provenance. The only place below the command line that joins
lowering, engine and tallies; must know nothing of analysis and presentation.
"""
