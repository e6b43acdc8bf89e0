"""How Django renders forms here."""

from django.forms.renderers import TemplatesSetting


class FormRenderer(TemplatesSetting):
    """Forms and fields through the project's own templates."""

    form_template_name = "forms/div.html"
    formset_template_name = "forms/formset.html"
    field_template_name = "forms/field.html"
