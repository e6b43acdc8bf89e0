"""What the demo bank says and offers: templates, offers and pieces of the library, each checked by a second person."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from campaigns.enums import OfferKind, Subject
from campaigns.models import Article, Offer, Template
from campaigns.queries.content import Content, digest_of
from campaigns.queries.offers import sorts_on
from campaigns.services.articles import ArticleFacts, draft_article
from campaigns.services.content import approve_content, submit_content
from campaigns.services.offers import OfferFacts, draft_offer
from campaigns.services.templates import TemplateFacts, draft_template
from servicing.enums import SavingKind
from staff.models import User

TEMPLATES = (
    (
        "到期续存短信",
        "sms",
        "",
        "{bank}：{salutation}您好，存款到期可来{branch}办理续存，利率以网点公示为准。退订：{opt_out}",
    ),
    ("生日祝福短信", "sms", "", "{bank}：{salutation}，祝您生日快乐！{branch}全体同事敬上。退订：{opt_out}"),
    (
        "存款方案邮件",
        "email",
        "{offer}",
        "{salutation}：\n{bank}现有{offer}，有效期至{offer_until}，利率以网点公示为准。\n退订：{opt_out}",
    ),
    ("企业微信问候", "wecom", "", "{bank}：{salutation}您好，我是{manager}，存款方面有需要请随时联系。退订：{opt_out}"),
)
ARTICLES = (
    (
        Subject.INSURANCE,
        "存款保险知识",
        "存款依照《存款保险条例》受到保护，最高偿付限额50万元。同一存款人在同一家银行的存款合并计算，本金和利息都在内。",
    ),
    (
        Subject.FRAUD,
        "谨防冒充客服",
        "银行不会来电索要密码和验证码，也不会要求把钱转到所谓“安全账户”。接到可疑来电，请先挂断，再到网点或拨打官方电话核实。",
    ),
    (
        Subject.INTEREST,
        "提前支取怎样计息",
        "定期存款提前支取的部分按支取日公布的活期利率计息，未支取的部分仍按开户日的利率计息。",
    ),
)


@dataclass(frozen=True, slots=True)
class People:
    """Who makes and who decides: the demo branch's head and manager, head office, compliance."""

    head: User
    manager: User
    hq: User
    compliance: User


def seed_templates(people: People, at: datetime) -> dict[str, Template]:
    """Templates in use, by name."""
    found = {}
    for name, channel, subject, body in TEMPLATES:
        facts = TemplateFacts(name, channel, subject, body, [])
        row = draft_template(facts=facts, actor=people.head, at=at)
        _put_in_use(row, people.head, people.hq, at)
        found[name] = Template.everything.get(pk=row.pk)
    return found


def seed_offers(people: People, first: date, last: date, at: datetime) -> dict[str, Offer]:
    """A single deposit and a ladder of them, in use from `first` until `last`."""
    terms = {sort.months: code for code, sort in sorts_on(last).items() if sort.kind == SavingKind.LUMP_SUM}
    year, three = terms.get(12), terms.get(36)
    pieces = {
        "一年期整存整取": (OfferKind.SINGLE, [{"product": year, "months": 12, "share": 100}]),
        "一年三年阶梯存款": (
            OfferKind.LADDER,
            [{"product": year, "months": 12, "share": 50}, {"product": three, "months": 36, "share": 50}],
        ),
    }
    found = {}
    for name, (kind, parts) in pieces.items():
        if any(part["product"] is None for part in parts):
            continue
        facts = OfferFacts(
            name=name,
            kind=kind,
            text=f"{name}，到期可自动转存。",
            pieces=parts,
            rule={"field": "kind", "op": "in", "value": ["person"]},
            risk="",
            least=Decimal(10_000),
            starts_on=first,
            ends_on=last,
            is_new=False,
        )
        row = draft_offer(facts=facts, actor=people.head, at=at)
        _put_in_use(row, people.head, people.hq, at)
        found[name] = Offer.everything.get(pk=row.pk)
    return found


def seed_library(people: People, end: date, at: datetime) -> None:
    """Pieces of the library in use, one of them to be reviewed soon."""
    for place, (subject, title, body) in enumerate(ARTICLES):
        facts = ArticleFacts(title, subject, body, [], end + timedelta(days=300), end + timedelta(days=10 + 90 * place))
        row: Article = draft_article(facts=facts, actor=people.manager, at=at)
        _put_in_use(row, people.manager, people.compliance, at)


def _put_in_use(row: Content, maker: User, second: User, at: datetime) -> None:
    row = submit_content(row=row, actor=maker, at=at)
    approve_content(row=row, digest=digest_of(row), actor=second, at=at)
