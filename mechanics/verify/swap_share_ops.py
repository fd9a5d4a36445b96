"""The weighted pool's and the share pool's operations at spec 425, and one step of a swap."""

from collections.abc import Callable
from typing import Any

from mechanics.amm import v424_bounded_input as amm
from mechanics.amm.state import PoolState, Refused, Side
from mechanics.eras import BadState
from mechanics.fixed import U64F64
from mechanics.share_pool import v397_safe_float as share_pool
from mechanics.share_pool.safe_float import MOST, SafeFloat
from mechanics.share_pool.state import SharePool
from mechanics.verify.form import (
    Check,
    UnknownForm,
    agreed,
    boolean,
    fixed,
    integer,
    optional_integer,
    row,
    signed,
    unsigned,
)

_SPEC_VERSION = 425
_SIDES = {"buy": Side.BUY, "sell": Side.SELL}


def _pool(weight: Any, tao_rao: Any, alpha_rao: Any, fee_rate: int | None = None) -> PoolState:
    return PoolState(
        1,
        unsigned(tao_rao, 64),
        unsigned(alpha_rao, 64),
        fee_rate_u16=fee_rate,
        quote_weight_perquintill=unsigned(weight, 64),
    )


def _of_pool(rule: Callable[..., Any], pool: list, *more: Any) -> Any:
    """What a rule gives for a pool; None where its weights are out of bounds, as on chain."""
    try:
        return rule(_pool(*pool), *more)
    except BadState:
        return None


def _from_rational(case: Any) -> tuple[Any, Any]:
    part, whole, expected = row(case, 3)
    computed = amm.share_perquintill(unsigned(part, 128), unsigned(whole, 128))
    return unsigned(expected, 64), computed


def _left(is_sale: bool) -> Check:
    def of_pool(pool: PoolState, reserve: int, delta: int) -> int:
        base, quote = amm.weights(pool)
        powers = (base, quote) if is_sale else (quote, base)
        return agreed(
            amm.left(reserve, delta, *powers).bits, _left_by_engine(reserve, delta, *powers)
        )

    def check(case: Any) -> tuple[Any, Any]:
        weight, reserve, delta, expected = row(case, 4)
        more = unsigned(reserve, 64), unsigned(delta, 64)
        return optional_integer(expected), _of_pool(of_pool, [weight, 0, 0], *more)

    return check


def _left_by_engine(*row: int) -> int:
    import numpy as np

    # The engine takes a second to import, for which listing eras need not wait.
    from mechanics.engine import balancer as engine
    from mechanics.engine.wide import integers

    return integers(engine.left(_SPEC_VERSION, *(np.array([v], np.uint64) for v in row)))[0]


def _price(case: Any) -> tuple[Any, Any]:
    weight, alpha, tao, expected = row(case, 4)
    computed = _of_pool(lambda pool: amm.spot_price(pool).bits, [weight, tao, alpha])
    return optional_integer(expected), computed


def _update_weights(case: Any) -> tuple[Any, Any]:
    weight, tao, alpha, *more, expected = row(case, 6)
    more = [unsigned(rao, 64) for rao in more]
    return optional_integer(expected), _of_pool(_reweighted, [weight, tao, alpha], *more)


def _reweighted(pool: PoolState, *more: int) -> Any:
    import numpy as np

    from mechanics.engine import balancer as engine

    by_law = amm.reweighted(pool, *more)
    row = (pool.tao_reserve_rao, pool.alpha_reserve_rao, pool.quote_weight_perquintill, *more)
    weights, is_within = engine.reweighted(*(np.array([v], np.uint64) for v in row))
    return agreed(by_law, int(weights[0]) if is_within[0] else None)


def _delta_in(rule: Callable[..., int], is_sale: bool) -> Check:
    def check(case: Any) -> tuple[Any, Any]:
        weight, *prices, reserve, expected = row(case, 5)
        pool = [weight, 0, reserve] if is_sale else [weight, reserve, 0]
        computed = _of_pool(rule, pool, *(fixed(U64F64, price) for price in prices))
        return optional_integer(expected), computed

    return check


def _base_needed(case: Any) -> tuple[Any, Any]:
    weight, tao, alpha, wanted, expected = row(case, 5)
    computed = _of_pool(amm.alpha_needed_for, [weight, tao, alpha], unsigned(wanted, 64))
    return optional_integer(expected), computed


def _swap_step(case: Any) -> tuple[Any, Any]:
    tao, alpha, weight, rate, side, amount, limit, drop_fees, expected = row(case, 9)
    if side not in _SIDES:
        raise UnknownForm(f"{side!r} is neither buy nor sell")
    pool = _pool(weight, tao, alpha, unsigned(rate, 16))
    price = str(amm.spot_price(pool).bits)
    order = _SIDES[side], unsigned(amount, 64), fixed(U64F64, limit), boolean(drop_fees)
    twin = _step_by_engine(pool, *order)
    refusal = {}
    try:
        step = amm.step(pool, *order, amm.left)
    except Refused as refused:
        law, refusal = None, {"err": type(refused).__name__}
    else:
        law = {
            "delta_in": str(step.delta_in_rao),
            "delta_out": str(step.delta_out_rao),
            "fee_paid": str(step.fee_rao),
            "fee_to_block_author": str(step.author_fee_rao),
        }
    if law != twin:
        return expected, agreed(law, twin)
    return expected, (law or refusal) | {"price": price}


def _step_by_engine(
    pool: PoolState, side: Side, amount_rao: int, limit: U64F64, drop_fees: bool
) -> dict[str, str] | None:
    """The engine's step; None where it is refused."""
    import numpy as np

    from mechanics.engine import balancer as engine

    amounts = np.array([amount_rao], np.uint64)
    *columns, is_refused = engine.steps(_SPEC_VERSION, pool, side, amounts, limit, drop_fees)
    if is_refused[0]:
        return None
    names = ("delta_in", "delta_out", "fee_paid", "fee_to_block_author")
    return {name: str(column[0]) for name, column in zip(names, columns, strict=True)}


def _float(value: Any) -> SafeFloat:
    mantissa, exponent = row(value, 2)
    made = SafeFloat.new(integer(mantissa, 0, MOST), signed(exponent, 64))
    if made is None:
        raise UnknownForm(f"{value!r} is no SafeFloat")
    return made


def _written(value: SafeFloat | None) -> list[int] | None:
    return None if value is None else [value.mantissa, value.exponent]


def _expected(value: Any) -> list[int] | None:
    if value is None:
        return None
    mantissa, exponent = row(value, 2)
    return [unsigned(mantissa, 128), signed(exponent, 64)]


def _new(case: Any) -> tuple[Any, Any]:
    given, expected = row(case, 2)
    mantissa, exponent = row(given, 2)
    made = SafeFloat.new(unsigned(mantissa, 128), signed(exponent, 64))
    return _expected(expected), _written(made)


def _of_floats(rule: Callable[..., SafeFloat | None], count: int) -> Check:
    def check(case: Any) -> tuple[Any, Any]:
        *given, expected = row(case, count + 1)
        return _expected(expected), _written(rule(*map(_float, given)))

    return check


def _gt(case: Any) -> tuple[Any, Any]:
    one, other, expected = row(case, 3)
    return boolean(expected), _float(one).gt(_float(other))


def _to_u64(case: Any) -> tuple[Any, Any]:
    given, expected = row(case, 2)
    return unsigned(expected, 64), _float(given).to_u64()


def _from_fixed(case: Any) -> tuple[Any, Any]:
    bits, expected = row(case, 2)
    return _expected(expected), _written(SafeFloat.from_fixed(fixed(U64F64, bits)))


def _sequence(case: Any) -> tuple[Any, Any]:
    count, steps, expected = row(case, 3)
    stakers = range(unsigned(count, 16))
    pool: SharePool[SafeFloat] = SharePool(0, SafeFloat(0, 0))
    computed = []
    for step in row(steps):
        kind, *rest = row(step)
        if kind == "all" and len(rest) == 1:
            pool = share_pool.update_all(pool, signed(rest[0], 64))
        elif kind == "one" and len(rest) == 2:
            staker = integer(rest[0], 0, len(stakers) - 1)
            pool, _ = share_pool.update_one(pool, staker, signed(rest[1], 64))
        else:
            raise UnknownForm(f"{step!r} is no step of a share pool")
        computed.append([share_pool.value_of(pool, staker) for staker in stakers])
    return [[unsigned(value, 64) for value in row(values)] for values in row(expected)], computed


OPS: dict[str, Check] = {
    "swap.from_rational": _from_rational,
    "swap.bal_exp_base_quote": _left(is_sale=True),
    "swap.bal_exp_quote_base": _left(is_sale=False),
    "swap.bal_calculate_price": _price,
    "swap.bal_update_weights": _update_weights,
    "swap.bal_calculate_quote_delta_in": _delta_in(amm.quote_delta_in, is_sale=False),
    "swap.bal_calculate_base_delta_in": _delta_in(amm.base_delta_in, is_sale=True),
    "swap.bal_get_base_needed_for_quote": _base_needed,
    "swap.swap_step": _swap_step,
    "share.sf_new": _new,
    "share.sf_add": _of_floats(SafeFloat.add, 2),
    "share.sf_sub": _of_floats(SafeFloat.sub, 2),
    "share.sf_div": _of_floats(SafeFloat.div, 2),
    "share.sf_gt": _gt,
    "share.sf_mul_div": _of_floats(SafeFloat.mul_div, 3),
    "share.sf_to_u64": _to_u64,
    "share.sf_from_U64F64": _from_fixed,
    "share.pool_seq": _sequence,
}
