"""What to say on the phone about each sign of outflow, until a policy of kind "outflow" says otherwise.

They ask and listen; nobody is pressed to stay, no return is promised, and a stranger's hand is thought of first.
"""

from collections.abc import Mapping
from typing import Final

SCRIPTS: Final[Mapping[str, Mapping[str, str]]] = {
    "fall": {
        "zh": "您好，我是您的客户经理。最近您账户的资金变动比较大，想确认一下是您本人安排的。"
        "后面还有用款计划吗？需要的话我帮您看看怎么存更灵活、利息不吃亏。",
        "en": "Hello, this is your relationship manager. There was more movement on your account than"
        " usual; I am calling to make sure it was you. Are there more payments to come? If it helps, we can look at how"
        " to keep the rest available without losing interest.",
    },
    "salary": {
        "zh": "您好，您每月的入账这个月还没有到，想问问是不是换了单位或工资卡？"
        "如果在我行办理有什么不方便的地方，请告诉我，我来帮您处理。",
        "en": "Hello, the amount that usually arrives each month has not come this time. Did you change jobs, or the"
        " account it is paid to? If anything here was inconvenient, please tell me and I will see to it.",
    },
    "cascade": {
        "zh": "您好，看到您最近几次转出，先跟您确认是本人操作，没有遇到陌生人让您转账吧？"
        "如果资金另有安排，到期或用完后我们再约时间看看怎么打理。",
        "en": "Hello, several amounts left your account these days. First: was it you each time, and did nobody you"
        " do not know ask you to pay? If the money has a purpose, let us agree when to talk about the rest.",
    },
    "matured": {
        "zh": "您好，您有一笔存款到期了，现在按活期计息。您打算用这笔钱，还是继续存？"
        "我把几种期限和利率发给您，您看哪种合适。",
        "en": "Hello, a deposit of yours has matured and now earns the demand rate only. Do you need the money, or"
        " shall it go on? I can send you the terms and rates to choose from.",
    },
    "complaint": {
        "zh": "您好，上次您反映的问题我一直记着，先跟您说抱歉。目前处理到这一步……还有哪里让您不满意，请直接告诉我。",
        "en": "Hello, I have not forgotten what you told us, and I am sorry about it. This is where it stands … Is"
        " there anything else you were not content with? Please tell me.",
    },
    "contact": {
        "zh": "您好，今天是服务回访：有一段时间没跟您联系了，我们的服务有没有让您不方便、需要改进的地方？",
        "en": "Hello, I am calling about our service: we have not spoken for a while. Is there anything we could do"
        " better for you?",
    },
    "tier": {
        "zh": "您好，想跟您说一下，按目前的日均，您的客户等级可能会调整。"
        "您现在享有的服务有哪些用得上？我们看看怎么安排对您合适。",
        "en": "Hello, with the average of these months your tier may change. Which of your services do you use?"
        " Let us see what suits you.",
    },
}
