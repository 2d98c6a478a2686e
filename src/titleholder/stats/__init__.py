"""Paired resampling, intervals and power.

`keys` seeds, `sample` cuts a slice out, `replicates` turns a metric's law into joint
replicates of champion and candidate, `intervals` turns those into estimates, `power` says how
many rows would have settled what stayed open.
"""
