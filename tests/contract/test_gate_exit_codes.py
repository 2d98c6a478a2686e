"""Every way in which the gate can answer, its exit code and its reason."""

import argparse
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.fakes import MemoryStore
from tests.support import faultproxy, keys, seaweed, verdicts
from titleholder import decimals, records
from titleholder.adapters import stores
from titleholder.cli import gate
from titleholder.errors import Exit, StoreError
from titleholder.params.schema import StoreParams
from titleholder.trust import chain as chains
from titleholder.trust import dsse
from titleholder.trust import gate as asking
from titleholder.trust.chain import Head
from titleholder.trust.pins import seal
from titleholder.trust.publication import publish
from titleholder.trust.statement import Code, Statement, result_of
from titleholder.types import Outcome, Verdict

PASS, FAIL, INCONCLUSIVE = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
WEEK = timedelta(days=7)
BASE = "verdicts/dev/credit"
FIRST = f"{BASE}/00000001.json"
HEAD = f"{BASE}/head.json"
DIGEST = f"sha256:{verdicts.MODEL}"
COMMITS = itertools.count(1)
PROGRAM = "import sys; from titleholder.cli import main; sys.exit(main())"


def _publish(store: Any, *outcomes: Outcome, model: str = verdicts.MODEL, **said: Any) -> None:
    environment = said.pop("environment", "dev")
    subject = verdicts.subject(model)
    whole = verdicts.verdict(*outcomes, **said)
    # Each by another commit: the same code may not answer one question in two ways.
    commit = f"{next(COMMITS):040x}"
    made = verdicts.provenance(code=Code(commit=commit, dirty=False))
    publish(store, environment, whole, subject, {}, valid_for=WEEK, provenance=made)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    """The store that the command line opens, whatever it is told."""
    made = MemoryStore()
    monkeypatch.setattr(stores, "open_store", lambda url, **_: made)
    return made


def _main(*arguments: str) -> int:
    """The command as the program runs it."""
    parser = argparse.ArgumentParser(prog="titleholder")
    gate.add_parser(parser.add_subparsers(required=True))
    args = parser.parse_args(["gate", *arguments])
    return int(args.run(args))


def _ask(**said: str) -> int:
    asked = {"suite": "credit", "env": "dev", "model": DIGEST, "store": "file://here", **said}
    return _main(*(part for key, value in asked.items() for part in (f"--{key}", value)))


def _rewrite(store: MemoryStore, key: str, change: Callable[[Statement], Statement]) -> None:
    """Put another statement in the place of one, and let the pointer agree."""
    data = decimals.encode(change(decimals.decode(store.get(key).data, Statement, source=key)))
    store.put_if(key, data, store.get(key).tag)
    sequence = records.decode(store.get(HEAD).data, Head).sequence
    if key.endswith(f"{sequence:08d}.json"):
        _point(store, sequence, chains.digest_of(data))


def _point(store: MemoryStore, sequence: int, digest: str) -> None:
    store.put_if(HEAD, records.encode(Head(sequence, digest)), store.get(HEAD).tag)


def _saying(**said: Any) -> Callable[[Statement], Statement]:
    return lambda s: replace(s, predicate=replace(s.predicate, **said))


def _judging(verdict: Verdict) -> Callable[[Statement], Statement]:
    return _saying(verdict=verdict, result=result_of(verdict))


# ------------------------------------------------------------------------- 0, 1, 3


def test_a_pass_allows_exactly_this_model(
    store: MemoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    """0, and the last line is what programs look for."""
    _publish(store, PASS)
    assert _ask() == 0
    assert capsys.readouterr().out == (
        "ALLOW: The one blocking finding passed. [unsigned verdict]\n"
        f"ALLOW sha256:{verdicts.MODEL}\n"
    )


def test_a_file_is_asked_about_by_its_bytes(
    store: MemoryStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its name does not matter, one byte does."""
    model = tmp_path / "renamed.bin"
    model.write_bytes(b"weights")
    _publish(store, PASS, model=records.sha256_file(model))
    assert _ask(model=str(model)) == 0
    assert capsys.readouterr().out.endswith(f"\nALLOW sha256:{records.sha256_file(model)}\n")
    model.write_bytes(b"weight5")
    assert _ask(model=str(model)) == 4


@pytest.mark.parametrize(
    ("outcomes", "code", "word"),
    [
        ([PASS, PASS], 0, "ALLOW: All 2"),
        ([PASS, FAIL], 1, "REGRESSED: 1 of 2 blocking findings failed: r1"),
        ([PASS, INCONCLUSIVE], 3, "INCONCLUSIVE: 1 of 2 blocking findings could not be settled"),
        ([Outcome.ERROR], 3, "INCONCLUSIVE: 1 of 1 blocking finding could not be judged"),
        ([], 3, "INCONCLUSIVE: No blocking rule"),
    ],
)
def test_a_judgement_is_passed_on(
    store: MemoryStore, capsys: pytest.CaptureFixture[str], outcomes: Any, code: int, word: str
) -> None:
    """1 is only ever a judged regression, and only 0 has the line ALLOW."""
    _publish(store, *outcomes)
    assert _ask() == code
    out = capsys.readouterr().out
    assert out.startswith(word)
    assert (f"\nALLOW {DIGEST}\n" in out) is (code == 0)


def test_the_newest_verdict_on_a_model_supersedes(store: MemoryStore) -> None:
    """Whether for better or for worse, and whatever was said of others since."""
    _publish(store, PASS)
    _publish(store, FAIL)
    _publish(store, PASS, model=verdicts.OTHER_MODEL)
    assert _ask() == 1
    assert _ask(model=f"sha256:{verdicts.OTHER_MODEL}") == 0
    _publish(store, PASS)
    assert _ask() == 0


def test_a_verdict_beyond_the_pointer_counts(store: MemoryStore) -> None:
    """A pointer that lags, or was set back, does not hide a regression."""
    _publish(store, PASS)
    old = store.get(HEAD).data
    _publish(store, FAIL)
    store.put_if(HEAD, old, store.get(HEAD).tag)
    assert _ask() == 1
    del store.objects[HEAD]
    assert _ask() == 1


def test_json_holds_the_whole_answer(
    store: MemoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    """On one line; on ALLOW, the last line is still the line ALLOW."""
    _publish(store, PASS)
    assert _main(
        "--suite", "credit", "--env", "dev", "--model", DIGEST, "--store", "file://x", "--json"
    ) == 0  # fmt: skip
    first, last = capsys.readouterr().out.splitlines()
    told = json.loads(first)
    assert last == f"ALLOW {DIGEST}"
    assert (told["outcome"], told["exit"], told["model"]) == ("ALLOW", 0, DIGEST)
    assert (told["suite"], told["env"], told["verdict"]["outcome"]) == ("credit", "dev", "PASS")
    assert told["verdict"]["digest"] == chains.digest_of(store.get(FIRST).data)
    assert told["verdict"]["signature"] == "unsigned"


# ------------------------------------------------------------------------- 4


def _nothing(store: MemoryStore) -> None:
    """No verdict at all."""


def _expired(store: MemoryStore) -> None:
    _publish(store, PASS)
    store.pass_time(WEEK)


def _from_the_future(store: MemoryStore) -> None:
    _publish(store, PASS)
    store.pass_time(-timedelta(minutes=5, seconds=1))


def _expired_before_it_began(store: MemoryStore) -> None:
    _publish(store, PASS)
    _rewrite(store, FIRST, _saying(expires_at="2026-03-02T12:00:00Z"))


def _no_moment(store: MemoryStore) -> None:
    _publish(store, PASS)
    _rewrite(store, FIRST, _saying(expires_at="2026-13-02T12:00:00Z"))


def _forged(store: MemoryStore) -> None:
    _publish(store, FAIL)
    _rewrite(
        store,
        FIRST,
        lambda s: _judging(replace(s.predicate.verdict, outcome=PASS))(s),
    )


def _unparseable(store: MemoryStore) -> None:
    _publish(store, PASS)
    data = store.get(FIRST).data.replace(b'"signature"', b'"signed": true, "signature"')
    store.put_if(FIRST, data, store.get(FIRST).tag)


def _pointer_is_rubbish(store: MemoryStore) -> None:
    _publish(store, PASS)
    store.put_if(HEAD, b"{}", store.get(HEAD).tag)


def _other_model(store: MemoryStore) -> None:
    _publish(store, PASS, model=verdicts.OTHER_MODEL)


def _copied_from_another_environment(store: MemoryStore) -> None:
    _publish(store, PASS, environment="staging")
    for name in ("00000001.json", "head.json"):
        store.put_new(f"{BASE}/{name}", store.get(f"verdicts/staging/credit/{name}").data)


def _copied_from_another_suite(store: MemoryStore) -> None:
    _publish(store, PASS, suite="flights")
    for name in ("00000001.json", "head.json"):
        store.put_new(f"{BASE}/{name}", store.get(f"verdicts/dev/flights/{name}").data)


def _judged_in_another_suite(store: MemoryStore) -> None:
    _publish(store, PASS)
    _rewrite(
        store,
        FIRST,
        lambda s: _judging(replace(s.predicate.verdict, suite="flights"))(s),
    )


def _replaced(store: MemoryStore) -> None:
    _publish(store, PASS)
    _publish(store, PASS, model=verdicts.OTHER_MODEL)
    _rewrite(store, FIRST, _saying(expires_at="2027-01-01T00:00:00Z"))


def _replaced_at_the_pointer(store: MemoryStore) -> None:
    _publish(store, PASS)
    _point(store, 1, f"sha256:{'0' * 64}")


def _deleted(store: MemoryStore) -> None:
    for model in (verdicts.MODEL, "11" * 32, verdicts.OTHER_MODEL):
        _publish(store, PASS, model=model)
    del store.objects[f"{BASE}/00000002.json"]


def _pointing_beyond(store: MemoryStore) -> None:
    _publish(store, PASS)
    _point(store, 7, f"sha256:{'0' * 64}")


def _moved(store: MemoryStore) -> None:
    _publish(store, PASS)
    _publish(store, PASS, model=verdicts.OTHER_MODEL)
    second = f"{BASE}/00000002.json"
    _rewrite(store, second, _saying(sequence=3))


def _without_a_past(store: MemoryStore) -> None:
    _publish(store, PASS, model=verdicts.OTHER_MODEL)
    _publish(store, PASS)
    _rewrite(store, f"{BASE}/00000002.json", _saying(previous=None))


def _built_on_another(store: MemoryStore) -> None:
    _publish(store, PASS)
    old = store.get(HEAD).data
    _publish(store, PASS, model=verdicts.OTHER_MODEL)
    _rewrite(store, f"{BASE}/00000002.json", _saying(previous=f"sha256:{'0' * 64}"))
    store.put_if(HEAD, old, store.get(HEAD).tag)


def _replaced_where_it_lay(store: MemoryStore) -> None:
    """By what was signed as well, so that nothing but the store's memory tells."""
    _publish(store, FAIL)
    data = store.get(FIRST).data
    other = MemoryStore()
    _publish(other, PASS)
    store.put_if(FIRST, other.get(FIRST).data, store.get(FIRST).tag)
    _point(store, 1, chains.digest_of(other.get(FIRST).data))
    assert data != store.get(FIRST).data


def _rolled_back(store: MemoryStore) -> None:
    """The newest verdict is gone, and the pointer says that it never was."""
    _publish(store, PASS)
    head = store.get(HEAD).data
    _publish(store, FAIL)
    del store.objects[f"{BASE}/00000002.json"]
    store.put_if(HEAD, head, store.get(HEAD).tag)


@pytest.mark.parametrize(
    ("arrange", "reason"),
    [
        (_replaced_where_it_lay, "not the first of that number"),
        (_rolled_back, "was rolled back"),
        (_nothing, "holds no verdict for credit in dev"),
        (_expired, "expired at 2026-03-09T12:00:00Z"),
        (_from_the_future, "comes from the future"),
        (_expired_before_it_began, "expired before it was published"),
        (_no_moment, "no moment of the calendar"),
        (_forged, "its findings say FAIL"),
        (_unparseable, "this is not a verdict"),
        (_pointer_is_rubbish, "chain is broken"),
        (_other_model, "no verdict is about this model"),
        (_copied_from_another_environment, "another environment: staging"),
        (_copied_from_another_suite, "another suite: flights"),
        (_judged_in_another_suite, "another suite"),
        (_replaced, "is not the one that"),
        (_replaced_at_the_pointer, "is not the one that its pointer names"),
        (_deleted, "is missing"),
        (_pointing_beyond, "names number 7, which is missing"),
        (_moved, "says that it is number 3"),
        (_without_a_past, "which one came before"),
        (_built_on_another, "was built on"),
    ],
)
def test_what_cannot_be_trusted_is_no_verdict(
    store: MemoryStore,
    capsys: pytest.CaptureFixture[str],
    arrange: Callable[[MemoryStore], None],
    reason: str,
) -> None:
    """4, with the reason, and never the line ALLOW."""
    arrange(store)
    assert _ask() == 4
    out = capsys.readouterr().out
    assert out.startswith("NO VERDICT: ") and reason in out
    assert "ALLOW" not in out and out.count("\n") == 1


def test_clocks_may_differ_by_five_minutes(store: MemoryStore) -> None:
    """Up to there a verdict is not from the future."""
    _publish(store, PASS)
    store.pass_time(-timedelta(minutes=5))
    assert _ask() == 0


def test_a_verdict_holds_until_the_second_it_expires(store: MemoryStore) -> None:
    """By the store's clock."""
    _publish(store, PASS)
    store.pass_time(WEEK - timedelta(seconds=1))
    assert _ask() == 0
    store.pass_time(timedelta(seconds=1))
    assert _ask() == 4


def test_the_search_for_a_model_is_bounded(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A verdict that lies too far back is said not to have been found among the newest."""
    _publish(store, PASS)
    for number in range(3):
        _publish(store, PASS, model=f"{number:064x}")
    monkeypatch.setattr(chains, "LONGEST_WALK", 3)
    monkeypatch.setattr(asking, "LONGEST_WALK", 3)
    assert _ask() == 4
    assert "the newest 3" in capsys.readouterr().out


def test_a_pointer_that_lags_too_far_is_not_followed(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Looking beyond the pointer ends somewhere, and then nothing is allowed."""
    for number in range(3):
        _publish(store, PASS, model=f"{number:064x}")
    del store.objects[HEAD]
    monkeypatch.setattr(chains, "LONGEST_WALK", 2)
    assert _ask() == 4
    assert "lags" in capsys.readouterr().out


# ------------------------------------------------------------------------- pinned keys


def _signed(store: Any, *outcomes: Outcome, signer: Any = None, **said: Any) -> None:
    whole = verdicts.verdict(*outcomes)
    made = verdicts.provenance(code=Code(commit=f"{next(COMMITS):040x}", dirty=False))
    usual = {"valid_for": WEEK, "provenance": made, "signer": signer or keys.key()}
    publish(store, "dev", whole, verdicts.subject(), {}, **{**usual, **said})


@pytest.fixture
def public(tmp_path: Path) -> str:
    """The file of the public key that the verdicts are signed by."""
    (tmp_path / "titleholder.pub").write_bytes(keys.key().public.pem)
    return str(tmp_path / "titleholder.pub")


def test_a_verdict_signed_by_the_pinned_key_decides(
    store: MemoryStore, public: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """ALLOW and REGRESSED as it says, and whose signature that rests on."""
    _signed(store, PASS)
    assert _ask(key=public) == 0
    assert f"[signed by {keys.key().key_id}]" in capsys.readouterr().out
    _signed(store, FAIL)
    assert _ask(key=f"{public}=dev,prod") == 1


def test_a_signature_that_nobody_checks_is_called_so(
    store: MemoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a pinned key a signed verdict is worth no more than an unsigned one."""
    _signed(store, PASS)
    assert _ask() == 0
    assert "not verified: no key is pinned" in capsys.readouterr().out


def _bare(store: MemoryStore) -> None:
    _publish(store, PASS)


def _by_another_key(store: MemoryStore) -> None:
    _signed(store, PASS, signer=keys.key(2))


def _by_the_pinned_key(store: MemoryStore) -> None:
    _signed(store, PASS)


def _without_its_envelope(store: MemoryStore) -> None:
    _signed(store, PASS)
    payload = dsse.read(store.get(FIRST).data, source="s").payload
    store.put_if(FIRST, payload, store.get(FIRST).tag)
    _point(store, 1, chains.digest_of(payload))


def _in_an_envelope_of_its_own(store: MemoryStore) -> None:
    """Signed, but by its own words unsigned: somebody signed what he did not publish."""
    _publish(store, PASS)
    data = seal(store.get(FIRST).data, keys.key())
    store.put_if(FIRST, data, store.get(FIRST).tag)
    _point(store, 1, chains.digest_of(data))


def _a_test_result_in_its_place(store: MemoryStore) -> None:
    """Signed by the right key, and no verdict: it says PASSED in another kind of statement."""
    _signed(store, PASS)
    data = store.get("test-results/dev/credit/00000001.json").data
    store.put_if(FIRST, data, store.get(FIRST).tag)
    _point(store, 1, chains.digest_of(data))


def _changed_inside(store: MemoryStore) -> None:
    _signed(store, FAIL)
    enclosed = dsse.read(store.get(FIRST).data, source="s")
    said = decimals.decode(enclosed.payload, Statement, source="s")
    better = _judging(verdicts.verdict(PASS))(said)
    data = dsse.enclose(decimals.encode(better), enclosed.key_id, enclosed.signature)
    store.put_if(FIRST, data, store.get(FIRST).tag)
    _point(store, 1, chains.digest_of(data))


def _unsigned_on_top(store: MemoryStore) -> None:
    _signed(store, PASS)
    _publish(store, PASS, model=verdicts.OTHER_MODEL)


@pytest.mark.parametrize(
    ("arrange", "environments", "reason"),
    [
        (_bare, "", "is unsigned, and a key is pinned"),
        (_by_another_key, "", "a key that is not pinned"),
        (_by_the_pinned_key, "=prod", "may not sign for dev"),
        (_without_its_envelope, "", "is unsigned"),
        (_in_an_envelope_of_its_own, "", "calls itself unsigned"),
        (_a_test_result_in_its_place, "", "not a verdict"),
        (_changed_inside, "", "altered or forged"),
        (_unsigned_on_top, "", "00000002.json is unsigned"),
    ],
)
def test_what_the_pinned_key_did_not_sign_is_no_verdict(
    store: MemoryStore,
    public: str,
    capsys: pytest.CaptureFixture[str],
    arrange: Callable[[MemoryStore], None],
    environments: str,
    reason: str,
) -> None:
    """4: unsigned, foreign, altered, of another kind, or by a key for another environment."""
    arrange(store)
    assert _ask(key=public + environments) == 4
    out = capsys.readouterr().out
    assert out.startswith("NO VERDICT: ") and reason in out and "ALLOW" not in out


def test_an_envelope_taken_off_is_seen_without_a_key(
    store: MemoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    """A signed statement says so itself."""
    _without_its_envelope(store)
    assert _ask() == 4
    assert "lost its signature" in capsys.readouterr().out


def test_a_key_that_cannot_be_read_is_a_usage_error(store: MemoryStore) -> None:
    """2, and not a gate without a key."""
    _publish(store, PASS)
    assert _ask(key="nowhere.pub") == 2


# ------------------------------------------------------------------------- 2


@pytest.mark.parametrize(
    "said",
    [
        {"suite": "../credit"},
        {"env": "a b"},
        {"deadline": "0"},
        {"deadline": "-1"},
        {"deadline": "nan"},
        {"deadline": "soon"},
        {"deadline": "3601"},
    ],
)
def test_a_flag_that_cannot_be_is_a_usage_error(said: dict[str, str]) -> None:
    """2, before anything is read."""
    with pytest.raises(SystemExit) as ended:
        _ask(**said)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("absent.skops", "no such file"),
        ("sha256:", "no digest"),
        ("sha256:xyz", "no digest"),
        (f"sha256:{'AB' * 32}", "no digest"),
        (f"sha256:{'ab' * 31}", "no digest"),
    ],
)
def test_a_model_that_is_none_is_a_usage_error(
    store: MemoryStore, capsys: pytest.CaptureFixture[str], model: str, reason: str
) -> None:
    """2, and what to write instead."""
    assert _ask(model=model) == 2
    assert reason in capsys.readouterr().out


def test_a_model_that_cannot_be_read_is_a_usage_error(
    store: MemoryStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """2: nothing was found out about it."""

    def unreadable(path: Path) -> str:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "m").touch()
    monkeypatch.setattr(records, "sha256_file", unreadable)
    assert _ask(model=str(tmp_path / "m")) == 2
    assert "Permission denied" in capsys.readouterr().out


def test_an_address_that_is_none_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """2."""
    assert _ask(store="ftp://x") == 2
    assert capsys.readouterr().out.startswith("USAGE: ")


def _ask_here() -> int:
    return _main("--suite", "credit", "--env", "dev", "--model", DIGEST)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "no --store, and no params.yaml"),
        ("- 1\n", "store"),
        ("store: 1\n", "store"),
        ("store: {url: a, url: b}\n", "url"),
        ("store: {url: file://x, colour: red}\n", "colour"),
        ("store: {url: 5}\n", "store.url"),
        ("store: [unclosed\n", "params.yaml"),
    ],
)
def test_a_store_that_is_not_named_is_a_usage_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str | None,
    reason: str,
) -> None:
    """2: neither on the command line nor in params.yaml."""
    monkeypatch.chdir(tmp_path)
    if text is not None:
        Path("params.yaml").write_text(text)
    assert _ask_here() == 2
    assert reason in capsys.readouterr().out


def test_without_a_store_section_the_gate_looks_where_a_run_publishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One default for both."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("suites: {}\n")
    _publish(stores.open_store(StoreParams().url, root=tmp_path), PASS)
    assert _ask_here() == 0


def test_the_store_may_be_named_in_params_yaml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only that section is read, and a relative directory lies beside the file."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("store: {url: 'file://kept'}\nsuites: {nonsense: true}\n")
    _publish(stores.open_store("file://kept", root=tmp_path), PASS)
    assert _ask_here() == 0


def test_the_command_line_goes_before_params_yaml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the endpoint; the region comes from the file."""
    opened: dict[str, Any] = {}
    monkeypatch.setattr(stores, "open_store", lambda url, **said: opened.update(said, url=url))
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(
        "store: {url: 's3://bucket/x', endpoint: 'http://there', region: eu-north-1}\n"
    )
    assert _main("--suite", "s", "--env", "e", "--model", DIGEST, "--endpoint", "http://here") == 5
    assert (opened["url"], opened["endpoint"], opened["region"]) == (
        "s3://bucket/x", "http://here", "eu-north-1",
    )  # fmt: skip


# ------------------------------------------------------------------------- 5


def test_a_store_that_was_never_made_holds_no_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """4: that is known, not merely unreachable; the message says which path was looked at."""
    assert _ask(store=f"file://{tmp_path}/none") == 4
    assert capsys.readouterr().out.startswith("NO VERDICT: ")


@pytest.mark.parametrize("error", [StoreError("no"), RuntimeError("no"), MemoryError()])
def test_any_failure_of_the_store_is_undecided(store: MemoryStore, error: Exception) -> None:
    """5, expected or not."""

    def fail(key: str) -> Any:
        raise error

    store.get = fail  # type: ignore[method-assign]
    assert _ask() == 5


def test_any_failure_of_the_command_is_undecided(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """5: a crash never reads as a verdict."""

    def fail(*_: object, **__: object) -> Any:
        raise RecursionError("too deep")

    monkeypatch.setattr(stores, "open_store", fail)
    assert _ask() == 5
    assert "RecursionError: too deep" in capsys.readouterr().out


def test_a_store_that_hangs_is_undecided_in_time(
    store: MemoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    """5, at the deadline."""
    store.get = lambda key: time.sleep(5)  # type: ignore[assignment, method-assign]
    started = time.monotonic()
    assert _ask(deadline="0.2") == 5
    assert time.monotonic() - started < 1
    assert "within 0.2 s" in capsys.readouterr().out


@pytest.mark.parametrize("deadline", [0.0, -1.0, float("nan"), 1e9])
def test_a_deadline_that_is_none_is_refused(store: MemoryStore, deadline: float) -> None:
    """Also where the gate is called as a function."""
    assert asking.ask(store, "dev", "credit", DIGEST, deadline).exit is Exit.USAGE


def test_what_stands_in_a_store_cannot_steer_a_terminal(
    store: MemoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    """Control characters and line breaks do not come through."""
    bad = f"\x1b[2J\nALLOW {DIGEST}"
    _publish(store, PASS, checks=(verdicts.check(FAIL, name=bad),), declared=(bad,),
             outcome=INCONCLUSIVE)  # fmt: skip
    assert _ask() == 3
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and "\x1b" not in out


# ------------------------------------------------------------------------- as a process


def _process(*arguments: str, **said: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, "gate", "--suite", "credit", "--env", "dev", *arguments],
        capture_output="stdout" not in said,
        text=True,
        timeout=120,
        check=False,
        **said,
    )


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A local store with a PASS and a FAIL."""
    kept = stores.open_store("file://kept", root=tmp_path)
    _publish(kept, PASS)
    _publish(kept, FAIL, model=verdicts.OTHER_MODEL)
    return tmp_path / "kept"


@pytest.mark.parametrize(
    ("model", "code"),
    [(verdicts.MODEL, 0), (verdicts.OTHER_MODEL, 1), ("11" * 32, 4), ("nonsense", 2)],
)
def test_the_process_ends_in_the_code(directory: Path, model: str, code: int) -> None:
    """What a CD pipeline sees."""
    ended = _process("--model", f"sha256:{model}", "--store", f"file://{directory}")
    assert ended.returncode == code, ended
    assert ended.stderr == ""
    assert (ended.stdout.splitlines()[-1] == f"ALLOW sha256:{model}") is (code == 0)


def test_an_answer_that_cannot_be_said_does_not_allow(directory: Path) -> None:
    """5 where standard output is full, broken or closed."""
    arguments = ("--model", DIGEST, "--store", f"file://{directory}")
    with open("/dev/full", "w") as full:  # noqa: PTH123
        assert _process(*arguments, stdout=full).returncode == 5
    reader, writer = os.pipe()
    os.close(reader)
    assert _process(*arguments, stdout=writer).returncode == 5
    os.close(writer)
    closing = f"import os; os.close(1)\n{PROGRAM}"
    command = [sys.executable, "-c", closing, "gate", "--suite", "credit", "--env", "dev"]
    assert subprocess.run([*command, *arguments], check=False, timeout=120).returncode == 5


@pytest.mark.parametrize("kind", ["black hole", "closed port"])
def test_no_network_is_undecided_within_the_deadline(
    no_aws: None, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """5, and the process is gone soon after its deadline, whatever its sockets do."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    with faultproxy.black_hole() as hole:
        endpoint = hole if kind == "black hole" else faultproxy.closed_port()
        started = time.monotonic()
        ended = _process(
            "--model", DIGEST, "--store", "s3://bucket/x", "--endpoint", endpoint,
            "--deadline", "1.5",
        )  # fmt: skip
    assert ended.returncode == 5, ended
    assert time.monotonic() - started < 1.5 + 3
    assert ended.stdout.startswith("UNDECIDED: s3://bucket/x ")


def test_on_s3_the_gate_answers_from_the_bucket(aws: seaweed.Server) -> None:
    """0 and 1; credentials come from variables, the endpoint never does."""
    url = f"s3://{aws.bucket}/gate"
    kept = stores.open_store(url, root=Path(), endpoint=aws.endpoint)
    where = ("--store", url, "--endpoint", aws.endpoint)
    _publish(kept, PASS)
    _publish(kept, FAIL, model=verdicts.OTHER_MODEL)
    assert _process("--model", DIGEST, *where).returncode == 0
    assert _process("--model", f"sha256:{verdicts.OTHER_MODEL}", *where).returncode == 1
    assert _process("--model", DIGEST, *where[:2]).returncode == 5


FORBIDDEN = {
    "boto3", "cryptography", "dvc", "evidently", "great_expectations", "numpy", "pandas", "prefect",
    "pyarrow", "scipy", "sklearn",
}  # fmt: skip


@pytest.mark.parametrize("kind", ["file", "s3"])
def test_the_gate_imports_nothing_heavy(directory: Path, no_aws: None, kind: str) -> None:
    """A cold gate costs little more than its store's client, and a local one not even that."""
    url = f"file://{directory}" if kind == "file" else "s3://bucket/x"
    endpoint = faultproxy.closed_port()
    arguments = ["gate", "--suite", "credit", "--env", "dev", "--model", DIGEST, "--store", url]
    program = (
        "import sys; from titleholder.cli import main\n"
        f"main({[*arguments, '--endpoint', endpoint]!r})\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True
    )
    loaded = set(ended.stderr.split())
    assert loaded & FORBIDDEN == ({"boto3"} if kind == "s3" else set())
