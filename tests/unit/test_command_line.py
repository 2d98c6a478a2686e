"""What the command line says of flags and commands that it does not know."""

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
