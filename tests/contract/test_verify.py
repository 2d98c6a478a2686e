"""`titleholder verify`: what it finds out again, what it finds out that way, and how it ends."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support import keys
from tests.support.project import Project
from titleholder import decimals, records
from titleholder.adapters.stores import open_store
from titleholder.cli import main
from titleholder.comparison.compare import Comparisons
from titleholder.trust import chain as chains
from titleholder.trust.publication import evidence_key, publish
from titleholder.trust.statement import Evidence, Statement, result_of, run_key, subject_of
from titleholder.types import Outcome, Verdict
from titleholder.verdict import NOTES, with_checks

SUITES = ("flights", "swapped", "strict")
ROWS = "compare/candidate/comparisons.json"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A passing, a failing and an inconclusive suite, signed for prod; the first also bare."""
    project = Project.make(tmp_path_factory.mktemp("verify"))
    project.vary()
    key = project.home / "signing.key"
    key.write_bytes(keys.key().pem)
    (project.root / "k.pub").write_bytes(keys.key().public.pem)
    done = project.titleholder(
        "run", *SUITES, "--env", "prod", "--quiet", TITLEHOLDER_SIGNING_KEY_FILE=str(key)
    )
    assert done.code == 0, done.err
    assert f"(signed by key {keys.key().key_id[:19]})" in done.out
    done = project.titleholder("stage", "publish", "flights")
    assert done.code == 0, done.err
    return project


@dataclass
class Here:
    """A copy of the store, in the project's directory, to do things to."""

    root: Path
    store: Path

    def verify(self, *arguments: str) -> int:
        """Run the command as it is typed."""
        return main(["verify", *arguments, "--store", f"file://{self.store}"])

    def first(self, environment: str = "dev", suite: str = "flights") -> Path:
        """The file of the first verdict."""
        return self.store / f"verdicts/{environment}/{suite}/00000001.json"

    def said(self) -> Statement:
        """The first verdict as it is read."""
        return decimals.decode(self.first().read_bytes(), Statement, source="the first")

    def rewrite(self, change: Callable[[Statement], Statement]) -> None:
        """Put another unsigned statement in the place of the first, head and all."""
        said = change(self.said())
        records.write_bytes(self.first(), decimals.encode(said))
        digest = chains.digest_of(self.first().read_bytes())
        records.write(self.first().with_name("head.json"), chains.Head(1, digest))

    def judged(self, change: Callable[[Verdict], Verdict]) -> None:
        """Publish another answer that is consistent in itself."""

        def changed(said: Statement) -> Statement:
            verdict = change(said.predicate.verdict)
            result = result_of(verdict)
            return replace(said, predicate=replace(said.predicate, verdict=verdict, result=result))

        self.rewrite(changed)

    def replaced(self, name: str, data: bytes, into: str | None = None) -> None:
        """Put other evidence under a name, its digest put right everywhere."""
        digest = chains.digest_of(data).removeprefix("sha256:")
        records.write_bytes(self.store / evidence_key(digest), data)
        other = Evidence(into or name, digest, len(data))

        def changed(said: Statement) -> Statement:
            named = tuple(other if e.name == name else e for e in said.predicate.evidence)
            return replace(said, predicate=replace(said.predicate, evidence=named))

        self.rewrite(changed)

    def evidence(self, name: str) -> Path:
        """Where a piece of the first verdict's evidence lies."""
        said = self.said().predicate
        (one,) = (e for e in said.evidence if e.name == name)
        return self.store / evidence_key(one.sha256)


@pytest.fixture
def here(published: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    """The project, with a store of its own."""
    shutil.copytree(published.root / ".titleholder/store", tmp_path / "store")
    monkeypatch.chdir(published.root)
    yield Here(published.root, tmp_path / "store")


@pytest.mark.parametrize(("suite", "code"), [("flights", 0), ("swapped", 1), ("strict", 3)])
def test_a_sound_verdict_is_verified_whatever_it_says(
    here: Here, capsys: pytest.CaptureFixture[str], suite: str, code: int
) -> None:
    """Every step, the statistics to the byte, and the exit code of its outcome."""
    assert here.verify(f"prod/{suite}", "--key", "k.pub=prod", "--full") == code
    lines = capsys.readouterr().out.splitlines()
    assert [line.removeprefix("not at ").split()[1] for line in lines[:-1]] == [
        "schema", "signature", "outcome", "chain", "evidence", "judgement", "ledger",
        "validation", "drift", "leakage", "models", "statistics",
    ]  # fmt: skip
    found = {line.split()[0] for line in lines[:-1] if " models " not in line}
    assert found == {"verified"}
    assert lines[-1].split()[0] == ("PASS", "FAIL", "", "INCONCLUSIVE")[code]


def test_the_signing_key_is_left_nowhere(published: Project) -> None:
    """Not in a record, a page, a receipt or the store."""
    secret = keys.key().pem.splitlines()[1]
    left = [path for path in (published.root / ".titleholder").rglob("*") if path.is_file()]
    assert len(left) > 50
    assert not [path for path in left if secret in path.read_bytes()]


def test_an_unsigned_verdict_is_called_so(here: Here, capsys: pytest.CaptureFixture[str]) -> None:
    """It may be sound all the same; with a key it is none."""
    assert here.verify("dev/flights") == 0
    assert "not at hand  signature  the verdict is unsigned" in capsys.readouterr().out
    assert here.verify("dev/flights", "--key", "k.pub") == 4
    assert "NOT VERIFIED" in capsys.readouterr().out


def test_a_verdict_is_named_in_several_ways(
    here: Here, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """By its number, by the address that `run` prints, or as a file from anywhere."""
    assert here.verify("dev/flights/1") == 0
    assert here.verify("dev/flights/2") == 4
    assert here.verify("dev/nothing") == 4
    assert main(["verify", str(here.first())]) == 0
    assert capsys.readouterr().out.count("judgement") == 2
    (tmp_path / "alone.json").write_bytes(here.first().read_bytes())
    assert main(["verify", str(tmp_path / "alone.json")]) == 0
    assert "not at hand  evidence" in capsys.readouterr().out
    assert here.verify(str(tmp_path / "alone.json")) == 0
    assert main(["verify", str(tmp_path / "alone.json"), "--full"]) == 2
    assert main(["verify", "no such thing"]) == 2


def test_the_report_can_be_had_as_json(here: Here, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, with every step."""
    assert here.verify("prod/flights", "--key", "k.pub", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["outcome"], told["exit"], told["signature"]) == ("PASS", 0, keys.key().key_id)
    assert {step["name"]: step["found"] for step in told["steps"]}["evidence"] == "verified"


def _lost(here: Here) -> None:
    here.evidence(ROWS).unlink()


def _damaged(here: Here) -> None:
    path = here.evidence(ROWS)
    path.write_bytes(path.read_bytes()[:-1] + b" ")


def _another_number(here: Here) -> None:
    """A p value that nobody computed: the outcome still follows, the judgement does not."""

    def change(verdict: Verdict) -> Verdict:
        first, *rest = verdict.findings
        return replace(verdict, findings=(replace(first, p_value=0.5), *rest))

    here.judged(change)


def _milder_check(here: Here) -> None:
    """A check that failed is told as passed."""

    def change(verdict: Verdict) -> Verdict:
        checks = tuple(replace(check, outcome=Outcome.PASS) for check in verdict.checks)
        return replace(verdict, checks=checks)

    here.judged(change)


def _another_model(here: Here) -> None:
    """The verdict of one model, said of another."""
    here.rewrite(lambda s: replace(s, subject=(subject_of(s.subject[0].name, "00" * 32),)))


def _milder_parameters(here: Here) -> None:
    """Other parameters among the evidence than the verdict names."""
    plain = json.loads(here.evidence("publish/suite.json").read_bytes())
    here.replaced("publish/suite.json", records.encode({**plain, "min_n": 1}))


def _no_parameters(here: Here) -> None:
    here.replaced("publish/suite.json", b"{}", into="other.json")


def _another_model_in_full(here: Here) -> None:
    """Said of another model, and the question named after it."""

    def change(said: Statement) -> Statement:
        subject = subject_of("candidate.skops", "00" * 32)
        p = said.predicate
        asked = run_key(p.environment, subject, p.verdict, p.logical_date, p.provenance.params)
        return replace(said, subject=(subject,), predicate=replace(p, run_key=asked))

    here.rewrite(change)


def _expired_at_birth(here: Here) -> None:
    here.rewrite(
        lambda s: replace(s, predicate=replace(s.predicate, expires_at=s.predicate.published_at))
    )


def _leading_elsewhere(here: Here) -> None:
    here.replaced("pull/manifest.json", b"{}", into="../../../../escaped.json")


def _unparseable(here: Here) -> None:
    here.replaced("judge/candidate.json", b"{}")
    here.replaced(ROWS, b"[1]")


def _named_twice(here: Here) -> None:
    here.replaced("pull/manifest.json", here.evidence(ROWS).read_bytes(), into=ROWS)


def _uncounted(here: Here) -> None:
    """The verdict no longer says which question it was."""
    here.rewrite(lambda s: replace(s, predicate=replace(s.predicate, exposure=None)))


def _earlier_in_the_queue(here: Here) -> None:
    """The verdict says that its question came before all others, and cost nothing."""

    def change(said: Statement) -> Statement:
        assert said.predicate.exposure is not None
        exposure = replace(said.predicate.exposure, spent=0.0)
        return replace(said, predicate=replace(said.predicate, exposure=exposure))

    here.rewrite(change)


def _kinder_ledger(here: Here) -> None:
    """A check that only the ledger can give, given by somebody else."""

    def change(verdict: Verdict) -> Verdict:
        checks = tuple(
            replace(c, outcome=Outcome.INCONCLUSIVE) if c.kind in NOTES else c
            for c in verdict.checks
        )
        return with_checks(replace(verdict, checks=()), checks)

    here.judged(change)


def _line_gone(here: Here) -> None:
    for line in (here.store / "ledger/panels").rglob("*.json"):
        line.unlink()


def _night_gone(here: Here) -> None:
    for line in (here.store / "ledger/nights").rglob("*.json"):
        line.unlink()


@pytest.mark.parametrize(
    ("arrange", "step", "reason"),
    [
        (_lost, "evidence", "is missing"),
        (_damaged, "evidence", "does not have the digest"),
        (_named_twice, "evidence", "alike"),
        (_another_number, "judgement", "another judgement"),
        (_milder_check, "judgement", "its checks differ"),
        (_another_model, "verdict", "run key"),
        (_another_model_in_full, "judgement", "another candidate"),
        (_expired_at_birth, "verdict", "expired before"),
        (_milder_parameters, "judgement", "not those of the verdict"),
        (_no_parameters, "judgement", "no publish/suite.json"),
        (_leading_elsewhere, "judgement", "leads elsewhere"),
        (_unparseable, "judgement", "comparisons.json"),
        (_uncounted, "ledger", "names no line of the ledger"),
        (_earlier_in_the_queue, "ledger", "does not hold the question"),
        (_kinder_ledger, "ledger", "and the verdict INCONCLUSIVE"),
        (_line_gone, "ledger", "is missing"),
        (_night_gone, "ledger", "is missing"),
    ],
)
def test_what_does_not_follow_is_found(
    here: Here,
    capsys: pytest.CaptureFixture[str],
    arrange: Callable[[Here], None],
    step: str,
    reason: str,
) -> None:
    """4, and the step that failed says why."""
    arrange(here)
    assert here.verify("dev/flights") == 4
    out = capsys.readouterr().out
    failed = [line for line in out.splitlines() if line.startswith("failed")]
    assert failed and failed[0].split()[1] == step and reason in failed[0], out
    assert "NOT VERIFIED" in out
    assert not (here.root.parent / "escaped.json").exists()


def test_a_verdict_whose_place_was_taken_is_found(
    here: Here, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The file is sound in itself, and is not what the store holds."""
    (tmp_path / "alone.json").write_bytes(here.first().read_bytes())
    here.judged(lambda verdict: replace(verdict, error_control=""))
    assert here.verify(str(tmp_path / "alone.json")) == 4
    assert "in the store is another verdict" in capsys.readouterr().out
    shutil.rmtree(here.first().parent)
    assert here.verify(str(tmp_path / "alone.json")) == 4
    assert "ends before number 1" in capsys.readouterr().out


def test_statistics_that_do_not_come_out_are_found_by_full_alone(
    here: Here, capsys: pytest.CaptureFixture[str]
) -> None:
    """Comparisons that judge alike, and that the predictions do not lead to."""
    said = records.read(here.evidence(ROWS), Comparisons)
    first, *rest = said.flips
    flips = (replace(first, better=first.better + 1), *rest)
    here.replaced(ROWS, records.encode(replace(said, flips=flips)))
    assert here.verify("dev/flights") == 0
    assert here.verify("dev/flights", "--full") == 4
    assert "comes out otherwise" in capsys.readouterr().out


def test_predictions_that_are_not_those_named_are_found_by_full(
    here: Here, capsys: pytest.CaptureFixture[str]
) -> None:
    """The record of the predict stage names its files by digest."""
    here.replaced("predict/candidate.current.parquet", b"no predictions")
    assert here.verify("dev/flights", "--full") == 4
    assert "the statistics cannot be repeated" in capsys.readouterr().out


def test_an_answer_that_did_not_repeat_is_verified_as_such(
    here: Here, capsys: pytest.CaptureFixture[str]
) -> None:
    """The judgement of the evidence, with the note that publication made."""
    first = here.said()
    said = first.predicate
    store = open_store(f"file://{here.store}", root=here.root)
    evidence = {one.name: here.store / evidence_key(one.sha256) for one in said.evidence}
    # The same question, answered otherwise before: then what the evidence says is INCONCLUSIVE.
    earlier = replace(said.verdict.findings[0], reason="for another reason")
    before = replace(said.verdict, findings=(earlier, *said.verdict.findings[1:]))
    usual = {
        "provenance": said.provenance,
        "valid_for": timedelta(days=7),
        "exposure": said.exposure,
        "watched": said.watched,
    }
    publish(store, "test", before, first.subject[0], evidence, **usual)
    again = publish(store, "test", said.verdict, first.subject[0], evidence, **usual)
    assert again.outcome is Outcome.INCONCLUSIVE
    assert here.verify("test/flights") == 3
    assert "verified     judgement" in capsys.readouterr().out


def test_a_signature_is_not_verified_by_itself(
    here: Here, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody has to say whose it should be."""
    assert here.verify("prod/flights") == 0
    assert "not at hand  signature  there is one, and no key was given" in capsys.readouterr().out


def test_another_panel_is_no_reason_to_doubt_the_verdict(
    here: Here, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """5: the statistics cannot be repeated here, which says nothing against them."""
    monkeypatch.chdir(tmp_path)
    assert here.verify("dev/flights", "--full") == 5
    assert "cannot be repeated here" in capsys.readouterr().err


def test_a_store_that_is_not_there_is_an_error(
    here: Here, capsys: pytest.CaptureFixture[str]
) -> None:
    """5, and no judgement on the verdict."""
    assert main(["verify", "dev/flights", "--store", "file:///nonexistent/store"]) == 5
    assert main(["verify", "dev/flights", "--store", "ftp://x"]) == 2
    assert capsys.readouterr().out == ""


def test_a_later_link_must_be_built_on_the_verdict(here: Here, tmp_path: Path) -> None:
    """A predecessor that was replaced is seen from its successor, and the reverse."""
    store = open_store(f"file://{here.store}", root=tmp_path)
    chain = chains.verdicts(store, "dev", "flights")
    tip = chain.tip()
    assert tip

    def follow(previous: str, sequence: int) -> bytes:
        said: Any = replace(
            tip.statement.predicate, sequence=sequence, previous=previous, logical_date="2020-01-01"
        )
        return decimals.encode(replace(tip.statement, predicate=said))

    chain.append(2, follow(tip.digest, 2))
    assert here.verify("dev/flights/1") == 0
    (here.store / chain.key(1)).rename(tmp_path / "away")
    assert here.verify("dev/flights/2") == 4
    (tmp_path / "away").rename(here.store / chain.key(1))
    here.judged(lambda verdict: replace(verdict, error_control=""))
    assert here.verify("dev/flights/1") == 4
