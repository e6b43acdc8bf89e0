"""How a customer is addressed."""

import re
from collections.abc import Mapping
from typing import Final

from customers.enums import Sex

# A Chinese name is addressed in Chinese, whatever language the rest is in.
TITLES: Final[Mapping[str, str]] = {Sex.MALE: "先生", Sex.FEMALE: "女士"}

_HAN: Final = re.compile("[\u3400-\u9fff]{2,5}")
# Surnames of two characters still in use, simplified and traditional.
_COMPOUND: Final = frozenset(
    re.findall(
        r"\S+",
        "欧阳 歐陽 上官 司马 司馬 诸葛 諸葛 夏侯 皇甫 东方 東方 慕容 令狐 司徒 南宫 南宮 宇文 长孙 長孫 尉迟 尉遲 "
        "万俟 萬俟 单于 單于 澹台 澹臺 公孙 公孫 轩辕 軒轅 钟离 鍾離 闻人 聞人 申屠 太史 端木 百里 呼延 西门 西門 "
        "东郭 南门 公羊 赫连 赫連 淳于 濮阳 濮陽 司空 鲜于 鮮于 闾丘 独孤 獨孤 拓跋 第五 子车 子車",
    )
)


def surname_of(name: str) -> str:
    """The surname of a Chinese name, of one or two characters; "" for a name of any other kind."""
    if not _HAN.fullmatch(name):
        return ""
    return name[:2] if len(name) > 2 and name[:2] in _COMPOUND else name[:1]


def salutation(name: str, sex: str) -> str:
    """欧阳先生; the whole name where no form of address is known to fit."""
    surname = surname_of(name)
    return f"{surname}{TITLES[sex]}" if surname and sex in TITLES else name
