"""Strict YAML: plain data, and the line that each value stands on.

What YAML leaves open is refused here with its line: doubled keys, tags, aliases (one can be made
to unfold into gigabytes), keys that are not text, numbers that are none.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from titleholder.errors import ConfigError, UsageError

Path_: TypeAlias = tuple[str | int, ...]
LARGEST = 1 << 20
DEEPEST = 40
_SCALARS = frozenset({"null", "bool", "int", "float", "str", "timestamp", "value", "merge"})


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data as YAML gave them, with a line for each path."""

    name: str
    data: Any
    lines: dict[Path_, int]

    def at(self, path: Path_) -> str:
        """Where a path stands: ``params.yaml:17  suites.credit.rules[2].margin``."""
        line = next(
            (self.lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.lines), 1
        )
        return f"{self.name}:{line}  {dotted(path)}".rstrip()


def dotted(path: Path_) -> str:
    """A path as people write it.

    >>> dotted(("suites", "credit", "rules", 2, "margin"))
    'suites.credit.rules[2].margin'
    """
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def read(path: Path) -> Document:
    """The document in a file; UsageError when it is not there, ConfigError when it is not YAML."""
    if not path.is_file():
        raise UsageError(
            f"{path}: no such file",
            cure="run from the project's directory, or write one: see README.md",
        )
    data = path.read_bytes()
    if len(data) > LARGEST:
        raise ConfigError(
            path.name, [f"{path.name}: is larger than {LARGEST >> 20} MB: must be smaller"]
        )
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ConfigError(
            path.name, [f"{path.name}: is not UTF-8, which it must be: {error.reason}"]
        ) from None
    return parse(text, path.name)


def parse(text: str, name: str) -> Document:
    """The document in a text; one ConfigError with every problem that can be told at once."""
    import yaml

    try:
        loader = yaml.SafeLoader(text)
    except yaml.YAMLError as error:  # a character that no YAML may hold
        raise ConfigError(name, [_syntax(error, name)]) from None
    try:
        _refuse_unbounded(text, name)
        node = loader.get_single_node()
        if node is None:
            raise ConfigError(
                name, [f"{name}: is empty: it must hold keys and values, see README.md"]
            )
        walk = _Walk(name, loader)
        plain = walk.value(node, ())
    except yaml.YAMLError as error:
        raise ConfigError(name, [_syntax(error, name)]) from None
    except RecursionError:
        raise ConfigError(
            name, [f"{name}: is nested more than {DEEPEST} deep: must be flatter"]
        ) from None
    finally:
        loader.dispose()
    if walk.problems:
        raise ConfigError(name, walk.problems)
    return Document(name, plain, walk.lines)


class _Walk:
    """From YAML's nodes to plain data, noting lines and problems on the way."""

    def __init__(self, name: str, loader: Any) -> None:
        self.name = name
        self.loader = loader
        self.lines: dict[Path_, int] = {}
        self.problems: list[str] = []

    def value(self, node: Any, path: Path_) -> Any:
        import yaml

        self.lines.setdefault(path, node.start_mark.line + 1)
        if len(path) > DEEPEST:
            self._problem(node, path, f"is nested more than {DEEPEST} deep: must be flatter")
            return None
        if isinstance(node, yaml.MappingNode) and node.tag.endswith(":map"):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag.endswith(":seq"):
            return [self.value(part, (*path, i)) for i, part in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: Any, path: Path_) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            if key in found:
                self._problem(key_node, (*path, key), "stands twice")
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            found[key] = self.value(value_node, (*path, key))
        return found

    def _key(self, node: Any, path: Path_) -> str:
        """A key as text: ``on:`` and ``1990:`` are what they look like, whatever YAML thinks."""
        if not isinstance(node.value, str):
            self._problem(node, path, "has a key that is not text: keys must be words")
            return ""
        return str(node.value)

    def _scalar(self, node: Any, path: Path_) -> Any:
        if node.tag.removeprefix("tag:yaml.org,2002:") not in _SCALARS:
            self._problem(node, path, f"has the tag {node.tag}, and tags are not read here")
            return None
        if node.tag.endswith(":timestamp"):
            return str(node.value)
        try:
            value = self.loader.construct_object(node)
        except ValueError:
            self._problem(node, path, f"{node.value!r} is not a value")
            return None
        if isinstance(value, float) and not abs(value) < float("inf"):
            self._problem(node, path, f"{node.value} is not a finite number, and must be one")
            return None
        return value

    def _problem(self, node: Any, path: Path_, what: str) -> None:
        where = f"{self.name}:{node.start_mark.line + 1}  {dotted(path)}".rstrip()
        self.problems.append(f"{where}: {what}")


def _refuse_unbounded(text: str, name: str) -> None:
    """ConfigError for what could unfold without end, seen before it is built: aliases, depth."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise ConfigError(
                name, [f"{name}:{line}  is nested more than {DEEPEST} deep: must be flatter"]
            )
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise ConfigError(
                name, [f"{name}:{line}  *{event.anchor}: aliases are not read here: write it out"]
            )


def _syntax(error: Any, name: str) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"{name}:{mark.line + 1}" if mark is not None else name
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"{where}  is not YAML: {what}"
