"""Where the store is: what the command line says, or what params.yaml in this directory does."""

from pathlib import Path

from titleholder.errors import UsageError

PARAMS_FILE = "params.yaml"


def address(store: str | None, endpoint: str | None) -> tuple[str, str | None, str | None]:
    """Address, endpoint and region of the store; UsageError if nothing says where it is."""
    if store is not None:
        return store, endpoint, None
    path = Path(PARAMS_FILE)
    if not path.is_file():
        raise UsageError(
            f"no --store, and no {PARAMS_FILE} in this directory",
            cure="name the store: --store s3://bucket/prefix",
        )
    from titleholder.params.load import load_store

    said = load_store(path)
    return said.url, endpoint or said.endpoint, said.region
