"""Feedback and surveys of the first two demo branches: said, answered, told, and a survey with its answers."""

import random
from datetime import date, datetime, timedelta

from core.enums import ActorKind
from core.trail import Actor
from customers.models import Customer
from servicing.enums import FeedbackKind, FeedbackSource, SurveyChannel
from servicing.models import Feedback, Invitation, Wave
from servicing.services import feedback as services
from servicing.services import surveys
from servicing.services.survey_links import send_waiting
from staff.models import Branch, User

SEEDER = Actor(None, "seed_demo", ActorKind.JOB)
UNITS = ("B001", "B002")
SAID = (
    (FeedbackKind.PROBLEM, "digital", "handling", "手机银行转存定期总提示超时，希望尽快修复"),
    (FeedbackKind.PROBLEM, "", "waiting", "月底取号后等了四十分钟，窗口只开了两个"),
    (FeedbackKind.PROBLEM, "large_cd", "explanation", "大额存单提前支取的利息没有讲清楚"),
    (FeedbackKind.SUGGESTION, "", "place", "大厅可以放几副老花镜"),
    (FeedbackKind.SUGGESTION, "term", "follow_up", "定期到期前希望提前一周短信提醒"),
    (FeedbackKind.SUGGESTION, "card", "handling", "换卡可以预约就好了"),
    (FeedbackKind.PRAISE, "", "attitude", "柜员小姑娘很耐心，帮老人填单"),
    (FeedbackKind.PRAISE, "demand", "handling", "业务办得快，五分钟就好"),
    (FeedbackKind.QUESTION, "notice", "explanation", "七天通知存款可以在手机上办吗"),
    (FeedbackKind.QUESTION, "term", "explanation", "三年期现在的利率是多少，能不能保留到下周"),
)
ANSWERS = ("已与相关部门核实并改进，请您放心。", "谢谢您的建议，下月起试行。", "已电话说明，客户表示理解。")
COMMENTS = {True: ("等候时间太长", "说明不够清楚", "希望多开窗口"), False: ("很满意", "服务很好", "")}


def seed_voices(*, rng: random.Random, end: date, at: datetime) -> None:
    """Make them; the same generator makes the same."""
    for code in UNITS:
        unit = Branch.objects.filter(code=code).first()
        tellers = list(User.objects.filter(branch__code=code, role="teller").order_by("staff_no"))
        if unit is not None and tellers:
            _feedback(rng, unit, tellers, at)
    hq = User.objects.filter(role="head_office", is_active=True).order_by("pk").first()
    if hq is not None:
        _survey(rng, hq, end, at)


def _feedback(rng: random.Random, unit: Branch, tellers: list[User], at: datetime) -> None:
    rows = Customer.everything.filter(branch=unit, merged_into=None).exclude(manager=None)
    customers = list(rows.select_related("manager", "branch").order_by("customer_no")[:40])
    for kind, product, process, text in SAID * 2:
        said = services.Said(
            source=rng.choice([FeedbackSource.COUNTER, FeedbackSource.COUNTER, FeedbackSource.PHONE]),
            kind=kind,
            text=text,
            product_tag=product,
            process_tag=process,
        )
        when = at - timedelta(days=rng.randint(0, 30), minutes=rng.randint(0, 300))
        customer = rng.choice(customers) if rng.random() < 0.8 else None
        made = services.record_feedback(said=said, branch=unit, customer=customer, actor=rng.choice(tellers), at=when)
        _close_loop(rng, made, when, at)


def _close_loop(rng: random.Random, made: Feedback, when: datetime, at: datetime) -> None:
    answered = when + timedelta(days=rng.randint(1, 6))
    if made.owner is None or answered > at or rng.random() < 0.25:
        return
    who = {"feedback": made, "actor": made.owner}
    services.answer_feedback(**who, answer=rng.choice(ANSWERS), at=answered)
    if rng.random() < 0.2:
        return
    if made.customer is None:
        services.close_feedback(**who, reason="匿名意见，已改进", at=answered)
    else:
        services.tell_customer(**who, told_on=answered.date(), at=answered)


def _survey(rng: random.Random, hq: User, end: date, at: datetime) -> None:
    facts = surveys.WaveFacts(
        name="柜面服务满意度",
        branch=hq.branch,
        starts_on=end - timedelta(days=30),
        ends_on=end + timedelta(days=60),
        channels=["sms", "wecom", "email", "kiosk"],
        percent=60,
    )
    begun = at - timedelta(days=30)
    wave = surveys.draft_wave(facts=facts, actor=hq, at=begun)
    Wave.everything.filter(pk=wave.pk).update(seed=20_26)  # the same demo each time
    surveys.start_wave(wave=wave, actor=hq, at=begun)
    for back in range(30, 0, -1):
        when = at - timedelta(days=back)
        surveys.run(business_day=when.date(), actor=SEEDER, at=when)
        send_waiting(at=when)
    wave.refresh_from_db()
    asked = Invitation.everything.filter(wave=wave, state="sent").select_related("customer__branch", "branch")
    for invitation in asked.order_by("customer__customer_no"):
        if rng.random() < 0.45:
            when = min(at, (invitation.sent_at or at) + timedelta(hours=rng.randint(1, 60)))
            Invitation.everything.filter(pk=invitation.pk).update(used_at=when)
            _answer(rng, wave, invitation.branch, invitation, when)
    for unit in Branch.objects.filter(code__in=UNITS).order_by("code"):
        for _one in range(18):
            _answer(rng, wave, unit, None, at - timedelta(days=rng.randint(0, 25), minutes=rng.randint(0, 300)))


def _answer(rng: random.Random, wave: Wave, unit: Branch, invitation: Invitation | None, when: datetime) -> None:
    score = rng.choice((10, 10, 9, 9, 9, 8, 8, 7, 6, 4))
    surveys.keep_answer(
        wave=wave,
        branch=unit,
        invitation=invitation,
        channel=invitation.channel if invitation else SurveyChannel.KIOSK,
        score=score,
        marks={code: rng.randint(3, 5) for code in ("service", "speed", "clarity")} if invitation else {},
        comment=rng.choice(COMMENTS[score <= 6]),
        at=when,
    )
