"""params.yaml and policy files: what may stand in them, and what is wrong with one that was written.

`schema` says the shape, `document` reads strict YAML and remembers lines, `check` finds every
problem at once, `load` puts the three together.
"""
