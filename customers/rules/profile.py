"""What a customer's master record must hold, which values it can have, and what of it looks odd."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from core import identity
from core.phones import PhoneError, normalise_phone
from customers.enums import CustomerKind, IdType, PreferenceKind, PreferenceValue, Source
from customers.rules.cells import clean, narrow
from staff.enums import Role

# In the order of the form. Names of columns, and of sealed ones without "_cipher".
PERSONAL = ("name", "sex", "birth_date", "occupation", "employer")
CONTACT = ("phone", "email", "wechat", "address", "contact_name")
DOCUMENT = ("id_type", "id_no", "id_expires_on", "id_is_long_term", "id_issued_by")
RELATION = ("opened_on", "origin")
FIELDS = (*PERSONAL, *CONTACT, *DOCUMENT, *RELATION)
SEALED = ("id_no", "phone", "email", "address", "wechat")
DATES = ("birth_date", "id_expires_on", "opened_on")
OF_PERSONS_ONLY = ("sex", "birth_date", "occupation", "employer")
LENGTHS = {
    "name": 120,
    "occupation": 60,
    "employer": 120,
    "phone": 40,
    "email": 120,
    "wechat": 40,
    "address": 300,
    "contact_name": 60,
    "id_no": 40,
    "id_issued_by": 80,
}

_COUNTER = frozenset({Role.TELLER, Role.LOBBY})
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_WECHAT = re.compile(r"[A-Za-z0-9_-]{3,40}")
# Numbered like a resident's card and issued to the same people.
_RESIDENTS = frozenset({IdType.RESIDENT, IdType.TEMPORARY})
_OF_ORGANISATIONS = frozenset({IdType.USCC, IdType.OTHER})
_VIRTUAL = ("162", "165", "167", "170", "171")
_OLDEST_YEARS = 150
_LAST_DAY = date(2099, 12, 31)
# Validity of a resident's card by the holder's age when it was issued (Identity Card Law, art. 5).
_VALIDITY = ((5, 0, 15), (10, 16, 25), (20, 26, 45))
_WITHOUT_EXPIRY_FROM = 46

_LEVELS = (PreferenceValue.LOW, PreferenceValue.MEDIUM, PreferenceValue.HIGH)
PREFERENCES: Mapping[str, tuple[str, ...]] = {
    PreferenceKind.CHANNEL: (
        PreferenceValue.PHONE,
        PreferenceValue.SMS,
        PreferenceValue.WECOM,
        PreferenceValue.EMAIL,
        PreferenceValue.VISIT,
    ),
    PreferenceKind.CONTACT_TIME: (
        PreferenceValue.MORNING,
        PreferenceValue.NOON,
        PreferenceValue.AFTERNOON,
        PreferenceValue.EVENING,
        PreferenceValue.WEEKEND,
    ),
    PreferenceKind.TENOR: (
        PreferenceValue.MONTHS_3,
        PreferenceValue.MONTHS_6,
        PreferenceValue.YEARS_1,
        PreferenceValue.YEARS_2,
        PreferenceValue.YEARS_3,
        PreferenceValue.YEARS_5,
    ),
    PreferenceKind.RATE_SENSITIVITY: _LEVELS,
    PreferenceKind.LIQUIDITY: _LEVELS,
    PreferenceKind.NO_CALL_AT_WORK: (PreferenceValue.YES,),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a field's value cannot stand (its words are the form's), or looks odd."""

    field: str
    code: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A record brought to its stored form; `faults` forbid it, `doubts` are only to be mentioned."""

    values: dict[str, Any]
    faults: tuple[Fault, ...]
    doubts: tuple[Fault, ...]


def required_fields(kind: str, role: str) -> tuple[str, ...]:
    """What a new record must hold. At the counter the customer stands there with the document; a manager may not."""
    if kind == CustomerKind.ORGANISATION:
        return ("name", "id_no", "contact_name", "phone")
    if role in _COUNTER:
        return ("name", "id_type", "id_no", "phone")
    return ("name", "phone")


def fields_of(kind: str) -> tuple[str, ...]:
    """The fields a record of this kind has."""
    if kind == CustomerKind.PERSON:
        return FIELDS
    return tuple(field for field in FIELDS if field not in OF_PERSONS_ONLY)


def default_source(role: str) -> Source:
    """Where what a person of this role writes down usually comes from."""
    return Source.COUNTER if role in _COUNTER else Source.MANAGER


def is_virtual_operator(phone: str) -> bool:
    """Whether a normalised mobile belongs to a reseller of lines, of which fraudsters are fond: a soft sign only."""
    return phone.startswith(_VIRTUAL) and len(phone) == 11


def check(values: Mapping[str, Any], *, kind: str, touched: Collection[str], today: date) -> Checked:
    """Look at a whole record of which the `touched` fields are new. Faults of fields nobody touched are not raised."""
    record = {field: _tidy(field, values.get(field)) for field in fields_of(kind)}
    faults = [*_document(record, kind, touched, today), *_contacts(record, touched), *_days(record, touched, today)]
    if "name" in touched and record["name"] and not any(sign.isalpha() for sign in record["name"]):
        faults.append(Fault("name", "not_a_name"))
    doubts = [] if faults else _doubts(record, touched, today)
    return Checked(record, tuple(faults), tuple(doubts))


def missing(values: Mapping[str, Any], required: Collection[str], before: Mapping[str, Any]) -> list[Fault]:
    """Required fields left empty. A record that never had one (the core's feed brings such) may stay without."""
    return [Fault(field, "required") for field in required if not values.get(field) and (not before or before[field])]


def _tidy(field: str, value: Any) -> Any:
    if field in DATES:
        return value or None
    if field == "id_is_long_term":
        return bool(value)
    text = clean(str(value or ""))
    return narrow(text) if field in ("email", "wechat", "phone") else text


def _document(record: dict[str, Any], kind: str, touched: Collection[str], today: date) -> list[Fault]:
    faults = []
    if record["id_expires_on"] and record["id_is_long_term"] and {"id_expires_on", "id_is_long_term"} & {*touched}:
        faults.append(Fault("id_expires_on", "expires_and_long_term"))
    if not {"id_type", "id_no", "birth_date", "sex"} & {*touched} or not record["id_no"]:
        return faults
    if not record["id_type"]:
        record["id_type"] = IdType.RESIDENT if kind == CustomerKind.PERSON else IdType.USCC
    if kind == CustomerKind.PERSON and record["id_type"] == IdType.USCC:
        return [*faults, Fault("id_type", "paper_of_organisations")]
    if kind == CustomerKind.ORGANISATION and record["id_type"] not in _OF_ORGANISATIONS:
        return [*faults, Fault("id_type", "paper_of_persons")]
    try:
        record["id_no"] = identity.check_id_no(record["id_type"], record["id_no"], today)
    except identity.IdentityError as error:
        return [*faults, Fault("id_no", error.code)] if {"id_type", "id_no"} & {*touched} else faults
    return [*faults, *_against_number(record)] if record["id_type"] in _RESIDENTS else faults


def _against_number(record: dict[str, Any]) -> list[Fault]:
    """Sex and birth date as the number tells them; what was stated otherwise is a conflict somebody must settle."""
    told = {"birth_date": identity.birth_date_of(record["id_no"]), "sex": identity.sex_of(record["id_no"])}
    faults = [
        Fault(field, f"{field}_differs") for field, value in told.items() if record[field] and record[field] != value
    ]
    for field, value in told.items():
        record[field] = record[field] or value
    return faults


def _contacts(record: dict[str, Any], touched: Collection[str]) -> list[Fault]:
    faults = []
    if "phone" in touched and record["phone"]:
        try:
            record["phone"] = normalise_phone(record["phone"])
        except PhoneError as error:
            faults.append(Fault("phone", error.code))
    record["email"] = record["email"].lower()
    if "email" in touched and record["email"] and not _EMAIL.fullmatch(record["email"]):
        faults.append(Fault("email", "not_an_email"))
    if "wechat" in touched and record["wechat"] and not _WECHAT.fullmatch(record["wechat"]):
        faults.append(Fault("wechat", "not_a_wechat"))
    return faults


def _days(record: dict[str, Any], touched: Collection[str], today: date) -> list[Fault]:
    faults, born = [], record.get("birth_date")
    if "birth_date" in touched and born and (born > today or born.year < today.year - _OLDEST_YEARS):
        faults.append(Fault("birth_date", "impossible_date"))
    opened = record["opened_on"]
    if "opened_on" in touched and opened:
        if opened > today:
            faults.append(Fault("opened_on", "in_the_future"))
        elif born and opened < born:
            faults.append(Fault("opened_on", "before_birth"))
    if "id_expires_on" in touched and record["id_expires_on"] and record["id_expires_on"] > _LAST_DAY:
        faults.append(Fault("id_expires_on", "impossible_date"))
    return faults


def _doubts(record: dict[str, Any], touched: Collection[str], today: date) -> list[Fault]:
    found, expires_on = [], record["id_expires_on"]
    if "phone" in touched and is_virtual_operator(record["phone"]):
        found.append(Fault("phone", "virtual_operator"))
    if {"id_expires_on", "id_is_long_term"} & {*touched}:
        if expires_on and expires_on < today:
            found.append(Fault("id_expires_on", "document_expired"))
        elif record["id_type"] == IdType.RESIDENT and record.get("birth_date"):
            born, endless = record["birth_date"], record["id_is_long_term"]
            if (expires_on or endless) and not is_plausible_validity(born, None if endless else expires_on, today):
                found.append(Fault("id_expires_on", "odd_validity"))
    return found


def is_plausible_validity(born: date, expires_on: date | None, today: date) -> bool:
    """Whether a resident's card can run until that day (None: without expiry), by the age at which it was issued.

    Cards run 5 years when issued under 16, 10 years from 16, 20 years from 26, and without expiry from 46.
    """
    if expires_on is None:
        return _age(born, today) >= _WITHOUT_EXPIRY_FROM
    # A card ends on the day of its issue, or the day before it, so many years later.
    issues = [
        (_years_before(expires_on + timedelta(days=slack), years), low, high)
        for years, low, high in _VALIDITY
        for slack in (0, 1)
    ]
    return any(issued <= today and low <= _age(born, issued) <= high for issued, low, high in issues)


def _age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year - years, day=28)
