"""How every command declares itself: a line of help, and what its exit codes mean."""

import argparse
import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, NoReturn, TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class Parser(argparse.ArgumentParser):
    """argparse, but a flag that nobody knows is told even where another one is missing."""

    _words: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Remember the words, for `error` to look at."""
        self._words = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Usage, what is wrong, and every unknown flag with the nearest that there is."""
        known = self._flags(self._words)
        for word in self._unknown(known):
            if word not in message:
                message += f"; unknown flag: {word}"
            near = get_close_matches(word, known, n=1)
            message += f" (did you mean {near[0]}?)" if near else ""
        super().error(message + self._nearest_choice(message))

    def _nearest_choice(self, message: str) -> str:
        """What was probably meant by a command, or another word of a list, that is none of it."""
        wrong = re.search(r"invalid choice: '([^']*)'", message)
        choices = [str(choice) for action in self._actions for choice in action.choices or ()]
        near = get_close_matches(wrong[1], choices, n=1) if wrong else []
        return f" (did you mean {near[0]}?)" if near else ""

    def _flags(self, words: Sequence[str]) -> list[str]:
        """Its flags and those of the command that the words begin with.

        argparse tells flags that no command took at the top, which has none of these.
        """
        flags = list(self._option_string_actions)
        for action in self._actions:
            if (
                isinstance(action, argparse._SubParsersAction)
                and words
                and words[0] in action.choices
            ):
                flags += action.choices[words[0]]._flags(words[1:])
        return flags

    def _unknown(self, known: Sequence[str]) -> list[str]:
        flags = [word.partition("=")[0] for word in self._words if word.startswith("--")]
        return [word for word in flags if not any(one.startswith(word) for one in known)]


def declare(commands: Commands, name: str, says: str, epilog: str = "") -> argparse.ArgumentParser:
    """The parser of a command; ``says`` is its help, and the epilog is shown as it is laid out."""
    return commands.add_parser(
        name,
        help=says,
        description=says,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_store(parser: argparse.ArgumentParser) -> None:
    """The flags that say which store is read; params.yaml does where they do not."""
    parser.add_argument(
        "--store", metavar="URL", help="file://directory or s3://bucket/prefix (params.yaml)"
    )
    parser.add_argument("--endpoint", metavar="URL", help="the S3 server, if it is not Amazon's")
    add_credentials(parser)


def add_credentials(parser: argparse.ArgumentParser) -> None:
    """The flag that says where the credentials of a bucket come from."""
    parser.add_argument(
        "--credentials",
        type=_credentials,
        metavar="PLACE",
        help="where a bucket's come from: env, profile:NAME, role or chain (params.yaml, or env)",
    )


def _credentials(text: str) -> str:
    from titleholder.params.schema import CREDENTIALS

    if not re.fullmatch(CREDENTIALS, text):
        raise argparse.ArgumentTypeError(f"{text!r} is none of env, profile:NAME, role and chain")
    return text


def add_key(parser: argparse.ArgumentParser, says: str) -> None:
    """The flag that pins public keys."""
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="FILE[=ENV,...]",
        help=f"{says}; may be repeated",
    )
