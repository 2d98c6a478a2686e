"""Thousands of forged verdicts before the gate: none is let through."""

import json
import random

import pytest

from tests.support import forgeries, keys, mutations, verdicts
from titleholder import records
from titleholder.errors import Exit, RecordError
from titleholder.trust.pins import Trust
from titleholder.types import Outcome, Verdict

SEED = 20260302


@pytest.mark.parametrize(("outcome", "code"), [("PASS", Exit.ALLOW), ("FAIL", Exit.REGRESSED)])
def test_the_verdict_itself_is_believed(outcome: str, code: Exit) -> None:
    """A clean control: before it is changed it decides."""
    data = forgeries.sealed(Outcome(outcome))
    assert forgeries.asked(data, keys.trust(keys.key())).exit is code


@pytest.mark.parametrize("outcome", ["PASS", "FAIL"])
def test_a_signed_verdict_that_was_changed_is_none(outcome: str) -> None:
    """Each field at least once, two at a time, the envelope, and single bytes: 4, every time."""
    told, allowed = forgeries.survey(Outcome(outcome), 2500, SEED)
    assert not allowed
    assert {kind.rpartition(": ")[2] for kind in told} == {"NO_VERDICT"}
    assert sum(told.values()) == 2500 and len(told) >= 17


def test_a_forged_title_brings_nobody_back() -> None:
    """The rollback by which a model lost its title, changed in any way: 4."""
    told, allowed = forgeries.survey_titles(600, SEED)
    assert not allowed
    assert {kind.rpartition(": ")[2] for kind in told} == {"NO_VERDICT"}


def test_a_forged_waiver_lets_nobody_out() -> None:
    """Nothing of it counts: the model has failed, 1."""
    told, allowed = forgeries.survey_waivers(600, SEED)
    assert not allowed
    assert {kind.rpartition(": ")[2] for kind in told} == {"REGRESSED"}


def test_one_changed_field_turns_no_fail_into_a_pass_even_unsigned() -> None:
    """Where nobody signs, a forger still has to change several things that hang together."""
    plain = json.loads(records.encode(verdicts.verdict(Outcome.FAIL, Outcome.PASS)))
    chance = random.Random(SEED)
    tried = 0
    for path in list(mutations.paths(plain)) * 6:
        _, changed = mutations.of_document(plain, chance, path)
        try:
            verdict = records.decode(json.dumps(changed).encode(), Verdict)
        except RecordError:
            continue
        tried += 1
        answer = forgeries.asked(forgeries.consistent(verdict), Trust())
        assert answer.exit is not Exit.ALLOW, (path, changed)
    assert tried > 100
