"""P08, P09: a decision by two people, its letter, its delivery, the closing, and the review by the upper level."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from complaints.forms.decisions import COMPLAINT_LETTER, LetterForm
from complaints.models import Complaint, Decision, Review
from complaints.queries import decisions as queries
from complaints.queries import reviews as review_queries
from complaints.queries.choices import intake_choices
from complaints.rules.decisions import BUILT_IN, fault_of, filled, read_letter
from complaints.rules.reviews import answer_by, last_day_to_ask
from complaints.services import decisions, reviews
from complaints.services.cases import recuse
from complaints.services.decisions import Proposal
from complaints.services.states import NotAllowed, Recused
from core import pdf
from core.models import TrailEntry
from staff.models import Notification, Policy
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.servicing.english import client_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SAID = Proposal("upheld", "经核查，当日仅开一个窗口", "我行向您致歉，并退还手续费", "refund", Decimal("88.50"))
HTMX = {"HX-Request": "true"}
LEAD = ("head_office", "compliance")


class Bank:
    def __init__(self):
        self.top = make.make_head_office(name="总行")
        self.branch = make.make_branch(parent=self.top)
        people = {"manager": "manager", "teller": "teller", "head": "branch_head"}
        self.users = {name: make.make_user(role=role, branch=self.branch) for name, role in people.items()}
        self.users |= {name: make.make_user(role=name, branch=self.top) for name in ("head_office", "compliance")}
        self.customer = make.make_customer(manager=self.users["manager"], name="欧阳娜娜")
        self.case = self.make_case()

    def make_case(self, **fields) -> Complaint:
        values = {"handler": self.users["manager"], "registered_by": self.users["teller"], "state": "investigating"}
        return make.make_complaint(customer=self.customer, **{**values, "cause": "staffing", **fields})

    def do(self, step, who="manager", case=None, at=NOW, **fields):
        return getattr(decisions, step)(complaint=case or self.case, actor=self.users[who], at=at, **fields)

    def propose(self, who="manager", said=SAID, **fields):
        return self.do("propose", who, proposal=said, **fields)

    def answered(self, at=NOW) -> Decision:
        self.propose(at=at)
        return self.do("answer", "head", version=1, delivery="post", at=at)

    def delivered(self, at=NOW) -> Decision:
        self.answered(at=at)
        return self.do("deliver", "teller", delivery="post", delivered_on=at.date(), proof="EMS 1234", at=at)

    def closed(self, at=NOW) -> Decision:
        decision = self.delivered(at=at)
        self.do("close", at=at)
        return decision

    def ask(self, who="teller", on=TODAY, at=NOW, reason="不认可核查结果") -> Review:
        return reviews.ask_review(complaint=self.case, asked_on=on, reason=reason, actor=self.users[who], at=at)

    def page(self, who) -> Client:
        return client_of(self.users[who])

    def fresh(self) -> Complaint:
        self.case = Complaint.everything.select_related("desk", "customer").get(pk=self.case.pk)
        return self.case


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.mark.parametrize(
    ("finding", "remedy", "amount", "fault"),
    [
        ("upheld", "none", None, "remedy"),
        ("partly", "none", None, "remedy"),
        ("unfounded", "none", None, ""),
        ("upheld", "apology", None, ""),
        ("upheld", "apology", Decimal(1), "no_amount"),
        ("upheld", "refund", None, "amount"),
        ("upheld", "refund", Decimal(0), "amount"),
        ("unfounded", "compensation", Decimal("0.01"), ""),
    ],
)
def test_a_finding_and_its_remedy_fit(finding: str, remedy: str, amount: Decimal | None, fault: str):
    assert fault_of(finding=finding, remedy=remedy, amount=amount) == fault


def test_the_words_of_the_letter_are_checked_data():
    assert read_letter(BUILT_IN).of("en-gb")["title"] == "Decision on your complaint"
    assert filled("{name} {x} {number", {"name": "{number}", "number": "7"}) == "{number} {x} {number"
    for part, text, fault in (
        ("title", " ", "zh_title"),
        ("closing", "{nobody}", "zh_closing_place"),
        ("opening", "a } b", "zh_opening_place"),
        ("routes", "12378", "zh_routes_review"),
    ):
        with pytest.raises(ValueError, match=f"^{fault}$"):
            read_letter({**BUILT_IN, "zh": {**BUILT_IN["zh"], part: text}})
    form = LetterForm(kind=COMPLAINT_LETTER, values=BUILT_IN)
    data = {name: form.get_initial_for_field(form.fields[name], name) for name in form.fields}
    data |= {"effective_on": "2027-01-01", "note": "测试"}
    good = LetterForm(data, kind=COMPLAINT_LETTER, values=BUILT_IN)
    assert good.is_valid(), good.errors
    assert good.typed_values() == BUILT_IN
    assert LetterForm({**data, "en_routes": "{oops}"}, kind=COMPLAINT_LETTER, values=BUILT_IN).errors.keys() == {
        "en_routes"
    }


def test_a_decision_takes_two_people_and_goes_out_as_it_was_read(bank: Bank):
    with pytest.raises(decisions.NotYoursToDecide):
        bank.propose("teller")
    with pytest.raises(decisions.AmountMissing):
        bank.propose(said=Proposal("upheld", "事实", "说明", "refund"))
    first = bank.propose()
    assert Notification.objects.filter(event="approval_waiting").get().user == bank.users["head"]
    with pytest.raises(NotAllowed):
        bank.propose()
    with pytest.raises(decisions.NotYoursToDecide):  # the handler does not lead the desk
        bank.do("answer", version=1, delivery="post")
    with pytest.raises(decisions.WordsMissing):
        bank.do("send_back", "head", note=" ")
    bank.do("send_back", "head", note="请补充监控记录")
    second = bank.propose("head")
    assert (first.version, second.version, Decision.everything.count()) == (1, 2, 2)
    with pytest.raises(decisions.SecondPersonNeeded):
        bank.do("answer", "head", version=2, delivery="post")
    with pytest.raises(decisions.DecisionChanged):
        bank.do("answer", "head_office", version=1, delivery="post")
    assert (bank.fresh().state, bank.case.answered_on) == ("proposed", None)
    decision = bank.do("answer", "head_office", version=2, delivery="post")
    assert (decision.approved_by, bank.fresh().state, bank.case.answered_on) == (
        bank.users["head_office"],
        "answered",
        TODAY,
    )
    assert queries.said_in(decision, bank.case) == queries.Said(SAID.facts, SAID.words)
    assert SAID.facts not in str(decision.letter)
    assert "欧阳娜娜" not in str(decision.letter)
    # The database keeps the second person, too.
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.everything.filter(pk=decision.pk).update(approved_by=decision.proposed_by)
    assert SAID.words not in str(list(TrailEntry.objects.values_list("changes", "reason")))


def test_no_case_is_closed_without_decision_proof_and_cause(bank: Bank):
    bank.case = bank.make_case(cause="")
    with pytest.raises(NotAllowed):
        bank.do("close")
    with pytest.raises(decisions.DecisionMissing):
        bank.do("deliver", delivery="post", delivered_on=TODAY, proof="EMS")
    bank.answered()
    with pytest.raises(decisions.DecisionMissing):
        bank.do("close", cause="staffing")
    for day in (TODAY - DAY, TODAY + DAY):
        with pytest.raises(decisions.DeliveryImpossible):
            bank.do("deliver", "teller", delivery="post", delivered_on=day, proof="EMS 1")
    with pytest.raises(decisions.ProofMissing):
        bank.do("deliver", "teller", delivery="post", delivered_on=TODAY, proof=" ")
    # Nor does the database close it, whatever a service forgets: before the proof, and before the cause.
    ended = {"state": "closed", "closed_on": TODAY}
    with pytest.raises(IntegrityError, match="not closed without"), transaction.atomic():
        Complaint.everything.filter(pk=bank.case.pk).update(cause="staffing", **ended)
    bank.do("deliver", "teller", delivery="post", delivered_on=TODAY, proof="EMS 1")
    with pytest.raises(IntegrityError, match="not closed without"), transaction.atomic():
        Complaint.everything.filter(pk=bank.case.pk).update(**ended)
    for cause in ("", "no_such_cause"):
        with pytest.raises(decisions.CauseMissing):
            bank.do("close", cause=cause)
    leaf = intake_choices(TODAY).leaves()[0].code
    bank.do("close", cause=leaf, at=NOW + DAY)
    case = bank.fresh()
    assert (case.state, case.cause, case.closed_on) == ("closed", leaf, TODAY + DAY)
    assert case.quiet_until == TODAY + 31 * DAY
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.everything.update(proof="x")


def test_whoever_is_kept_away_decides_hands_over_and_reviews_nothing(bank: Bank):
    bank.propose()
    head, hq = bank.users["head"], bank.users["head_office"]
    Complaint.everything.filter(pk=bank.case.pk).update(recused=[head.pk, hq.pk])
    for who in ("head", "head_office"):
        with pytest.raises(Recused):
            bank.do("answer", who, version=1, delivery="post")
        for name in ("decision", "letter", "letter_pdf"):
            assert bank.page(who).get(reverse(f"complaints:{name}", args=[bank.case.number])).status_code == 404
    bank.do("answer", "compliance", version=1, delivery="post")
    review = bank.ask()
    # Of the head office one is kept away and one approved it.
    assert not review_queries.reviewers_for(review).exists()
    assert not Notification.objects.filter(event="case_review_due").exists()
    assert review not in review_queries.reviews_for(hq)
    with pytest.raises(Recused):
        reviews.decide_review(review=review, outcome="kept", words="维持", proof="EMS", actor=hq, at=NOW)
    actor = bank.users["compliance"]
    with pytest.raises(reviews.NotYoursToReview):
        reviews.decide_review(review=review, outcome="kept", words="维持", proof="EMS", actor=actor, at=NOW)


def test_the_window_and_the_clock_of_a_review():
    assert last_day_to_ask(told_on=date(2027, 1, 30), window=30) == date(2027, 3, 1)
    assert last_day_to_ask(told_on=date(2028, 1, 30), window=30) == date(2028, 2, 29)
    assert answer_by(asked_on=date(2026, 12, 5), days=30) == date(2027, 1, 4)


def test_a_review_is_asked_for_in_its_window_and_once(bank: Bank):
    with pytest.raises(reviews.NothingToReview):
        bank.ask()
    bank.closed()
    for day in (TODAY - DAY, TODAY + DAY):
        with pytest.raises(reviews.AskedDayImpossible):
            bank.ask(on=day)
    with pytest.raises(reviews.AskedTooLate):
        bank.ask(on=TODAY + 31 * DAY, at=NOW + 31 * DAY)
    review = bank.ask(on=TODAY + 30 * DAY, at=NOW + 30 * DAY)
    assert (review.desk, review.due_on, review.reviewer) == (bank.top, TODAY + 60 * DAY, None)
    with pytest.raises(reviews.AlreadyAsked):
        bank.ask(on=TODAY + 30 * DAY, at=NOW + 30 * DAY)
    told = Notification.objects.filter(event="case_review_due")
    assert {notice.user for notice in told} == {bank.users["head_office"], bank.users["compliance"]}
    reviews.withdraw_review(review=review, actor=bank.users["teller"], at=NOW + 30 * DAY)
    with pytest.raises(reviews.ReviewIsOver):
        reviews.withdraw_review(review=review, actor=bank.users["teller"], at=NOW + 30 * DAY)
    again, hq, officer = bank.ask(on=TODAY + 30 * DAY, at=NOW + 30 * DAY), *map(bank.users.get, LEAD)
    assert again.pk != review.pk
    # Whoever is kept away from the case gives its review back.
    reviews.assign_reviewer(review=again, reviewer=officer, actor=hq, at=NOW + 30 * DAY)
    recuse(complaint=bank.case, user=officer, reason="与客户是亲属", actor=hq, at=NOW + 30 * DAY)
    again.refresh_from_db()
    assert (again.reviewer, again.state) == (None, "asked")


def test_the_upper_level_decides_by_other_hands_and_binds(bank: Bank):
    bank.closed()
    review, users = bank.ask(), bank.users
    said = {"words": "原决定不当，请重新处理", "proof": "EMS 9", "at": NOW + DAY}
    for who in ("manager", "head", "teller"):
        with pytest.raises(reviews.NotYoursToReview):
            reviews.decide_review(review=review, outcome="changed", actor=users[who], **said)
    with pytest.raises(reviews.CannotReview):
        reviews.assign_reviewer(review=review, reviewer=users["head"], actor=users["head_office"], at=NOW)
    reviews.assign_reviewer(review=review, reviewer=users["compliance"], actor=users["head_office"], at=NOW)
    with pytest.raises(reviews.NotYoursToReview):  # nobody takes back a review of their own decision
        reviews.withdraw_review(review=review, actor=users["manager"], at=NOW)
    with pytest.raises(reviews.NotYoursToReview):  # it is somebody else's now
        reviews.decide_review(review=review, outcome="changed", actor=users["head_office"], **said)
    # A handler who did nothing had a hand in it all the same; so had whoever had the case before.
    assert review_queries.first_hands(bank.make_case(handler=users["compliance"])) == {users["compliance"].pk}
    assert review_queries.first_hands(bank.case) == {users["manager"].pk, users["head"].pk}
    decided = reviews.decide_review(review=review, outcome="changed", actor=users["compliance"], **said)
    case = bank.fresh()
    assert (decided.state, decided.outcome, decided.decided_on) == ("decided", "changed", TODAY + DAY)
    assert (case.state, case.round, case.answered_on, case.due_on) == ("reopened", 2, None, TODAY + 16 * DAY)
    assert queries.decision_of(case) is None
    assert queries.decisions_of(case).count() == 1
    with pytest.raises(reviews.ReviewIsOver):
        reviews.decide_review(review=review, outcome="kept", actor=users["compliance"], **said)
    # What went out before stays there to be read.
    letter, old = reverse("complaints:letter", args=[case.number]), queries.decisions_of(case).get().pk
    answers = [bank.page("manager").get(letter + query).status_code for query in ("", f"?of={old}", "?of=0", "?of=x")]
    assert answers == [404, 200, 404, 404]


def test_the_letter_says_facts_finding_remedy_and_the_ways_that_remain(bank: Bank, monkeypatch: pytest.MonkeyPatch):
    bank.propose()
    url, pdf_url = (reverse(f"complaints:{name}", args=[bank.case.number]) for name in ("letter", "letter_pdf"))
    manager = bank.page("manager")
    draft = manager.get(url)
    assert draft.context["letter"].is_draft
    bank.do("answer", "head", version=1, delivery="post", at=NOW)
    page = manager.get(url + "?lang=zh-hans").content.decode()
    for words in (
        "投诉处理决定书",
        "欧阳娜娜",
        SAID.facts,
        SAID.words,
        "88.50",
        "12378",
        "总行",
        "30日内",
        "2026年11月20日",
    ):
        assert words in page
    # A letter that went out stays as it was, whatever its words become.
    admin, hq = make.make_user(role="admin", branch=bank.top), bank.users["head_office"]
    Policy.objects.create(
        kind="complaint_letter",
        version=1,
        values={"zh": {**BUILT_IN["zh"], "title": "新标题"}},
        effective_on=TODAY - DAY,
        status="approved",
        drafted_by=admin,
        drafted_at=NOW,
        approved_by=hq,
        approved_at=NOW,
    )
    assert queries.letter_rules_on(TODAY).of("zh")["title"] == "新标题"
    assert "新标题" not in manager.get(url + "?lang=zh-hans").content.decode()
    assert TrailEntry.objects.filter(action="open_letter", actor_id=bank.users["manager"].pk).count() == 3
    monkeypatch.setattr(pdf, "lacking", lambda: "pango")
    assert "pango" in manager.get(url).content.decode()
    assert manager.get(pdf_url).headers["Location"].startswith(url)


def test_the_letter_as_a_file(bank: Bank):
    """A PDF where the machine can make one; where it cannot, the page to print."""
    bank.propose()
    answer = bank.page("head").get(reverse("complaints:letter_pdf", args=[bank.case.number]))
    if pdf.lacking():
        assert answer.headers["Location"].startswith(reverse("complaints:letter", args=[bank.case.number]))
    else:
        assert (answer.status_code, answer["Content-Type"], answer.content[:5]) == (200, "application/pdf", b"%PDF-")


def test_the_steps_on_the_page(bank: Bank):
    url = reverse("complaints:decision", args=[bank.case.number])
    step = {name: reverse("complaints:decision_step", args=[bank.case.number, name]) for name in queries.STEPS}
    manager, head = bank.page("manager"), bank.page("head")
    refused = manager.post(step["propose"], {"propose-finding": "upheld", "propose-remedy": "refund"}, headers=HTMX)
    assert refused.status_code == 422
    said = {"finding": "upheld", "facts": "事实清楚", "words": "致歉", "remedy": "refund", "amount": "10"}
    sent = manager.post(step["propose"], {f"propose-{name}": value for name, value in said.items()}, headers=HTMX)
    assert sent.headers["HX-Redirect"] == bank.case.get_absolute_url()
    assert 'name="answer-version"' not in manager.get(url, headers=HTMX).content.decode()
    assert 'name="answer-version"' in head.get(url).content.decode()
    assert manager.post(step["answer"], {"answer-version": 1, "answer-delivery": "post"}).status_code == 422
    assert head.post(step["answer"], {"answer-version": 1, "answer-delivery": "post"}).status_code == 302
    assert head.post(step["close"].replace("close", "burn")).status_code == 404
    ask = reverse("complaints:review_step", args=[bank.case.number, "ask"])
    day = bank.fresh().answered_on
    assert manager.post(ask, {"ask-asked_on": day.isoformat(), "ask-reason": "不服"}).status_code == 302
    listed = bank.page("head_office").get(reverse("complaints:reviews")).content.decode()
    assert bank.case.number in listed
    assert bank.page("manager").get(reverse("complaints:reviews")).status_code == 403
    assert bank.case.number not in head.get(reverse("complaints:reviews")).content.decode()
