import re
import unicodedata
from dataclasses import dataclass

from pypinyin import Style, lazy_pinyin, pinyin

# Only readings that differ from a character's usual one: pypinyin gives dan, ceng, jie ... for these surnames.
_SURNAMES = dict(
    re.findall(
        r"(\S)([a-z]+)",
        "单shan 單shan 曾zeng 解xie 查zha 仇qiu 朴piao 区ou 區ou 盖ge 蓋ge 覃qin 种chong 缪miao 繆miao 乐yue 樂yue "
        "翟zhai 员yun 員yun 黑he 秘bi 祕bi 折she 繁po 郇xun 洗xian 能nai 祭zhai 召shao 句gou 都du 便pian 适kuo 炅gui "
        "藏zang 乜nie 薄bo 蔚yu 佴nai 粘nian 逢pang 阚kan 闞kan",
    )
)
# The same for surnames of two characters, which stand before the single ones: 单于 is Chanyu, 单 alone is Shan.
_COMPOUND_SURNAMES = {
    "单于": ("chan", "yu"),
    "單于": ("chan", "yu"),
    "万俟": ("mo", "qi"),
    "萬俟": ("mo", "qi"),
    "尉迟": ("yu", "chi"),
    "尉遲": ("yu", "chi"),
    "长孙": ("zhang", "sun"),
    "長孫": ("zhang", "sun"),
    "澹台": ("tan", "tai"),
    "澹臺": ("tan", "tai"),
    "子车": ("zi", "ju"),
    "子車": ("zi", "ju"),
}
_GIVEN = {"长": "chang", "長": "chang", "晟": "sheng", "珩": "heng", "隽": "jun", "佛": "fo", "卜": "bu", "了": "liao"}

_HAN_CLASS = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_HAN = re.compile(f"[{_HAN_CLASS}]+")
_RUNS = re.compile(f"[{_HAN_CLASS}]+|[^{_HAN_CLASS}]+")
_GAPS_IN_HAN = re.compile(rf"(?<=[{_HAN_CLASS}])[\s·•‧・∙]+(?=[{_HAN_CLASS}])")
_ACCENTS = re.compile("(?<=[a-z])[\u0300-\u036f]+")
_WORDS = re.compile(r"[^\W_][\w'’]*")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a name sounds, for search and order: `full` "ouyangxue", `initials` "oyx"; lower case, no tones, ü is v."""

    full: str
    initials: str


class _Readings(dict[str, str]):
    """One reading a character, asked of pypinyin once and kept: a name costs look-ups, not a call."""

    def __missing__(self, char: str) -> str:
        sound: str = lazy_pinyin(char)[0]
        self[char] = sound
        return sound


_readings = _Readings(_GIVEN)


def reading(name: str, is_person: bool = True) -> Reading:
    """The pinyin of a name. Persons are read by surname; organisations word by word (银行 yinhang, 长沙 changsha)."""
    if _HAN.fullmatch(name):
        sounds = _spell(name, is_person)
        return Reading("".join(sounds), "".join([sound[0] for sound in sounds]))
    return _read_mixed(name, is_person)


def surname_readings(char: str) -> tuple[str, ...]:
    """Every way a person's or an organisation's name that begins with this character can begin to sound."""
    if not _HAN.fullmatch(char):
        return (reading(char).full or char.lower(),)
    sounds = {_readings[char], *pinyin(char, style=Style.NORMAL, heteronym=True)[0]}
    sounds |= {_SURNAMES[char]} if char in _SURNAMES else set()
    sounds |= {first for name, (first, _second) in _COMPOUND_SURNAMES.items() if name[0] == char}
    return tuple(sorted(sounds))


def _spell(han: str, is_person: bool) -> list[str]:
    if not is_person:
        return list(lazy_pinyin(han))
    sounds = [_readings[char] for char in han]
    compound = _COMPOUND_SURNAMES.get(han[:2]) if len(han) > 2 else None
    if compound:
        sounds[:2] = compound
    else:
        sounds[0] = _SURNAMES.get(han[0], sounds[0])
    return sounds


def _read_mixed(name: str, is_person: bool) -> Reading:
    text = _GAPS_IN_HAN.sub("", " ".join(unicodedata.normalize("NFKC", name).lower().split()))
    full, initials = [], []
    for run in _RUNS.finditer(text):
        if _HAN.fullmatch(run[0]):
            # A surname stands at the front only: 小单 is Xiaodan.
            sounds = _spell(run[0], is_person) if run.start() == 0 or not is_person else [_readings[c] for c in run[0]]
            full += sounds
            initials += [sound[0] for sound in sounds]
        else:
            plain = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", run[0])))
            full.append(plain)
            initials += [word[0] for word in _WORDS.findall(plain)]
    return Reading("".join(full), "".join(initials))
