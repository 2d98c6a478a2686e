"""The corpus of bad inputs, and of clean ones beside it, through the command line."""

from collections import Counter
from pathlib import Path

import pytest

from tests.support import bad_inputs, clean_inputs
from tests.support.bad_inputs import Case, commands, configs, formats, policies, values

FAMILIES = (formats, values, policies, configs, commands)
# `make campaign` runs all of the clean ones.
EVERY = 3


@pytest.mark.parametrize("family", FAMILIES, ids=lambda module: module.__name__.split(".")[-1])
def test_bad_input_is_told_in_one_message_with_a_cure(family: object, tmp_path: Path) -> None:
    """The documented exit code, the file and key or row, no traceback, nothing written."""
    assert _wrong(list(family.cases()), tmp_path) == {}


def test_clean_input_is_let_through(tmp_path: Path) -> None:
    """Every format, task, type and name that a user may bring ends in ALLOW."""
    assert _wrong(list(clean_inputs.cases())[::EVERY], tmp_path) == {}


def test_the_corpus_is_as_large_as_it_says() -> None:
    """At least 400 bad inputs and 200 clean ones, none of them twice."""
    for corpus, least in ((bad_inputs.cases(), 400), (clean_inputs.cases(), 200)):
        names = Counter(case.name for case in corpus)
        assert len(names) >= least
        assert set(names.values()) == {1}


def _wrong(cases: list[Case], directory: Path) -> dict[str, str]:
    found = {}
    for number, case in enumerate(cases):
        place = directory / str(number)
        place.mkdir()
        found[case.name] = bad_inputs.wrong_with(case, bad_inputs.told(case, place))
    return {name: wrong for name, wrong in found.items() if wrong}
