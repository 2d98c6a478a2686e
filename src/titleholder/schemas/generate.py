"""The schemas, made from the structs: ``python -m titleholder.schemas.generate`` writes them anew.

A test holds the committed files equal to what this makes. The version in ``$id`` is the record's
``schema_version``; a change that breaks readers raises both.
"""

from collections.abc import Mapping
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec

from titleholder import decimals, records
from titleholder.params.schema import Params
from titleholder.trust.statement import Statement
from titleholder.trust.titles import Title
from titleholder.trust.waivers import Waiver
from titleholder.types import Verdict
from titleholder.verdict import SCHEMA_VERSION

DIRECTORY = Path(__file__).parent
SCHEMAS: Mapping[str, tuple[type, str]] = {
    "verdict.schema.json": (Verdict, "verdict.json: all that was declared and found"),
    "statement.schema.json": (Statement, "a published verdict: an in-toto Statement v1"),
    "title.schema.json": (Title, "a published title: who is the champion, and how it came to be"),
    "waiver.schema.json": (Waiver, "a waiver: one model, one rule, one slice, so far and so long"),
    "params.schema.json": (Params, "params.yaml: every suite, rule and store"),
}

# What is signed and holds numbers that decide: those are decimal text there.
SIGNED = frozenset({"statement.schema.json", "waiver.schema.json"})


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the record that the file ``name`` describes."""
    struct, title = SCHEMAS[name]
    version = 2 if name in SIGNED else SCHEMA_VERSION
    (root,), components = msgspec.json.schema_components([struct], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:titleholder:{name.partition('.')[0]}:v{version}",
        "title": title,
        **root,
        "$defs": _decimal(_dedented(components)) if name in SIGNED else _dedented(components),
    }


def _decimal(part: Any) -> Any:
    """Fractional numbers as the text that signed statements write them in."""
    if isinstance(part, list):
        return [_decimal(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    if part.get("type") == "number":
        return {"type": "string", "pattern": decimals.PATTERN}
    return {key: _decimal(inner) for key, inner in part.items()}


def _dedented(part: Any) -> Any:
    """Docstrings without their indentation, which Python 3.13 takes off and 3.11 leaves on."""
    if isinstance(part, list):
        return [_dedented(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    dedented = {key: _dedented(inner) for key, inner in part.items()}
    if isinstance(part.get("description"), str):
        dedented["description"] = cleandoc(part["description"])
    return dedented


def write_all(directory: Path = DIRECTORY) -> None:
    """Write every schema into the package."""
    for name in SCHEMAS:
        records.write(directory / name, schema(name))


if __name__ == "__main__":
    write_all()
