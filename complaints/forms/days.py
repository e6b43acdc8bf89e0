"""How a day is typed in forms of complaints."""

from django import forms

DAY = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
