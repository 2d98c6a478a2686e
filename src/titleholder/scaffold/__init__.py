"""A first project in a repository that is there already: what `titleholder init` does.

`survey` looks at the files, `roles` says which file and column plays which part, `tables` brings
foreign columns into titleholder's names, `profile` drafts expectations, and `drafts` writes what
is lacking. Nothing that exists is ever changed.
"""

from titleholder.scaffold.drafts import CI_KINDS, drafts, keep
from titleholder.scaffold.roles import Roles, Said, assign
from titleholder.scaffold.sources import SOURCES, taken
from titleholder.scaffold.survey import Survey, look

__all__ = [
    "CI_KINDS", "SOURCES", "Roles", "Said", "Survey", "assign", "drafts", "keep", "look", "taken",
]  # fmt: skip
