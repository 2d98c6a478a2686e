"""ONNX files: what is opened, what is refused, what the answers look like, and what they cost."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from onnx import AttributeProto, TensorProto, helper, numpy_helper

from tests.support import onnx_models
from titleholder.adapters import models
from titleholder.adapters.models import Asked, onnx_guard, onnx_trial
from titleholder.errors import BadInput, TitleholderError, UntrustedModel
from titleholder.images import codec
from titleholder.params.schema import Fit, Images, Scores
from titleholder.types import Task

ASKED = Asked(Task.MULTICLASS, images=Images())


def _images(*levels: int, size: tuple[int, int, int] = (4, 4, 1)) -> pd.DataFrame:
    """A row for each grey level, with an image that is all of it."""
    data = [codec.encode(np.full(size, level, dtype=np.uint8)) for level in levels]
    return pd.DataFrame({"row_id": [f"r{level}" for level in levels], "image": data})


def _light(levels: Any) -> Any:
    """What `brightness_model` says of the second class."""
    return 1 / (1 + np.exp(-8 * (np.asarray(levels) / 255 - 0.5)))


def test_an_image_classifier_answers_with_a_score_for_each_class(tmp_path: Path) -> None:
    """Equal to what the graph computes by hand, in the rows' order, named by its metadata."""
    path = onnx_models.brightness_model(tmp_path / "m.onnx")
    levels = list(range(0, 250, 5))  # more than a batch
    said = models.load(path, ASKED).predict(_images(*levels), "row_id")
    assert list(said) == ["row_id", "y_score_dark", "y_score_light"]
    assert said["row_id"].tolist() == [f"r{level}" for level in levels]
    np.testing.assert_allclose(said["y_score_light"], _light(levels), atol=1e-6)


def test_classes_come_from_the_metadata_the_suite_or_the_places(tmp_path: Path) -> None:
    """In this order: nothing is taken from the alphabet of the labels."""
    named = onnx_models.brightness_model(tmp_path / "named.onnx")
    bare = onnx_models.brightness_model(tmp_path / "bare.onnx", classes=None)
    suite = Asked(Task.MULTICLASS, classes=("night", "day"), images=Images())

    def columns(path: Path, asked: Asked) -> list[str]:
        return list(models.load(path, asked).predict(_images(0), "row_id"))[1:]

    assert columns(named, suite) == ["y_score_dark", "y_score_light"]
    assert columns(bare, suite) == ["y_score_night", "y_score_day"]
    assert columns(bare, ASKED) == ["y_score_0", "y_score_1"]
    with pytest.raises(BadInput, match="gives 2 scores a row, and 3 classes are named"):
        columns(bare, Asked(Task.MULTICLASS, classes=("a", "b", "c"), images=Images()))


def test_a_binary_suite_gets_the_score_of_its_positive_class(tmp_path: Path) -> None:
    """And an error for a class that the model does not know."""
    path = onnx_models.brightness_model(tmp_path / "m.onnx")
    said = models.load(path, Asked(Task.BINARY, "dark", images=Images()))
    score = said.predict(_images(0, 255), "row_id")["y_score"]
    np.testing.assert_allclose(score, 1 - _light([0, 255]), atol=1e-6)
    with pytest.raises(BadInput, match="'dim'"):
        models.load(path, Asked(Task.BINARY, "dim", images=Images())).predict(_images(0), "row_id")


def test_logits_are_refused_unless_they_are_declared(tmp_path: Path) -> None:
    """What does not sum to one is no probability; with the declaration the answers are equal."""
    path = onnx_models.brightness_model(tmp_path / "m.onnx", softmax=False)
    with pytest.raises(BadInput, match="do not sum to 1") as caught:
        models.load(path, ASKED).predict(_images(0, 200), "row_id")
    assert "images.scores: logits" in caught.value.cure
    declared = Asked(Task.MULTICLASS, images=Images(scores=Scores.LOGITS))
    said = models.load(path, declared).predict(_images(0, 200), "row_id")
    np.testing.assert_allclose(said["y_score_light"], _light([0, 200]), atol=1e-6)


def test_images_are_scaled_as_the_suite_says(tmp_path: Path) -> None:
    """(pixel / 255 - mean) / std: here a mean that turns every image's brightness down by 0.1."""
    path = onnx_models.brightness_model(tmp_path / "m.onnx")
    asked = Asked(Task.MULTICLASS, images=Images(mean=(0.1,), std=(1.0,)))
    said = models.load(path, asked).predict(_images(100), "row_id")
    np.testing.assert_allclose(said["y_score_light"], _light(100 - 25.5), atol=1e-6)


@pytest.mark.parametrize(
    ("sizes", "size"),
    [((1, 1, 4, 4), (4, 4, 1)), (("n", 4, 4, 1), (4, 4, 1)), (("n", 3, "h", "w"), (5, 6, 3))],
    ids=["a batch of one", "channels last", "any size"],
)
def test_the_layout_is_that_of_the_graph(
    sizes: tuple[int | str, ...], size: tuple[int, int, int], tmp_path: Path
) -> None:
    """Batch, place of the channels and open sizes are read from its input."""
    path = onnx_models.brightness_model(tmp_path / "m.onnx", sizes=sizes)
    said = models.load(path, ASKED).predict(_images(0, 90, 255, size=size), "row_id")
    np.testing.assert_allclose(said["y_score_light"], _light([0, 90, 255]), atol=1e-6)


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        (("n", 4), "not one tensor of images"),
        (("n", 2, 4, 4), "no axis is 1 or 3 channels"),
        ((8, 1, 4, 4), "8 images at once"),
    ],
)
def test_an_input_that_is_no_image_is_told_with_its_shape(
    sizes: tuple[int | str, ...], told: str, tmp_path: Path
) -> None:
    """Before anything is run."""
    path = onnx_models.saved(
        tmp_path / "m.onnx", [helper.make_node("Identity", ["image"], ["answer"])],
        [onnx_models.image_input(*sizes)],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, list(sizes))],
    )  # fmt: skip
    with pytest.raises(BadInput, match=rf"m\.onnx.*{told}"):
        models.load(path, ASKED)


def test_images_of_another_size_are_told_by_row_unless_they_may_be_scaled(tmp_path: Path) -> None:
    """With the size that they have and the one that the model takes."""
    path = onnx_models.brightness_model(tmp_path / "m.onnx")
    frame = pd.concat([_images(10), _images(20, size=(6, 5, 1)), _images(30, size=(4, 4, 3))])
    with pytest.raises(BadInput) as caught:
        models.load(path, ASKED).predict(frame, "row_id")
    assert "2 of 3 images" in caught.value.message
    assert "'r20' is 6 x 5 x 1, and it takes 4 x 4" in caught.value.message
    assert "'r30' is 4 x 4 x 3, and it takes one channel (grey)" in caught.value.message
    assert caught.value.cure == (
        "images.fit: resize scales images to 4 x 4; make a panel of grey images, or export a model "
        "that takes three channels"
    )
    scaled = Asked(Task.MULTICLASS, images=Images(fit=Fit.RESIZE))
    said = models.load(path, scaled).predict(frame.iloc[:2], "row_id")
    np.testing.assert_allclose(said["y_score_light"], _light([10, 20]), atol=1e-6)


def test_images_that_do_not_fit_are_counted_over_all_rows(tmp_path: Path) -> None:
    """Not over the batch in which the first of them stood; and colour is told from grey."""
    path = onnx_models.brightness_model(tmp_path / "m.onnx", sizes=("n", 3, 4, 4))
    grey, colour = _images(*[10] * 70), _images(*[20] * 30, size=(4, 4, 3))
    with pytest.raises(BadInput, match="70 of 100 images") as caught:
        models.load(path, ASKED).predict(pd.concat([colour, grey]), "row_id")
    assert "'r10' is 4 x 4 x 1, and it takes 3 channels (colour)" in caught.value.message
    assert "and 65 more" in caught.value.message
    assert caught.value.cure.startswith("images.fit: resize tells grey as three equal colours")


def test_an_image_that_the_graph_itself_refuses_is_told_with_its_row_and_shape(
    tmp_path: Path,
) -> None:
    """The input says any size, and the weights behind it do not."""
    weights = {"w": np.zeros((16, 2), dtype=np.float32)}
    nodes = [
        helper.make_node("Flatten", ["image"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["logit"]),
        helper.make_node("Softmax", ["logit"], ["answer"], axis=1),
    ]
    path = onnx_models.saved(
        tmp_path / "m.onnx", nodes, [onnx_models.image_input("n", 1, "h", "w")],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["n", 2])], weights,
    )  # fmt: skip
    assert len(models.load(path, ASKED).predict(_images(1, 2), "row_id")) == 2
    with pytest.raises(BadInput, match=r"'r1', given as image \(1, 1, 6, 5\): .*MatMul") as caught:
        models.load(path, ASKED).predict(_images(1, 2, size=(6, 5, 1)), "row_id")
    assert "fixed sizes" in caught.value.cure


@pytest.mark.parametrize("bad", [None, b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", "text", float("nan")])
def test_an_image_that_does_not_decode_is_told_by_its_row(bad: Any, tmp_path: Path) -> None:
    """It is never scored as if it were black."""
    path = onnx_models.brightness_model(tmp_path / "m.onnx")
    frame = _images(10, 20)
    frame["image"] = [frame["image"][0], bad]
    with pytest.raises(BadInput, match=r"1 of 2 images.*'r20'") as caught:
        models.load(path, ASKED).predict(frame, "row_id")
    assert caught.value.cure == "replace those images, or leave their rows out"


def test_rows_without_the_column_of_images_are_an_error(tmp_path: Path) -> None:
    """That names the column and the key of the suite."""
    path = onnx_models.brightness_model(tmp_path / "m.onnx")
    with pytest.raises(BadInput, match="no column 'image'"):
        models.load(path, ASKED).predict(_images(1).drop(columns="image"), "row_id")


def _linear(path: Path) -> Path:
    """y = 2 a + b, with an input for each column."""
    column = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", 1]) for n in ("a", "b")]
    nodes = [
        helper.make_node("Add", ["a", "a"], ["twice"]),
        helper.make_node("Add", ["twice", "b"], ["y"]),
    ]
    answer = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1])
    return onnx_models.saved(path, nodes, column, [answer])


def test_a_model_over_columns_is_given_those_of_its_inputs_names(tmp_path: Path) -> None:
    """Whatever else the rows have, in whatever order."""
    frame = pd.DataFrame({"c": [9, 9], "b": [1, 2], "row_id": [7, 8], "a": [0.5, 1.5]})
    model = models.load(_linear(tmp_path / "m.onnx"), Asked(Task.REGRESSION))
    said = model.predict(frame, "row_id")
    assert said.to_dict("list") == {"row_id": [7, 8], "y_pred": [2.0, 5.0]}
    with pytest.raises(BadInput, match="lack the columns 'a'"):
        model.predict(frame.drop(columns="a"), "row_id")


def test_a_classifier_over_columns_names_its_own_labels(tmp_path: Path) -> None:
    """As scikit-learn's exports do: the score is that of the positive class, by name."""
    column = [helper.make_tensor_value_info("a", TensorProto.FLOAT, ["n", 1])]
    node = helper.make_node(
        "LinearClassifier", ["a"], ["label", "score"], domain="ai.onnx.ml",
        classlabels_strings=["no", "yes"], coefficients=[-1.0, 1.0], intercepts=[0.0, 0.0],
        post_transform="SOFTMAX",
    )  # fmt: skip
    outputs = [
        helper.make_tensor_value_info("label", TensorProto.STRING, ["n"]),
        helper.make_tensor_value_info("score", TensorProto.FLOAT, ["n", 2]),
    ]
    path = onnx_models.saved(tmp_path / "m.onnx", [node], column, outputs)
    frame = pd.DataFrame({"row_id": [1, 2], "a": [0.0, 1.5]})
    for positive, sign in (("yes", 1), ("no", -1)):
        said = models.load(path, Asked(Task.BINARY, positive)).predict(frame, "row_id")
        expected = 1 / (1 + np.exp(-2 * sign * frame["a"]))
        np.testing.assert_allclose(said["y_score"], expected, atol=1e-6)


def test_a_matrix_whose_columns_nobody_names_is_refused(tmp_path: Path) -> None:
    """Guessing an order would score other columns than the model was trained on."""
    path = onnx_models.saved(
        tmp_path / "m.onnx", [helper.make_node("Identity", ["x"], ["y"])],
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])],
    )  # fmt: skip
    with pytest.raises(BadInput, match="which column is which"):
        models.load(path, Asked(Task.REGRESSION))


def test_answers_are_equal_to_the_bit_and_do_not_depend_on_the_company(tmp_path: Path) -> None:
    """The same rows twice, alone, or in another process's environment of many threads."""
    rng = np.random.default_rng(3)
    data = [codec.encode(rng.integers(0, 256, (8, 8, 1), dtype=np.uint8)) for _ in range(70)]
    frame = pd.DataFrame({"row_id": range(70), "image": data})
    path = onnx_models.convolution_model(tmp_path / "m.onnx")
    model = onnx_models.reread(path)
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        drawn = rng.normal(size=values.shape).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(drawn, tensor.name))
    path.write_bytes(model.SerializeToString())
    first = models.load(path, ASKED).predict(frame, "row_id")
    again = models.load(path, ASKED).predict(frame, "row_id")
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    alone = models.load(path, ASKED).predict(frame.iloc[[41]], "row_id")
    np.testing.assert_allclose(alone.iloc[0, 1:], first.iloc[41, 1:].astype(float), rtol=1e-5)


# ------------------------------------------------------------------------------ refused


def _refused(path: Path) -> str:
    with pytest.raises(UntrustedModel) as caught:
        models.load(path, ASKED)
    assert path.name in caught.value.message
    return caught.value.message


def test_weights_in_another_file_are_refused_wherever_they_hide(tmp_path: Path) -> None:
    """As an initializer, or as a constant in a branch: no path of a model file is ever read."""
    (tmp_path / "secret").write_bytes(np.zeros(2, dtype=np.float32).tobytes())
    path = onnx_models.brightness_model(tmp_path / "m.onnx")

    def elsewhere(tensor: Any) -> None:
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="secret")

    model = onnx_models.reread(path)
    elsewhere(next(t for t in model.graph.initializer if t.name == "b"))
    path.write_bytes(model.SerializeToString())
    assert "external data" in _refused(path)

    constant = numpy_helper.from_array(np.zeros(2, dtype=np.float32), "c")
    elsewhere(constant)
    held = helper.make_node("Constant", [], ["c"])
    held.attribute.add(name="value", type=AttributeProto.TENSOR).t.CopyFrom(constant)
    output = helper.make_tensor_value_info("c", TensorProto.FLOAT, [2])
    branch = helper.make_graph([held], "branch", [], [output])
    deep = helper.make_node("If", ["flag"], ["z"], then_branch=branch, else_branch=branch)
    model = onnx_models.reread(onnx_models.brightness_model(path))
    model.graph.node.append(deep)
    path.write_bytes(model.SerializeToString())
    assert "external data" in _refused(path)


def test_operators_of_custom_domains_are_refused_by_name(tmp_path: Path) -> None:
    """They would need a library of somebody's to be loaded."""
    path = onnx_models.identity_of("Evil", tmp_path / "m.onnx", domain="com.evil")
    assert "com.evil::Evil" in _refused(path)


@pytest.mark.parametrize("kind", ["Nonsense", "PyOp"])
def test_operators_that_no_standard_has_are_refused(kind: str, tmp_path: Path) -> None:
    """Also without a domain of their own."""
    assert kind in _refused(onnx_models.identity_of(kind, tmp_path / "m.onnx"))


@pytest.mark.parametrize("kind", sorted(onnx_guard.REFUSED))
def test_operators_without_an_end_or_with_chance_are_refused(kind: str, tmp_path: Path) -> None:
    """A verdict on answers that change with each call would be one on chance."""
    assert kind in _refused(onnx_models.identity_of(kind, tmp_path / "m.onnx"))


def test_functions_of_the_models_own_are_refused(tmp_path: Path) -> None:
    """Nested ones can be made to multiply without bound."""
    path = onnx_models.brightness_model(tmp_path / "m.onnx")
    model = onnx_models.reread(path)
    model.functions.add(name="f", domain="")
    path.write_bytes(model.SerializeToString())
    assert "functions of its own" in _refused(path)


@pytest.mark.parametrize("keep", [0, 1, 40, 300])
def test_half_a_graph_is_refused(keep: int, tmp_path: Path) -> None:
    """However much of it is there."""
    path = onnx_models.brightness_model(tmp_path / "m.onnx")
    assert path.stat().st_size > keep
    path.write_bytes(path.read_bytes()[:keep])
    _refused(path)


def test_a_file_beyond_the_limit_is_not_read(tmp_path: Path) -> None:
    """A sparse file of a terabyte costs nothing to make."""
    path = tmp_path / "m.onnx"
    with path.open("wb") as file:
        os.truncate(file.fileno(), onnx_guard.MOST_BYTES + 1)
    assert "at most 1,000" in _refused(path)


def test_a_graph_that_asks_for_all_memory_ends_a_process_of_its_own(tmp_path: Path) -> None:
    """The error names the model; this process goes on."""
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["huge"]),
        helper.make_node("ReduceSum", ["huge"], ["sum"], keepdims=0),
        helper.make_node("ReduceMean", ["image"], ["mean"], axes=[2, 3], keepdims=0),
        helper.make_node("Add", ["mean", "sum"], ["answer"]),
    ]
    path = onnx_models.saved(
        tmp_path / "m.onnx", nodes, [onnx_models.image_input("n", 1, 4, 4)],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["n", 1])],
        {"shape": np.array([100_000, 100_000], dtype=np.int64)},
    )  # fmt: skip
    with pytest.raises(UntrustedModel, match=r"m\.onnx"):
        models.load(path, ASKED).predict(_images(1), "row_id")


def test_a_trial_knows_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The process that opens a stranger's file does not have the signing key."""
    seen: dict[str, Any] = {}

    def spy(*_: Any, environment: dict[str, str] | None = None, **__: Any) -> dict[str, Any]:
        seen.update(environment or {})
        return {"error": "seen"}

    monkeypatch.setenv("TITLEHOLDER_SIGNING_KEY", "secret")
    monkeypatch.setattr(
        onnx_trial, "trial", lambda model, feed, environment: spy(environment=dict(environment))
    )
    with pytest.raises(UntrustedModel, match="seen"):
        models.load(onnx_models.brightness_model(tmp_path / "m.onnx"), ASKED).predict(
            _images(1), "row_id"
        )
    assert seen
    assert "TITLEHOLDER_SIGNING_KEY" not in seen


# -------------------------------------------------------------------------------- costs


def test_costs_are_counted_from_the_graph(tmp_path: Path) -> None:
    """A convolution is output values times kernel, a product rows times columns times depth."""
    model = models.load(onnx_models.convolution_model(tmp_path / "m.onnx"), ASKED)
    assert model.costs() == {}
    model.predict(_images(1, size=(8, 8, 1)), "row_id")
    costs = model.costs()
    assert costs["parameters"] == 4 * 9 + 4 + 4 * 3 + 3
    assert costs["macs"] == 4 * 8 * 8 * 9 + 4 * 3
    assert 0 < costs["peak_memory_mb"] < 500


def test_a_bare_call_gives_what_the_prediction_is_made_of(tmp_path: Path) -> None:
    """What is timed is the graph that answers, and nothing else."""
    model = models.load(onnx_models.brightness_model(tmp_path / "m.onnx"), ASKED)
    (answer,) = model.call(_images(200), "row_id")()  # type: ignore[misc]
    said = model.predict(_images(200), "row_id")
    np.testing.assert_array_equal(np.asarray(answer)[0, 1], np.float32(said["y_score_light"][0]))


def test_the_models_of_this_project_open_and_cost_what_their_papers_families_do() -> None:
    """MobileNet needs the fewest operations; eight bits need a third of the bytes of floats."""
    root = Path(__file__).parents[2] / "models" / "vision"
    paths = {path.stem: path for path in root.glob("*.onnx")}
    if not paths:
        pytest.skip("the models are not pulled here; the end-to-end tests pull them")
    costs = {}
    for name, path in paths.items():
        model = models.load(path, ASKED)
        model.predict(_images(0, size=(28, 28, 1)), "row_id")
        costs[name] = model.costs()
    assert min(costs, key=lambda name: costs[name]["macs"]) == "mobilenet"
    assert costs["vgg"]["macs"] == costs["vgg-int8"]["macs"]
    assert paths["vgg-int8"].stat().st_size < paths["vgg"].stat().st_size / 3


def test_errors_of_the_vendor_are_ours(tmp_path: Path) -> None:
    """A graph that passes every check and cannot run is still told in our words."""
    path = onnx_models.saved(
        tmp_path / "m.onnx", [helper.make_node("Reshape", ["image", "to"], ["answer"])],
        [onnx_models.image_input("n", 1, 4, 4)],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["n", 7])],
        {"to": np.array([-1, 7], dtype=np.int64)},
    )  # fmt: skip
    with pytest.raises(TitleholderError, match=r"m\.onnx"):
        models.load(path, ASKED).predict(_images(1), "row_id")
