"""A chat model as a file: which endpoint, which model, how it is instructed, what it costs.

The file's bytes are the model: a changed word in the system prompt is another digest, another
candidate and another verdict. Addresses and keys are named by environment variables, so that the
file holds no secret and the same model can be asked in another place.
"""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from titleholder.errors import ConfigError
from titleholder.params.document import read
from titleholder.params.shape import convert, problems
from titleholder.types import Record

CONTEXTS = "{contexts}"
SUFFIXES = (".yaml", ".yml")


class Sampling(Record, frozen=True):
    """How answers are drawn, in OpenAI's words. ``max_tokens`` also bounds what a call can cost."""

    max_tokens: Annotated[int, Meta(ge=1)] = 256
    temperature: Annotated[float, Meta(ge=0.0, le=2.0)] = 0.0
    top_p: Annotated[float, Meta(gt=0.0, le=1.0)] = 1.0
    seed: int | None = 0
    stop: tuple[str, ...] = ()


class Prices(Record, frozen=True):
    """What a million tokens cost, in USD."""

    usd_per_million_in: Annotated[float, Meta(ge=0.0)]
    usd_per_million_out: Annotated[float, Meta(ge=0.0)]

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """The price of one call, in USD."""
        spent = self.usd_per_million_in * tokens_in + self.usd_per_million_out * tokens_out
        return spent / 1e6


class ChatModel(Record, frozen=True):
    """A model behind an OpenAI-compatible endpoint.

    ``endpoint`` and ``key`` name environment variables that hold the base URL (ending in ``/v1``)
    and the API key. ``{contexts}`` in the system prompt is replaced by an item's passages, as a
    JSON array: they are data, and a passage cannot end the quotation that it stands in.
    """

    model: str
    endpoint: str = "OPENAI_BASE_URL"
    key: str | None = "OPENAI_API_KEY"
    system: str = ""
    sampling: Sampling = Sampling()
    prices: Prices | None = None


def load(path: Path) -> ChatModel:
    """The chat model in a YAML file; ConfigError with everything that is wrong in it."""
    document = read(path)
    found = [
        f"{'.'.join(map(str, problem.path)) or path.name}: {problem.message}"
        for problem in problems(document.data, ChatModel)
    ]
    if found:
        raise ConfigError(str(path), found)
    return convert(document.data, ChatModel)


def messages_of(
    model: ChatModel, messages: tuple[dict[str, str], ...], contexts: tuple[str, ...]
) -> list[dict[str, str]]:
    """What is sent: the system prompt with the item's passages, then the item's own messages."""
    if not model.system:
        return list(messages)
    quoted = msgspec.json.encode(contexts).decode()
    return [{"role": "system", "content": model.system.replace(CONTEXTS, quoted)}, *messages]
