"""Training of the demo branches: four courses, who passed them, whose certificate runs out, and two dates."""

import random
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from core.clock import SHANGHAI
from staff.access import BOOK_KEEPERS, COUNTER
from staff.enums import Role
from staff.models import Branch, Course, Question, User
from staff.rules.training import Asked
from staff.services import courses, sessions, studying
from staff.services.courses import CourseFacts

# Code: title, what it is about, self-study or classroom, roles, tiers of teams, required, licence, months.
COURSES = (
    ("wealth", "理财产品销售合规", "适当性、禁用语与风险揭示", "self_study", BOOK_KEEPERS, (), True, "wealth", 12),
    ("fraud", "防范电信诈骗", "柜面识别与劝阻话术", "self_study", COUNTER, (), True, "", 12),
    ("tax", "税务基础模块", "个人所得税与 CRS 常识", "self_study", (), (4,), True, "tax", 24),
    ("law", "法律基础模块", "继承、婚姻与家庭财产", "classroom", (), (4,), True, "law", 24),
)
PAGES = {
    "wealth": "一、先评估客户的风险承受能力，再推荐产品，不得高于客户等级。\n---\n"
    "二、不得承诺保本保收益，不得把理财说成存款，不得代客操作。\n---\n"
    "三、销售过程须录音录像，风险揭示书由客户本人逐项签字。",
    "fraud": "一、三问：给谁转、为什么转、见过面吗。\n---\n二、发现疑点先劝阻，再报告网点负责人，必要时报警。",
    "tax": "一、利息所得目前暂免征收个人所得税。\n---\n二、非居民账户须取得税收居民身份声明。",
    "law": "",
}
YES_NO = ("对", "错")
BANK: dict[str, Sequence[tuple[str, str, tuple[str, ...], tuple[int, ...], str]]] = {
    "wealth": (
        (
            "single",
            "客户风险评级为 R2，可以推荐哪一级产品？",
            ("R2 及以下", "R3", "R4", "任何等级"),
            (0,),
            "不得高于客户等级。",
        ),
        ("single", "风险评估的有效期最长为？", ("一年", "两年", "三年", "长期"), (0,), "到期须重新评估。"),
        (
            "several",
            "下列哪些话不能说？",
            ("保本保收益", "和存款一样", "历史业绩不代表将来", "稳赚不赔"),
            (0, 1, 3),
            "均属禁用语。",
        ),
        ("true_false", "可以代客户在手机银行上操作购买。", YES_NO, (1,), "须由客户本人操作。"),
        ("true_false", "销售专区内销售须录音录像。", YES_NO, (0,), "双录要求。"),
        (
            "single",
            "客户坚持购买超出等级的产品，应当？",
            ("劝其重新评估或放弃", "直接办理", "代填问卷", "请亲属代买"),
            (0,),
            "",
        ),
        ("several", "推荐前应向客户说明？", ("风险等级", "费用", "期限与赎回", "同事的业绩"), (0, 1, 2), ""),
    ),
    "fraud": (
        (
            "single",
            "客户称要向“安全账户”转账，应当？",
            ("立即劝阻并报告", "照办", "让其自助办理"),
            (0,),
            "没有安全账户。",
        ),
        ("true_false", "公检法会通过电话办案并要求转账。", YES_NO, (1,), "不会。"),
        ("several", "哪些是可疑迹象？", ("边打电话边操作", "急于转出全部存款", "带身份证来"), (0, 1), ""),
        ("true_false", "劝阻后客户仍坚持，应报告网点负责人。", YES_NO, (0,), ""),
    ),
    "tax": (
        ("true_false", "储蓄存款利息目前暂免个人所得税。", YES_NO, (0,), ""),
        ("single", "新开个人账户的税收居民身份由谁声明？", ("客户本人", "客户经理", "网点"), (0,), ""),
        ("true_false", "非居民账户信息无需报送。", YES_NO, (1,), ""),
        ("single", "CRS 指的是？", ("金融账户涉税信息交换", "信用评级", "外汇申报"), (0,), ""),
    ),
}


def seed_training(*, rng: random.Random, end: date, at: datetime) -> None:
    """Make them; the same generator makes the same."""
    maker = User.objects.filter(username="hq", is_active=True).select_related("branch").first()
    if maker is None:
        return
    made = {line[0]: _course(line, maker, at - timedelta(days=400)) for line in COURSES}
    people = list(User.objects.filter(is_active=True).select_related("branch").order_by("pk"))
    keepers = [person for person in people if person.role in BOOK_KEEPERS]
    for place, person in enumerate(keepers):
        # One sign-in of the branch is left without, so that the refusal can be seen.
        if person.username == "expert" or (place > 6 and rng.random() < 0.2):
            continue
        ago = 345 if place % 7 == 3 else rng.randint(20, 250)
        _passed(made["wealth"], person, at - timedelta(days=ago), rng)
        if person.role == Role.SENIOR_MANAGER or place % 6 == 0:
            _passed(made["tax"], person, at - timedelta(days=rng.randint(20, 300)), rng)
    for person in people:
        if person.role in COUNTER and rng.random() < 0.8:
            _passed(made["fraud"], person, at - timedelta(days=rng.randint(10, 360)), rng)
    _dates(made["law"], at, rng)


def _course(
    line: tuple[str, str, str, str, Sequence[str], Sequence[int], bool, str, int], by: User, at: datetime
) -> Course:
    code, title, about, kind, roles, tiers, is_required, licence, months = line
    bank = BANK.get(code, ())
    facts = CourseFacts(
        title=title,
        about=about,
        kind=kind,
        roles=[str(role) for role in roles],
        tiers=tiers,
        is_required=is_required,
        licence=licence,
        valid_months=months,
        pass_mark=60,
        questions=min(5, max(0, len(bank) - 1)),
        retry_hours=24,
        content=PAGES[code],
    )
    course = courses.draft_course(code=code, facts=facts, actor=by, at=at)
    asked = [Asked(kind_, text, options, frozenset(right), why) for kind_, text, options, right, why in bank]
    if asked:
        courses.add_questions(course=course, asked=asked, actor=by, at=at)
    return courses.use_course(course=course, actor=by, at=at)


def _passed(course: Course, person: User, at: datetime, rng: random.Random) -> None:
    attempt = studying.begin_attempt(course=course, actor=person, at=at, seed=rng.getrandbits(62))
    answers = {pk: question.right for pk, question in Question.objects.in_bulk(attempt.asked).items()}
    done = at + timedelta(minutes=rng.randint(6, 20))
    studying.finish_attempt(attempt=attempt, answers=answers, actor=person, at=done)


def _dates(course: Course, at: datetime, rng: random.Random) -> None:
    """One that took place with its results, one to come that is full."""
    head = User.objects.filter(username="head", is_active=True).select_related("branch").first()
    if head is None:
        return
    team = list(User.objects.filter(branch=head.branch, is_active=True, role__in=BOOK_KEEPERS).order_by("pk"))
    past = _date(course, head.branch, head, at - timedelta(days=40), at - timedelta(days=60), 12)
    for person in team[:4]:
        sessions.enrol(session=past, user=person, actor=head, at=at - timedelta(days=50))
    noted = {person.pk: sessions.Result(came=place != 3, mark=rng.randint(62, 95)) for place, person in enumerate(team)}
    sessions.note_results(session=past, results=noted, actor=head, at=at - timedelta(days=39))
    ahead = _date(course, head.branch, head, at + timedelta(days=12), at - timedelta(days=5), 3)
    for person in team[2:7]:
        sessions.enrol(session=ahead, user=person, actor=head, at=at - timedelta(days=4))


def _date(course: Course, branch: Branch, by: User, day: datetime, at: datetime, seats: int) -> sessions.Session:
    starts_at = datetime.combine(day.astimezone(SHANGHAI).date(), time(14), SHANGHAI)
    ends_at = starts_at + timedelta(hours=3)
    facts = sessions.SessionFacts(course, branch, "营业厅三楼培训室", "市行法律顾问", starts_at, ends_at, seats)
    return sessions.plan_session(facts=facts, actor=by, at=at)
