"""Scheme versions: what the database itself refuses, whoever writes."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from staff.models import User
from tests.factories import make_user
from tests.tiers.test_schemes import drafted
from tiers.models import Scheme

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> User:
    return make_user(role="admin")


@contextmanager
def refused(words: str) -> Iterator[None]:
    """The statement, or the end of its transaction, is refused with these words."""
    with pytest.raises(IntegrityError, match=words), transaction.atomic():  # noqa: PT012  what is refused is given
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def store(scheme: Scheme, bands: list[tuple[int, str, str]]) -> None:
    """These bands instead of the draft's own, past every rule of the application."""
    scheme.bands.all().delete()
    for rank, floor, letter in bands:
        scheme.bands.create(rank=rank, floor=Decimal(floor), letter=letter, name_zh="档", name_en="Band")


@pytest.mark.parametrize(
    ("bands", "words"),
    [
        ([], "2 to 8 bands"),
        ([(1, "0", "A")], "2 to 8 bands"),
        ([(n + 1, str(n), "ABCDEFGHI"[n]) for n in range(9)], "2 to 8 bands"),
        ([(1, "0", "A"), (3, "9", "B")], "without gaps"),
        ([(2, "8", "A"), (3, "9", "B")], "without gaps"),
        ([(1, "5", "A"), (2, "9", "B")], "band_first_floor_zero"),
        ([(1, "0", "A"), (2, "9", "B"), (3, "8", "C")], "ascending floors"),
        ([(1, "0", "A"), (2, "9", "B"), (3, "9", "C")], "band_floor_once"),
        ([(1, "0", "A"), (2, "9", "A")], "band_letter_once"),
        ([(1, "0", "A"), (1, "9", "B")], "band_rank_once|band_first_floor_zero"),
        ([(0, "0", "A"), (1, "9", "B")], "band_rank_from_one|band_first_floor_zero"),
    ],
)
def test_the_database_refuses_bands_that_make_no_policy(
    admin: User, bands: list[tuple[int, str, str]], words: str
) -> None:
    scheme = drafted(admin)

    with refused(words):
        store(scheme, bands)


@pytest.mark.parametrize("last", [2, 8])
def test_the_database_takes_2_to_8_bands(admin: User, last: int) -> None:
    with transaction.atomic():
        store(drafted(admin), [(n + 1, str(n), "ABCDEFGH"[n]) for n in range(last)])
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tiers_band SET floor = floor + 1 WHERE scheme_id = %s AND rank = 2",
        "UPDATE tiers_band SET name_zh = 'x' WHERE scheme_id = %s",
        "DELETE FROM tiers_band WHERE scheme_id = %s AND rank = 4",
        "DELETE FROM tiers_band WHERE scheme_id = %s",
        "INSERT INTO tiers_band (scheme_id, rank, floor, letter, name_zh, name_en) VALUES (%s, 5, 9e6, 'S', '顶', 'X')",
    ],
)
def test_the_bands_of_an_approved_version_stay(statement: str) -> None:
    with refused("do not change"), connection.cursor() as cursor:
        cursor.execute(statement, [Scheme.objects.get(version=1).pk])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ("status = 'approved', approved_by_id = drafted_by_id", "scheme_needs_a_second_person"),
        ("trailing_days = 1", "scheme_trailing_days"),
        ("trailing_days = 367", "scheme_trailing_days"),
        ("watch_periods = 13", "scheme_watch_periods"),
        ("watch_periods = -1", "scheme_watch_periods"),
        ("measure = 'best', best_of = '{balance}'", "scheme_best_of_several"),
    ],
)
def test_the_database_refuses_versions_that_make_no_policy(admin: User, values: str, words: str) -> None:
    scheme = drafted(admin)

    with refused(words), connection.cursor() as cursor:
        cursor.execute(f"UPDATE tiers_scheme SET {values} WHERE id = %s", [scheme.pk])
