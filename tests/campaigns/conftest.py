"""For tests of campaigns that read words."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation


@pytest.fixture
def english(settings: Any) -> Iterator[None]:
    """Pages and words made outside of requests are English, whatever has been translated."""
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield
