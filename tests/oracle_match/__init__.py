"""The engine against the oracle, event for event."""
