"""The pictures of docs/concepts.md: ``python docs/pictures.py`` draws them anew.

Each is a simulation with its seed, in colours that can be told apart by everyone (Okabe and Ito).
"""

from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist

import matplotlib as mpl

mpl.use("svg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

HERE = Path(__file__).parent / "pictures"
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#7f7f7f"
Z = NormalDist().inv_cdf(0.975)


def pairing(axes: Axes) -> None:
    """Improvement in accuracy of two models that share most of their errors, 2,000 panels."""
    rng = np.random.default_rng(1)
    n, panels = 1000, 2000
    hard = rng.random((2, panels, n))  # of two panels: what every model gets right or not
    slips = rng.random((2, panels, n))  # of two models: what each gets right by itself

    def hits(rows: int, model: int, skill: float) -> np.ndarray:
        return ((hard[rows] < 0.7) & (slips[model] < skill)).mean(axis=1)

    paired = hits(0, 1, 0.99) - hits(0, 0, 0.96)
    apart = hits(0, 1, 0.99) - hits(1, 0, 0.96)
    bins = (np.arange(-0.0605, 0.1, 0.004)).tolist()
    axes.hist(apart, bins=bins, color=GREY, alpha=0.6, label="on two panels")
    axes.hist(paired, bins=bins, color=BLUE, alpha=0.7, label="on the same rows")
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set(xlabel="estimated improvement in accuracy", ylabel="panels of 1,000 rows")
    axes.legend(frameon=False)


def deciding(axes: Axes) -> None:
    """Three intervals against a margin."""
    said = [(0.012, 0.010, "PASS", GREEN), (-0.006, 0.012, "INCONCLUSIVE", GREY),
            (-0.032, 0.010, "FAIL", ORANGE)]  # fmt: skip
    for i, (value, half, word, colour) in enumerate(said):
        axes.errorbar(value, -i, xerr=half, fmt="o", color=colour, capsize=4, linewidth=2.5)
        axes.text(0.034, -i, word, va="center", color=colour, weight="bold")
    axes.axvline(-0.01, color="black", linewidth=1.2, linestyle="--")
    axes.text(-0.0115, 0.62, "margin: may lose 0.01", ha="right")
    axes.axvline(0, color="black", linewidth=0.5)
    axes.set(xlabel="improvement, candidate against champion", yticks=[], ylim=(-2.6, 1.0),
             xlim=(-0.048, 0.06))  # fmt: skip


def power(axes: Axes) -> None:
    """Chance that an equally good candidate passes, where models differ on a tenth of the rows."""
    rows = np.logspace(2, 5.5, 200)
    error = np.sqrt(0.1 / rows)
    for margin, colour in ((0.05, GREEN), (0.02, BLUE), (0.01, ORANGE)):
        passes = [NormalDist().cdf(margin / e - Z) for e in error]
        axes.semilogx(rows, passes, color=colour, linewidth=2, label=f"margin {margin:g}")
    axes.axhline(0.8, color=GREY, linewidth=0.8, linestyle=":")
    axes.set(xlabel="rows", ylabel="chance to pass", ylim=(0, 1.02))
    axes.legend(frameon=False, loc="lower right")


def slices(axes: Axes) -> None:
    """Chance of at least one false alarm over independent slices of an equally good candidate."""
    count = np.arange(1, 61)
    axes.plot(count, 1 - 0.5**count, color=ORANGE, linewidth=2, label="bare numbers")
    axes.plot(count, 1 - 0.975**count, color=BLUE, linewidth=2, label="interval, each at 2.5%")
    holm = 1 - (1 - 0.025 / count) ** count
    axes.plot(count, holm, color=GREEN, linewidth=2, label="named after Holm")
    axes.set(xlabel="slices", ylabel="chance of a false alarm", ylim=(0, 1.02))
    axes.legend(frameon=False, loc="center right")


def draw(name: str, fill: Callable[[Axes], None]) -> None:
    """One picture as SVG with text as text, the same bytes each time."""
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "titleholder",
                         "font.family": "sans-serif", "font.size": 11})  # fmt: skip
    figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    fill(axes)
    axes.spines[["top", "right"]].set_visible(False)
    HERE.mkdir(exist_ok=True)
    figure.savefig(HERE / f"{name}.svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)


if __name__ == "__main__":
    for made in (pairing, deciding, power, slices):
        draw(made.__name__, made)
