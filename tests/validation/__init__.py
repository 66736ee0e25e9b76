"""Closed forms that the engine must obey (docs/model.md says how it goes, these say where it must come out)."""
