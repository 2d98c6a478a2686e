"""The dashboard in a bucket: written by the publishing side, read by a browser over HTTP."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.support import nights, seaweed
from tests.support.browser import Seen
from titleholder.adapters.stores.s3 import S3Store
from titleholder.cli import main
from titleholder.dashboard import shelf

PREFIX = "watched"
COUNT = 3
# What a bucket that serves its pages to everybody in the house has.
READABLE = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{seaweed.BUCKET}/{PREFIX}/*",
        }
    ],
}


@pytest.fixture
def kept(aws: seaweed.Server, tmp_path: Path) -> S3Store:
    """Three nights, each brought onto the dashboard as it was published."""
    store = S3Store(seaweed.BUCKET, PREFIX, endpoint=aws.endpoint, region="us-east-1")
    if list(store.keys("dashboard/")):
        return store
    for night in nights.nights(COUNT):
        nights.publish_nights(store, iter([night]), tmp_path)
        shelf.update(store, "dev", "credit")
    return store


def test_pages_in_a_bucket_are_pages_to_a_browser(
    kept: S3Store, aws: seaweed.Server, page: Any, seen: Seen
) -> None:
    """Served with their media type, with links that lead on: suite, run, report card, evidence."""
    client = boto3.client("s3", endpoint_url=aws.endpoint)
    client.put_bucket_policy(Bucket=seaweed.BUCKET, Policy=json.dumps(READABLE))
    root = f"{aws.endpoint}/{seaweed.BUCKET}/{PREFIX}"
    try:
        page.goto(f"{root}/{shelf.FRONT}")
        page.get_by_role("link", name="credit").click()
        page.get_by_role("link", name=f"Run {COUNT}", exact=True).first.click()
        page.wait_for_url(f"**/runs/{COUNT:08d}.html")
        assert page.title().startswith(tuple("PFIE")) and f"run {COUNT}" in page.title()
        page.locator("details").evaluate_all("all => all.forEach(d => d.open = true)")
        page.get_by_role("link", name="report/candidate/report.html").click()
        page.wait_for_url("**/evidence/**")
        assert page.title().startswith("Report card of 2026-")
        page.go_back()
        page.get_by_role("link", name="Report card").click()
        page.wait_for_url("**-card.html")
        assert page.title().startswith("Report card of 2026-")
        assert all(url.startswith(root) for url in seen.requests)
    finally:
        client.delete_bucket_policy(Bucket=seaweed.BUCKET)
        client.close()


def test_a_bucket_s_dashboard_is_made_again_and_copied(
    kept: S3Store, aws: seaweed.Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same pages, byte for byte, in the bucket and in a directory."""
    where = ("--store", f"s3://{seaweed.BUCKET}/{PREFIX}", "--endpoint", aws.endpoint)
    grown = {key: kept.get(key).data for key in kept.keys("dashboard/")}
    assert main(["dashboard", *where, "--rebuild"]) == 0
    assert {key: kept.get(key).data for key in kept.keys("dashboard/")} == grown
    assert main(["dashboard", *where, "--out", str(tmp_path / "out")]) == 0
    assert all((tmp_path / "out" / key).read_bytes() == data for key, data in grown.items())
    assert "credit in dev: 3 verdicts" in capsys.readouterr().out
