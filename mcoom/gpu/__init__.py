"""The engine on a CUDA GPU: one thread simulates one replicate.

Takes blocks of inputs and policies, gives the rows that ``mcoom.engine.replicates`` gives, byte for byte. Optional (the
extra ``gpu``), and loaded only where it is asked for. Must hold no rule of the kernel: the source is the engine's own
(docs/adr/0021).
"""
