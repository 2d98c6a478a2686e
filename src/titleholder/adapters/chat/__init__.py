"""Chat models behind OpenAI-compatible endpoints, through httpx.

`model` is what a model is, `request` what is asked, `wire` one call, `caller` many of them;
`keep`, `budget` and `pace` see to it that nothing is paid twice, too much or too fast.
"""

from titleholder.adapters.chat.budget import Budget
from titleholder.adapters.chat.caller import Caller, Terms
from titleholder.adapters.chat.keep import Kept, write_recording
from titleholder.adapters.chat.load import Load
from titleholder.adapters.chat.model import SUFFIXES, ChatModel, load, messages_of
from titleholder.adapters.chat.request import Request
from titleholder.adapters.chat.wire import Answer

__all__ = [
    "SUFFIXES", "Answer", "Budget", "Caller", "ChatModel", "Kept", "Load", "Request", "Terms",
    "load", "messages_of", "write_recording",
]  # fmt: skip
