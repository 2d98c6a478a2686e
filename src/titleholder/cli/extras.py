"""Which extra of titleholder brings a package that is not here: told, in place of a fault."""

EXTRA_OF = {
    **dict.fromkeys(
        ("dvc", "dvc_s3", "evidently", "great_expectations", "matplotlib", "prefect", "psutil",
         "sklearn", "skops"), "pipeline",
    ),
    **dict.fromkeys(("onnx", "onnxruntime", "PIL"), "onnx"),
    **dict.fromkeys(("httpx", "krippendorff", "rouge_score", "tokenizers"), "llm"),
    **dict.fromkeys(("dask", "distributed", "prefect_dask"), "dask"),
    "fairlearn": "fairness",
    "mlflow": "mlflow",
    "wandb": "wandb",
    "ragas": "ragas",
    "deepeval": "deepeval",
}  # fmt: skip


def told(error: ModuleNotFoundError) -> str | None:
    """What is lacking, and the cure; None for a package that no extra brings.

    >>> print(told(ModuleNotFoundError("", name="great_expectations.core")))
    great_expectations is not installed here
      cure: pip install "titleholder[pipeline]"
    """
    package = (error.name or "").partition(".")[0]
    extra = EXTRA_OF.get(package)
    if extra is None:
        return None
    return f'{package} is not installed here\n  cure: pip install "titleholder[{extra}]"'
