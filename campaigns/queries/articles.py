"""The library for customers: what may be given to whom, how often it was, and what is to be reviewed."""

from datetime import date, timedelta
from typing import Final

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from campaigns.enums import ContentState
from campaigns.models import Article, ArticleUse
from customers.models import Customer

# A review is announced so many days before its day.
REVIEW_AHEAD: Final = timedelta(days=14)


def articles() -> QuerySet[Article]:
    """Every version with who made and reviewed it and how often it was given (`used`), the latest first."""
    uses = ArticleUse.everything.filter(article=OuterRef("pk")).order_by().values("article").annotate(n=Count("pk"))
    rows = Article.everything.select_related("created_by", "approved_by")
    return rows.annotate(used=Coalesce(Subquery(uses.values("n")), 0)).order_by("-pk")


def to_review(day: date) -> Q:
    """Pieces in use whose review is due or comes within two weeks, or that run out, as a condition."""
    return Q(state=ContentState.APPROVED) & (
        Q(review_on__lte=day + REVIEW_AHEAD) | Q(expires_on__lte=day + REVIEW_AHEAD)
    )


def suits_tier(article: Article, customer: Customer) -> bool:
    """Whether a piece is meant for a customer's tier."""
    return not article.tiers or customer.position.tier in article.tiers


def to_give(customer: Customer, day: date) -> list[Article]:
    """Pieces that may be given to a customer on a day, by subject and title."""
    found = Article.everything.filter(state=ContentState.APPROVED, expires_on__gte=day).order_by("subject", "title")
    return [article for article in found if suits_tier(article, customer)]


def given_to(customer: Customer, most: int = 10) -> list[ArticleUse]:
    """What a customer was given last."""
    rows = ArticleUse.everything.filter(customer=customer).select_related("article", "by")
    return list(rows.order_by("-at", "-pk")[:most])
