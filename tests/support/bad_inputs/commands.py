"""Flags, keys, addresses and files that a command cannot work with."""

from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

from tests.support import keys
from tests.support.bad_inputs.case import DATA, NO_VERDICT, UNDECIDED, USAGE, Case
from tests.support.bad_inputs.configs import PARAMS
from tests.support.bad_inputs.formats import spoiled
from tests.support.files import Files

MODEL = f"sha256:{'ab' * 32}"
GATE = {"--suite": "churn", "--env": "dev", "--model": MODEL, "--store": "file://store"}
WAIVE = {
    "--rule": "auc", "--slice": "overall", "--model": "champion.csv", "--ceiling": "0.01",
    "--reason": "why", "--approver": "me", "--until": "2999-01-01",
}  # fmt: skip
Words = Callable[[Path], list[str]]


def cases() -> Iterator[Case]:
    """Every family of this module."""
    yield from _flags()
    yield from _gate()
    yield from _pins()
    yield from _signing()
    yield from _waivers()
    yield from _verify()
    yield from _titles()
    yield from _stages()
    yield from _outputs()


def _flat(flags: dict[str, str]) -> list[str]:
    return [word for pair in flags.items() for word in pair]


def _given(*words: str) -> Words:
    return lambda _: list(words)


def _flags() -> Iterator[Case]:
    every = (
        "run", "stage", "compare", "gate", "keys", "plan", "promote", "rollback", "selftest",
        "verify", "waive",
    )  # fmt: skip
    for command in every:
        yield Case(f"{command} --bogus", _given(command, "--bogus"), USAGE, ("--bogus",))
    yield Case("no such command", _given("publsh"), USAGE, ("publsh",))
    yield Case("no command at all", _given(), USAGE, ("COMMAND",))
    yield Case("a flag before the command", _given("--stor", "x", "gate"), USAGE, ("--stor",))
    for flag in ("--panel", "--champion", "--candidate", "--policy"):
        yield Case(f"compare without {flag}", _without(flag), USAGE, (flag,))
    for flag in ("--suite", "--env", "--model"):
        flags = {name: value for name, value in GATE.items() if name != flag}
        yield Case(f"gate without {flag}", _given("gate", *_flat(flags)), USAGE, (flag,))
    for flag in WAIVE:
        flags = {name: value for name, value in WAIVE.items() if name != flag}
        yield Case(f"waive without {flag}", _given("waive", "churn", *_flat(flags)), USAGE, (flag,))
    yield Case("gate --mdoel", _given("gate", "--mdoel", MODEL), USAGE, ("--mdoel", "--model"))
    for said in ("0", "10001", "1.5", "many", "-3"):
        yield Case(f"selftest --trials {said}", _project("selftest", "churn", f"--trials={said}"),
                   USAGE, ("--trials",))  # fmt: skip
    for said in ("1", "-1.01", "nan", "inf", "high"):
        yield Case(f"plan --agreement {said}", _project("plan", "churn", f"--agreement={said}"),
                   USAGE, ("--agreement",))  # fmt: skip
    yield Case("stage publsh", _given("stage", "publsh", "churn"), USAGE, ("publsh", "publish"))


def _without(flag: str) -> Words:
    def words(directory: Path) -> list[str]:
        said = Files(directory).words()
        at = said.index(flag)
        return said[:at] + said[at + 2 :]

    return words


def _gate() -> Iterator[Case]:
    wrong: dict[str, tuple[str, ...]] = {
        "--suite": ("", "a b", "../x", "a/b", "x" * 65, "é"),
        "--env": ("", "dev prod", "..", "a/b"),
        "--model": (
            "", "nothing.skops", "sha256:", "sha256:xyz", f"sha256:{'AB' * 32}", "md5:1", ".",
            f"sha256:{'ab' * 31}",
        ),
        "--deadline": ("0", "-1", "nan", "inf", "soon", "1e9", "", "30s"),
        "--store": (
            "", "store", "/store", "http://host/store", "s3:/bucket", "s3://", "s3://B", "s3://a",
            "s3://a@b/c", "s3://key:secret@bucket", "s3://bucket/../x", "file://", "file:store",
            "gs://bucket", "s3://buc_ket", "s3://bucket/a b",
        ),
        "--endpoint": ("host:9000", "ftp://host", "http://", ""),
    }  # fmt: skip
    for flag, values in wrong.items():
        for value in values:
            said = {**GATE, flag: value}
            if flag == "--endpoint":
                said["--store"] = "s3://bucket"
            words = _given("gate", *(f"{name}={text}" for name, text in said.items()))
            yield Case(f"gate {flag} {value!r}", words, USAGE)
    bare = {name: value for name, value in GATE.items() if name != "--store"}
    yield Case("gate, and nothing says where", _given("gate", *_flat(bare)), USAGE, ("--store",))
    yield Case("gate on no such directory", _given("gate", *_flat(GATE)), NO_VERDICT, ("store",))
    yield Case("gate --json on no such directory", _given("gate", "--json", *_flat(GATE)),
               NO_VERDICT, ("cure",))  # fmt: skip


def _written(name: str, data: bytes, *command: str) -> Words:
    def words(directory: Path) -> list[str]:
        (directory / name).write_bytes(data)
        return list(command)

    return words


def _other_keys() -> dict[str, bytes]:
    """Keys and files that look like keys, none of them an Ed25519 one that may be used."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    small = rsa.generate_private_key(65537, 2048)
    curve = ec.generate_private_key(ec.SECP256R1())
    as_pem = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    as_private = (Encoding.PEM, PrivateFormat.PKCS8)
    return {
        "rsa.pub": small.public_key().public_bytes(*as_pem),
        "curve.pub": curve.public_key().public_bytes(*as_pem),
        "rsa.key": small.private_bytes(*as_private, NoEncryption()),
        "curve.key": curve.private_bytes(*as_private, NoEncryption()),
        "locked.key": keys.key()._key.private_bytes(*as_private, BestAvailableEncryption(b"x")),
        "empty": b"",
        "text": b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA me@here\n",
        "noise": bytes(range(256)),
        "cut": keys.key().public.pem[:60],
        "large": b"-----BEGIN PUBLIC KEY-----\n" + b"A" * (1 << 20),
    }


def _pins() -> Iterator[Case]:
    for flag in ("--key", "--approver"):
        for name, data in {**_other_keys(), "private": keys.key().pem}.items():
            yield Case(
                f"gate {flag}: {name}", _written(name, data, "gate", *_flat(GATE), flag, name),
                USAGE, (name,),
            )  # fmt: skip
        for name in ("nothing.pub", ".", "k.pub=", "k.pub=a b", "=dev"):
            words = _written("k.pub", keys.key().public.pem, "gate", *_flat(GATE), flag, name)
            yield Case(f"gate {flag} {name}", words, USAGE, (name.split("=")[0],))
    alone = _written("k", keys.key().public.pem, "gate", *_flat(GATE), "--approver", "k")
    yield Case("gate --approver without --key", alone, USAGE, ("--key",))
    both = _written("k", keys.key().public.pem, "gate", *_flat(GATE), "--key=k", "--approver=k")
    yield Case("gate: one key judges and waives", both, USAGE, ("waive",))


def _project(*command: str) -> Words:
    def words(directory: Path) -> list[str]:
        (directory / "params.yaml").write_text(yaml.safe_dump(PARAMS))
        for name in ("champion.csv", "candidate.csv"):
            (directory / name).write_text("row_id,y_score\nr0,0.5\n")
        return list(command)

    return words


def _signing() -> Iterator[Case]:
    crown = ("promote", "churn", "--bootstrap", "--reason", "the first")
    others = {name: data for name, data in _other_keys().items() if not name.endswith(".pub")}
    for name, data in {**others, "public": keys.key().public.pem}.items():
        yield Case(
            f"signing key: {name}", _both(_project(*crown), name, data), USAGE, (name,),
            environment={"TITLEHOLDER_SIGNING_KEY_FILE": name},
        )  # fmt: skip
    for name, environment in {
        "no such file": {"TITLEHOLDER_SIGNING_KEY_FILE": "nothing.key"},
        "an empty name": {"TITLEHOLDER_SIGNING_KEY_FILE": ""},
        "an empty text": {"TITLEHOLDER_SIGNING_KEY": "  "},
        "a text that is none": {"TITLEHOLDER_SIGNING_KEY": "hunter2"},
        "both a file and a text": {
            "TITLEHOLDER_SIGNING_KEY_FILE": "k", "TITLEHOLDER_SIGNING_KEY": "k",
        },
    }.items():  # fmt: skip
        for command in (crown, ("run", "--quiet")):
            yield Case(
                f"{command[0]}, signing key: {name}", _project(*command), USAGE,
                ("TITLEHOLDER_SIGNING_KEY",), environment=environment,
            )  # fmt: skip
    yield Case("keys new, no such directory", _given("keys", "new", "--out", "a"), USAGE, ("a:",))
    yield Case(
        "keys new over a key",
        _written("titleholder.key", b"mine", "keys", "new"),
        USAGE,
        ("titleholder.key",),
    )
    yield Case(
        "keys new over a public key",
        _written("titleholder.pub", b"mine", "keys", "new"),
        USAGE,
        ("titleholder.pub",),
    )
    yield Case("keys old", _given("keys", "old"), USAGE, ("new",))


def _both(words: Words, name: str, data: bytes) -> Words:
    def more(directory: Path) -> list[str]:
        (directory / name).write_bytes(data)
        return words(directory)

    return more


def _waivers() -> Iterator[Case]:
    signed = {"TITLEHOLDER_SIGNING_KEY": keys.key().pem.decode()}
    wrong: dict[str, tuple[str, ...]] = {
        "--rule": ("", "acu"),
        "--model": ("nothing.csv", "."),
        "--ceiling": ("-1", "nan", "inf", "much", ""),
        "--reason": ("", "  ", "x" * 2001),
        "--approver": ("", " "),
        "--until": ("2001-01-01", "tomorrow", "2026-02-30", "9999-12-31", "2026-13-01", ""),
        "--slice": ("", " "),
    }
    for flag, values in wrong.items():
        for value in values:
            said = {**WAIVE, flag: value}
            words = _project("waive", "churn", *(f"{k}={v}" for k, v in said.items()))
            yield Case(f"waive {flag} {value[:12]!r}", words, USAGE, environment=signed)
    unsigned = _project("waive", "churn", *_flat(WAIVE))
    yield Case("waive, unsigned", unsigned, USAGE, ("TITLEHOLDER_SIGNING_KEY",))


def _verify() -> Iterator[Case]:
    for name in ("nothing.json", "dev/churn/x", "a/b/c/d", "", "dev/"):
        yield Case(f"verify {name!r}", _given("verify", name, "--store", "file://s"), USAGE)
    junk = {
        "empty": b"", "text": b"hello", "list": b"[]", "object": b"{}", "cut": b'{"payload": "a',
        "noise": bytes(range(256)), "deep": b"[" * 20_000, "NaN": b'{"a": NaN}',
        "twice": b'{"a": 1, "a": 2}', "large number": b'{"a": 1e999}',
    }  # fmt: skip
    for name, data in junk.items():
        words = _written("verdict.json", data, "verify", "verdict.json")
        yield Case(f"verify a file: {name}", words, NO_VERDICT, judged=True)
    yield Case(
        "verify --full without a store",
        _written("verdict.json", b"{}", "verify", "verdict.json", "--full"), USAGE, ("--store",),
    )  # fmt: skip


def _titles() -> Iterator[Case]:
    yield Case("promote --reason alone", _project("promote", "churn", "--reason", "x"), USAGE,
               ("--bootstrap",))  # fmt: skip
    yield Case("promote --bootstrap alone", _project("promote", "churn", "--bootstrap"), USAGE,
               ("reason",))  # fmt: skip
    yield Case("promote nothing", _project("promote", "churn", "--model", "x"), USAGE, ("x",))
    yield Case("promote, and nobody judged", _project("promote", "churn"), NO_VERDICT, ("store",))
    yield Case("rollback without a reason", _project("rollback", "churn"), USAGE, ("--reason",))
    yield Case("rollback, an empty reason", _project("rollback", "churn", "--reason="), USAGE,
               ("reason",))  # fmt: skip
    for env in ("", "a/b", "-x"):
        yield Case(f"promote --env {env!r}", _project("promote", "churn", f"--env={env}"), USAGE,
                   ("--env",))  # fmt: skip
    for url in ("store", "s3://", "gs://b"):
        yield Case(f"promote --store {url!r}", _project("promote", "churn", f"--store={url}"),
                   USAGE, ("s3://",))  # fmt: skip
        yield Case(f"run --store {url!r}", _project("run", "--quiet", f"--store={url}"), USAGE,
                   ("s3://",))  # fmt: skip


def _stages() -> Iterator[Case]:
    needed = {
        "validate": "pull", "drift": "pull", "predict": "pull", "compare": "pull", "judge": "pull",
        "report": "pull", "publish": "pull",
    }  # fmt: skip
    for stage, before in needed.items():
        yield Case(
            f"stage {stage} before the others", _project("stage", stage, "churn"), UNDECIDED,
            (f"stage {before} churn",),
        )  # fmt: skip


def _outputs() -> Iterator[Case]:
    for flag in ("--out", "--junit", "--csv", "--markdown"):
        for held in ("a file", "a directory"):
            if (flag == "--out") is (held == "a directory"):
                continue

            def words(directory: Path, flag: str = flag, held: str = held) -> list[str]:
                place = directory / "there"
                place.mkdir() if held == "a directory" else place.write_text("mine")
                return Files(directory).words("--quiet", flag, str(place))

            yield Case(f"compare {flag}: {held} is there", words, USAGE, ("there",))

        def below(directory: Path, flag: str = flag) -> list[str]:
            (directory / "there").write_text("mine")
            return Files(directory).words("--quiet", flag, str(directory / "there/below"))

        yield Case(f"compare {flag} below a file", below, USAGE, ("there",))
    yield spoiled("compare: the champion is the panel", ".csv",
                  lambda f: f.names.update(champion="panel.csv") or f.gone.add("champion"), DATA,
                  "y_score")  # fmt: skip
