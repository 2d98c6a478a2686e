"""`titleholder init --suite`: a built-in suite as a directory of one's own."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.support.warm import titleholder
from titleholder.errors import Exit, UsageError
from titleholder.scaffold import suites
from titleholder.stages import pull
from titleholder.stages.workspace import open_params

ROOT = Path(__file__).parents[2]
SUITES = list(yaml.safe_load((ROOT / "params.yaml").read_text())["suites"])


def files(root: Path) -> dict[str, bytes]:
    """Every file below a directory, but git's."""
    found = (path for path in root.rglob("*") if path.is_file() and ".git/" not in str(path))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


@pytest.mark.parametrize("name", SUITES)
def test_a_copy_of_a_suite_has_every_file_that_it_names(tmp_path: Path, name: str) -> None:
    """Its params.yaml holds that suite alone, loads, and finds each file beside it."""
    made = {draft.path: draft.data for draft in suites.copied(ROOT, name, "none", pipeline=True)}
    for path, data in made.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    found = open_params(tmp_path).suites
    assert list(found) == [name]
    assert not [p for _, p in pull.roles(found[name]) if not (tmp_path / p).is_file()]
    assert found[name].rules == open_params(ROOT).suites[name].rules
    assert f"docs/suites/{name}.md" in made
    tracked = {p.name.removesuffix(".dvc") for p in (ROOT / f"models/{name}").glob("*.dvc")}
    models = {f"models/{name}/{file}" for file in tracked}
    assert models <= made.keys()
    # Each of them, entered as a candidate or not yet, is one whose change runs the suite again.
    assert models <= set(yaml.safe_load(made["dvc.yaml"])["stages"]["pull"]["deps"])
    assert list(made)[-1] == "params.yaml"
    old = open_params(ROOT).suites[name].data.reference
    if old is not None and old.rev is not None:  # a version of a file becomes a file of its own
        reference = found[name].data.reference
        assert reference is not None
        assert reference.rev is None
        assert made[reference.path] != made[old.path]


def test_a_copied_suite_runs_in_a_fresh_repository_by_one_command(tmp_path: Path) -> None:
    """init, run, gate: without DVC, without titleholder's repository, without an endpoint."""
    root = tmp_path / "mine"
    written = titleholder(tmp_path, "init", "--suite", "support", "mine")
    assert written.code == Exit.ALLOW, written.err
    assert 'pip install "titleholder[pipeline,llm]"' in written.out
    assert "cd mine && titleholder run support" in written.out
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    run = titleholder(root, "run", "support", "--quiet")
    assert run.code == Exit.ALLOW, run.err
    assert "support: candidate: INCONCLUSIVE" in run.out
    gate = titleholder(
        root, "gate", "--suite", "support", "--model", "models/support/candidate.yaml",
        "--env", "dev",
    )  # fmt: skip
    assert gate.code == Exit.INCONCLUSIVE, gate.err


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    """A file of the user's stays as it is; a params.yaml ends it before anything is written."""
    mine = tmp_path / "data/support/traffic.csv"
    mine.parent.mkdir(parents=True)
    mine.write_text("arrival_s\n1\n")
    done = titleholder(tmp_path, "init", "--suite", "support")
    assert done.code == Exit.ALLOW, done.err
    assert "kept   data/support/traffic.csv" in done.out
    assert mine.read_text() == "arrival_s\n1\n"
    before = files(tmp_path)
    again = titleholder(tmp_path, "init", "--suite", "vision")
    assert again.code == Exit.USAGE
    assert "params.yaml is there already" in again.err
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--suite", "vison"), "there is no suite 'vison'"),
        (("--suite", "vision", "--target", "label"), "--target cannot be said of it"),
        (("--suite", "vision", "--from", "nowhere"), "nowhere: has no params.yaml"),
        (("--from", "nowhere"), "goes with --suite NAME"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_written(
    tmp_path: Path, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By what is wrong, with exit code 2."""
    from titleholder.cli import main

    assert main(["init", str(tmp_path), *words]) == Exit.USAGE
    assert said in capsys.readouterr().err
    assert not files(tmp_path)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The suites as a wheel holds them."""
    place = tmp_path_factory.mktemp("wheel")
    said = tomllib.loads((ROOT / "pyproject.toml").read_text())
    forced = said["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    below = "titleholder/scaffold/suites/"
    for source, target in forced.items():
        assert target == below + source
        to = place / source
        to.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", str(ROOT / source), str(to)], check=True)
    return place


def test_a_wheel_carries_what_is_small(wheel: Path) -> None:
    """The suite that needs no large file is whole."""
    made = suites.copied(wheel, "support", "none", pipeline=False)
    assert {d.path: d.data for d in made} == {
        d.path: d.data for d in suites.copied(ROOT, "support", "none", pipeline=False)
    }


@pytest.mark.parametrize("name", [name for name in SUITES if name != "support"])
def test_a_wheel_names_the_large_files_that_it_lacks(wheel: Path, name: str) -> None:
    """Each by its path, with where to get them; what is small is not among them."""
    with pytest.raises(UsageError) as caught:
        suites.copied(wheel, name, "none", pipeline=False)
    assert f"data/{name}/current.parquet" in str(caught.value)
    assert f"models/{name}/" in str(caught.value)
    assert f"expectations/{name}.json" not in str(caught.value)
    assert "--from DIR" in (caught.value.cure or "")


def test_a_clone_without_its_history_is_told(tmp_path: Path) -> None:
    """The pointers are there, and no commit that has them: exit code 2, and the way out."""
    for name in ("params.yaml", "metrics", "data", "expectations"):
        subprocess.run(["cp", "-r", str(ROOT / name), str(tmp_path / name)], check=True)
    for here in (tmp_path / "data/credit").glob("*.parquet"):
        here.unlink()
    with pytest.raises(UsageError, match=r"current\.parquet\.dvc does not exist") as caught:
        suites.copied(tmp_path, "credit", "none", pipeline=False)
    assert "git fetch --unshallow" in (caught.value.cure or "")


def test_help_does_not_load_the_suites() -> None:
    """The command line stays fast."""
    code = "import sys; from titleholder.cli import main\ntry: main(['init', '--help'])\n"
    code += "except SystemExit: pass\nassert 'titleholder.scaffold' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
