import re
import unicodedata

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
# Exact prefixes of mobiles change too often to be listed; the shape is enough.
_MOBILE_WRITTEN = re.compile(r"(?:(?:\+|00)?86)?0?(1[3-9][0-9]{9})")
_SERVICE_WRITTEN = re.compile(r"(?:(?:\+|00)86)?([48]00[0-9]{7})")
_LANDLINE_WRITTEN = re.compile(r"(?:(?:\+|00)860?|0)(10[0-9]{8}|2[0-9]{9}|[3-9][0-9]{2}[0-9]{7,8})")
_FOREIGN_WRITTEN = re.compile(r"(?:\+|00)(?!86)([1-9][0-9]{6,14})")
# Besides blanks and brackets: the dashes of typesetting, and the invisible marks that address books copy along.
_NOISE = re.compile("[\\s().'’·\u00ad\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2060\u2212\ufeff-]+")


class PhoneError(ValueError):
    """A text that is no telephone number."""

    code = "not_a_phone"

    def __init__(self) -> None:
        super().__init__(self.code)


def normalise_phone(text: str) -> str:
    """The one spelling of a number: 13800138000, 01012345678, 4001234567, +4915123456789. Raises PhoneError."""
    if _MOBILE.fullmatch(text):
        return text
    written = unicodedata.normalize("NFKC", text)
    if "+" in written or written.lstrip("' ").startswith("00"):
        # +49 (0)151: the bracketed zero is dialled at home only.
        written = written.replace("(0)", "")
    digits = _NOISE.sub("", written)
    if match := _MOBILE_WRITTEN.fullmatch(digits) or _SERVICE_WRITTEN.fullmatch(digits):
        return match[1]
    if match := _LANDLINE_WRITTEN.fullmatch(digits):
        return f"0{match[1]}"
    if match := _FOREIGN_WRITTEN.fullmatch(digits):
        return f"+{match[1]}"
    raise PhoneError


def is_mobile(text: str) -> bool:
    """Whether a normalised number is a mainland mobile."""
    return _MOBILE.fullmatch(text) is not None
