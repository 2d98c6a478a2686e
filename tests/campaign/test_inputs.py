"""The whole corpus of tests/faults/test_input_corpus.py, for the table."""

from pathlib import Path

import pytest

from tests.campaign import ledger
from tests.support import bad_inputs, clean_inputs

pytestmark = pytest.mark.campaign


@pytest.mark.parametrize("corpus", [bad_inputs, clean_inputs], ids=["bad", "clean"])
def test_every_input_ends_as_documented(tmp_path: Path, corpus: object) -> None:
    """Bad ones in their exit code with a cure, clean ones in ALLOW."""
    wrong, count, codes = [], 0, {}
    for number, case in enumerate(corpus.cases()):
        place = tmp_path / str(number)
        place.mkdir()
        told = bad_inputs.told(case, place)
        codes[told.code] = codes.get(told.code, 0) + 1
        wrong += [f"{case.name}: {one}" for one in [bad_inputs.wrong_with(case, told)] if one]
        count += 1
    kind = corpus.__name__.rpartition(".")[2].removesuffix("_inputs")
    ledger.note(
        f"inputs-{kind}", f"{kind} inputs through the command line", count, wrong=wrong,
        more=", ".join(f"exit {code}: {often}" for code, often in sorted(codes.items())),
    )  # fmt: skip
    assert not wrong
