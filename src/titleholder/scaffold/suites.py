"""A built-in suite as a directory of one's own: what `titleholder init --suite NAME` does.

The suites live at the top of titleholder's repository, where they run every night. A wheel carries
their small files (parameters, expectations, pages, texts); data and models of a few megabytes come
out of the DVC remote of a clone.
"""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from titleholder.adapters import dvc
from titleholder.errors import DataVersionError, UsageError
from titleholder.params.registered import is_registered
from titleholder.params.schema import Suite
from titleholder.scaffold.drafts import Draft, dvc_yaml, gate_in_ci, gitignore, nightly
from titleholder.stages import pull
from titleholder.stages.workspace import PARAMS_FILE, open_params

_HERE = Path(__file__).resolve()
_CHECKOUT, _PACKAGED = _HERE.parents[3], _HERE.parent / "suites"
# What lies beside a suite's data and models and is copied along: scripts, code books, cards.
_BESIDE = frozenset({".py", ".json", ".md"})
# A link to another page of the documentation, which is not copied along.
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]*\)")
_REFERENCE = re.compile(r"reference:\s*\{?\s*path: [^\s,]+,?\s+rev: (?!null)\w+[^\n]*")


def home(named: Path | None = None) -> Path:
    """Where the suites are taken from: a clone that was named, the one that runs, the package."""
    place = named or (_CHECKOUT if (_CHECKOUT / "src/titleholder").is_dir() else _PACKAGED)
    if not (place / PARAMS_FILE).is_file():
        raise UsageError(
            f"{place}: has no {PARAMS_FILE}",
            cure="--from DIR is the top of a clone of titleholder's repository",
        )
    return place


def suite_in(place: Path, name: str) -> Suite:
    """A suite by its name; UsageError with those that there are."""
    suites = open_params(place).suites
    if name not in suites:
        raise UsageError(f"there is no suite {name!r}", cure=f"there is: {', '.join(suites)}")
    return suites[name]


def copied(place: Path, name: str, ci: str, *, pipeline: bool) -> list[Draft]:
    """All files of a suite, its ``params.yaml`` last: a copy that was killed can be repeated.

    Raises UsageError that names data and models which the place does not have.
    """
    suite = suite_in(place, name)
    own = _own(suite, name)
    spare = list(_models_beside(place, name, own))
    made = [*_read(place, suite, own), *spare, *_beside(place, name)]
    made.append(gitignore())
    if pipeline:
        # A model that may be entered by one line in params.yaml is tracked before it is.
        paths = list(dict.fromkeys([*own.values(), *(draft.path for draft in spare)]))
        made.append(Draft("dvc.yaml", dvc_yaml(name, paths).encode(), "the stages, for dvc repro"))
        made.append(Draft("flows/nightly.py", nightly(), "the Prefect flow"))
    if ci != "none":
        made.append(gate_in_ci(ci, name, suite.models.candidates[0]))
    text = params_of((place / PARAMS_FILE).read_text(encoding="utf-8"), name)
    made.append(Draft(PARAMS_FILE, text.encode(), "the suite and its rules"))
    return made


def extras(suite: Suite) -> str:
    """What has to be installed for a suite, in pip's words."""
    asked = {
        "pipeline": True,
        "fairness": bool(suite.bias.protected),
        "onnx": suite.images is not None,
        "llm": suite.chat is not None,
    }
    return f"titleholder[{','.join(name for name, wanted in asked.items() if wanted)}]"


def params_of(text: str, name: str) -> str:
    """A ``params.yaml`` with the store and one suite of another, comments and all.

    A reference that is an older revision of a file becomes a file of its own: the copy has a
    history of its own, too.
    """
    lines = text.split("\n")
    starts = {line.strip(" :"): _above(lines, i) for i, line in enumerate(lines) if _is_head(line)}
    end = min((i for i in starts.values() if i > starts[name]), default=len(lines))
    suite = "\n".join(lines[starts[name] : end]).rstrip()
    suite = _REFERENCE.sub(f"reference: {{path: {_reference_of(name)}, rev: null}}", suite)
    store = lines[lines.index("store:") :]
    store = store[: store.index("")]
    says = f"# The suite `{name}` of titleholder, as `titleholder init --suite {name}` copied it."
    return "\n".join([says, "# It is yours to change.", "", *store, "", "suites:", suite, ""])


def _is_head(line: str) -> bool:
    return re.fullmatch(r"  [\w-]+:", line) is not None


def _above(lines: list[str], at: int) -> int:
    """The first line of the comment that stands right above a line."""
    while lines[at - 1].startswith("  #"):
        at -= 1
    return at


def _reference_of(name: str) -> str:
    return f"data/{name}/reference.parquet"


def _own(suite: Suite, name: str) -> dict[str, str]:
    """Where each file that the suite reads lies in the copy, by role."""
    own = {role: path for role, path in pull.roles(suite) if not is_registered(path)}
    if suite.data.reference is not None and suite.data.reference.rev is not None:
        own["reference"] = _reference_of(name)
    return own


def _read(place: Path, suite: Suite, own: dict[str, str]) -> Iterator[Draft]:
    """What the suite reads; UsageError with all that cannot be had."""
    lacking: list[str] = []
    found: dict[str, Draft] = {}
    for role, path in own.items():
        old = suite.data.reference if role == "reference" else None
        source, rev = (old.path, old.rev) if old is not None else (path, None)
        data = _bytes(place, source, rev)
        if data is None:
            lacking.append(path)
        else:
            found[path] = Draft(path, data, role.partition(":")[0])
    if lacking:
        raise UsageError(
            f"{', '.join(lacking)}: not in the installed package, which carries small files alone",
            cure="name a clone of titleholder's repository, which has them: --from DIR",
        )
    yield from found.values()


def _bytes(place: Path, path: str, rev: str | None) -> bytes | None:
    """A file as the place has it, by DVC where it is tracked; None if it is not there."""
    if rev is None and dvc.tracked(place, path) is None:
        file = place / path
        return file.read_bytes() if file.is_file() else None
    if not (place / f"{path}.dvc").is_file():
        return None
    with tempfile.TemporaryDirectory() as directory:
        to = Path(directory) / "object"
        try:
            dvc.read_at(place, path, rev or "HEAD", to)
        except DataVersionError as error:
            raise UsageError(
                f"{place}: {error.message}",
                cure="a whole clone has it: `git fetch --unshallow` in one that is not",
            ) from None
        return to.read_bytes()


def _models_beside(place: Path, name: str, own: dict[str, str]) -> Iterator[Draft]:
    """Tracked models of a suite that are no candidates yet, such as a mitigated one."""
    for pointer in sorted((place / f"models/{name}").glob("*.dvc")):
        path = f"models/{name}/{pointer.name.removesuffix('.dvc')}"
        data = None if path in own.values() else _bytes(place, path, None)
        if data is not None:
            yield Draft(path, data, "a model that may be entered as a candidate")


def _beside(place: Path, name: str) -> Iterator[Draft]:
    """Scripts and cards beside data and models, and the suite's page."""
    page = place / f"docs/suites/{name}.md"
    if page.is_file():
        text = _LINK.sub(r"\1", page.read_text(encoding="utf-8"))
        yield Draft(f"docs/suites/{name}.md", text.encode(), "what the suite is about")
    for folder in (f"data/{name}", f"models/{name}"):
        for file in sorted((place / folder).glob("*")):
            if file.suffix in _BESIDE:
                yield Draft(f"{folder}/{file.name}", file.read_bytes(), "beside it")
