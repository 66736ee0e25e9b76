"""Results in words and aligned text.

Takes what the analysis gives, and traces; gives lines for a person. Must know nothing of how anything was computed.
"""
