"""The schemas in the package are those of the records."""

import json

import jsonschema
import pytest

from tests.support import verdicts
from titleholder import records
from titleholder.schemas import generate
from titleholder.types import Outcome


@pytest.mark.parametrize("name", sorted(generate.SCHEMAS))
def test_the_committed_schema_is_the_generated_one(name: str) -> None:
    """After a change of the records: ``python -m titleholder.schemas.generate``."""
    committed = (generate.DIRECTORY / name).read_bytes()
    assert committed == records.encode(generate.schema(name))
    jsonschema.Draft202012Validator.check_schema(json.loads(committed))


def test_a_real_verdict_is_valid_and_one_with_another_key_is_not() -> None:
    """At every level: an unknown key is a key that somebody believed in."""
    validator = jsonschema.Draft202012Validator(generate.schema("verdict.schema.json"))
    plain = json.loads(records.encode(verdicts.verdict(Outcome.PASS, Outcome.FAIL)))
    validator.validate(plain)
    for inner in (plain, plain["findings"][0], plain["findings"][0]["improvement"]):
        inner["approved"] = True
        assert not validator.is_valid(plain)
        del inner["approved"]
    validator.validate(plain)
    del plain["outcome"]
    assert not validator.is_valid(plain)


def test_no_part_of_a_schema_lets_other_keys_in() -> None:
    """Each object, in each schema."""
    for name in generate.SCHEMAS:
        for part in generate.schema(name)["$defs"].values():
            assert part.get("additionalProperties") is False or "enum" in part


def test_the_command_writes_all(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Into the directory that it is given."""
    generate.write_all(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == set(generate.SCHEMAS)
