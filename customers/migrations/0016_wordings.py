"""The first wording of each purpose: plain enough to read out at the counter, specific enough to agree to."""

from datetime import date, datetime
from typing import Any

from django.db import migrations

from core.clock import SHANGHAI

EFFECTIVE_ON = date(2026, 1, 1)
CREATED_AT = datetime(2026, 1, 1, tzinfo=SHANGHAI)
REFUSABLE_ZH = "是否同意由您自愿决定，不同意不影响您办理任何银行业务。您可以随时通过柜台、客户经理或客服热线撤回同意，撤回与同意同样方便，自撤回之时起生效。"
REFUSABLE_EN = (
    "You are free to agree or not; refusing has no effect on any banking service. You may withdraw your consent at any "
    "time at the counter, through your manager or by the service hotline, as easily as you gave it; a withdrawal takes "
    "effect at once."
)
# Purpose: Chinese and English text.
WORDINGS = {
    "marketing": (
        "本人同意贵行使用本人的姓名和联系方式，通过本人勾选的渠道向本人发送存款及其他金融产品、服务和活动的推介信息。"
        "每条信息均会标明发送方为贵行，并提供免费的退订方式。",
        "I agree that the bank uses my name and contact details to send me, over the channels I choose, information "
        "that recommends deposits and other financial products, services and events. Each message names the bank as "
        "its sender and offers a free way to unsubscribe.",
    ),
    "profiling": (
        "本人同意贵行对本人在贵行的存款余额、产品持有和服务往来记录进行自动化分析，据此向本人提供个性化的产品和服务建议，"
        "并通过本人勾选的渠道告知本人。贵行不会据此在交易价格等交易条件上对本人实行不合理的差别待遇；"
        "对本人权益有重大影响的决定，本人有权要求说明，并有权拒绝仅以自动化方式作出的决定。",
        "I agree that the bank analyses by automated means the balances, products and contacts I have with it, in "
        "order to suggest products and services suited to me over the channels I choose. The bank will not treat me "
        "unreasonably differently in price or other terms on that account; where a decision weighs heavily on my "
        "interests I may ask for an explanation and refuse one made by automated means alone.",
    ),
    "partners": (
        "本人同意贵行为举办本人报名参加的活动或提供本人申请的增值服务，将本人的姓名和联系方式提供给当次书面告知本人的合作机构，"
        "并通过本人勾选的渠道与本人联系。合作机构的名称、联系方式、处理目的、处理方式和个人信息种类以当次书面告知为准；"
        "未列明的机构和用途，贵行将另行取得本人的单独同意。",
        "I agree that the bank passes my name and contact details to the partner named to me in writing on each "
        "occasion, for an event I sign up for or an added service I ask for, and contacts me about it over the "
        "channels I choose. The partner's name and contact, the purpose, the manner and the kinds of data are those "
        "told to me in writing; for any other receiver or use the bank asks for my separate consent.",
    ),
    "survey": (
        "本人同意贵行通过本人勾选的渠道就服务质量与本人联系，邀请本人参加满意度调查。调查结果仅用于改进服务，不用于营销。",
        "I agree that the bank contacts me over the channels I choose to ask how satisfied I am with its service. The "
        "answers serve to improve the service only, and no marketing.",
    ),
    "online": (
        "本人同意贵行收集和使用本人登录手机银行、网上银行和微信银行后的浏览、点击和咨询记录，用于了解本人的服务需求、"
        "优化页面内容，并通过本人勾选的渠道提供与之相关的服务提示。上述记录保存不超过十二个月。",
        "I agree that the bank collects and uses the pages I view, what I click and what I ask after signing in to "
        "mobile, internet and WeChat banking, in order to learn which services I need, to improve its pages and to "
        "give me related hints over the channels I choose. These records are kept for twelve months at most.",
    ),
}


def create(apps: Any, _editor: Any) -> None:
    wordings = apps.get_model("customers", "ConsentWording").objects
    rows = [
        wordings.model(
            purpose=purpose,
            version=1,
            text_zh=chinese + REFUSABLE_ZH,
            text_en=f"{english} {REFUSABLE_EN}",
            effective_on=EFFECTIVE_ON,
            created_at=CREATED_AT,
        )
        for purpose, (chinese, english) in WORDINGS.items()
    ]
    wordings.bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("customers", "0015_ownership_trigger")]
    # Taking them out again would rewrite the ledger; with the table they go.
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
