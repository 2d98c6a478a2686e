"""Shift of texts: what is measured, what it is worth, and the command that tells it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from titleholder.adapters import domains
from titleholder.cli import main
from titleholder.drift import text
from titleholder.errors import BadInput

FILMS = ("the plot and", "the actors of", "this film", "are dull", "charming", "slow", "funny")
SHOPS = ("the battery and", "the screen of", "this phone", "are broken", "cheap", "heavy")


def texts(words: tuple[str, ...], n: int, seed: int) -> list[str]:
    """Texts of a dozen words each."""
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(words, 12)) for _ in range(n)]


def test_texts_of_one_kind_are_not_told_apart() -> None:
    """The AUC of the domain classifier is near one half, and nearly every row counts."""
    found = domains.compare("t", texts(FILMS, 300, 1), texts(FILMS, 300, 2), 1).shift
    assert found.domain_auc_low < 0.55
    assert found.vocabulary < 0.1
    assert found.effective > 250


def test_texts_of_two_kinds_are_told_apart() -> None:
    """An AUC near one, foreign words, and few rows left that could stand for the others."""
    one = texts(FILMS, 270, 1) + texts(SHOPS, 30, 3)
    found = domains.compare("t", one, texts(SHOPS, 300, 2), 1).shift
    assert found.domain_auc_low > 0.85
    assert found.vocabulary > 0.4
    assert found.effective < 200


def test_weights_carry_the_reference_towards_the_current_rows() -> None:
    """Rows that look like the current ones weigh more, and the mean weight is one."""
    one = texts(FILMS, 200, 1) + texts(SHOPS, 200, 3)
    found = domains.compare("t", one, texts(FILMS, 50, 4) + texts(SHOPS, 350, 2), 1)
    assert found.weights.mean() == pytest.approx(1.0)
    assert found.weights[200:].mean() > 2 * found.weights[:200].mean()


def test_the_same_texts_give_the_same_numbers() -> None:
    """Folds, draws and samples are seeded."""
    one, two = texts(FILMS, 100, 1), texts(SHOPS, 100, 2)
    assert domains.compare("t", one, two, 7).shift == domains.compare("t", one, two, 7).shift


@given(st.lists(st.floats(0, 1), min_size=2, max_size=50), st.integers(1, 99), st.integers(1, 99))
def test_effective_rows_lie_between_one_and_all(chances: list[float], n: int, m: int) -> None:
    """Kish's size is that of equal weights at most."""
    weights = text.importance_weights(np.array(chances), n, m)
    assert np.isfinite(weights).all()
    assert 1 - 1e-9 <= text.effective_rows(weights) <= len(chances) + 1e-9


def test_the_distance_of_vocabularies_is_that_of_its_definition() -> None:
    """0 for the same words, 1 for none in common, and Jensen and Shannon's in between."""
    assert text.vocabulary_distance(["a b"], ["b a"]) == 0
    assert text.vocabulary_distance(["a"], ["b"]) == 1
    # p = (1, 0), q = (1/2, 1/2), m = (3/4, 1/4)
    expected = np.sqrt((np.log2(4 / 3) + 0.5 * np.log2(2 / 3) + 0.5 * np.log2(2)) / 2)
    assert text.vocabulary_distance(["a"], ["a b"]) == pytest.approx(expected)


def test_unknown_words_are_those_that_nobody_used() -> None:
    """Case does not make a word new."""
    assert text.unknown_share(["The dog barks"], ["the cat BARKS"]) == pytest.approx(1 / 3)


def test_too_few_texts_are_refused() -> None:
    """With how many there should be."""
    with pytest.raises(BadInput, match=r"3 current texts, and 50"):
        domains.compare("t", texts(FILMS, 60, 1), texts(FILMS, 3, 2), 1)


def frames(tmp_path: Path) -> tuple[str, str]:
    """Two files with a column of texts."""
    one = pd.DataFrame({"row_id": range(80), "text": texts(FILMS, 80, 1)})
    said = texts(FILMS, 80, 3) + texts(SHOPS, 80, 2)
    two = pd.DataFrame({"row_id": range(160), "text": said, "domain": ["film", "shop"] * 80})
    two["domain"] = ["film"] * 80 + ["shop"] * 80
    one.to_parquet(tmp_path / "a.parquet")
    two.to_parquet(tmp_path / "b.parquet")
    return str(tmp_path / "a.parquet"), str(tmp_path / "b.parquet")


def test_the_command_tells_each_domain_and_writes_weights(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A row for all and for each value; the weighted reference is the reference with a column."""
    one, two = frames(tmp_path)
    out = tmp_path / "w.parquet"
    assert main(["shift", one, two, "--by", "domain", "--weights", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["all", "film", "shop"]
    assert told["shop"]["domain_auc"] > 0.9 > told["film"]["domain_auc"]
    assert list(pd.read_parquet(out).columns) == ["row_id", "text", "weight"]
    assert main(["shift", one, two]) == 0
    assert "domain AUC" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("column", "said"), [("txt", "did you mean 'text'?"), ("row_id", "hold no text")]
)
def test_a_column_without_texts_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], column: str, said: str
) -> None:
    """The file, the column, and what was probably meant."""
    one, two = frames(tmp_path)
    assert main(["shift", one, two, "--column", column]) == 3
    assert said in capsys.readouterr().err


def test_a_missing_file_is_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2."""
    assert main(["shift", "no.parquet", "no.parquet"]) == 2
    assert "no such file" in capsys.readouterr().err


def test_a_file_that_dvc_tracks_and_nobody_pulled_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fresh clone has its pointer alone."""
    (tmp_path / "old.parquet.dvc").write_text("outs: []")
    old = str(tmp_path / "old.parquet")
    assert main(["shift", old, old]) == 2
    assert f"`dvc pull {old}` brings it here" in capsys.readouterr().err
