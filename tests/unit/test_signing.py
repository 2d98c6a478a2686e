"""Envelopes, keys and pins: what is signed, by whom, and who believes it."""

import base64
import json
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import keys
from titleholder import records
from titleholder.adapters import ed25519, git
from titleholder.cli import main
from titleholder.cli.pins import pinned
from titleholder.environment import SECRETS, without_secrets
from titleholder.errors import NoVerdict, RecordError, UsageError
from titleholder.trust import dsse
from titleholder.trust.pins import UNSIGNED, UNVERIFIED, Pin, Trust, seal

PAYLOAD = b'{"a": 1}'
FILE, TEXT = "TITLEHOLDER_SIGNING_KEY_FILE", "TITLEHOLDER_SIGNING_KEY"

# ------------------------------------------------------------------------- envelope


def test_the_encoding_is_that_of_the_protocol_s_test_vector() -> None:
    """DSSE v1.0.0, "Test Vectors": the encoding, and a signature over it that verifies."""
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    from cryptography.hazmat.primitives.hashes import SHA256

    encoded = dsse.pae("http://example.com/HelloWorld", b"hello world")
    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    published = base64.b64decode(
        "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="
    )
    point = ec.EllipticCurvePublicNumbers(
        46950820868899156662930047687818585632848591499744589407958293238635476079160,
        5640078356564379163099075877009565129882514886557779369047442380624545832820,
        ec.SECP256R1(),
    )
    half = len(published) // 2
    r, s = (int.from_bytes(part) for part in (published[:half], published[half:]))
    signature = utils.encode_dss_signature(r, s)
    point.public_key().verify(signature, encoded, ec.ECDSA(SHA256()))


@given(st.text(max_size=20), st.binary(max_size=40), st.text(max_size=20), st.binary(max_size=40))
def test_no_two_things_to_sign_have_one_encoding(
    kind: str, body: bytes, kind2: str, body2: bytes
) -> None:
    """Lengths stand before what they count, so nothing can be moved from type to payload."""
    same = (kind, body) == (kind2, body2)
    assert (dsse.pae(kind, body) == dsse.pae(kind2, body2)) is same


@given(st.binary(max_size=200))
def test_what_is_sealed_is_opened(payload: bytes) -> None:
    """By whoever pins the key, and it says whose it is."""
    sealed = seal(payload, keys.key())
    opened = keys.trust(keys.key()).open(sealed, "dev", source="s")
    assert (opened.payload, opened.signature) == (payload, keys.key().key_id)


def test_an_envelope_is_the_standard_s() -> None:
    """Its three fields, a media type that names the payload, and signatures with their key."""
    plain = json.loads(seal(PAYLOAD, keys.key()))
    assert sorted(plain) == ["payload", "payloadType", "signatures"]
    assert plain["payloadType"] == "application/vnd.in-toto+json"
    assert base64.b64decode(plain["payload"]) == PAYLOAD
    assert plain["signatures"][0]["keyid"] == keys.key().key_id


def test_signing_is_repeatable() -> None:
    """The same statement by the same key is the same bytes: a retry is no other verdict."""
    assert seal(PAYLOAD, keys.key()) == seal(PAYLOAD, keys.key())


@pytest.mark.parametrize(
    "change",
    [
        lambda e: {**e, "extra": 1},
        lambda e: {**e, "payloadType": "application/json"},
        lambda e: {**e, "signatures": []},
        lambda e: {**e, "signatures": e["signatures"] * 2},
        lambda e: {**e, "payload": e["payload"] + "\n"},
        lambda e: {**e, "payload": e["payload"].rstrip("=")},
        lambda e: {**e, "payload": "***"},
        lambda e: {**e, "payload": "eyJhIjogMX1="},  # bits set that count for nothing
        lambda e: {**e, "payload": 7},
        lambda e: {**e, "signatures": [{"sig": e["signatures"][0]["sig"]}]},
        lambda e: {**e, "signatures": [{**e["signatures"][0], "sig": "é"}]},
    ],
)
def test_an_envelope_has_one_writing(change: Callable[[dict[str, Any]], Any]) -> None:
    """Unknown fields, other types, unusual base64 and crowds of signatures are refused."""
    envelope = change(json.loads(seal(PAYLOAD, keys.key())))
    for trust in (Trust(), keys.trust(keys.key())):
        with pytest.raises(NoVerdict, match="not a verdict"):
            trust.open(records.encode(envelope), "dev", source="s")


def test_even_its_white_space_is_fixed() -> None:
    """One byte more is another object, and is seen."""
    sealed = seal(PAYLOAD, keys.key())
    for other in (sealed + b"\n", json.dumps(json.loads(sealed)).encode()):
        with pytest.raises(RecordError, match="canonical"):
            dsse.read(other, source="s")


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"\xff", b"[" * 100_000, b'{"payload": 1}'])
def test_what_is_no_envelope_is_not_taken_for_one(data: bytes) -> None:
    """It is a bare statement, or nothing at all."""
    assert not dsse.is_envelope(data)


# ------------------------------------------------------------------------- trust


def _foreign() -> bytes:
    return seal(PAYLOAD, keys.key(2))


def _altered() -> bytes:
    plain = json.loads(seal(PAYLOAD, keys.key()))
    return records.encode({**plain, "payload": base64.b64encode(b'{"a": 2}').decode()})


def _under_another_name() -> bytes:
    plain = json.loads(seal(PAYLOAD, keys.key(2)))
    plain["signatures"][0]["keyid"] = keys.key().key_id
    return records.encode(plain)


def _cut() -> bytes:
    plain = json.loads(seal(PAYLOAD, keys.key()))
    signature = base64.b64decode(plain["signatures"][0]["sig"])
    plain["signatures"][0]["sig"] = base64.b64encode(signature[:-1]).decode()
    return records.encode(plain)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (lambda: PAYLOAD, "is unsigned, and a key is pinned"),
        (_foreign, "a key that is not pinned"),
        (_altered, "altered or forged"),
        (_under_another_name, "altered or forged"),
        (_cut, "altered or forged"),
    ],
)
def test_with_a_pinned_key_nothing_else_is_believed(data: Callable[[], bytes], reason: str) -> None:
    """Unsigned, foreign, altered: each with its reason."""
    with pytest.raises(NoVerdict, match=reason):
        keys.trust(keys.key()).open(data(), "dev", source="s")


def test_a_key_counts_in_its_environments_alone() -> None:
    """A key for dev opens nothing in prod."""
    trust = keys.trust(keys.key(), environments=frozenset({"dev"}))
    sealed = seal(PAYLOAD, keys.key())
    assert trust.open(sealed, "dev", source="s").payload == PAYLOAD
    with pytest.raises(NoVerdict, match="may not sign for prod"):
        trust.open(sealed, "prod", source="s")


ELSEWHERE = Trust((Pin(keys.key().public, frozenset({"prod"})),))


@pytest.mark.parametrize(
    ("trust", "data", "cure"),
    [
        (Trust(), b'{"payloadType": 1}', "restore the object"),
        (keys.trust(keys.key()), PAYLOAD, "TITLEHOLDER_SIGNING_KEY_FILE"),
        (keys.trust(keys.key()), seal(PAYLOAD, keys.key(2)), "pin that key if it is yours"),
        (ELSEWHERE, seal(PAYLOAD, keys.key()), ""),
        (
            keys.trust(keys.key()),
            dsse.enclose(PAYLOAD, keys.key().key_id, b"0" * 64),
            "restore the object",
        ),
    ],
    ids=["damaged", "bare", "not pinned", "elsewhere", "forged"],
)
def test_each_refusal_names_its_object_and_a_cure(trust: Trust, data: bytes, cure: str) -> None:
    """Whoever reads it has to find the object, and to know what to do."""
    with pytest.raises(NoVerdict) as refused:
        trust.open(data, "dev", source="titles/dev/s/1.json")
    assert "titles/dev/s/1.json" in refused.value.message
    assert cure in refused.value.cure and bool(cure) is bool(refused.value.cure)


def test_keys_can_be_rotated() -> None:
    """While both are pinned either counts."""
    old, new = keys.key(1), keys.key(2)
    both = keys.trust(old, new)
    for one in (old, new):
        assert both.open(seal(PAYLOAD, one), "dev", source="s").signature == one.key_id


def test_without_a_pinned_key_nobody_vouches() -> None:
    """It is opened, and called what it is."""
    assert Trust().open(PAYLOAD, "dev", source="s").signature == UNSIGNED
    assert Trust().open(_foreign(), "dev", source="s").signature == UNVERIFIED


# ------------------------------------------------------------------------- keys


def test_a_new_pair_is_written_once_and_for_its_owner(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Mode 0600, the public key beside it, the id printed, and nothing of the private one."""
    assert main(["keys", "new", "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    private, public = tmp_path / "titleholder.key", tmp_path / "titleholder.pub"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    read = ed25519.signer({FILE: str(private)})
    assert read and ed25519.read_public(public).key_id == read.key_id
    assert read.key_id in out and private.read_text().splitlines()[1] not in out
    before = private.read_bytes()
    assert main(["keys", "new", "--out", str(tmp_path)]) == 2
    assert private.read_bytes() == before
    private.unlink()
    assert main(["keys", "new", "--out", str(tmp_path)]) == 2
    assert not private.exists()
    assert main(["keys", "new", "--out", str(tmp_path / "nowhere")]) == 2


def test_a_key_that_appears_meanwhile_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two who make a key at once do not share one."""
    (tmp_path / "titleholder.key").write_text("another's")
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert main(["keys", "new", "--out", str(tmp_path)]) == 2
    assert (tmp_path / "titleholder.key").read_text() == "another's"


def test_the_id_is_what_openssl_prints(tmp_path: Path) -> None:
    """The SHA-256 of the public key's DER encoding."""
    (tmp_path / "k").write_bytes(keys.key().pem)
    der = subprocess.run(
        ["openssl", "pkey", "-in", str(tmp_path / "k"), "-pubout", "-outform", "DER"],
        capture_output=True, check=True,
    ).stdout  # fmt: skip
    import hashlib

    assert keys.key().key_id == f"sha256:{hashlib.sha256(der).hexdigest()}"


def test_the_signature_is_rfc_8032_s() -> None:
    """Section 7.1, test 1: the empty message."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    secret = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    signature = ed25519._private(Ed25519PrivateKey.from_private_bytes(secret)).sign(b"")
    assert signature.hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )


def test_a_private_key_comes_from_a_file_or_from_the_environment(tmp_path: Path) -> None:
    """None where neither is named: then a verdict is unsigned."""
    (tmp_path / "k").write_bytes(keys.key().pem)
    for said in ({FILE: str(tmp_path / "k")}, {TEXT: keys.key().pem.decode()}):
        signer = ed25519.signer(said)
        assert signer and signer.key_id == keys.key().key_id
    assert ed25519.signer({"HOME": "/"}) is None


def _pem(kind: str) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    if kind == "elliptic":
        other = ec.generate_private_key(ec.SECP256R1())
        return other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    locked = BestAvailableEncryption(b"hunter2")
    return keys.key()._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked)


@pytest.mark.parametrize(
    ("pem", "reason"),
    [
        (lambda: keys.key().pem[:-40], "no private key"),
        (lambda: b"hunter2", "no private key"),
        (lambda: keys.key().public.pem, "no private key"),
        (lambda: _pem("elliptic"), "not an Ed25519"),
        (lambda: _pem("locked"), "encrypted"),
        (lambda: b"  ", "empty|no private key"),
    ],
)
def test_a_wrong_private_key_is_one_clear_error(
    pem: Callable[[], bytes], reason: str, tmp_path: Path
) -> None:
    """That names the variable and never repeats what it holds."""
    (tmp_path / "k").write_bytes(pem())
    for said in ({FILE: str(tmp_path / "k")}, {TEXT: pem().decode()}):
        with pytest.raises(UsageError, match=reason) as caught:
            ed25519.signer(said)
        assert "hunter2" not in str(caught.value) and "MC4C" not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({FILE: "/nonexistent/k"}, "No such file"),
        ({FILE: ""}, "set and empty"),
        ({TEXT: ""}, "set and empty"),
        ({FILE: "k", TEXT: "k"}, "both set"),
    ],
)
def test_a_secret_that_did_not_arrive_is_no_wish_to_go_unsigned(
    said: dict[str, str], reason: str
) -> None:
    """Empty, missing or doubled: an error, not an unsigned verdict."""
    with pytest.raises(UsageError, match=reason):
        ed25519.signer(said)


def test_a_private_key_does_not_show_itself() -> None:
    """Not in a traceback, not in a log."""
    assert repr(keys.key()) == str(keys.key())
    assert keys.key().key_id in repr(keys.key())
    assert "Ed25519PrivateKey" not in repr(keys.key())


def test_programs_that_are_started_do_not_get_the_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither variable is left in the environment of git."""
    given_: list[dict[str, str]] = []

    def run(*_: object, env: dict[str, str], **__: object) -> object:
        given_.append(env)
        raise FileNotFoundError

    for name in SECRETS:
        monkeypatch.setenv(name, "secret")
    monkeypatch.setattr(subprocess, "run", run)
    assert git.checked_out(tmp_path) == (None, False)
    assert given_ and not any("secret" in env.values() for env in given_)
    assert without_secrets({"A": "1"}) == {"A": "1"}


# ------------------------------------------------------------------------- pins


def test_a_pin_names_a_file_and_where_it_counts(tmp_path: Path) -> None:
    """In all environments, or in those that are listed; no pin at all is the unsigned mode."""
    public = tmp_path / "a=b.pub"
    public.write_bytes(keys.key().public.pem)
    assert pinned([]) == Trust()
    assert pinned([str(public)]) == keys.trust(keys.key())
    limited = Pin(keys.key().public, frozenset({"dev", "prod"}))
    assert pinned([f"{public}=dev,prod", str(public)]).pins[0] == limited


@pytest.mark.parametrize("after", ["=", "=dev,", "=../x", "=a b"])
def test_a_pin_that_is_none_is_a_usage_error(tmp_path: Path, after: str) -> None:
    """Before anything is read from the store."""
    (tmp_path / "k.pub").write_bytes(keys.key().public.pem)
    with pytest.raises(UsageError):
        pinned([f"{tmp_path / 'k.pub'}{after}"])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (lambda: b"", "no public key"),
        (lambda: keys.key().pem, "is a private key"),
        (lambda: keys.key().public.pem[:-40], "no public key"),
    ],
)
def test_a_file_that_holds_no_public_key_is_told(
    tmp_path: Path, data: Callable[[], bytes], reason: str
) -> None:
    """Also one that should never have come here."""
    (tmp_path / "k.pub").write_bytes(data())
    with pytest.raises(UsageError, match=reason):
        pinned([str(tmp_path / "k.pub")])


def test_a_public_key_of_another_kind_is_told(tmp_path: Path) -> None:
    """Only Ed25519 is read."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    (tmp_path / "k").write_bytes(
        other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    with pytest.raises(UsageError, match="no Ed25519"):
        pinned([str(tmp_path / "k")])
