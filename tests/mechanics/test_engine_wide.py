"""128-bit numbers in halves behave as the law's, at every size and at every edge."""

import numpy as np
import pytest

from mechanics.engine import transcendental, wide
from mechanics.engine.wide import halves, integers, pair
from mechanics.fixed import I64F64, U64F64, U96F32
from mechanics.transcendental import checked_sqrt, safe_pow
from tests.mechanics.states import COUNT, Draw


def _bits(number: tuple) -> int:
    return int(number[0]) << 64 | int(number[1])


_OF_TWO = {
    "mul_u64f64": lambda a, b: U64F64(a) * U64F64(b),
    "div_u64f64": lambda a, b: U64F64(a).safe_div(U64F64(b)),
    "mul_u96f32": lambda a, b: U96F32(a) * U96F32(b),
    "div_u96f32": lambda a, b: U96F32(a).safe_div(U96F32(b)),
    "total": lambda a, b: U64F64(a) + U64F64(b),
    "rest": lambda a, b: U64F64(a) - U64F64(b),
}

_OF_ONE = {
    "u64f64_from_u96f32": lambda a: U64F64.saturating_from(U96F32(a)),
    "u96f32_from_u64f64": lambda a: U96F32.saturating_from(U64F64(a)),
}


@pytest.mark.parametrize("name", _OF_TWO)
def test_arithmetic_of_two_is_the_laws(name):
    draw = Draw(name)
    compiled, law = getattr(wide, name), _OF_TWO[name]
    for _ in range(10 * COUNT):
        a, b = draw.bits(128), draw.bits(128)
        assert _bits(compiled(pair(a), pair(b))) == law(a, b).bits, (a, b)


@pytest.mark.parametrize("name", _OF_ONE)
def test_conversions_are_the_laws(name):
    draw = Draw(name)
    compiled, law = getattr(wide, name), _OF_ONE[name]
    for _ in range(COUNT):
        a = draw.bits(128)
        assert _bits(compiled(pair(a))) == law(a).bits, a


def test_signed_differences_and_parts_are_the_laws():
    draw = Draw(1)
    for _ in range(COUNT):
        a, b, part = draw.signed(128), draw.signed(128), draw.bits(64)
        difference = wide.difference_signed(pair(a), pair(b))
        assert integers(halves([_bits(difference)]), True) == [(I64F64(a) - I64F64(b)).bits]
        of_part = wide.part_signed(pair(a), np.uint64(part))
        assert integers(halves([_bits(of_part)]), True) == [(I64F64(a) * I64F64(part)).bits]


def test_powers_are_the_laws():
    draw = Draw(2)
    at_once = 4
    for _ in range(COUNT // at_once + 1):
        values = [draw.bits(draw.choice((80, 128))) for _ in range(at_once)]
        exponent = draw.choice((0, 1 << 64, 3 << 64, draw.bits(128), draw.bits(66)))
        computed = integers(transcendental.safe_pow(halves(values), pair(exponent)))
        by_law = [safe_pow(U64F64(value), U64F64(exponent)).bits for value in values]
        assert computed == by_law, (values, exponent)


def test_roots_are_the_laws():
    draw = Draw(3)
    for _ in range(COUNT // 3 + 1):
        value, epsilon = draw.bits(128), draw.bits(70)
        computed = transcendental.checked_sqrt(pair(value), pair(epsilon))
        assert _bits(computed) == checked_sqrt(U64F64(value), U64F64(epsilon)).bits, value


def test_rows_of_halves_hold_every_number_as_arrow_does():
    numbers = [0, 1, -1, 2**64, -(2**64) - 1, 2**127 - 1, -(2**127)]
    assert integers(halves(numbers), is_signed=True) == numbers
    assert integers(halves([2**128 - 1])) == [2**128 - 1]
    assert halves([2**64 + 2]).tolist() == [[2, 1]]
    with pytest.raises(OverflowError, match="340282366920938463463374607431768211456"):
        halves([2**128])


def test_amounts_become_uint64_or_are_refused():
    assert wide.words([0, 2**64 - 1]).tolist() == [0, 2**64 - 1]
    assert wide.words(np.array([5])).dtype == np.uint64
    for wrong in ([-1], np.array([-1]), [2**64]):
        with pytest.raises(OverflowError):
            wide.words(wrong)
    with pytest.raises(TypeError):
        wide.words([1.5])


def test_columns_of_another_type_are_refused_by_name():
    wide.require_uint64(price=np.zeros(1, np.uint64), root_proportion=None)
    for kind in (np.int64, np.float64, object):
        with pytest.raises(TypeError, match="price"):
            wide.require_uint64(price=np.zeros(1, kind))
