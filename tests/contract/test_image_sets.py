"""Image data sets in the formats that they are distributed in, and panels made of them."""

import base64
import gzip
import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.support import onnx_models
from titleholder.adapters import models
from titleholder.adapters.image_sets import READERS, cifar10, folders, idx
from titleholder.adapters.models import Asked
from titleholder.cli import main
from titleholder.errors import BadInput, UsageError
from titleholder.images import codec
from titleholder.types import Task

RNG = np.random.default_rng(5)
PICTURES = RNG.integers(0, 256, (6, 7, 5), dtype=np.uint8)
CODES = np.array([0, 9, 3, 3, 1, 2], dtype=np.uint8)


def _idx(values: Any, kind: int = 8) -> bytes:
    head = struct.pack(f">BBBB{values.ndim}I", 0, 0, kind, values.ndim, *values.shape)
    return head + values.tobytes()


def _mnist(directory: Path, *, part: str = "t10k", zipped: bool = True) -> Path:
    for stem, values in (("images-idx3", PICTURES), ("labels-idx1", CODES)):
        path = directory / f"{part}-{stem}-ubyte"
        if zipped:
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(_idx(values)))
        else:
            path.write_bytes(_idx(values))
    return directory


@pytest.mark.parametrize("zipped", [True, False])
def test_idx_files_give_their_images_and_labels(zipped: bool, tmp_path: Path) -> None:
    """In the file's order, grey, with the names of the classes."""
    found = idx.read(_mnist(tmp_path, zipped=zipped), "test", idx.FASHION_MNIST)
    assert list(found.labels) == [idx.FASHION_MNIST[code] for code in CODES]
    assert found.ids[0] == "test-00000"
    for i, picture in enumerate(PICTURES):
        np.testing.assert_array_equal(found.pixels(i)[:, :, 0], picture)


IMAGES = "t10k-images-idx3-ubyte.gz"


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda raw: raw[:-9], "cut short or damaged"),
        (lambda raw: b"no gzip at all", "cut short or damaged"),
        (lambda raw: gzip.compress(_idx(PICTURES)[:-1]), "holds only 209"),
        (lambda raw: gzip.compress(_idx(PICTURES) + b"x"), "holds more"),
        (lambda raw: gzip.compress(b"\1\2\3\4"), "is no IDX file"),
        (lambda raw: gzip.compress(_idx(PICTURES, kind=13)), "type 0x0d"),
        (lambda raw: gzip.compress(_idx(CODES)), "in 1 dimensions"),
        (lambda raw: gzip.compress(_idx(PICTURES)[:9]), "within its header"),
        (lambda raw: gzip.compress(b"\0\0\10\3" + b"\xff" * 12), "announces 79,228"),
        (lambda raw: gzip.compress(b"\0\0\10\3" + b"\0" * 12), "announces 0 values"),
        (lambda raw: gzip.compress(_idx(PICTURES[:4])), "4 images of test, and 6 labels"),
    ],
)
def test_a_damaged_idx_file_is_told_with_what_is_wrong(
    damage: Callable[[bytes], bytes], told: str, tmp_path: Path
) -> None:
    """Cut, padded, mislabelled, or announcing more than a machine holds."""
    path = _mnist(tmp_path) / IMAGES
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BadInput, match=told):
        idx.read(tmp_path, "test", idx.FASHION_MNIST)


def test_a_label_beyond_the_classes_is_told(tmp_path: Path) -> None:
    """A file of letters is no file of digits."""
    with pytest.raises(BadInput, match="a label 9 of test, and only 4 classes"):
        idx.read(_mnist(tmp_path), "test", ("a", "b", "c", "d"))


def test_a_directory_without_the_files_is_told_with_their_names(tmp_path: Path) -> None:
    """So that the right one is found."""
    with pytest.raises(UsageError, match="neither train-images-idx3-ubyte"):
        READERS["mnist"](_mnist(tmp_path), "train", None)


COLOURS = RNG.integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)
LABELS = [6, 0, 9, 6]


def _binary(path: Path) -> None:
    rows = zip(LABELS, COLOURS, strict=True)
    path.write_bytes(b"".join(bytes([label]) + picture.tobytes() for label, picture in rows))


def _pickled(path: Path, changes: dict[Any, Any] | None = None) -> None:
    held = {
        b"batch_label": b"testing batch 1 of 1", b"labels": LABELS,
        b"data": COLOURS.reshape(len(COLOURS), -1), b"filenames": [b"a.png"] * len(LABELS),
    }  # fmt: skip
    path.write_bytes(pickle.dumps({**held, **(changes or {})}, protocol=3))


def _python_2(path: Path) -> None:
    """A batch as it is distributed: written by Python 2 and the numpy of its day."""

    def text(value: bytes) -> bytes:
        return b"U" + bytes([len(value)]) + value

    raw = COLOURS.tobytes()
    dtype = b"cnumpy\ndtype\n" + text(b"u1") + b"K\0K\1\x87R(K\3" + text(b"|")
    dtype += b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85" + text(b"b")
    array += b"\x87R(K\1" + b"K" + bytes([len(COLOURS)]) + b"M\0\x0c\x86" + dtype + b"\x89"
    array += b"T" + struct.pack("<I", len(raw)) + raw + b"tb"
    labels = b"](" + b"".join(b"K" + bytes([label]) for label in LABELS) + b"e"
    pairs = text(b"data") + array + text(b"labels") + labels
    path.write_bytes(b"\x80\x02}(" + pairs + b"u.")


def test_all_versions_of_cifar_10_are_the_same_images(tmp_path: Path) -> None:
    """Red, green and blue planes become pixels; labels become words."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "py2").mkdir()
    (tmp_path / "py3").mkdir()
    _binary(tmp_path / "bin" / "test_batch.bin")
    _python_2(tmp_path / "py2" / "test_batch")
    _pickled(tmp_path / "py3" / "test_batch")
    for version in ("bin", "py2", "py3"):
        found = cifar10.read(tmp_path / version, "test")
        assert list(found.labels) == ["frog", "airplane", "truck", "frog"]
        for i, picture in enumerate(COLOURS):
            np.testing.assert_array_equal(found.pixels(i), picture.transpose(1, 2, 0))


class _Bomb:
    def __reduce__(self) -> Any:
        return (Path("fired").touch, ())


@pytest.mark.parametrize(
    "changes",
    [
        {"b": _Bomb()},
        {b"data": _Bomb()},
        {b"labels": [3.5, 1, 2, 3]},
        {b"labels": ["x", 1, 2, 3]},
        {b"labels": [1, 2]},
        {b"labels": [1, 2, 3, 77]},
        {b"data": np.zeros((4, 3072), dtype=np.float32)},
        {b"data": np.zeros((4, 10), dtype=np.uint8)},
        {b"data": [1, 2, 3]},
        {b"data": None},
    ],
)
def test_a_pickle_that_is_no_batch_is_refused_and_nothing_in_it_runs(
    changes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else it holds: a call, other names, other types, other shapes."""
    monkeypatch.chdir(tmp_path)
    _pickled(tmp_path / "test_batch", changes)
    with pytest.raises(BadInput, match="test_batch"):
        cifar10.read(tmp_path, "test")
    assert not Path("fired").exists()


@pytest.mark.parametrize("size", [0, 1, 3072, 3073 * 4 - 1])
def test_a_cut_binary_batch_is_told_by_its_size(size: int, tmp_path: Path) -> None:
    """Records are 3,073 bytes."""
    _binary(tmp_path / "test_batch.bin")
    path = tmp_path / "test_batch.bin"
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(BadInput, match="no whole number of records"):
        cifar10.read(tmp_path, "test")


def test_a_binary_label_beyond_ten_is_told(tmp_path: Path) -> None:
    """The file is of something else."""
    (tmp_path / "test_batch.bin").write_bytes(b"\x0b" + bytes(3072))
    with pytest.raises(BadInput, match="a label 11"):
        cifar10.read(tmp_path, "test")


def _tree(directory: Path) -> Path:
    for label, size in (("n02", (40, 20)), ("n01", (10, 30))):
        (directory / label).mkdir()
        for i, suffix in enumerate(("JPEG", "png")):
            Image.new("RGB", size, (200, 10 * i, 0)).save(directory / label / f"{i}.{suffix}")
    (directory / "n01" / "notes.txt").write_text("no image")
    (directory / ".hidden").mkdir()
    return directory


def test_folders_are_classes_and_files_their_images(tmp_path: Path) -> None:
    """In the order of names; other files and hidden folders are left alone."""
    found = folders.read(_tree(tmp_path), (16, 16))
    assert list(found.classes) == ["n01", "n02"]
    assert list(found.labels) == ["n01", "n01", "n02", "n02"]
    assert found.ids[0] == "n01/0.JPEG"
    assert {found.pixels(i).shape for i in range(4)} == {(16, 16, 3)}
    assert folders.read(tmp_path, None).pixels(2).shape == (20, 40, 3)


def test_the_centre_is_cut_out_of_the_middle() -> None:
    """A bright middle stays when the dark borders are cut off."""
    pixels = np.zeros((40, 80, 3), dtype=np.uint8)
    pixels[:, 30:50] = 255
    found = folders.centre(pixels, 8, 8)
    assert found.shape == (8, 8, 3)
    assert found[:, 3:5].mean() == 255
    assert abs(float(found[:, :4].mean()) - float(found[:, 4:].mean())) < 1


def test_a_file_that_does_not_decode_is_named(tmp_path: Path) -> None:
    """The panel is not made without it: somebody has to know."""
    (_tree(tmp_path) / "n01" / "0.JPEG").write_bytes(b"\xff\xd8\xff\xe0 half")
    found = folders.read(tmp_path, None)
    with pytest.raises(BadInput, match=r"n01/0\.JPEG: does not decode"):
        found.pixels(0)


def test_a_directory_without_images_is_told_with_what_is_wanted(tmp_path: Path) -> None:
    """A folder a class."""
    with pytest.raises(UsageError, match="no folders with images"):
        folders.read(tmp_path, None)
    with pytest.raises(UsageError, match="no such directory"):
        folders.read(tmp_path / "nowhere", None)


SYNSETS = ("n01440764 tench, Tinca tinca", "n01443537 goldfish", "n02123045 tabby",
           "n02504458 African elephant", "n03594945 jeep", "n07753592 banana")  # fmt: skip
# In another order than the alphabet's, as no index of ImageNet is: what is read has to show.
ORDER = [SYNSETS[i] for i in (3, 0, 5, 1, 4, 2)]


def _imagenet(root: Path) -> Path:
    """A tree of five of the six classes, three grey images each."""
    for i, line in enumerate(SYNSETS[:5]):
        folder = root / "val" / line.split()[0]
        folder.mkdir(parents=True)
        for j in range(3):
            pixels = np.full((9, 12, 3), 40 * i + 3 * j, dtype=np.uint8)
            (folder / f"ILSVRC2012_val_{i:04d}{j:04d}.png").write_bytes(codec.encode(pixels))
    (root / "LOC_synset_mapping.txt").write_text("\n".join(ORDER) + "\n")
    return root


def test_imagenet_is_judged_by_top_1_and_top_5_in_the_order_of_its_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From a folder tree and logits of six classes; both metrics equal to those by hand."""
    import yaml

    from titleholder.params.schema import Images, Scores

    root = _imagenet(tmp_path)
    out = tmp_path / "panel.parquet"
    mapping = str(tmp_path / "LOC_synset_mapping.txt")
    assert main(["images", "folders", str(root / "val"), "--size", "8x8", "--out", str(out),
                 "--classes", mapping]) == 0  # fmt: skip
    classes = yaml.safe_load(capsys.readouterr().out)["classes"]
    assert classes == [line.split()[0] for line in ORDER]

    # Logits rise with the class's place by how light an image is: a model that is wrong at times.
    weights = np.random.default_rng(5).normal(size=(3, 6)).astype(np.float32)
    bias = np.random.default_rng(6).normal(size=6).astype(np.float32)
    for name, sign in (("old", 1.0), ("new", -1.0)):
        onnx_models.colour_model(tmp_path / f"{name}.onnx", weights * np.float32(sign), bias, 8)
    frame = pd.read_parquet(out)
    asked = Asked(Task.MULTICLASS, classes=tuple(classes), images=Images(scores=Scores.LOGITS))
    hits: dict[str, list[bool]] = {}
    for name, sign in (("old", 1.0), ("new", -1.0)):
        told = models.load(tmp_path / f"{name}.onnx", asked).predict(frame, "row_id")
        told.to_parquet(tmp_path / f"{name}.parquet")
        light = np.array([codec.decode(image).mean() / 255 for image in frame["image"]])
        logits = light[:, None] * (sign * weights).sum(axis=0) + bias
        truth = np.array([classes.index(label) for label in frame["label"]])
        rank = (logits > logits[np.arange(len(truth)), truth][:, None]).sum(axis=1)
        hits[name] = [bool(r < 1) for r in rank] + [bool(r < 5) for r in rank]
    panel = frame.drop(columns="image").rename(columns={"label": "y_true"})
    panel.to_parquet(tmp_path / "rows.parquet")
    policy = {"task": "multiclass", "classes": classes, "metrics": ["accuracy", "top_k[5]"],
              "rules": [{"id": m, "metric": m, "kind": "floor", "value": 0.1}
                        for m in ("accuracy", "top_k[5]")]}  # fmt: skip
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(policy))
    main(["compare", "--panel", str(tmp_path / "rows.parquet"), "--json",
          "--champion", str(tmp_path / "old.parquet"), "--policy", str(tmp_path / "policy.yaml"),
          "--candidate", str(tmp_path / "new.parquet")])  # fmt: skip
    said = json.loads(capsys.readouterr().out)
    found = {f["metric"]: f for f in said["findings"]}
    n = len(frame)
    assert n == 15
    for part, name in (("champion", "old"), ("candidate", "new")):
        assert found["accuracy"][part]["value"] == pytest.approx(np.mean(hits[name][:n]))
        assert found["top_k[5]"][part]["value"] == pytest.approx(np.mean(hits[name][n:]))
    assert 0 < np.mean(hits["old"][:n]) < np.mean(hits["old"][n:])


@pytest.mark.parametrize(
    ("lines", "told"),
    [(ORDER[1:], "does not list n02504458"), ([*ORDER, ORDER[0]], "lists n02504458 twice")],
)
def test_an_index_that_does_not_fit_the_folders_is_told(
    lines: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the WordNet id, before anything is written."""
    root, out = _imagenet(tmp_path), tmp_path / "panel.parquet"
    (tmp_path / "index.txt").write_text("\n".join(lines))
    assert main(["images", "folders", str(root / "val"), "--out", str(out), "--classes",
                 str(tmp_path / "index.txt")]) == 3  # fmt: skip
    assert told in capsys.readouterr().err
    assert not out.exists()


def _bigbench(root: Path, **changes: Any) -> Path:
    """CIFAR-10's images as BIG-bench carries them: three of them."""
    examples = [
        {
            "input": base64.b64encode(codec.encode(_COLOURS[i])).decode(),
            "target_scores": {name: int(name == cifar10.CLASSES[i]) for name in cifar10.CLASSES},
        }
        for i in range(3)
    ]
    examples[1] |= changes
    (root / "task.json").write_text(json.dumps({"name": "base64", "examples": examples}))
    return root


_COLOURS = np.random.default_rng(2).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)


def test_big_bench_carries_the_images_of_cifar_10(tmp_path: Path) -> None:
    """PNG in base64, the class the choice that is right."""
    found = cifar10.read(_bigbench(tmp_path), "test")
    assert list(found.labels) == ["airplane", "automobile", "bird"]
    assert list(found.classes) == list(cifar10.CLASSES)
    for i in range(3):
        np.testing.assert_array_equal(found.pixels(i), _COLOURS[i])
    with pytest.raises(UsageError, match="holds the test images alone"):
        cifar10.read(tmp_path, "train")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"input": "no base64!"}, "example 1: is no PNG in base64"),
        ({"input": base64.b64encode(b"GIF89a").decode()}, "example 1: is no PNG in base64"),
        ({"target_scores": {"cat": 1}}, "example 1: its choices are not the classes"),
        ({"target_scores": dict.fromkeys(cifar10.CLASSES, 1)}, "example 1: has 10 right choices"),
    ],
)
def test_a_damaged_example_of_big_bench_is_told_by_its_number(
    changes: dict[str, Any], told: str, tmp_path: Path
) -> None:
    """No image is guessed, and no class."""
    with pytest.raises(BadInput, match=told):
        found = cifar10.read(_bigbench(tmp_path, **changes), "test")
        found.pixels(1)


def test_half_a_task_of_big_bench_is_told(tmp_path: Path) -> None:
    """As a file that was cut."""
    path = _bigbench(tmp_path) / "task.json"
    path.write_text(path.read_text()[:200])
    with pytest.raises(BadInput, match="is no task of BIG-bench") as caught:
        cifar10.read(tmp_path, "test")
    assert "cut in half" in (caught.value.cure or "")


def test_the_command_writes_a_panel_that_the_next_one_shares_no_image_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twice the same command is twice the same bytes."""
    source = str(_mnist(tmp_path))
    make = ["images", "fashion-mnist", source, "--rows", "3", "--corrupt", "2", "--out"]
    assert main([*make, str(tmp_path / "a.parquet")]) == 0
    assert "9 rows of 3 images" in capsys.readouterr().err
    assert main([*make, str(tmp_path / "again.parquet")]) == 0
    assert main([*make, str(tmp_path / "b.parquet"), "--skip", "3"]) == 0
    one, other = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in "ab")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "again.parquet").read_bytes()
    assert not {*one["source"]} & {*other["source"]}
    clean = one[one["condition"] == "clean"]
    for name, data in zip(clean["row_id"], clean["image"], strict=True):
        place = int(name.removeprefix("test-"))
        np.testing.assert_array_equal(codec.decode(data)[:, :, 0], PICTURES[place])


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["images", "gif", ".", "--out", "a.parquet"], "no format 'gif'"),
        (["images", "mnist", "DIR", "--out", "a.csv"], "is a .parquet file"),
        (["images", "mnist", "DIR", "--out", "a.parquet", "--part", "val"], "no part 'val'"),
        (["images", "mnist", "DIR", "--out", "a.parquet", "--rows", "7"], "there are 6"),
        (["images", "mnist", "DIR", "--out", "a.parquet", "--rows", "0"], "--rows 0: too small"),
        (["images", "mnist", "DIR", "--out", "a.parquet", "--skip", "-1"], "--skip -1: too small"),
        (["images", "mnist", "DIR", "--out", "a.parquet", "--corrupt", "31"], "from 0 to 30"),
        (["images", "folders", "DIR", "--out", "a.parquet", "--size", "9"], "--size 9: write"),
    ],
)
def test_flags_that_make_no_panel_are_refused(
    flags: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Exit code 2, one line, and no file is left."""
    monkeypatch.chdir(tmp_path)
    _mnist(tmp_path)
    assert main([str(tmp_path) if flag == "DIR" else flag for flag in flags]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "a.parquet").exists()
