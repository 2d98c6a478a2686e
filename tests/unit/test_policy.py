"""Which findings a policy owes, given the slices that the data have."""

from msgspec.structs import replace

from tests.support.comparisons import rule
from titleholder.policy import owed
from titleholder.types import Kind

FLOOR = rule(Kind.FLOOR)


def test_a_named_slice_is_owed_whether_or_not_the_data_have_it() -> None:
    """A slice that vanished from the data is asked for all the same."""
    gone = replace(FLOOR, slice="sex=x")
    assert list(owed([gone], ["overall", "sex=f"])) == [gone]
    assert list(owed([gone], [])) == [gone]


def test_every_slice_is_each_but_the_whole() -> None:
    """``*`` keeps all that the rule says and the order of the slices."""
    everywhere = replace(FLOOR, slice="*")
    found = list(owed([everywhere], ["overall", "b", "a"]))
    assert found == [replace(FLOOR, slice="b"), replace(FLOOR, slice="a")]


def test_every_slice_of_none_is_owed_one() -> None:
    """A policy without slices still owes what nothing can satisfy."""
    everywhere = replace(FLOOR, slice="*")
    assert list(owed([everywhere], ["overall"])) == [everywhere]
    assert list(owed([everywhere], [])) == [everywhere]


def test_no_rules_owe_nothing() -> None:
    """Without rules there are no findings; that nothing then passes is the verdict's affair."""
    assert list(owed([], ["overall", "a"])) == []
