"""Words made comparable, so that neither width nor blanks nor points between signs hide one."""

import re
import unicodedata
from collections.abc import Iterable

# Signs nobody sees.
CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\ufeff]+")
_HAN = re.compile("[\u3400-\u9fff]")
# Between parts that joined would read as a word nobody wrote.
_CUT = "\0"
_SENTENCES = re.compile(r"[。!?;:,\n]+")


def fold(text: str) -> str:
    """Half width, small letters; sentences and their parts are cut from each other."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _CUT.join(CONTROL.sub(" ", part) for part in _SENTENCES.split(folded))


def blank_free(text: str) -> str:
    """Half width, small letters, without any blanks."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def is_word(text: str) -> bool:
    """Whether there is a letter or figure in it: signs alone would be found in every text."""
    return any(sign.isalnum() for sign in text)


def found_in(text: str, words: Iterable[str], allowed: Iterable[str]) -> list[str]:
    """Which words stand in a text: Chinese ones even with signs between, others as whole words; not within a phrase
    of `allowed`."""
    joined, spaced = _joined(fold(text)), f" {_spaced(fold(text))} "
    for phrase in sorted(map(fold, allowed), key=len, reverse=True):
        if _HAN.search(phrase):
            joined = joined.replace(_joined(phrase), _CUT)
        else:
            spaced = spaced.replace(f" {_spaced(phrase)} ", f" {_CUT} ")
    return [word for word in words if _holds(fold(word), joined, spaced)]


def _holds(word: str, joined: str, spaced: str) -> bool:
    return _joined(word) in joined if _HAN.search(word) else f" {_spaced(word)} " in spaced


def _joined(text: str) -> str:
    """Letters and figures only, as words in Chinese are found in."""
    return "".join(sign for sign in text if sign.isalnum() or sign == _CUT)


def _spaced(text: str) -> str:
    """Letters and figures in words, one blank between them, as words in English are found in."""
    signs = (sign if sign.isalnum() and not _HAN.match(sign) else f" {_CUT} " if sign == _CUT else " " for sign in text)
    return " ".join("".join(signs).split())
