"""What all slices of a panel of many rows share, so that no row is looked at twice.

`partition` packs slices that hold no row in common into one code a row. From codes, answers and
scores, `summary` makes sums that add over blocks of rows; `places` has the exact order of scores
on each slice, from one sort a model; `known` turns them into what a resampler needs of a slice.

Everything here is for plain rows: each its own unit, with weight 1.
"""
