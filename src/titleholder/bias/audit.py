"""The audit of one candidate, put together from rates and gaps."""

from collections.abc import Iterable, Mapping, Sequence

from titleholder.arrays import Panel
from titleholder.bias.groups import axes, enough, sizes
from titleholder.bias.rates import Models, against, between, within
from titleholder.bias.records import Axis
from titleholder.comparison.slices import Grouping
from titleholder.params.schema import BiasParams, Binned, Part, SliceSpec
from titleholder.params.slicing import parts_of


def protected_of(
    params: BiasParams, over: Iterable[str | None], slices: Sequence[SliceSpec]
) -> tuple[Part, ...]:
    """The protected columns: those declared, else those whose groups the rules compare.

    A column of a rule that the slices bin is binned here, too.
    """
    if params.protected is not None:
        return params.protected
    bins: dict[str, Part] = {}
    for spec in slices:
        for part in parts_of(spec):
            if isinstance(part, Binned):
                bins.setdefault(part.column, part)
    names = dict.fromkeys(name for name in over if name is not None)
    return tuple(bins.get(name, name) for name in names)


def audit(models: Models, protected: Sequence[Part], params: BiasParams) -> tuple[Axis, ...]:
    """Every protected column, and pairs of them crossed."""
    return tuple(
        _axis(models, columns, groups, params)
        for columns, groups in axes(models.panel, list(protected))
    )


def _axis(models: Models, columns: tuple[str, ...], groups: Grouping, params: BiasParams) -> Axis:
    """One axis; gaps are those of groups with enough rows, as one without would settle them."""
    found = within(models, groups, params.small)
    reference, declared = _reference(groups, columns, params.privileged)
    large, rows = enough(groups, params.small)
    if len(large.labels) < 2:
        reason = f"{groups.column} has no two groups of at least {params.small} rows"
        return Axis(columns, reference, declared, found, (), reason)
    gaps = tuple(between(models, large, rows))
    if reference not in groups.labels:
        reason = f"no row has {reference}, which privileged: names"
        return Axis(columns, reference, declared, found, gaps, reason)
    return Axis(columns, reference, declared, found, (*gaps, *against(models, groups, reference)))


def _reference(
    groups: Grouping, columns: tuple[str, ...], privileged: Mapping[str, str]
) -> tuple[str, bool]:
    """The group that the others are held against, and whether the suite names it."""
    if all(column in privileged for column in columns):
        return " & ".join(f"{column}={privileged[column]}" for column in columns), True
    return groups.labels[int(sizes(groups).argmax())], False


def features(panel: Panel, apart: Iterable[str]) -> list[str]:
    """The columns that may give a group away: all but ids, weights and the protected ones."""
    return sorted({*panel.columns} - {*apart})
