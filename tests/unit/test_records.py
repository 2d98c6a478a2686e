"""Records: canonical, strict both ways, written whole or not at all."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from titleholder import records
from titleholder.errors import RecordError
from titleholder.types import Estimate

FINITE = st.floats(allow_nan=False, allow_infinity=False)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | FINITE | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(TREES)
def test_what_was_encoded_decodes_to_the_same_value(tree: object) -> None:
    """Encoding loses nothing."""
    assert records.decode(records.encode(tree), object) == tree


@given(st.dictionaries(st.text(), st.integers(-(2**53), 2**53), min_size=2))
def test_equal_records_have_equal_bytes_whatever_the_order_of_their_keys(
    record: dict[str, int],
) -> None:
    """The encoding is canonical."""
    backwards = dict(reversed(record.items()))
    assert records.encode(record) == records.encode(backwards)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b'{"value": 1, "value": 2}', "duplicate key 'value'"),
        (b'{"value": NaN}', "NaN"),
        (b'{"value": Infinity}', "Infinity"),
        (b'{"value": 1e999}', "1e999"),
        (b'{"value": -1e999}', "-1e999"),
        (b'{"valu": 1}', "unknown field"),
        (b'{"value": "1"}', "Expected"),
        (b"[", "Expecting value"),
        (b"", "Expecting value"),
        (b"[" * 100_000, "recursion"),
        (b'{"value": 1}\xff', "decode"),
        (b'{"value": 1} {}', "Extra data"),
    ],
)
def test_a_damaged_record_is_refused_with_its_name(data: bytes, complaint: str) -> None:
    """Nothing that JSON leaves open is guessed."""
    with pytest.raises(RecordError, match=complaint) as caught:
        records.decode(data, Estimate, source="here.json")
    assert "here.json" in str(caught.value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_record_with_a_number_that_is_none_is_never_written(value: float) -> None:
    """A lost number must not look like a blank."""
    with pytest.raises(RecordError):
        records.encode({"deep": [{"value": value}]})


def test_a_missing_record_names_the_file_and_the_cure(tmp_path: Path) -> None:
    """Reading what no stage has written says which stage output is missing."""
    with pytest.raises(RecordError, match=r"no\.json.*\n.*cure: run the stage"):
        records.read(tmp_path / "no.json", Estimate)


def test_a_failed_write_leaves_the_old_record_and_nothing_else(tmp_path: Path) -> None:
    """Readers see the old bytes or the new ones."""
    path = tmp_path / "record.json"
    records.write(path, {"old": True})
    with pytest.raises(RuntimeError), records.replacing(path) as temporary:
        temporary.write_bytes(b"half a rec")
        raise RuntimeError
    assert json.loads(path.read_bytes()) == {"old": True}
    assert [entry.name for entry in tmp_path.iterdir()] == ["record.json"]


def test_writing_does_not_go_through_a_hard_link(tmp_path: Path) -> None:
    """DVC's cache may share its bytes with the workspace; a write must not reach it."""
    cached, path = tmp_path / "cached", tmp_path / "record.json"
    cached.write_bytes(b"cached")
    path.hardlink_to(cached)
    records.write(path, {"new": True})
    assert cached.read_bytes() == b"cached"


def test_what_a_killed_write_left_is_swept_away(tmp_path: Path) -> None:
    """Temporary files alone, however deep; what is hidden on purpose stays."""
    deep = tmp_path / "figures"
    deep.mkdir()
    with pytest.raises(KeyboardInterrupt), records.replacing(deep / "findings.csv") as temporary:
        (left,) = deep.iterdir()
        assert left == temporary
        kept = left.read_bytes()
        raise KeyboardInterrupt
    left.write_bytes(kept)  # as a kill would have left it
    for name in (".gitignore", "findings.csv", ".keep.this"):
        (deep / name).touch()
    records.sweep(tmp_path)
    assert sorted(path.name for path in deep.iterdir()) == [
        ".gitignore", ".keep.this", "findings.csv",
    ]  # fmt: skip
    records.sweep(tmp_path / "nowhere")
