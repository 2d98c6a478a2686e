"""Numbers that decide are written as text that reads back as exactly the same number."""

import json
import math
import struct
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes import MemoryStore
from tests.support import keys, verdicts
from titleholder import decimals, records
from titleholder.errors import Exit, NoVerdict, RecordError
from titleholder.judge import Bound, decide
from titleholder.store import Stored
from titleholder.trust import chain as chains
from titleholder.trust import dsse, gate
from titleholder.trust.statement import Statement, encode, parse
from titleholder.trust.waivers import Waiver, parse_waiver
from titleholder.types import Estimate, Kind, Outcome, Rule, Verdict

PUBLISHED = Path(__file__).parent / "published"
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(FINITE)
def test_a_number_comes_back_to_the_bit(number: float) -> None:
    """Whatever it is: signed zeros and the smallest there are, too."""
    back = decimals.number(decimals.text(number))
    assert struct.pack("<d", back) == struct.pack("<d", number)
    assert Fraction(decimals.exact(number)) == Fraction(Decimal(repr(number)))


@given(FINITE)
def test_a_number_has_one_writing(number: float) -> None:
    """Another text for the same number is not read: no two statements say the same."""
    written = decimals.text(number)
    longer = written.replace("e", "0e") if "e" in written else f"{written}0"
    for other in (longer, f"+{written}", f" {written}", written.upper(), f"0{written}"):
        if other != written:
            with pytest.raises(ValueError, match=r"not how a statement|could not convert"):
                decimals.number(other)


@pytest.mark.parametrize("odd", ["", "x", "nan", "inf", "-Infinity", "1e999", "1_0.0", "٣.0", "1"])
def test_what_is_no_number_is_refused(odd: str) -> None:
    """Also what Python alone would read as one."""
    with pytest.raises(ValueError, match=r"number|convert"):
        decimals.number(odd)


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_not_written(odd: float) -> None:
    """Neither into a statement nor into a comparison."""
    with pytest.raises(RecordError, match="NaN or infinity"):
        decimals.text(odd)
    with pytest.raises(RecordError, match="NaN or infinity"):
        decimals.plain(Estimate(odd, 0.0, 0.0))


def test_no_number_with_a_fraction_stands_in_a_statement_as_a_number() -> None:
    """Counted in a whole verdict: the JSON has integers and text alone."""
    enclosed = dsse.read(_published("verdict-v1.json"), source="s")
    said = parse(enclosed.payload, source="s")
    fractions: list[str] = []
    json.loads(encode(said), parse_float=fractions.append)
    assert fractions == []
    json.loads(enclosed.payload, parse_float=fractions.append)
    assert len(fractions) > 20


def test_a_refused_number_is_named_by_its_place() -> None:
    """Down to the field of the finding."""
    written = decimals.plain(verdicts.verdict(Outcome.PASS))
    written["findings"][0]["improvement"]["low"] = 0.01
    with pytest.raises(RecordError, match=r"^a/b\.json: .*`\$\.findings\[0\]\.improvement\.low`$"):
        decimals.convert(written, Verdict, source="a/b.json")
    written["findings"][0]["improvement"]["low"] = "0.010"
    with pytest.raises(RecordError, match=r"^a/b\.json: '0\.010' is .*\.improvement\.low`$"):
        decimals.decode(records.encode(written), Verdict, source="a/b.json")
    with pytest.raises(RecordError, match=r"^a/b\.json: "):
        decimals.decode(b"{", Verdict, source="a/b.json")


def test_whole_numbers_in_the_place_of_fractions_are_written_as_fractions() -> None:
    """A margin of 20 that was typed as 20."""
    assert decimals.plain(Rule("r", "m", Kind.CEILING, value=20))["value"] == "20.0"


# ------------------------------------------------------------------------- deciding in decimals


@pytest.mark.parametrize("steps", range(1, 60))
def test_a_difference_that_is_the_margin_in_decimals_does_not_beat_it(steps: int) -> None:
    """0.80 - 0.79 is 0.01, though not in binary: rounding never makes an improvement."""
    margin = 0.01
    high, low = steps / 100 + margin, steps / 100
    gained = high - low
    bound = Bound(Estimate(gained, gained, gained), margin, None)
    assert decide(Rule("r", "m", Kind.SUPERIOR, margin=margin), bound) is Outcome.INCONCLUSIVE
    lost = Bound(Estimate(-gained, -gained, -gained), -margin, None)
    rule = Rule("r", "m", Kind.NON_INFERIOR, margin=margin)
    assert decide(rule, lost) is Outcome.INCONCLUSIVE


@given(FINITE, FINITE)
def test_a_decision_follows_from_the_texts_alone(low: float, at: float) -> None:
    """In exact fractions of what a statement writes, with the declared epsilon."""
    bound = Bound(Estimate(low, low, low), at, None)
    end, limit = (Fraction(Decimal(repr(one))) for one in (low, at))
    apart = Fraction(1, 10**12) * max(Fraction(1), abs(limit))
    outcome = decide(Rule("r", "m", Kind.SUPERIOR, margin=at), bound)
    if abs(end - limit) > 2 * apart or end == limit:
        expected = {1: Outcome.PASS, 0: Outcome.INCONCLUSIVE, -1: Outcome.FAIL}
        assert outcome is expected[(end > limit) - (end < limit)]


# ------------------------------------------------------------------------- what stands already


def _published(name: str) -> bytes:
    return (PUBLISHED / name).read_bytes()


def test_a_verdict_of_version_1_is_read_and_judged_as_before() -> None:
    """Published by titleholder as it was: signature, digests and waiver still count."""
    data, waiver = _published("verdict-v1.json"), _published("waiver-v1.json")
    store = MemoryStore()
    store.put_new("verdicts/dev/credit/00000001.json", data)
    head = records.encode(chains.Head(1, chains.digest_of(data)))
    store.objects["verdicts/dev/credit/head.json"] = Stored(head, "tag")
    model = f"sha256:{verdicts.MODEL}"
    trust, approvers = keys.trust(keys.key()), keys.trust(keys.key(2))
    assert gate.ask(store, "dev", "credit", model, trust=trust).exit is Exit.REGRESSED
    store.put_new(f"waivers/dev/credit/{verdicts.MODEL}/a.json", waiver)
    answer = gate.ask(store, "dev", "credit", model, trust=trust, approvers=approvers)
    assert answer.exit is Exit.ALLOW and answer.waived[0].ceiling == 0.1


def test_version_1_says_what_version_2_says() -> None:
    """Field for field; only the writing of numbers differs."""
    payload = dsse.read(_published("verdict-v1.json"), source="s").payload
    said = parse(payload, source="s")
    assert said.predicate.verdict == verdicts.verdict(Outcome.FAIL, Outcome.PASS)
    assert said == decimals.decode(encode(said), Statement, source="s")
    waiver = dsse.read(_published("waiver-v1.json"), source="s").payload
    assert isinstance(parse_waiver(waiver, source="s"), Waiver)


def test_one_version_does_not_pass_for_the_other() -> None:
    """Numbers as numbers in version 2, text in version 1, or versions that disagree."""
    payload = dsse.read(_published("verdict-v1.json"), source="s").payload
    for old, new in (
        (b"urn:titleholder:verdict:v1", b"urn:titleholder:verdict:v2"),
        (b"urn:titleholder:verdict:v1", b"urn:titleholder:waiver:v1"),
        (b'"schema_version": 1,\n    "sequence"', b'"schema_version": 2,\n    "sequence"'),
        (b'"level": 0.95', b'"level": "0.95"'),
        (b'"level": 0.95', b'"level": true'),
        (b'"level": 0.95', b'"level": null'),
    ):
        assert old in payload
        with pytest.raises(NoVerdict, match="not a verdict"):
            parse(payload.replace(old, new, 1), source="s")


def test_a_number_that_is_none_is_told_by_its_place_when_it_is_written() -> None:
    """As when it is read."""
    with pytest.raises(RecordError, match=r"expected a number, .* - at `\$\.low`"):
        decimals.as_text({"value": 0.1, "low": "0.1", "high": None}, Estimate)
