"""Where the store is: what the command line says, or what params.yaml in this directory does."""

from pathlib import Path

from msgspec.structs import replace

from titleholder.errors import UsageError
from titleholder.params.schema import ENV, StoreParams

PARAMS_FILE = "params.yaml"


def address(store: str | None, endpoint: str | None, credentials: str | None) -> StoreParams:
    """Where the store is and how it is reached; UsageError if nothing says where it is."""
    if store is not None:
        return StoreParams(store, endpoint=endpoint, credentials=credentials or ENV)
    path = Path(PARAMS_FILE)
    if not path.is_file():
        raise UsageError(
            f"no --store, and no {PARAMS_FILE} in this directory",
            cure="name the store: --store s3://bucket/prefix",
        )
    from titleholder.params.load import load_store

    said = load_store(path)
    return replace(
        said, endpoint=endpoint or said.endpoint, credentials=credentials or said.credentials
    )
