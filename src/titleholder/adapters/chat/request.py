"""A request as content: what is asked, and the digest that its answer is kept under."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from titleholder import records
from titleholder.adapters.chat.model import ChatModel, Prices

# No tokenizer writes more tokens than there are bytes; each message adds a few of its own.
_TOKENS_A_MESSAGE = 16


@dataclass(frozen=True, slots=True)
class Request:
    """One question to one model. ``repeat`` tells apart equal questions, which are asked again."""

    row_id: str
    model: ChatModel
    messages: Sequence[dict[str, str]]
    repeat: int = 0

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body of the call, in the words of OpenAI's chat completions."""
        said = self.model.sampling
        body: dict[str, Any] = {
            "model": self.model.model,
            "messages": list(self.messages),
            "max_tokens": said.max_tokens,
            "temperature": said.temperature,
            "top_p": said.top_p,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if said.seed is not None:
            body["seed"] = said.seed + self.repeat
        if said.stop:
            body["stop"] = list(said.stop)
        return body

    @property
    def digest(self) -> str:
        """The SHA-256 of all that can change the answer: endpoint's name, body and repeat."""
        said = {"endpoint": self.model.endpoint, "body": self.body, "repeat": self.repeat}
        return records.sha256(said)

    @property
    def most_in(self) -> int:
        """The most tokens that the messages can be: one a byte."""
        return sum(len(m["content"].encode()) + _TOKENS_A_MESSAGE for m in self.messages)

    def most(self, prices: Prices) -> float:
        """What the call can cost at most, in USD."""
        return prices.of(self.most_in, self.model.sampling.max_tokens)
