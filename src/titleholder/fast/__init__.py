"""Passes over very many rows that cost little: `sorting`, and what the extra ``fast`` compiles.

`compiled` says whether there are compiled passes, which `passes` has. They give the same bytes as
numpy does without them.
"""
