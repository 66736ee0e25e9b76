"""Running a design: blocks of replicates, kept as they are finished, until a result file can be made of them.

Takes a design and a folder, gives a result file or a share of one. The only place below the command line that joins
lowering, engine, tallies and store; must know nothing of analysis and presentation.

    plan (the cut) -> manifest (the identity) -> cut (what is missing) -> executor + work (who does it, and what)
    -> execute (every result kept) -> assemble (the file); job goes the whole way, merge and status look at it
"""
