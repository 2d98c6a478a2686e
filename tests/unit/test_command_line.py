"""What the command line says of flags and commands that it does not know."""

from pathlib import Path

import pytest

from titleholder.cli import doctor, main
from titleholder.errors import Exit


@pytest.mark.parametrize(
    ("words", "near"),
    [
        ("compare --panel p --champion a --candidate b --policy y --panle x", "--panel"),
        ("gate --sutie credit", "--suite"),
        ("keys new --uot d", "--out"),
    ],
)
def test_a_mistyped_flag_is_told_alone(
    words: str, near: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the nearest that the command has; flags that it knows are not called unknown."""
    with pytest.raises(SystemExit) as stopped:
        main(words.split())
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert f"(did you mean {near}?)" in said
    assert said.count("did you mean") == 1
    assert "unknown flag: --panel" not in said and "unknown flag: --champion" not in said


@pytest.mark.parametrize(("word", "near"), [("gaet", "gate"), ("verfy", "verify")])
def test_a_mistyped_command_gets_the_nearest(
    word: str, near: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Behind the list of all commands."""
    with pytest.raises(SystemExit) as stopped:
        main([word, "credit"])
    assert stopped.value.code == 2
    assert f"(did you mean {near}?)" in capsys.readouterr().err


@pytest.mark.parametrize("code", [0, None, 1, "bye"])
def test_code_that_ends_the_process_has_decided_nothing(
    code: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Least of all with 0, which would allow."""

    def ending(_: object) -> int:
        raise SystemExit(code)

    monkeypatch.setattr(doctor, "run", ending)
    assert main(["doctor"]) == Exit.UNDECIDED
    assert "nothing was decided" in capsys.readouterr().err


def compared(where: Path, first: float, min_n: int) -> int:
    """Two models' forty answers, of which the candidate's first is this one."""
    answers = [float(i % 7) for i in range(40)]
    for name, given in (("a", answers), ("b", [first, *answers[1:]])):
        lines = [f"{i},{value}" for i, value in enumerate(given)]
        (where / f"{name}.csv").write_text("\n".join(["row_id,y_pred", *lines]))
    rows = [f"{i},{value + 0.5}" for i, value in enumerate(answers)]
    (where / "panel.csv").write_text("\n".join(["row_id,y_true", *rows]))
    rule = "{id: error, kind: non_inferior, metric: rmse, margin: 1.0}"
    policy = where / "policy.yaml"
    policy.write_text(f"task: regression\nmin_n: {min_n}\nrules: [{rule}]\n")
    named = (("panel", "panel.csv"), ("champion", "a.csv"), ("candidate", "b.csv"))
    words = [word for flag, file in named for word in (f"--{flag}", str(where / file))]
    return main(["compare", *words, "--policy", str(policy)])


def test_an_answer_beyond_all_numbers_is_no_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its square is no number: that metric is undefined, and nothing else is said of it."""
    assert compared(tmp_path, first=1e300, min_n=10) == Exit.INCONCLUSIVE
    told = capsys.readouterr()
    assert "undefined for the candidate" in told.out
    assert "Warning" not in told.out + told.err


def test_what_withholds_a_finding_with_a_figure_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Too few rows, below the table: the interval alone would have been clear enough."""
    assert compared(tmp_path, first=0.1, min_n=100) == Exit.INCONCLUSIVE
    assert "error (overall): 40 rows, and the floor is 100" in capsys.readouterr().out
