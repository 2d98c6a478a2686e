"""One browser a module, one fresh page a test."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import browser as chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A running Chromium; its tests skip where there is none."""
    if chromium.find() is None:
        pytest.skip("no Chromium on this machine")
    with chromium.running() as running:
        yield running


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A fresh page of a fresh profile at desktop width, light."""
    with browser.new_context(viewport=chromium.DESK, color_scheme="light") as context:
        yield context.new_page()


@pytest.fixture
def seen(page: Any) -> chromium.Seen:
    """What the page does, from its first request on."""
    return chromium.watch(page)
