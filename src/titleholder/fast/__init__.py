"""Passes over very many rows that cost little: `sorting`, `counting`, what the extra ``fast`` has.

`compiled` says whether there are compiled passes, which `passes` has. They give the same bytes as
numpy does without them.
"""
