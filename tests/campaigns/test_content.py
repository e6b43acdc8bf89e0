"""M05, M12, M16: templates, offers and the library: four eyes, versions, what is refused, who is eligible and why."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from campaigns.enums import ContentState, LeftOut
from campaigns.models import Article, ArticleUse, Offer, RiskTolerance, Template
from campaigns.queries import content as queries
from campaigns.queries.articles import articles, to_give, to_review
from campaigns.queries.offers import eligible_where, explain, risk_on, why_not
from campaigns.queries.wording import words_for
from campaigns.rules.offers import OfferError, check_pieces, read_pieces
from campaigns.services import articles as library
from campaigns.services import content as steps
from campaigns.services import offers as offering
from campaigns.services import templates as writing
from core.models import TrailEntry
from customers.models import CustomerPosition
from staff.models import Approval, Notification
from staff.services import SelfApproval, StaleApproval
from tests import factories as make
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db
WORDS = "【{bank}】{salutation}您好，存款{matures_on}到期，可选{offer}。退订：{opt_out}"
BOND = [{"product": "TD36", "months": None, "share": 60}, {"product": "BOND", "months": 36, "share": 40}]
WEALTH = [{"product": "NT07", "months": None, "share": 50}, {"product": "WEALTH", "months": 3, "share": 50}]


@pytest.fixture
def unit():
    return make.make_branch(parent=make.make_head_office(name="示范银行"), name="江南支行")


@pytest.fixture
def maker(unit):
    return make.make_user(role="manager", branch=unit, name="李明")


@pytest.fixture
def head(unit):
    return make.make_user(role="branch_head", branch=unit)


def drafted(maker, **fields):
    values = {"name": "到期提醒", "channel": "sms", "subject": "", "body": WORDS, "disclosures": [], **fields}
    return writing.draft_template(facts=writing.TemplateFacts(**values), actor=maker, at=NOW)


def approved(row, maker, head):
    steps.submit_content(row=row, actor=maker, at=NOW)
    return steps.approve_content(row=row, digest=queries.digest_of(row), actor=head, at=NOW)


def test_a_template_is_used_only_after_a_second_person_and_then_stays_as_it_is(maker, head):
    row = drafted(maker)
    with pytest.raises(steps.ContentNotYours):
        steps.submit_content(row=row, actor=head, at=NOW)
    steps.submit_content(row=row, actor=maker, at=NOW)
    assert Notification.objects.filter(user=head, event="approval_waiting").count() == 1
    with pytest.raises(SelfApproval):
        steps.approve_content(row=row, digest=queries.digest_of(row), actor=maker, at=NOW)
    with pytest.raises(StaleApproval):
        steps.approve_content(row=row, digest="other", actor=head, at=NOW)
    with pytest.raises(steps.ReasonMissing):
        steps.reject_content(row=row, digest=queries.digest_of(row), actor=head, at=NOW, comment="")
    steps.reject_content(row=row, digest=queries.digest_of(row), actor=head, at=NOW, comment="语气不妥")
    facts = writing.TemplateFacts("到期提醒", "sms", "", WORDS + "谢谢", [])
    row = writing.change_template(template=row, facts=facts, actor=maker, at=NOW)
    row = approved(row, maker, head)
    assert (row.state, row.approved_by) == (ContentState.APPROVED, head)
    assert TrailEntry.objects.filter(subject="campaigns.template", action="publish").count() == 1
    with pytest.raises(steps.ContentMovedOn):
        writing.change_template(template=row, facts=facts, actor=maker, at=NOW)
    with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
        Template.everything.filter(pk=row.pk).update(body="别的")
    with pytest.raises(IntegrityError, match="second_person"), transaction.atomic():
        Template.everything.filter(pk=row.pk).update(approved_by=maker)


def test_the_next_version_takes_over_when_it_is_approved_and_a_draft_can_be_thrown_away(maker, head):
    first = approved(drafted(maker), maker, head)
    with pytest.raises(writing.NameTaken):
        drafted(maker)
    second = writing.next_template(template=first, actor=maker, at=NOW)
    assert (second.version, second.body, second.state) == (2, first.body, ContentState.DRAFT)
    third = writing.next_template(template=first, actor=maker, at=NOW)
    steps.discard_content(row=third, actor=maker, at=NOW)
    approved(second, maker, head)
    assert dict(Template.everything.values_list("version", "state")) == {1: "retired", 2: "approved"}
    assert Approval.objects.filter(kind="campaigns.template").count() == 2
    steps.retire_content(row=second, reason="不再使用了", actor=head, at=NOW)
    assert Template.objects.in_use().count() == 0


def test_banned_words_and_what_is_missing_block_submission_and_are_named(maker, head):
    row = drafted(maker, body="{name}，保本高息，{balance}")
    with pytest.raises(steps.WordsRefused) as error:
        steps.submit_content(row=row, actor=maker, at=NOW)
    assert all(word in str(error.value) for word in ("保本", "{balance}", "{bank}", "{opt_out}"))
    assert Template.everything.get().state == ContentState.DRAFT
    # What an offer makes necessary is asked of the campaign: its template alone cannot know.
    template = approved(drafted(maker, name="方案"), maker, head)
    offer = make.make_offer(created_by=head, text="返现", pieces=WEALTH)
    campaign = make.make_campaign(branch=maker.branch, created_by=maker, template=template, offer=offer)
    flaws = " ".join(queries.campaign_flaws(campaign, TODAY))
    assert all(word in flaws for word in ("利率以网点公示为准", "产品有风险", "返现"))
    article = make.make_article(created_by=head, expires_on=TODAY - timedelta(days=1))
    campaign.article = article
    assert str(article) in " ".join(queries.campaign_flaws(campaign, TODAY))


def test_words_are_filled_in_for_many_customers_in_few_statements(maker, head, django_assert_max_num_queries):
    people = [
        make.make_customer(branch=maker.branch, manager=maker, name=name, sex=sex)
        for name, sex in (("欧阳娜", "female"), ("张伟", "male"), ("Ann Lee", ""))
    ]
    make.make_term_account(customer=people[0], matures_in=9)
    make.make_term_account(customer=people[0], matures_in=30)
    template = make.make_template(created_by=maker, body=WORDS + "{manager}{branch}")
    offer = make.make_offer(created_by=head, name="三年存款")
    campaign = make.make_campaign(
        branch=maker.branch, created_by=maker, template=template, offer=offer, starts_on=TODAY
    )
    with django_assert_max_num_queries(4):
        found = words_for(campaign, [one.pk for one in people], opt_out=lambda pk: f"https://t/{pk}")
    day = (TODAY + timedelta(days=9)).isoformat()
    first = f"【示范银行】欧阳女士您好，存款{day}到期，可选三年存款。退订：https://t/{people[0].pk}李明江南支行"
    assert found[people[0].pk].body == first
    assert "张先生您好，存款近期到期" in found[people[1].pk].body
    assert "Ann Lee您好" in found[people[2].pk].body


@pytest.mark.parametrize(
    ("kind", "pieces", "least", "fault"),
    [
        ("term_bond", BOND, 0, ""),
        ("term_bond", [{"product": "TD36", "months": None, "share": 100}], 0, "kind_term_bond"),
        ("notice_wealth", WEALTH, 0, ""),
        ("ladder", [{"product": f"TD{n}", "months": None, "share": 50} for n in (12, 36)], 0, ""),
        ("ladder", [{"product": "TD12", "months": None, "share": 50}] * 2, 0, "kind_ladder"),
        ("large", [{"product": "CD12", "months": None, "share": 100}], 200_000, ""),
        ("large", [{"product": "CD12", "months": None, "share": 100}], 199_999, "kind_large"),
        ("single", BOND, 0, "kind_single"),
        ("single", [{"product": "TD36", "months": None, "share": 99}], 0, "shares"),
        ("single", [{"product": "GONE", "months": None, "share": 100}], 0, "product"),
        ("single", [], 0, "count"),
    ],
)
def test_what_makes_an_offer_of_its_kind(kind, pieces, least, fault):
    found = ""
    try:
        check_pieces(kind, read_pieces(pieces), sorts_today(), Decimal(least))
    except OfferError as error:
        found = error.fault
    assert found == fault


def sorts_today():
    return queries.sorts_on(TODAY)


def eligible(offer, day=TODAY):
    sql, params = eligible_where(offer, day=day, prefix="o")
    source = "customers_customerposition p JOIN customers_customer c ON c.id = p.customer_id"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT p.customer_id FROM {source} WHERE {sql}", params)
        return {row[0] for row in cursor.fetchall()}


def test_only_the_eligible_may_receive_an_offer_and_each_is_told_why_not(maker, head, django_assert_max_num_queries):
    rich, poor = (make.make_customer(branch=maker.branch, manager=maker) for _n in range(2))
    firm = make.make_customer(branch=maker.branch, kind="organisation", name="江南纺织有限公司")
    CustomerPosition.everything.filter(pk__in=[rich.pk, firm.pk]).update(total=600_000, tier=3)
    rule = {
        "all": [{"field": "tier", "op": "in", "value": [3, 4]}, {"field": "total", "op": "at_least", "value": "500000"}]
    }
    offer = make.make_offer(created_by=head, rule=rule, pieces=BOND)
    assert eligible(offer) == {rich.pk}
    assert why_not(offer, rich, TODAY) == []
    # Both conditions of the rule, each by itself; a firm may not hold bonds but meets the rest.
    assert len(why_not(offer, poor, TODAY)) == 2
    assert len(why_not(offer, firm, TODAY)) == 1
    wealth = make.make_offer(created_by=head, pieces=WEALTH)
    with django_assert_max_num_queries(12):
        found = {one.offer.pk: one.is_eligible for one in explain([offer, wealth], rich, TODAY)}
    assert found == {offer.pk: True, wealth.pk: False}
    # Out of its days, or out of use: nobody.
    assert eligible(offer, TODAY + timedelta(days=91)) == set()
    steps.retire_content(row=offer, reason="额度已满", actor=head, at=NOW)
    assert eligible(Offer.everything.get(pk=offer.pk)) == set()


def test_above_the_lowest_risk_only_who_bears_it_by_a_valid_questionnaire(maker, head):
    customer = make.make_customer(branch=maker.branch, manager=maker, risk_grade="R5")
    offer = make.make_offer(created_by=head, pieces=WEALTH)
    assert risk_on(offer, TODAY) == "R2"
    # The core's grade is about money laundering: it opens nothing.
    assert eligible(offer) == set()

    def answered(grade, since, until):
        offering.record_tolerance(
            customer=customer, grade=grade, assessed_on=since, valid_until=until, actor=maker, at=NOW
        )

    answered("R3", TODAY - timedelta(days=300), TODAY)
    assert eligible(offer) == {customer.pk}
    assert why_not(offer, customer, TODAY) == []
    assert eligible(offer, TODAY + timedelta(days=1)) == set()
    assert len(why_not(offer, customer, TODAY + timedelta(days=1))) == 1
    # The latest answer counts, even when an older one went further.
    answered("R1", TODAY, TODAY + timedelta(days=30))
    assert eligible(offer) == set()
    for since, until in ((TODAY + timedelta(days=1), TODAY + timedelta(days=9)), (TODAY, TODAY + timedelta(days=400))):
        with pytest.raises(offering.RiskRefused):
            answered("R2", since, until)
    assert RiskTolerance.everything.count() == 2


def test_a_piece_of_the_library_is_given_only_while_it_is_valid_and_to_its_tiers(maker, head):
    customer = make.make_customer(branch=maker.branch, manager=maker)
    CustomerPosition.everything.filter(pk=customer.pk).update(tier=2)
    customer.refresh_from_db()
    facts = {"title": "存款保险", "subject": "insurance", "body": "最高偿付五十万元", "tiers": [2, 3]}
    days = {"expires_on": TODAY + timedelta(days=20), "review_on": TODAY + timedelta(days=10)}
    row = library.draft_article(facts=library.ArticleFacts(**facts, **days), actor=maker, at=NOW)
    with pytest.raises(library.ArticleNotForThem):
        library.give_article(article=row, customer=customer, actor=maker, at=NOW)
    row = approved(row, maker, head)
    library.give_article(article=row, customer=customer, actor=maker, at=NOW)
    library.note_sent(article_id=row.pk, customer_ids=[customer.pk], way="sms", at=NOW)
    assert (articles().get(pk=row.pk).used, ArticleUse.everything.count()) == (2, 2)
    assert to_give(customer, TODAY) == [row]
    late = NOW + timedelta(days=21)
    with pytest.raises(library.ArticleNotForThem):
        library.give_article(article=row, customer=customer, actor=maker, at=late)
    assert to_give(customer, late.date()) == []
    top = make.make_article(created_by=head, tiers=[4])
    with pytest.raises(library.ArticleNotForThem):
        library.give_article(article=top, customer=customer, actor=maker, at=NOW)
    # Its review is due within two weeks; looked at again, it is not, and its maker is not who looks.
    assert Article.everything.filter(to_review(TODAY)).get() == row
    with pytest.raises(steps.ContentNotYours):
        library.review_article(article=row, next_on=TODAY + timedelta(days=20), actor=maker, at=NOW)
    with pytest.raises(library.ArticleDays):
        library.review_article(article=row, next_on=TODAY + timedelta(days=21), actor=head, at=NOW)
    library.review_article(article=row, next_on=TODAY + timedelta(days=20), actor=head, at=NOW)
    following = library.next_article(article=row, actor=maker, at=NOW)
    approved(following, maker, head)
    assert dict(Article.everything.filter(title="存款保险").values_list("version", "state")) == {
        1: "retired",
        2: "approved",
    }


def test_pages_from_a_draft_to_a_customer(maker, head, client_of):
    customer = make.make_customer(branch=maker.branch, manager=maker, name="欧阳娜娜", sex="female")
    writer, decider = client_of(maker), client_of(head)
    address = reverse("campaigns:template_new")
    typed = {"name": "问候", "channel": "sms", "subject": "", "body": "{salutation}您好"}
    page = writer.post(address, {**typed, "change": "add_missing"})
    assert "{opt_out}" in page.context["form"].initial["body"]
    body = page.context["form"].initial["body"]
    seen = writer.post(reverse("campaigns:template_preview"), {**typed, "body": f"{body}{{name}}保本"}).content.decode()
    assert all(word in seen for word in ("欧阳女士", "欧***", "保本"))
    assert "欧阳娜娜" not in seen
    writer.post(address, {**typed, "body": body})
    row = Template.everything.get()
    writer.post(reverse("campaigns:template_step", args=[row.pk, "submit"]))
    page = decider.get(row.get_absolute_url())
    digest = page.context["decision_form"].initial["digest"]
    decider.post(reverse("campaigns:template_step", args=[row.pk, "approve"]), {"digest": digest, "comment": ""})
    assert Template.objects.in_use().get() == row
    lines = {"pieces-TOTAL_FORMS": 2, "pieces-INITIAL_FORMS": 0}
    for place, piece in enumerate(BOND):
        lines |= {f"pieces-{place}-{name}": value or "" for name, value in piece.items()}
    said = {"name": "稳健组合", "kind": "term_bond", "text": "三年期存款加国债", "least": "50000", "risk": ""}
    days = {"starts_on": TODAY.isoformat(), "ends_on": (TODAY + timedelta(days=30)).isoformat()}
    builder = {"rule-0-kind": "all"}
    answer = writer.post(reverse("campaigns:offer_new"), {**said, **days, **lines, **builder})
    assert answer.status_code == 302, answer.context["form"].errors
    offer = Offer.everything.get()
    assert (offer.pieces, offer.rule) == (BOND, {"all": []})
    approved(offer, maker, head)
    article = make.make_article(created_by=head)
    tab = writer.get(reverse("campaigns:of_customer", args=[customer.customer_no])).content.decode()
    assert all(words in tab for words in (offer.name, article.title))
    writer.post(reverse("campaigns:article_give", args=[article.pk, customer.customer_no]))
    writer.post(
        reverse("campaigns:tolerance_new", args=[customer.customer_no]),
        {"grade": "R2", "assessed_on": TODAY.isoformat(), "valid_until": (TODAY + timedelta(days=90)).isoformat()},
    )
    assert (ArticleUse.everything.count(), RiskTolerance.everything.count()) == (1, 1)
    assert article.title in writer.get(reverse("campaigns:library")).content.decode()


def test_an_offer_tells_no_amounts_and_the_tab_no_case_kept_from_its_reader(maker, head, client_of):
    customer, offer = make.make_customer(branch=maker.branch, manager=maker), make.make_offer(created_by=head)
    writer = client_of(maker)
    rich = {"all": [{"field": "total", "op": "at_least", "value": "500000"}]}
    dear = make.make_offer(created_by=head, name="五十万起", rule=rich)
    campaign = make.make_campaign(branch=maker.branch, created_by=head, state="running")
    make.make_outreach(campaign, customer, state="suppressed", reason="complaint")
    address = reverse("campaigns:of_customer", args=[customer.customer_no])
    assert {one.offer for one in writer.get(address).context["offers"]} == {offer, dear}
    counter = client_of(make.make_user(role="teller", branch=maker.branch)).get(address)
    assert ({one.offer for one in counter.context["offers"]}, counter.context["apart"]) == ({offer}, [dear])
    told = str(LeftOut.COMPLAINT.label)
    assert told in writer.get(address).content.decode()
    make.make_alert(customer=customer, kind="complaint", hidden_from=[maker.pk])
    assert told not in writer.get(address).content.decode()
