"""Paired estimates, their intervals, tests and power.

`sample` cuts a slice out, `keys` seeds, `resampler` draws, `cells` and `gaps` count rows so that
draws cost little, `replicates` turns a metric's law into joint replicates of champion and
candidate, `influence` knows how sure their spread is, `intervals` turns both into estimates,
`third_order` and `remainder` stand for explicit draws where they hold, `normal` needs none,
`extremes` guards those without any spread, `shares` has score intervals in place of all that.
`shared` reads many rows once for all slices, and `by_law` has the law of what it found.
`estimates` picks a metric's default; `methods` is the table of what else may be asked for
(`alternatives`, `hypotheses`, `by_row`). `power` says how many rows would have settled it.
"""
