"""What forms of every app share."""

import pytest
from django import forms

from core.forms import choose_from
from core.pages.choices import LoadedChoiceField
from staff.models import Branch
from tests import factories as make


class Offering(forms.Form):
    unit = forms.ModelChoiceField(queryset=None)
    colour = forms.ChoiceField()
    several = forms.MultipleChoiceField()
    word = forms.CharField()


@pytest.mark.django_db
def test_what_may_be_chosen_is_said_by_name():
    unit, other = make.make_branch(), make.make_branch()
    form = Offering({"unit": str(unit.pk), "colour": "red", "several": ["a", "b"], "word": "x"})
    pairs = [("a", "A"), ("b", "B")]
    choose_from(form, unit=Branch.objects.filter(pk=unit.pk), colour=[("red", "Red")], several=pairs)
    assert form.is_valid(), form.errors
    assert form.cleaned_data == {"unit": unit, "colour": "red", "several": ["a", "b"], "word": "x"}
    outside = Offering({"unit": str(other.pk), "colour": "blue", "several": ["c"], "word": "x"})
    choose_from(outside, unit=Branch.objects.filter(pk=unit.pk), colour=[("red", "Red")], several=pairs)
    assert set(outside.errors) == {"unit", "colour", "several"}
    with pytest.raises(TypeError, match="word"):
        choose_from(form, word=pairs)


@pytest.mark.django_db
def test_rows_of_a_box_are_read_when_it_is_asked_and_once(django_assert_num_queries):
    for code in ("U1", "U2"):
        make.make_branch(code=code, name=f"{code}支行")
    field = LoadedChoiceField(queryset=Branch.objects.order_by("code"), to_field_name="code", empty_label="全部")
    with django_assert_num_queries(1):
        shown = field.widget.render("unit", "U2")
        assert field.clean("U1").code == "U1"
    assert [word in shown for word in ('value=""', 'value="U1"', 'value="U2" selected')] == [True] * 3

    # Only some stand in the box; another that may be chosen is looked up.
    field.offer([Branch.objects.get(code="U2")])
    assert 'value="U1"' not in field.widget.render("unit", "")
    with django_assert_num_queries(1):
        assert field.clean("U1").code == "U1"
    with pytest.raises(forms.ValidationError):
        field.clean("U9")
