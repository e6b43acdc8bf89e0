"""Boxes with many rows."""

import pytest
from django import forms
from django.test.html import parse_html

from core.pages.choices import LongSelect

CHOICES = [("", "All"), ("none", "Nobody"), ("a<1", "A & <b>"), ("7", "Seven")]


@pytest.mark.parametrize("value", [None, "", "none", "a<1", 7, "not offered"])
def test_a_long_box_is_written_as_django_would(value: object) -> None:
    ours, theirs = LongSelect({"class": "box"}, CHOICES), forms.Select({"class": "box"}, CHOICES)

    written = ours.render("branch", value, {"id": "id_branch", "required": True})

    assert parse_html(written) == parse_html(theirs.render("branch", value, {"id": "id_branch", "required": True}))
