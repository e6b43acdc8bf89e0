"""Complaints of the first two demo branches over 120 days: every way in, every state, and what was put right."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from complaints.enums import (
    AttemptResult,
    CaseState,
    Complainant,
    Delivery,
    ExtensionKind,
    Finding,
    Grade,
    PauseReason,
    RemedyKind,
    ReviewOutcome,
    Source,
)
from complaints.gateways import vault
from complaints.models import Complaint
from complaints.services import actions, cases, clocks, decisions, escalation, evidence, extensions, problems, reviews
from complaints.services.intake import Said, register_complaint
from core.clock import SHANGHAI
from core.enums import ActorKind
from core.exporting import seal_file
from core.trail import Actor
from customers.models import Customer
from staff.models import Branch, Notification, User
from staff.services.notices import read_all

SEEDER = Actor(None, "seed_demo", ActorKind.JOB)
UNITS = ("B001", "B002")
DAYS = 120
CASES = 15
# News older than this was read.
READ = timedelta(days=4)
# Category, product, root cause, in a few words, what happened.
SAID = (
    ("waiting", "", "staffing", "月底排队过久", "月底下午取号后等了一个多小时，只开了两个窗口，没有人出来解释。"),
    ("waiting", "", "staffing", "午间只有一个窗口", "中午来办业务，大厅坐满了人，只有一个窗口在办。"),
    ("handling", "term", "knowledge", "到期未按约定转存", "定期到期后没有按我说的转成三年期，转成了一年期。"),
    ("fees", "card", "disclosure", "账户管理费未告知", "开卡时没有人告诉我小额账户要收管理费，扣了才知道。"),
    (
        "explanation",
        "large_cd",
        "disclosure",
        "提前支取利息没讲清",
        "大额存单提前支取只按活期算利息，办的时候没有讲清楚。",
    ),
    ("digital", "digital", "outage", "转账显示失败却扣款", "手机银行转账提示失败，钱却扣了，第二天才退回来。"),
    ("service", "", "manner", "柜员态度生硬", "问了两句，柜员说单子上都写着，自己看。"),
    ("selling", "wealth", "conduct", "存款时被推荐代销产品", "我来存定期，一直劝我买代销产品，说和存款一样保本。"),
    ("machines", "card", "machine", "取款机吞卡两天未处理", "取款机吞卡，打电话说当天处理，两天后才拿到卡。"),
    ("privacy", "", "unclear_rule", "接到多次推销电话", "说过不要打电话，这个月又接到三次推销电话。"),
)
WANTED = ("当面道歉", "退还费用", "给个说法", "按原约定办理", "")
OUTCOMES = (
    (Finding.UPHELD, RemedyKind.APOLOGY, None, "经核实，情况属实，网点负责人已致歉。"),
    (Finding.UPHELD, RemedyKind.REFUND, Decimal("36.00"), "经核实，告知不足，已退还所收费用。"),
    (Finding.PARTLY, RemedyKind.EXPLANATION, None, "经核实，处理合规，但说明不够清楚，已再次说明。"),
    (Finding.UNFOUNDED, RemedyKind.NONE, None, "经核实，处理符合规定，已说明依据。"),
    (Finding.PARTLY, RemedyKind.CORRECTION, None, "经核实，登记有误，已更正。"),
)
# How far each case goes, over and over; the younger ones stop where their days end.
FATES = (
    CaseState.CLOSED,
    CaseState.CLOSED,
    CaseState.INVESTIGATING,
    CaseState.CLOSED,
    CaseState.PROPOSED,
    CaseState.ANSWERED,
    CaseState.ACCEPTED,
    CaseState.REGISTERED,
    CaseState.CLOSED,
    CaseState.WITHDRAWN,
)
WAYS = (Source.COUNTER, Source.PHONE, Source.COUNTER, Source.WEB, Source.LETTER, Source.SOCIAL)
# Of a case under way so many days at most have passed.
YOUNG = {CaseState.REGISTERED: 2, CaseState.ACCEPTED: 6, CaseState.INVESTIGATING: 13, CaseState.PROPOSED: 16}


@dataclass(frozen=True, slots=True)
class Desk:
    """The people of a demo branch who deal with its complaints, and customers who complain."""

    unit: Branch
    tellers: Sequence[User]
    handlers: Sequence[User]
    head: User
    customers: Sequence[Customer]


def seed_complaints(*, rng: random.Random, end: date, at: datetime) -> None:
    """Make them through the services; the same generator makes the same."""
    hq = User.objects.filter(role="head_office", is_active=True).select_related("branch").order_by("pk").first()
    for code in UNITS:
        desk = _desk(code)
        if desk is None or hq is None:
            continue
        for place in range(CASES):
            _case(rng, desk, place, at)
        _special(rng, desk, hq, at)
    escalation.run(business_day=end, actor=SEEDER, at=at)
    problems.find_problems(business_day=end, actor=SEEDER, at=at)
    for user in User.objects.filter(is_active=True, pk__in=Notification.objects.unread().values("user")):
        read_all(user=user, at=at - READ)


def _desk(code: str) -> Desk | None:
    unit = Branch.objects.filter(code=code).first()
    people = User.objects.filter(branch__code=code, is_active=True).select_related("branch").order_by("staff_no")
    tellers = [user for user in people if user.role == "teller"]
    handlers = [user for user in people if user.role in {"manager", "senior_manager"}][:3]
    head = next((user for user in people if user.role == "branch_head"), None)
    rows = Customer.everything.filter(branch=unit, merged_into=None).select_related("branch", "position")
    customers = list(rows.order_by("customer_no")[:60])
    if unit is None or head is None or not (tellers and handlers and customers):
        return None
    return Desk(unit, tellers, handlers, head, customers)


def _case(rng: random.Random, desk: Desk, place: int, at: datetime) -> None:
    fate = FATES[place % len(FATES)]
    ago = rng.randint(0, YOUNG[fate]) if fate in YOUNG else rng.randint(20, DAYS)
    if fate == CaseState.ANSWERED:
        ago = rng.randint(12, 24)
    when = _hour(rng, at, ago)
    kind = SAID[place % len(SAID)]
    customer = None if place % 9 == 8 else rng.choice(desk.customers)
    source = WAYS[place % len(WAYS)]
    said = _said(rng, kind, when, source, customer)
    grade = Grade.SERIOUS if place % 7 == 3 else Grade.ORDINARY
    writer = None if source == Source.WEB else rng.choice(desk.tellers)
    case = register_complaint(actor=writer, branch=desk.unit, once=_once(rng), at=when, **{**said, "grade": int(grade)})
    _go(rng, desk, case, fate, kind[2], at)


def _said(rng: random.Random, kind: Sequence[str], when: datetime, source: Source, customer: Customer | None) -> Said:
    category, product, _cause, summary, account = kind
    is_known = Complainant.CUSTOMER if customer else Complainant.ANONYMOUS
    return Said(
        source=source,
        complainant=is_known,
        customer=customer,
        category=category,
        product=product,
        summary=summary,
        account=account,
        wanted=rng.choice(WANTED),
        received_on=when.date(),
        name=customer.name if customer else "",
        phone=f"139{rng.randint(0, 99_999_999):08}",
    )


def _hour(rng: random.Random, at: datetime, ago: int) -> datetime:
    day = at.astimezone(SHANGHAI) - timedelta(days=ago)
    return min(day.replace(hour=rng.randint(9, 16), minute=rng.randint(0, 59), second=0, microsecond=0), at)


def _once(rng: random.Random) -> UUID:
    return UUID(int=rng.getrandbits(128), version=4)


def _go(rng: random.Random, desk: Desk, case: Complaint, fate: CaseState, cause: str, at: datetime) -> Complaint:
    """Take the case as far as it goes, a step every day or two, never beyond the present."""
    handler, when = rng.choice(desk.handlers), case.registered_at
    if fate == CaseState.REGISTERED:
        return case
    when = _later(rng, when, at, 20)
    cases.accept(complaint=case, actor=desk.head, handler=handler, at=when)
    if case.complainant != Complainant.ANONYMOUS:
        reached = AttemptResult.REACHED if rng.random() < 0.8 else AttemptResult.NO_ANSWER
        clocks.record_attempt(complaint=case, how="phone", result=reached, tried_at=when, actor=handler, at=when)
    if fate == CaseState.ACCEPTED:
        return case
    who = {"complaint": case, "actor": handler, "at": (when := _later(rng, when, at, 30))}
    cases.investigate(**who)
    if fate == CaseState.WITHDRAWN:
        cases.withdraw(**{**who, "at": _later(rng, when, at, 40)}, note="客户来电表示已解决，撤回投诉")
        return case
    actions.set_cause(**who, cause=cause)
    _paper(rng, case, handler, when)
    if fate == CaseState.INVESTIGATING:
        if rng.random() < 0.5 and case.complainant != Complainant.ANONYMOUS:
            clocks.pause_clock(**who, reason=PauseReason.PAPERS, note="等客户补交回单")
        return case
    return _decide(rng, desk, case, handler, fate, when, at)


def _paper(rng: random.Random, case: Complaint, handler: User, when: datetime) -> None:
    """What the handler noted while looking into it, filed as evidence."""
    stored_as = _once(rng)
    note = f"{case.number} 录像调阅记录\n{when:%Y-%m-%d %H:%M} 调阅大厅与柜台录像，与客户所述时间核对一致。\n"
    sealed = seal_file(iter([note.encode()]), vault.path_of(stored_as))
    file = evidence.Received(stored_as, "录像调阅记录.txt", sealed.size, sealed.sha256)
    evidence.add_evidence(complaint=case, file=file, note="大厅与柜台录像", actor=handler, at=when)


def _decide(
    rng: random.Random, desk: Desk, case: Complaint, handler: User, fate: CaseState, when: datetime, at: datetime
) -> Complaint:
    finding, remedy, amount, words = rng.choice(OUTCOMES)
    proposal = decisions.Proposal(finding, "调阅录像和流水，询问当班人员。" + words, words, remedy, amount)
    when = _later(rng, when, at, 120)
    made = decisions.propose(complaint=case, proposal=proposal, actor=handler, at=when)
    if fate == CaseState.PROPOSED:
        return case
    when = _later(rng, when, at, 48)
    decisions.answer(complaint=case, version=made.version, delivery=Delivery.POST, actor=desk.head, at=when)
    if fate == CaseState.ANSWERED:
        return case
    when = _later(rng, when, at, 40)
    proof = f"挂号 XA{rng.randint(10_000_000, 99_999_999)}CN 回执"
    arrived = {"delivery": Delivery.POST, "delivered_on": when.date(), "proof": proof}
    decisions.deliver(complaint=case, **arrived, actor=handler, at=when)
    decisions.close(complaint=case, actor=handler, at=when)
    if rng.random() < 0.4:
        due = when.date() + timedelta(days=rng.choice((10, 20, 45)))
        todo = actions.ToDo("调整高峰时段窗口与说明材料，并在晨会培训。", handler, due, _once(rng))
        action = actions.add_action(complaint=case, todo=todo, actor=desk.head, at=when)
        if rng.random() < 0.6:
            done = _later(rng, when, at, 200)
            actions.finish_action(action=action, evidence="已改排班表，附晨会签到。", actor=handler, at=done)
    return case


def _later(rng: random.Random, when: datetime, at: datetime, hours: int) -> datetime:
    return min(when + timedelta(hours=rng.randint(2, hours)), at)


def _special(rng: random.Random, desk: Desk, hq: User, at: datetime) -> None:
    """What the law makes particular: a regulator's transfer, a named head and teller, more time, a review."""
    teller, handler = desk.tellers[0], desk.handlers[0]
    passed_on = _hour(rng, at, 9)
    said = {
        **_said(rng, SAID[7], passed_on, Source.REGULATOR, desk.customers[3]),
        "source_no": f"沪金诉{passed_on:%Y}-{rng.randint(1000, 9999)}",
        "source_on": passed_on.date() - timedelta(days=2),
        "grade": int(Grade.CRITICAL),
    }
    case = register_complaint(actor=desk.head, branch=desk.unit, once=_once(rng), at=passed_on, **said)
    _go(rng, desk, case, CaseState.INVESTIGATING, "conduct", at)

    when = _hour(rng, at, 5)
    for named, kind in ((desk.head, SAID[9]), (teller, SAID[6])):
        said = {**_said(rng, kind, when, Source.LETTER, rng.choice(desk.customers))}
        register_complaint(actor=handler, branch=desk.unit, named=[named], once=_once(rng), at=when, **said)

    when = _hour(rng, at, 17)
    case = register_complaint(
        actor=teller,
        branch=desk.unit,
        once=_once(rng),
        at=when,
        **_said(rng, SAID[5], when, Source.PHONE, desk.customers[5]),
    )
    _go(rng, desk, case, CaseState.INVESTIGATING, "outage", when + timedelta(days=3))
    _more_time(desk, case, hq, when)
    _reviewed(rng, desk, hq, at)
    when = _hour(rng, at, 33)
    case = register_complaint(
        actor=teller,
        branch=desk.unit,
        once=_once(rng),
        at=when,
        **_said(rng, SAID[3], when, Source.PHONE, desk.customers[9]),
    )
    case = _go(rng, desk, case, CaseState.CLOSED, "price", at)
    cases.reopen(complaint=case, note="客户补交了新的对账单", actor=desk.head, at=_hour(rng, at, 1))


def _more_time(desk: Desk, case: Complaint, hq: User, when: datetime) -> None:
    asked, told = when + timedelta(days=9), when + timedelta(days=11)
    handler = Complaint.everything.select_related("handler").get(pk=case.pk).handler or desk.head
    extension = extensions.ask_extension(
        complaint=case, kind=ExtensionKind.COMPLEX, reason="需向清算中心调取交易日志", actor=handler, at=asked
    )
    extensions.decide_extension(extension=extension, approved=True, actor=hq, at=asked + timedelta(hours=20))
    extensions.tell_extension(
        extension=extension, told_on=told.date(), told_how="短信", proof="短信平台回执", actor=handler, at=told
    )


def _reviewed(rng: random.Random, desk: Desk, hq: User, at: datetime) -> None:
    """Two closed cases looked at again: the first decision stands; and one that still waits."""
    for ago, is_decided in ((70, True), (26, False)):
        when = _hour(rng, at, ago)
        said = _said(rng, SAID[4], when, Source.COUNTER, desk.customers[ago % 7])
        case = register_complaint(actor=desk.tellers[-1], branch=desk.unit, once=_once(rng), at=when, **said)
        case = _go(rng, desk, case, CaseState.CLOSED, "disclosure", at)
        case.refresh_from_db()
        asked = min(case.state_at + timedelta(days=2), at)
        review = reviews.ask_review(
            complaint=case, asked_on=asked.date(), reason="对利息的说明不认可", actor=desk.head, at=asked
        )
        if is_decided:
            reviews.decide_review(
                review=review,
                outcome=ReviewOutcome.KEPT,
                words="经复核，原决定依据充分，予以维持。",
                proof="当面送达签字",
                actor=hq,
                at=min(asked + timedelta(days=12), at),
            )
