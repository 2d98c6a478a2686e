"""The main job in a fresh clone: three ways to run it, one set of records."""

import fcntl
import json
import os
import re
import shutil
import signal
import time
from dataclasses import dataclass

import pytest

from tests.support import tiny
from tests.support.project import Project
from tests.support.warm import Done
from titleholder.records import read, sha256_file
from titleholder.stages import STAGES
from titleholder.types import Verdict

SUITE = "flights"
VERDICT = f".titleholder/runs/{SUITE}/judge/candidate.json"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A fresh clone in which `titleholder run` was called once for one suite."""
    project = Project.make(tmp_path_factory.mktemp("ran"))
    done = project.anew("run", SUITE)
    assert done.code == 0, done.err
    assert all(f"{SUITE}" in done.err and name in done.err for name in STAGES)
    return project


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A fresh clone in which `dvc pull` and `dvc repro` were called once for one suite."""
    project = Project.make(tmp_path_factory.mktemp("reproduced"))
    pulled = project.dvc("pull", "-q")
    assert pulled.code == 0, pulled.err
    done = project.dvc("repro", f"publish@{SUITE}")
    assert done.code == 0, done.out + done.err
    return project


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A fresh clone in which tonight's flow was run once for one suite, on several threads."""
    project = Project.make(tmp_path_factory.mktemp("flown"))
    done = project.flow(SUITE, "--json", OMP_NUM_THREADS="4")
    assert done.code == 0, done.err
    (ending,) = json.loads(done.out)
    assert ending["suite"] == SUITE
    return project


def test_a_fresh_clone_is_judged_by_one_command(ran: Project) -> None:
    """Verdict, report card and published statement are there."""
    verdict = read(ran.root / VERDICT, Verdict)
    assert verdict.suite == SUITE
    assert (ran.root / f".titleholder/runs/{SUITE}/report/candidate/report.html").is_file()
    receipt = json.loads((ran.root / f".titleholder/runs/{SUITE}/publish/receipt.json").read_text())
    assert receipt["receipts"][0]["outcome"] == verdict.outcome


def test_every_record_names_what_it_was_made_from(ran: Project) -> None:
    """Inputs have a path, a SHA-256, the DVC hash and the git revision."""
    verdict = read(ran.root / VERDICT, Verdict)
    roles = {source.role: source for source in verdict.inputs}
    training = f"training:data/{SUITE}/train.parquet"
    models = {"champion", "candidate:candidate"}
    assert set(roles) == {"current", "reference", "expectations", training, *models}
    for role, source in roles.items():
        assert len(source.sha256) == 64
        assert source.revision is not None
        assert (source.dvc is None) == (role == "expectations")


def test_dvc_repro_makes_the_same_records_to_the_byte(ran: Project, reproduced: Project) -> None:
    """Two orchestrators, one path."""
    one, other = ran.records(SUITE), reproduced.records(SUITE)
    assert one.keys() == other.keys()
    assert len(one) >= 10
    assert [name for name in one if one[name] != other[name]] == []


def test_the_flow_makes_the_same_records_to_the_byte(ran: Project, flown: Project) -> None:
    """Prefect orders and retries; it has no say in what comes out."""
    one, other = ran.records(SUITE), flown.records(SUITE)
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []


def test_a_night_that_is_called_off_publishes_nothing(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Ctrl-C ends it at once, with the server that it started, and says so in one line."""
    project = Project.make(tmp_path_factory.mktemp("called-off"))
    with project.start_flow(SUITE) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        assert "pull" in first
        os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=20)[1]
    assert process.returncode == 5
    assert said.splitlines()[-1] == "titleholder: interrupted"
    assert "Traceback" not in said
    assert not (project.root / f".titleholder/runs/{SUITE}/publish").exists()
    assert _gone(process.pid, within_s=30)


def _gone(group: int, within_s: float) -> bool:
    """Whether no process of the group is left, once its servers had time to close."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.2)
    return False


def test_a_second_repro_runs_nothing(reproduced: Project) -> None:
    """DVC owns caching, and every stage leaves what it promised."""
    done = reproduced.dvc("repro", f"publish@{SUITE}")
    assert done.code == 0
    assert "Running stage" not in done.out + done.err


def test_dvc_shows_the_numbers_and_the_plots_of_a_run(reproduced: Project) -> None:
    """The verdict and each metric as numbers, and what each rule judged as a plot."""
    shown = json.loads(reproduced.dvc("metrics", "show", "--json").out)
    numbers = shown[""]["data"][f".titleholder/runs/{SUITE}/figures/metrics.json"]["data"]
    verdict = read(reproduced.root / VERDICT, Verdict)
    assert numbers["candidate"]["verdict"] == verdict.outcome
    mae = next(f for f in verdict.findings if f.metric == "mae" and f.slice == "overall")
    assert numbers["candidate"]["mae"]["gain"] == pytest.approx(mae.improvement.value, rel=1e-5)
    assert reproduced.dvc("plots", "show", "-o", "drawn").code == 0
    assert f"What each rule judged ({SUITE})" in (reproduced.root / "drawn/index.html").read_text()


def test_dvc_tells_two_runs_apart(reproduced: Project) -> None:
    """A changed rule scores no model again, and `dvc metrics diff` says what it did."""
    reproduced.git("add", "-f", f".titleholder/runs/{SUITE}/figures")
    reproduced.git("-c", "user.name=u", "-c", "user.email=u@example.com", "commit", "-qm", "run")
    rules = reproduced.params()["suites"][SUITE]["rules"]
    impossible = {"id": "never", "metric": "mae", "kind": "superior", "margin": 1000.0}
    reproduced.edit("suites", SUITE, "rules", value=[*rules, impossible])
    done = reproduced.dvc("repro", f"publish@{SUITE}")
    assert done.code == 0, done.err
    told = done.out + done.err
    ran = [name for name in STAGES if f"Running stage '{name}@{SUITE}'" in told]
    assert ran == ["judge", "report", "publish"]
    said = json.loads(reproduced.dvc("metrics", "diff", "--json").out)
    change = said[f".titleholder/runs/{SUITE}/figures/metrics.json"]
    assert change["candidate.failed"]["diff"] == 1


@dataclass(frozen=True)
class Again:
    """How a second run of what was run ended, and what the store held before and after it."""

    ended: Done
    before: list[str]
    after: list[str]


@pytest.fixture(scope="module")
def again(ran: Project) -> Again:
    """The same question, asked once more, for a program."""
    before = _published(ran)
    done = ran.titleholder("run", SUITE, "--json")
    assert done.code == 0, done.err
    return Again(done, before, _published(ran))


def test_running_again_publishes_no_second_verdict(again: Again) -> None:
    """The same result twice is one verdict."""
    assert again.before == again.after
    assert again.before


def test_json_and_quiet_are_for_programs(again: Again) -> None:
    """JSON is one document on standard output, and progress is silent."""
    (ending,) = json.loads(again.ended.out)
    assert (ending["suite"], again.ended.err) == (SUITE, "")
    assert ending["judged"][0]["verdict"]["findings"]


def test_the_gate_opens_for_exactly_the_bytes_that_were_judged(ran: Project) -> None:
    """ALLOW for the candidate on a PASS; no verdict for any other file."""
    verdict = read(ran.root / VERDICT, Verdict)
    expected = {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 3}[verdict.outcome]
    gate = ("gate", "--suite", SUITE, "--env", "dev")
    done = ran.titleholder(*gate, "--model", f"models/{SUITE}/candidate.skops")
    assert done.code == expected
    source = next(s for s in verdict.inputs if s.role == "candidate:candidate")
    if expected == 0:
        assert done.out.splitlines()[-1] == f"ALLOW sha256:{source.sha256}"
    other = ran.titleholder(*gate, "--model", f"models/{SUITE}/champion.skops")
    assert other.code == 4
    assert "ALLOW" not in other.out


def test_changed_data_are_refused_by_the_stage_that_reads_them(ran: Project) -> None:
    """Models or data that were swapped in the middle of a run are seen."""
    path = ran.root / f"data/{SUITE}/current.parquet"
    kept = path.read_bytes()
    try:
        path.unlink()
        path.write_bytes(kept + b"x")
        done = ran.titleholder("stage", "validate", SUITE)
        assert done.code == 5
        assert "SHA-256 differs" in done.err
    finally:
        path.write_bytes(kept)


def test_two_runs_of_one_suite_do_not_mix(ran: Project) -> None:
    """One works, the other says so."""
    lock = ran.root / f".titleholder/runs/{SUITE}/.lock"
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        done = ran.titleholder("stage", "judge", SUITE)
    assert done.code == 5
    assert "another run of the suite 'flights' is at work" in done.err


def test_an_unknown_suite_is_told_with_the_nearest_name(ran: Project) -> None:
    """Exit code 2, one line, no traceback."""
    done = ran.titleholder("run", "flihgts")
    assert done.code == 2
    assert "did you mean 'flights'?" in done.err
    assert "Traceback" not in done.err


def _published(project: Project) -> list[str]:
    store = project.root / ".titleholder/store"
    return sorted(p.relative_to(store).as_posix() for p in store.rglob("verdicts/**/*.json"))


def test_the_dashboard_stands_beside_the_verdict(ran: Project) -> None:
    """With the run, its report card and the drift that was measured."""
    pages = ran.root / f".titleholder/store/dashboard/suites/dev/{SUITE}"
    said = json.loads((ran.root / f".titleholder/runs/{SUITE}/publish/receipt.json").read_text())
    (card,) = [
        kept["sha256"]
        for kept in said["receipts"][0]["evidence"]
        if kept["name"] == "report/candidate/report.html"
    ]
    assert sha256_file(pages / "runs/00000001-card.html") == card
    drift = json.loads((ran.root / f".titleholder/runs/{SUITE}/drift/drift.json").read_text())
    front = (pages / "index.html").read_text()
    assert any(f">{column['name']}</th>" in front for column in drift["columns"])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A small project of its own, run once."""
    root = tiny.make(tmp_path_factory.mktemp("small"))
    project = Project(root, root)
    done = project.titleholder("run", "--quiet")
    assert done.code == 0, done.err
    return project


@pytest.mark.parametrize("harm", ["damaged", "in the way"])
def test_a_dashboard_that_fails_is_told_and_fails_nothing(small: Project, harm: str) -> None:
    """The verdict stands, the stage and the run end well, and a warning names the cure."""
    dashboard = small.root / "store/dashboard"
    kept = dashboard.with_name("kept-aside")
    dashboard.rename(kept)
    if harm == "damaged":
        state = dashboard / f"suites/dev/{tiny.SUITE}/overview.json"
        state.parent.mkdir(parents=True)
        state.write_text("{}{}")
    else:
        dashboard.write_text("a file where a directory should be")
    try:
        done = small.titleholder("run", "--quiet")
        assert done.code == 0, done.err
        warned = f"titleholder: {tiny.SUITE}: warning: the dashboard is not up to date: "
        assert warned in done.err
        assert "cure:" in done.err and "Traceback" not in done.err
        receipt = f".titleholder/runs/{tiny.SUITE}/publish/receipt.json"
        assert json.loads((small.root / receipt).read_text())["receipts"]
    finally:
        shutil.rmtree(dashboard, ignore_errors=True)
        dashboard.unlink(missing_ok=True)
        kept.rename(dashboard)
    assert small.anew("dashboard", "--rebuild").code == 0


def test_the_report_card_is_one_small_page_that_loads_nothing(ran: Project) -> None:
    """It can be mailed, and read without a network."""
    page = ran.root / f".titleholder/runs/{SUITE}/report/candidate/report.html"
    text = page.read_text()
    assert len(text) < 1_500_000
    assert not re.search(r"""(src|href)=["']?https?://""", text)
