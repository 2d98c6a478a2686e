"""Models on the same rows: on which slices, by how much, and in which rows they differ.

`slices` and `segments` say which rows belong together, `fingerprint` which rows a panel is made
of; `compare` measures champion against candidate on each, `decay` the champion against its own
past, `standings` several models against each other, and `explore` looks for slices that nobody
declared. Nothing here knows a rule: what is measured here is judged by `titleholder.judge`.
"""
