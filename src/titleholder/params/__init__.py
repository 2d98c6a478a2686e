"""params.yaml and policy files: what may stand in them, and what is wrong with one that does.

`schema` says the shape, `document` reads strict YAML and remembers lines, `shape` and `check`
find every problem at once, `load` puts them together.
"""
