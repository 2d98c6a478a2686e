"""Data in many files: what the stages do where no process holds them whole.

`shards` finds the files and their units, `blocks` reads them. `validate`, `drift`, `answers` (what
models say) and `compare` are those stages over units; a comparison is planned (`planning`), summed
unit by unit (`summing`, `ordering`, `single_rows`) and brought together (`together`). A unit may
be worked on by any worker, in any order.
"""
