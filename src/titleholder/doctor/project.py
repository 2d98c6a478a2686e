"""The project itself: its parameters, its repository, its data, and room for records."""

import shutil
from collections.abc import Iterator

from titleholder.adapters import dvc, git
from titleholder.doctor.advice import Advice, Health, Patient
from titleholder.params.schema import Params, Suite
from titleholder.stages.workspace import open_params

LEAST_ROOM = 1 << 30  # bytes; a night of the built-in suites writes about a hundredth


def params(patient: Patient) -> Iterator[Advice]:
    """params.yaml as a run would read it; its problems are told by the error itself."""
    found = open_params(patient.root)
    said = f"{len(found.suites)} suites: {', '.join(found.suites)}"
    yield Advice("params.yaml", Health.WELL, said)


def repository(patient: Patient) -> Iterator[Advice]:
    """Whether verdicts can name the commit that they were made from."""
    commit = git.resolve(patient.root, "HEAD")
    if commit is None and git.is_repository(patient.root):
        yield Advice("git", Health.WORRY, "a git repository without commits: verdicts name none",
                     "commit params.yaml and the pointers to data and models")  # fmt: skip
        return
    if commit is None:
        yield Advice("git", Health.WORRY, "no git repository: verdicts name no commit",
                     "git init, and commit params.yaml")  # fmt: skip
        return
    yield Advice("git", Health.WELL, f"at {commit[:12]}")


def disk(patient: Patient) -> Iterator[Advice]:
    """Room for records, which are written whole before they replace older ones."""
    free = shutil.disk_usage(patient.root).free
    room = f"{free / (1 << 30):.1f} GiB free"
    if free < LEAST_ROOM:
        yield Advice("disk", Health.WORRY, room, "free some space")
    else:
        yield Advice("disk", Health.WELL, room)


def data(patient: Patient) -> Iterator[Advice]:
    """Every file that a suite reads: there, or to be had from the DVC remote."""
    for name, suite in _params(patient).suites.items():
        lacking = [path for path in _files(suite) if not (patient.root / path).is_file()]
        unknown = [path for path in lacking if dvc.tracked(patient.root, path) is None]
        about = f"data of {name}"
        if unknown:
            yield Advice(about, Health.ILL, f"{', '.join(unknown)}: no such file, and no .dvc "
                         "file beside it", "check the paths, or `dvc add` the files")  # fmt: skip
        elif lacking:
            yield Advice(about, Health.WORRY, f"{len(lacking)} files are not pulled yet",
                         "dvc pull; the first run does it, too")  # fmt: skip
        else:
            yield Advice(about, Health.WELL, f"{len(_files(suite))} files are here")


def remote(patient: Patient) -> Iterator[Advice]:
    """Whether the DVC remote holds what the suites read today."""
    files = sorted({path for suite in _params(patient).suites.values() for path in _files(suite)})
    tracked = [path for path in files if dvc.tracked(patient.root, path) is not None]
    if not tracked:
        yield Advice("dvc remote", Health.WELL, "not needed: DVC tracks none of the suites' files")
        return
    absent = dvc.lacking(patient.root, tracked)
    if absent:
        yield Advice("dvc remote", Health.WORRY, f"does not hold {', '.join(absent)}", "dvc push")
    else:
        yield Advice("dvc remote", Health.WELL, f"holds {len(tracked)} of {len(tracked)} files")


def _params(patient: Patient) -> Params:
    try:
        return open_params(patient.root)
    except Exception:
        return Params()  # told by `params` already


def _files(suite: Suite) -> list[str]:
    reference = suite.data.reference
    read = [suite.data.current, suite.models.champion, *suite.models.candidates]
    read += [suite.expectations] if suite.expectations else []
    read += [reference.path] if reference is not None and reference.rev is None else []
    return read
