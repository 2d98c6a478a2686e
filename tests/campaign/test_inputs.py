"""The corpora of tests/faults/test_input_corpus.py and test_hostile.py, for the table."""

import socket
from pathlib import Path

import pytest

from tests.campaign import ledger
from tests.support import bad_inputs, clean_inputs, hostile

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


def test_every_malicious_artefact_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its documented code, with nothing of it run, written or called."""
    calls: list[str] = []

    def unplugged(*arguments: object) -> None:
        calls.append(f"{arguments}")
        raise OSError("unplugged")

    monkeypatch.setattr(socket.socket, "connect", unplugged)
    monkeypatch.setattr("os.system", unplugged)
    wrong, kinds = [], set()
    cases = hostile.cases()
    for number, case in enumerate(cases):
        place = tmp_path / str(number) / "here"
        place.mkdir(parents=True)
        kinds.add(case.name.partition(":")[0])
        if told := hostile.wrong(case, place):
            wrong.append(f"{case.name}: {told}")
        wrong += [f"{case.name}: ran: called {call}" for call in calls]
        calls.clear()
    ledger.note(
        "hostile", "malicious artefacts through the command line", len(cases), wrong=wrong,
        more="refused, each with its file's name and a cure",
    )  # fmt: skip
    assert not wrong
