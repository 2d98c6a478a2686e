"""Code in pages is code: commands that the command line takes, YAML, JSON and Python that parse."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from titleholder import cli

ROOT = Path(__file__).parents[2]
PAGES = [
    path
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if "decisions" not in path.parts
]
BLOCK = re.compile(r"^(?P<indent> *)```(?P<kind>\w+)\n(?P<text>.*?)^ *```", re.M | re.S)
SHELL = {"console", "sh", "bash", "shell"}


def blocks(kinds: set[str]) -> Iterator[tuple[str, str]]:
    """Page and text of each block of these kinds, in the page's own left margin."""
    for path in PAGES:
        for found in BLOCK.finditer(path.read_text(encoding="utf-8")):
            if found["kind"] in kinds:
                lines = found["text"].splitlines()
                text = "\n".join(line.removeprefix(found["indent"]) for line in lines)
                yield path.relative_to(ROOT).as_posix(), text


def commands() -> Iterator[tuple[str, str]]:
    """Page and line of every call of titleholder, to its end or to what it is piped into."""
    for page, text in blocks(SHELL):
        whole = text.replace("\\\n", " ")
        for line in whole.splitlines():
            called = re.match(r"\s*(?:\$ )?titleholder (?P<words>.+)", line)
            if called:
                yield page, re.split(r"\s(?:\||\|\||&&|>|#|;)\s?", called["words"])[0].strip()


@pytest.mark.parametrize(("page", "line"), sorted(set(commands())))
def test_a_command_in_a_page_is_one_that_there_is(page: str, line: str) -> None:
    """With flags that it has; what stands in capitals or dots is the reader's to say."""
    words = [word for word in shlex.split(line) if word not in {"...", "…"}]
    words = [word for word in words if not word.startswith("[")]
    if words[:1] == ["--version"]:
        return
    try:
        cli._parser(words).parse_args(words)
    except SystemExit as ended:
        assert ended.code == 0, f"{page}: titleholder {line}"


@pytest.mark.parametrize(
    ("kind", "parse"),
    [("yaml", lambda text: list(yaml.safe_load_all(text))), ("json", json.loads),
     ("python", lambda text: compile(text, "page", "exec"))],
    ids=["yaml", "json", "python"],
)  # fmt: skip
def test_a_block_parses_as_what_it_says_it_is(kind: str, parse: object) -> None:
    """Whoever copies it has something that works."""
    assert callable(parse)
    wrong = []
    for page, text in blocks({kind}):
        try:
            parse(text)
        except (ValueError, SyntaxError, yaml.YAMLError) as error:
            wrong.append(f"{page}: {str(error).splitlines()[0]} in {text[:60]!r}")
    assert not wrong


def test_there_are_blocks_of_each_kind() -> None:
    """The pattern finds what it looks for."""
    assert len(list(commands())) > 30
    assert len(list(blocks({"yaml"}))) > 10
