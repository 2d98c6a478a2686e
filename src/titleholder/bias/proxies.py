"""What gives a group away: how well a column, or all of them, tells its rows from the rest.

The scores come from models that were fitted on other rows (cross-validation); here they are only
measured. A column that tells the group can stand in for it in a model that never sees it.
"""

from collections.abc import Mapping

import numpy as np

from titleholder.arrays import Bools, Floats, Ints, Panel, Predictions
from titleholder.bias.records import Proxies, Proxy
from titleholder.comparison.slices import OVERALL
from titleholder.metrics import REGISTRY
from titleholder.stats.estimates import estimated
from titleholder.stats.resampler import Draw, Resampler
from titleholder.stats.sample import take
from titleholder.types import Estimate, Task

COLUMN, TOGETHER, SCORE = "column", "together", "score"


def measured(
    column: str,
    group: str,
    member: Bools,
    scores: Mapping[tuple[str, str], Floats],
    cluster: Ints | None,
    draw: Draw,
    level: float,
) -> Proxies:
    """Areas under the ROC curve of ``scores`` (n,) by kind and name, for ``member`` (n,)."""
    panel = Panel(
        np.arange(len(member)).astype(str), Task.BINARY, member.astype(np.int64), ("no", "yes"),
        cluster=cluster,
    )  # fmt: skip
    found = [
        Proxy(what, kind, _auc(panel, score, draw, level)) for (kind, what), score in scores.items()
    ]
    order = {TOGETHER: 0, SCORE: 1, COLUMN: 2}
    found.sort(key=lambda p: (order[p.kind], -(p.auc.value or 0.0), p.what))
    return Proxies(column, group, len(member), tuple(found))


def _auc(panel: Panel, score: Floats, draw: Draw, level: float) -> Estimate:
    told = Predictions("proxy", label=np.asarray(panel.y_true), score=score)
    sample = take(OVERALL, np.ones(len(panel), dtype=bool), panel, told, told)
    paired, _ = estimated(REGISTRY["roc_auc"], Resampler(sample, draw), level)
    return paired.champion
