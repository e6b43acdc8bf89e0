"""The library for customers: pieces drawn up, reviewed on their days, and given to customers (M12)."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.enums import ContentState
from campaigns.models import Article, ArticleUse
from campaigns.queries import content as queries
from campaigns.queries.articles import suits_tier
from campaigns.services.content import ContentNotYours, check_maker, day_of, locked, record
from campaigns.services.templates import NameTaken
from core.errors import DomainError
from customers.models import Customer
from staff.access import CUSTOMER_ROLES, has_role
from staff.models import User


class ArticleDays(DomainError):
    """A review after the last day would never happen."""

    code = "article_days"
    message = _("The next review must be on the last valid day or before, and not in the past.")


class ArticleNotForThem(DomainError):
    """Out of date, not in use, or meant for other tiers."""

    code = "article_not_for_them"
    message = _("This piece is out of date, no longer used, or not meant for this customer's tier.")


@dataclass(frozen=True, slots=True)
class ArticleFacts:
    """A piece of the library; `tiers` are ranks, none = everybody."""

    title: str
    subject: str
    body: str
    tiers: Sequence[int]
    expires_on: date
    review_on: date


@transaction.atomic
def draft_article(*, facts: ArticleFacts, actor: User, at: datetime) -> Article:
    """The first version of a piece, as a draft. Raises ContentNotYours, NameTaken, ArticleDays."""
    check_maker(actor)
    _check_title(facts)
    return _drafted(_values(facts), 1, actor, at)


@transaction.atomic
def change_article(*, article: Article, facts: ArticleFacts, actor: User, at: datetime) -> Article:
    """Change one's own draft; of a later version its title stays.

    Raises ContentMovedOn, ContentNotYours, NameTaken, ArticleDays.
    """
    row = locked(article, ContentState.DRAFT)
    if not queries.may_change(actor, row):
        raise ContentNotYours()
    values = _values(facts)
    if row.version > 1:
        values["title"] = row.title
    elif facts.title != row.title:
        _check_title(facts)
    before = queries.facts_of(row)
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    after = queries.facts_of(row)
    record(row, "change", actor, at, {k: [before[k], after[k]] for k in after if before[k] != after[k]})
    return row


@transaction.atomic
def next_article(*, article: Article, actor: User, at: datetime) -> Article:
    """The next version of a piece as a draft with the same words. Raises ContentNotYours."""
    check_maker(actor)
    same = Article.everything.select_for_update().filter(title=article.title)
    last = max(same.values_list("version", flat=True))
    values = {name: getattr(article, name) for name in queries.FIELDS[Article] if name != "version"}
    return _drafted(values, last + 1, actor, at)


@transaction.atomic
def review_article(*, article: Article, next_on: date, actor: User, at: datetime) -> Article:
    """Looked at again and found right: the next review is on another day. A change would be the next version.

    Raises ContentMovedOn, ContentNotYours, ArticleDays.
    """
    row = locked(article, ContentState.APPROVED)
    if not has_role(actor, *queries.DECIDERS) or row.created_by_id == actor.pk:
        raise ContentNotYours()
    if not day_of(at) < next_on <= row.expires_on:
        raise ArticleDays()
    before, row.review_on = row.review_on, next_on
    row.save(update_fields=["review_on"])
    record(row, "review", actor, at, {"review_on": [before.isoformat(), next_on.isoformat()]})
    return row


@transaction.atomic
def give_article(*, article: Article, customer: Customer, actor: User, at: datetime, way: str = "paper") -> ArticleUse:
    """Note that a customer was given a piece, on paper or over a channel.

    Raises ContentNotYours, ArticleNotForThem when it is out of date or for other tiers.
    """
    if not has_role(actor, *CUSTOMER_ROLES) or not Customer.objects.visible_to(actor).filter(pk=customer.pk).exists():
        raise ContentNotYours()
    row = Article.everything.select_for_update().get(pk=article.pk)
    if not queries.is_sendable(row, day_of(at)) or not suits_tier(row, customer):
        raise ArticleNotForThem()
    use = ArticleUse.everything.create(article=row, customer=customer, by=actor, at=at, way=way)
    record(row, "give", actor, at, {"customer": customer.customer_no, "way": way})
    return use


def _drafted(values: dict[str, Any], version: int, actor: User, at: datetime) -> Article:
    row = Article.everything.create(**values, version=version, created_by=actor, created_at=at)
    record(row, "create", actor, at, queries.facts_of(row))
    return row


def _values(facts: ArticleFacts) -> dict[str, Any]:
    if facts.review_on > facts.expires_on:
        raise ArticleDays()
    return {**asdict(facts), "tiers": sorted(set(facts.tiers))}


def _check_title(facts: ArticleFacts) -> None:
    if Article.everything.filter(title=facts.title).exists():
        raise NameTaken()


def note_sent(*, article_id: int, customer_ids: Collection[int], way: str, at: datetime) -> None:
    """Count a piece as used once for each customer a campaign sent it to, over the channel `way`."""
    uses = [ArticleUse(article_id=article_id, customer_id=pk, at=at, way=way) for pk in customer_ids]
    ArticleUse.everything.bulk_create(uses, batch_size=1_000)
