"""How frameworks are answered that ask for an object of a certain shape (a pydantic model)."""

import json
from typing import Any

from titleholder.adapters.judges.base import Ask, parsed


def structured(ask: Ask, prompt: str, shape: Any) -> Any:
    """The judge's answer as an instance of ``shape``; ValueError where it is no such object."""
    schema = json.dumps(shape.model_json_schema())
    system = f"Reply with one JSON object that fits this schema, and nothing else: {schema}"
    said = ask([{"role": "system", "content": system}, {"role": "user", "content": prompt}])
    return shape.model_validate(parsed(said))
