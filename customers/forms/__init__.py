"""Forms of customers, by noun. They read and check, they never save."""

from customers.forms.feeds import FeedUploadForm
from customers.forms.find import FindForm, RevealForm
from customers.forms.profile import AlikeForm, PreferenceForm, ProfileForm

__all__ = ["AlikeForm", "FeedUploadForm", "FindForm", "PreferenceForm", "ProfileForm", "RevealForm"]
