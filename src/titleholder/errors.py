"""Every error that titleholder raises on purpose, and the exit code that each one ends in.

    TitleholderError                     5  could not decide
    ├── UsageError                       2  flags, names, missing files
    ├── ConfigError                      2  params.yaml or a policy file, with every problem
    ├── UntrustedModel                   2  a model file of an unknown or untrusted format
    ├── BadInput                         3  data or predictions that cannot be judged
    │   └── NotComparable                3  champion and candidate were not scored on the same rows
    ├── NoVerdict                        4  no verdict to trust
    ├── DataVersionError                 5  a versioned object is missing, corrupted or half pulled
    ├── RecordError                      5  a stage record is missing, foreign or damaged
    ├── Busy                             5  another run of the same suite is at work
    ├── WorkersLost                      5  those who worked on shards are gone
    ├── NotSent                          5  a message to people did not arrive
    ├── EndpointError                    5  a model's endpoint cannot be asked
    │   ├── BudgetSpent                  5  the next call might cost more than is left
    │   └── NotRecorded                  5  no endpoint is named, and this answer is not recorded
    ├── TrackerError                     5  a registry or tracker did not do what was asked
    └── StoreError                       5  the store did not do what was asked
        ├── StoreUnreachable             5  network, endpoint or deadline
        ├── StoreDenied                  5  credentials or permissions
        ├── StoreMissing                 5  the bucket or directory does not exist
        ├── ObjectNotFound               5  no such key
        ├── PreconditionFailed           5  somebody else wrote first
        └── CommitUnknown                5  an ambiguous answer that could not be cleared up

Nothing here maps to exit code 1: that one is only ever a judged regression.
"""

from collections.abc import Sequence
from enum import IntEnum

from titleholder.redaction import redacted


class Exit(IntEnum):
    """What the process says to its caller; nothing but ALLOW lets a model pass."""

    ALLOW = 0
    REGRESSED = 1
    USAGE = 2
    INCONCLUSIVE = 3
    NO_VERDICT = 4
    UNDECIDED = 5


class TitleholderError(Exception):
    """A failure with one clear message and, where there is one, its cure."""

    exit_code: Exit = Exit.UNDECIDED

    def __init__(self, message: str, *, cure: str = "") -> None:
        self.message = redacted(message)
        self.cure = redacted(cure)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message}\n  cure: {self.cure}" if self.cure else self.message


class UsageError(TitleholderError):
    """The command line names something that is not there or does not go together."""

    exit_code = Exit.USAGE


class ConfigError(TitleholderError):
    """A configuration file with problems; all of them are told at once."""

    exit_code = Exit.USAGE

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        problems = [redacted(problem) for problem in problems]
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"{source}: {count}\n" + "\n".join(f"  - {p}" for p in problems))
        self.source = source
        self.problems = tuple(problems)


class UntrustedModel(TitleholderError):
    """A model file that is not of a known format, or that holds types nobody vouched for."""

    exit_code = Exit.USAGE


class BadInput(TitleholderError):
    """Data or predictions that no judgement can rest on."""

    exit_code = Exit.INCONCLUSIVE


class NotComparable(BadInput):
    """The two sides were not scored on the same rows."""


class NoVerdict(TitleholderError):
    """There is no verdict that the gate may believe."""

    exit_code = Exit.NO_VERDICT


class DataVersionError(TitleholderError):
    """A versioned object is missing, corrupted or only half there."""


class RecordError(TitleholderError):
    """A record is missing, was made from other inputs, or does not parse."""


class Busy(TitleholderError):
    """Another process is working on the same suite."""


class WorkersLost(TitleholderError):
    """A cluster does not answer, or its workers died of the work."""


class EndpointError(TitleholderError):
    """The endpoint behind which a model stands is down, or refuses to be asked."""


class BudgetSpent(EndpointError):
    """The next call might cost more than is left of the budget."""


class NotRecorded(EndpointError):
    """There is no endpoint to ask, and no recorded answer to this request."""


class TrackerError(TitleholderError):
    """A registry of models or a tracker of experiments did not do what it was asked."""


class NotSent(TitleholderError):
    """A message did not reach the people it was meant for."""


class StoreError(TitleholderError):
    """The store did not do what it was asked."""


class StoreUnreachable(StoreError):
    """No answer from the store: network, endpoint or deadline."""


class StoreDenied(StoreError):
    """The store refused the credentials or the action."""


class StoreMissing(StoreError):
    """The bucket or directory that should hold the store does not exist."""


class ObjectNotFound(StoreError):
    """The store holds nothing under this key."""


class PreconditionFailed(StoreError):
    """A conditional write found that somebody else had written first."""


class CommitUnknown(StoreError):
    """The store answered ambiguously, and what it holds now could not be read back."""
