"""Panels that are a directory of Parquet files, or a prefix of a bucket: read piece by piece.

Rows have one order over all files: files by name, rows as they stand in each. They are read in
blocks of `stats.shared.summary.ROWS` rows by their number in that order, so that no result hangs on
how rows are split into files. A `Unit` is a run of blocks, and no more than a convenience: what is
found of blocks adds up the same whoever found it, in whatever order (`blocks`, `files`, `reading`;
who does the work is a `runner`).
"""
