"""A suite of expectations over many shards: each is looked at alone, and what was found adds up.

`mergeable` says which expectations have an answer that adds up, and refuses the others; `shard`
makes what one shard gives, `partial` a whole of several; `measures` are the statistics of columns,
`keys` the hashes that find a value twice. Rows that an expectation looks at one by one are the
engine's (`adapters.expectations.examine`); everything is judged on the totals, in
`validation.judging`, as one frame is.
"""

from titleholder.validation.sharded.keys import first_doubled
from titleholder.validation.sharded.mergeable import by_engine, of_schema, problems, reads
from titleholder.validation.sharded.partial import Partial, total
from titleholder.validation.sharded.shard import hashes_of, measures_of, standing

__all__ = [
    "Partial",
    "by_engine",
    "first_doubled",
    "hashes_of",
    "measures_of",
    "of_schema",
    "problems",
    "reads",
    "standing",
    "total",
]
