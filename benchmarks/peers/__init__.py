"""The model as others would write it, to compare speed with."""
