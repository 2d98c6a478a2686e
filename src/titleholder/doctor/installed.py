"""Python and packages: what is installed against what this version was declared to work with."""

import sys
from collections.abc import Iterator, Mapping, Set
from contextlib import suppress
from importlib import metadata

from titleholder.doctor.advice import Advice, Health, Patient

PACKAGE = "titleholder"
PIPELINE = "pipeline"


def python(_: Patient) -> Iterator[Advice]:
    """The interpreter against the versions that are tested."""
    from packaging.specifiers import SpecifierSet

    running = ".".join(map(str, sys.version_info[:3]))
    asked = metadata.metadata(PACKAGE)["Requires-Python"] or ">=3.11"
    if running in SpecifierSet(asked):
        yield Advice("python", Health.WELL, f"Python {running}")
    else:
        yield Advice("python", Health.ILL, f"Python {running}, and {asked} is asked for",
                     "make the environment with another Python")  # fmt: skip


def packages(_: Patient) -> Iterator[Advice]:
    """Every declared requirement: the core's must be there, an extra's may be missing whole."""
    from packaging.requirements import Requirement

    wanted = [Requirement(text) for text in metadata.requires(PACKAGE) or ()]
    extras = ("", *(metadata.metadata(PACKAGE).get_all("Provides-Extra") or []))
    by_extra = {
        extra: {
            need.name: str(need.specifier) for need in wanted
            if need.name != PACKAGE and _belongs(str(need.marker or ""), extra)
        }
        for extra in extras
    }  # fmt: skip
    brought = _brought()
    for extra, own in by_extra.items():
        # An extra that holds this one whole, as `ragas` holds `llm`, is no reason of its own.
        others = {
            name for needs in by_extra.values() if not own.keys() <= needs.keys() for name in needs
        }
        yield _of_extra(extra, own, own.keys() - others - brought)


def _brought() -> set[str]:
    """What any other installed package asks for: that it is there says nothing of an extra."""
    from packaging.requirements import InvalidRequirement, Requirement

    names = set()
    for one in metadata.distributions():
        for text in (one.requires or ()) if one.name != PACKAGE else ():
            with suppress(InvalidRequirement):
                need = Requirement(text)
                if "extra ==" not in str(need.marker or ""):
                    names.add(need.name.lower().replace("_", "-"))
    return names


def _belongs(marker: str, extra: str) -> bool:
    """Whether a requirement with this marker is of the extra, or of the core (``""``)."""
    return f'extra == "{extra}"' in marker if extra else "extra ==" not in marker


def _of_extra(extra: str, wanted: Mapping[str, str], alone: Set[str]) -> Advice:
    """What is there of an extra; it is not installed if nothing that it ``alone`` asks for is."""
    from packaging.specifiers import SpecifierSet

    about = f"packages [{extra}]" if extra else "packages"
    there = {name: _version(name) for name in wanted}
    missing = [name for name, version in there.items() if version is None]
    if extra and missing and alone <= set(missing):
        says = "not installed" + (": no run, no dvc repro" if extra == PIPELINE else "")
        health = Health.WORRY if extra == PIPELINE else Health.WELL
        return Advice(about, health, says, f"pip install 'titleholder[{extra}]'")
    wrong = [
        f"{name} {version} (asked: {asked})"
        for (name, asked), version in zip(wanted.items(), there.values(), strict=True)
        if version is not None and not SpecifierSet(asked).contains(version, prereleases=True)
    ]
    if missing or wrong:
        lacks = [f"{name} is missing" for name in missing]
        cure = f"pip install 'titleholder{f'[{extra}]' if extra else ''}' in this environment"
        return Advice(about, Health.ILL, "; ".join(lacks + wrong), cure)
    return Advice(about, Health.WELL, f"{len(wanted)} as declared")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
