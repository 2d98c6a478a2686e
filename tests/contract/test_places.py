"""Parquet files below a prefix of a bucket, on a real S3 server, read in ranges."""

import uuid
from pathlib import Path

import boto3
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support import sharded
from tests.support.seaweed import Server
from titleholder.adapters.places import open_place
from titleholder.errors import BadInput, RecordError, StoreError, StoreMissing
from titleholder.params.schema import StoreParams
from titleholder.shards import files, orders, reading
from titleholder.shards.blocks import units_of
from titleholder.shards.files import Place, Shards
from titleholder.stats.shared import summary


@pytest.fixture
def prefix(aws: Server) -> str:
    """A prefix of the bucket that nobody else writes to."""
    return f"lake/{uuid.uuid4().hex}"


def upload(server: Server, root: Path, prefix: str) -> None:
    """Put every Parquet file of a directory below a prefix."""
    client = boto3.client("s3", endpoint_url=server.endpoint)
    for path in sorted(root.rglob("*.parquet")):
        key = f"{prefix}/{path.relative_to(root).as_posix()}"
        client.put_object(Bucket=server.bucket, Key=key, Body=path.read_bytes())


def panel(server: Server, tmp_path: Path, prefix: str) -> tuple[Place, Shards]:
    """Three files of rows 0, 1, 2, ..."""
    for i in range(3):
        table = pa.table({"row_id": np.arange(i * 1000, (i + 1) * 1000)})
        pq.write_table(table, tmp_path / f"{i}.parquet", row_group_size=300)
    upload(server, tmp_path, prefix)
    url = f"s3://{server.bucket}/{prefix}"
    place = open_place(url, tmp_path, StoreParams(endpoint=server.endpoint))
    return place, files.gathered(place, url, [files.counted(place, n) for n in place.names()])


def test_objects_are_rows_in_the_order_of_their_keys(
    aws: Server, tmp_path: Path, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listed, counted from their footers, and read by row group; known by their ETags."""
    monkeypatch.setattr(summary, "ROWS", 700)
    place, shards = panel(aws, tmp_path, prefix)
    assert [file.name for file in shards.files] == ["0.parquet", "1.parquet", "2.parquet"]
    assert shards.rows == 3000
    assert all(file.mark.startswith("etag:") for file in shards.files)
    (unit,) = units_of(shards.rows)
    read = [t["row_id"].to_pylist() for _, t in reading.blocks(place, shards, unit)]
    assert [n for block in read for n in block] == list(range(3000))


def test_an_object_that_was_swapped_in_the_midst_of_a_run_is_not_read(
    aws: Server, tmp_path: Path, prefix: str
) -> None:
    """Another object under a key that was recorded has another ETag; one that is gone is told."""
    place, shards = panel(aws, tmp_path, prefix)
    (tmp_path / "1.parquet").write_bytes((tmp_path / "2.parquet").read_bytes())
    upload(aws, tmp_path, prefix)
    (unit,) = units_of(shards.rows)
    with pytest.raises(RecordError, match=r"1.parquet: is not the object that was recorded"):
        list(reading.blocks(place, shards, unit))
    client = boto3.client("s3", endpoint_url=aws.endpoint)
    client.delete_object(Bucket=aws.bucket, Key=f"{prefix}/1.parquet")
    with pytest.raises(RecordError, match=r"1.parquet: is gone"):
        list(reading.blocks(place, shards, unit))


def test_a_prefix_without_files_and_a_bucket_that_is_none_are_told(aws: Server) -> None:
    """Each by the address that was named."""
    said = StoreParams(endpoint=aws.endpoint)
    with pytest.raises(BadInput, match=r"s3://verdicts/nothing/: holds no .parquet file"):
        open_place(f"s3://{aws.bucket}/nothing", Path(), said).names()
    with pytest.raises((StoreMissing, StoreError), match="s3://no-such-bucket-here/x/"):
        open_place("s3://no-such-bucket-here/x", Path(), said).names()


def test_a_suite_in_a_bucket_is_compared_as_one_on_disk(
    aws: Server, tmp_path: Path, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Panel and answers below prefixes, asked for at the endpoint of the store."""
    monkeypatch.setattr(summary, "ROWS", 8000)
    monkeypatch.setattr(orders, "RANGE", 9000)
    frames = sharded.rows(20_500)
    said = {"metrics": ["roc_auc", "recall", "demographic_parity_difference"], "resamples": 200}
    here = sharded.compared(sharded.project(tmp_path / "here", frames, [9000], **said))
    upload(aws, tmp_path / "here", prefix)
    there = f"s3://{aws.bucket}/{prefix}"
    root = sharded.project(
        tmp_path / "there", {}, [], store={"endpoint": aws.endpoint},
        data={"current": f"{there}/panel"},
        models={"champion": f"{there}/champion", "candidates": [f"{there}/candidate"]}, **said,
    )  # fmt: skip
    assert sharded.compared(root) == here
