"""Answers kept by the digest of their request: a call that was paid is never made again.

Two layers. A recording is one JSON Lines file, versioned with the suite and never written here.
The cache is a directory with a file an answer, each written in one step, so that a killed run
has every answer that had come.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from titleholder import records
from titleholder.adapters.chat.wire import Answer
from titleholder.errors import BadInput, RecordError


@dataclass(frozen=True)
class Kept:
    """Answers of earlier runs: in ``recording``, if there is one, and below ``directory``."""

    directory: Path
    recording: Path | None = None

    def get(self, digest: str) -> Answer | None:
        """The answer to the request of this digest, if it is kept."""
        return self._recorded.get(digest) or self._cached(digest)

    def put(self, answer: Answer) -> None:
        """Keep an answer."""
        records.write(self._path(answer.request), answer)

    @cached_property
    def _recorded(self) -> dict[str, Answer]:
        return {} if self.recording is None else read_recording(self.recording)

    def _cached(self, digest: str) -> Answer | None:
        path = self._path(digest)
        if not path.is_file():
            return None
        try:
            found = records.read(path, Answer)
        except RecordError:
            return None  # a damaged file is asked for again, and written over
        return found if found.request == digest else None

    def _path(self, digest: str) -> Path:
        return self.directory / digest[:2] / f"{digest}.json"


def read_recording(path: Path) -> dict[str, Answer]:
    """The answers of a recording by their request; BadInput names the line that is none."""
    found: dict[str, Answer] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            answer = records.decode(line, Answer, source=f"{path}:{number}")
        except RecordError as error:
            raise BadInput(error.message, cure="record it again, or restore the file") from None
        found[answer.request] = answer
    return found


def write_recording(path: Path, answers: list[Answer]) -> None:
    """Write a recording: one answer a line, in the order of their digests."""
    import msgspec

    lines = [msgspec.json.encode(a, order="sorted") for a in sorted(answers, key=_by_request)]
    records.write_bytes(path, b"".join(line + b"\n" for line in lines))


def _by_request(answer: Answer) -> str:
    return answer.request
