"""CPU seconds of TensorFlow Model Analysis with its Poisson bootstrap; needs only that package.

    PYTHON_WITH_TFMA benchmarks/tfma_peer.py ROWS

One model, the eight metrics as TFMA has them, overall and on the values of two columns, with the 20
replicates that it always draws. Prints the seconds that the analysis took, without imports.
"""

import os
import sys
import time

import numpy as np
import pandas as pd

CONFIG = """
model_specs { label_key: "y" prediction_key: "score" }
metrics_specs {
  metrics { class_name: "BinaryAccuracy" } metrics { class_name: "Precision" }
  metrics { class_name: "Recall" } metrics { class_name: "F1Score" }
  metrics { class_name: "AUC" } metrics { class_name: "AUCPrecisionRecall" }
  metrics { class_name: "BinaryCrossEntropy" } metrics { class_name: "MeanSquaredError" }
}
slicing_specs {} slicing_specs { feature_keys: "g" } slicing_specs { feature_keys: "h" }
options {
  compute_confidence_intervals { value: true }
  confidence_intervals { method: POISSON_BOOTSTRAP }
}
"""


def frame(rows: int) -> pd.DataFrame:
    """The panel and the champion's scores of the other benchmarks."""
    rng = np.random.default_rng(20260101)
    y = (rng.random(rows) < 0.3).astype(float)
    noise = 0.7 * rng.normal(size=rows) + 0.714 * rng.normal(size=rows)
    score = 1 / (1 + np.exp(-(1.2 * (2 * y - 1) + noise - 0.5)))
    groups = {name: rng.integers(0, 10, rows).astype(str) for name in ("g", "h")}
    return pd.DataFrame({"y": y, "score": score, **groups})


def main(rows: int) -> None:
    """Analyse, and print CPU seconds."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow_model_analysis as tfma
    from google.protobuf import text_format
    from tensorflow_model_analysis.proto import config_pb2

    config = text_format.Parse(CONFIG, config_pb2.EvalConfig())
    data = frame(rows)
    start = time.process_time()
    tfma.analyze_raw_data(data, config)
    print(time.process_time() - start)


if __name__ == "__main__":
    main(int(sys.argv[1]))
