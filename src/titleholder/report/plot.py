"""What every plot of the card has: both models' looks, a caption, and its figures as a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from markupsafe import Markup

from titleholder.arrays import Floats
from titleholder.report import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_POINTS = 160


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing, what to see in it, and its figures as a table.

    ``svg`` is None where matplotlib is not installed: the table then speaks alone.
    """

    name: str
    title: str
    svg: Markup | None
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One model's line in a plot: its word, its colour, its dash and its marker."""

    name: str
    colour: str
    dash: str
    marker: str


CHAMPION = Side("champion", theme.CHAMPION, "--", "s")
CANDIDATE = Side("candidate", theme.CANDIDATE, "-", "o")

# One array of figures for each of the two, champion first.
Sides: TypeAlias = Sequence[tuple[Side, Floats]]


def plot(
    name: str,
    title: str,
    caption: str,
    head: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    paint: "Callable[[Axes], None]",
) -> Plot:
    """What ``paint`` draws, with its caption and its figures."""
    return Plot(name, title, theme.draw(name, title, caption, paint), caption, head, tuple(rows))


def line(axes: "Axes", side: Side, x: Floats, y: Floats) -> None:
    """A model's line through at most `MOST_POINTS` of its points."""
    keep = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).astype(int))
    axes.plot(
        x[keep], y[keep], color=side.colour, linestyle=side.dash, linewidth=1.5, label=side.name
    )


def band(axes: "Axes", side: Side, x: Floats, low: Floats, high: Floats) -> None:
    """A model's interval at each x, as a veil behind its line."""
    axes.fill_between(x, low, high, color=side.colour, alpha=0.16, linewidth=0)


def marks(side: Side) -> dict[str, Any]:
    """Marks with error bars and no line between them: bins have nothing between them either."""
    return {
        "fmt": side.marker, "color": side.colour, "label": side.name, "markersize": 4.5,
        "elinewidth": 1.1, "markerfacecolor": theme.SURFACE if side is CHAMPION else side.colour,
    }  # fmt: skip


def share_axes(axes: "Axes", x: str, y: str, legend: str) -> None:
    """Both axes from 0 to 1, with their labels and a legend."""
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.legend(loc=legend)
