"""Student's t distribution, for intervals: as exact as doubles are, without a library at run time."""

from functools import lru_cache
from math import exp, lgamma, log
from statistics import NormalDist
from typing import Final

_STEPS: Final = 500
_TINY: Final = 1e-300
_NEAR: Final = 1e-15
_HALVINGS: Final = 60
# From here on t and the normal distribution agree to twelve digits.
_ENDLESS: Final = 1e12
# A quantile takes a millisecond; a page of a bank's units asks for the same few again and again.
_REMEMBERED: Final = 4_096


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function (Lentz; Numerical Recipes 6.4)."""
    c, d = 1.0, 1 / _kept(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _kept(1 + term * d)
            c = _kept(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < _NEAR:
            break
    return value


def _kept(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def _beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, 1 - x) / b


def t_above(value: float, freedom: float) -> float:
    """The chance of a t of `freedom` degrees above `value`, which is not negative."""
    return _beta(freedom / 2, 0.5, freedom / (freedom + value * value)) / 2


@lru_cache(_REMEMBERED)
def t_quantile(share: float, freedom: float) -> float:
    """The value that a t of `freedom` degrees (any positive number) stays below with chance `share`, 0.5 to 1.

    Raises ValueError outside of these.
    """
    if not (0.5 <= share < 1 and freedom > 0):
        raise ValueError("share from 0.5 to below 1, degrees of freedom above 0")
    normal = NormalDist().inv_cdf(share)
    if share == 0.5 or freedom > _ENDLESS:
        return normal
    low, high = 0.0, max(1.0, normal)
    while t_above(high, freedom) > 1 - share:
        low, high = high, high * 2
    for _halving in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if t_above(middle, freedom) > 1 - share else (low, middle)
    return (low + high) / 2
