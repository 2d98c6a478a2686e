"""The page of all commands, docs/reference/commands.md: ``python -m titleholder.cli.reference``.

A test holds the committed page equal to what this prints.
"""

import argparse
from collections.abc import Iterator

from titleholder import cli

HEAD = """\
# Commands

What `python -m titleholder.cli.reference` reads off the command line itself. `titleholder COMMAND
--help` says the same.
"""


def page() -> str:
    """The whole page, as Markdown."""
    return "\n".join([HEAD, *(_section(name) for name in cli.COMMANDS)])


def _section(name: str) -> str:
    parser = _parser(name)
    said = [f"## titleholder {name}", "", _sentence(parser.description or ""), ""]
    rows = list(_rows(parser))
    if rows:
        said += ["| argument | |", "|---|---|", *rows, ""]
    said += ["```text", (parser.epilog or "").strip(), "```", ""] if parser.epilog else []
    below = _below(parser)
    for command, inner in below.items():
        said += [f"### titleholder {name} {command}", "", *_table(inner)]
    return "\n".join(said)


def _table(parser: argparse.ArgumentParser) -> list[str]:
    return ["| argument | |", "|---|---|", *_rows(parser), ""]


def _parser(name: str) -> argparse.ArgumentParser:
    commands = _below(cli._parser([name]))
    return commands[name]


def _below(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands below a parser, by name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def _rows(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            continue
        says = (action.help or "").replace("%%", "%").replace("|", "\\|")
        must = " **required**" if action.required and action.option_strings else ""
        yield f"| `{_named(action)}`{must} | {says} |"


def _named(action: argparse.Action) -> str:
    takes = "" if action.nargs == 0 else str(action.metavar or action.dest.upper())
    if action.choices:
        takes = "{" + ",".join(map(str, action.choices)) + "}"
    if not action.option_strings:
        return f"[{takes}]" if action.nargs in ("*", "?") else takes
    return f"{action.option_strings[-1]} {takes}".strip()


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


if __name__ == "__main__":
    print(page(), end="")
