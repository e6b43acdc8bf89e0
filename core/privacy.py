"""Masks for what is shown by default. Each gives "" for None and blank; what is too short to hide is stars only."""

import re

_STARS = "****"
_REGION_CHARS = 6
_HAN_START = re.compile(f"[\u4e00-\u9fff]{{1,{_REGION_CHARS}}}")
_REGION = re.compile("[\u4e00-\u9fff]*[省市区县州盟旗]")


def mask_id_no(text: str | None) -> str:
    """Resident numbers keep the first 4 and last 2 (1101************14), other papers the first 1 and last 2."""
    number = (text or "").strip()
    if len(number) in (15, 18):
        return _keep(number, 4, 2)
    return _keep(number, 1, 2)


def mask_phone(text: str | None) -> str:
    """Mobiles show as 138****8001; landlines and foreign numbers keep the first 3 and last 2."""
    number = (text or "").strip()
    if len(number) == 11 and number.startswith("1"):
        return _keep(number, 3, 4)
    return _keep(number, 3, 2)


def mask_email(text: str | None) -> str:
    """z***@example.com; the domain stays, a single-letter name does not."""
    address = (text or "").strip()
    name, at, domain = address.rpartition("@")
    if not address:
        return ""
    if not at:
        return "***"
    return f"{name[:1] if len(name) > 1 else ''}***@{domain}"


def mask_wechat(text: str | None) -> str:
    """The first 2 and last 1 of a WeChat id."""
    return _keep((text or "").strip(), 2, 1)


def mask_address(text: str | None) -> str:
    """Province, city or district within the first 6 characters, then stars; nothing of an address not in Chinese."""
    address = (text or "").strip()
    if not address:
        return ""
    start = _HAN_START.match(address)
    if start is None:
        return _STARS
    region = _REGION.match(start[0])
    # Without a region's name the first two characters are a province or city written short (上海浦东...).
    return (region[0] if region else start[0][:2] if len(address) > 4 else "") + _STARS


def mask_account(text: str | None) -> str:
    """The last 4 of an account or card number; the last 2 of a number shorter than 8."""
    number = (text or "").strip()
    if not number:
        return ""
    shown = 4 if len(number) >= 8 else 2 if len(number) >= 4 else 0
    return _STARS + number[len(number) - shown :]


def _keep(number: str, first: int, last: int) -> str:
    hidden = len(number) - first - last
    if hidden < max(first, last):
        return "*" * len(number)
    return number[:first] + "*" * hidden + number[len(number) - last :]
