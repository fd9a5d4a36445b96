"""The moving prices a block writes, on arrays: one row a candidate."""

from dataclasses import dataclass

import numpy as np

from mechanics import moving_price as law
from mechanics.engine.wide import (
    GREATEST_SIGNED,
    ONE_U64F64,
    SIGN,
    UNIT,
    ZERO,
    at,
    compiled,
    div_u64f64,
    div_u96f32,
    is_less,
    mul_u64f64,
    mul_u96f32,
    pair,
    put,
    require_uint64,
    rest,
    total,
    u64f64_from_u96f32,
    u96f32,
    u96f32_from_u64f64,
    unsigned_from_signed,
)
from mechanics.eras import BadState
from mechanics.fixed import I96F32
from mechanics.moving_price.v246_slow_start import HALVING_BLOCKS

_CAPPED_FROM = 234
_SLOWED_FROM = 246
_HALVING_BLOCKS_FROM = 252
_FROM_START_CALL = 258
_WIDE_FROM = 423


@dataclass(frozen=True, slots=True)
class MovingPrices:
    """Candidates at the moment their moving prices are written; ``law.MovingPriceState`` of each.

    Attributes:
        block_number: the block being made.
        mechanism: SubnetMechanism, shape (n,).
        moving_price: SubnetMovingPrice before, I96F32, shape (n, 2).
        spot_price: U96F32 up to spec 422, U64F64 from 423, shape (n, 2).
        subnet_moving_alpha: SubnetMovingAlpha.
        network_registered_at_block: NetworkRegisteredAt, uint64, shape (n,); specs 246 to 257.
        first_emission_block_number: FirstEmissionBlockNumber, uint64, 0 where there is none, shape
            (n,); from spec 258.
        ema_price_halving_blocks: EMAPriceHalvingBlocks, uint64, shape (n,); from spec 252.
    """

    block_number: int
    mechanism: np.ndarray
    moving_price: np.ndarray
    spot_price: np.ndarray
    subnet_moving_alpha: I96F32
    network_registered_at_block: np.ndarray | None = None
    first_emission_block_number: np.ndarray | None = None
    ema_price_halving_blocks: np.ndarray | None = None


def recompute(spec_version: int, pre: MovingPrices) -> np.ndarray:
    """The moving prices the block writes.

    Rule
        That of the era's ``recompute``.

    Args
        spec_version: which.
        pre: the candidates.

    Returns
        TAO per alpha, I96F32, shape (n, 2).

    Errors
        UnknownRule where the law knows no rule; BadState for a part that is missing;
        TypeError for a column of another type.

    Source
        ``mechanics.moving_price``.
    """
    law.ERAS.at(spec_version)
    require_uint64(
        moving_price=pre.moving_price,
        spot_price=pre.spot_price,
        network_registered_at_block=pre.network_registered_at_block,
        first_emission_block_number=pre.first_emission_block_number,
        ema_price_halving_blocks=pre.ema_price_halving_blocks,
    )
    n = len(pre.moving_price)
    began = halving_blocks = np.zeros(n, np.uint64)
    if spec_version >= _FROM_START_CALL:
        first = _given(pre.first_emission_block_number, "first_emission_block_number")
        began = first - np.minimum(first, UNIT)
    elif spec_version >= _SLOWED_FROM:
        began = _given(pre.network_registered_at_block, "network_registered_at_block")
    if spec_version >= _HALVING_BLOCKS_FROM:
        halving_blocks = _given(pre.ema_price_halving_blocks, "ema_price_halving_blocks")
    elif spec_version >= _SLOWED_FROM:
        halving_blocks = np.full(n, HALVING_BLOCKS, np.uint64)
    step = _wide if spec_version >= _WIDE_FROM else _narrow
    return step(
        spec_version >= _CAPPED_FROM,
        spec_version >= _SLOWED_FROM,
        np.uint64(pre.block_number),
        np.asarray(pre.mechanism) == 0,
        pre.moving_price,
        pre.spot_price,
        pair(pre.subnet_moving_alpha.bits),
        began,
        halving_blocks,
    )


def _given(column: np.ndarray | None, field: str) -> np.ndarray:
    if column is None:
        raise BadState(field, "is missing")
    return column


@compiled
def _narrow(
    is_capped, is_slowed, block, is_stable, moving_price, spot_price, alpha, began, halving_blocks
):
    """In U96F32."""
    one = u96f32(UNIT)
    n = len(began)
    written = np.empty((n, 2), np.uint64)
    for i in range(n):
        weight = unsigned_from_signed(alpha)
        if is_slowed:
            age = u96f32(block - began[i] if block > began[i] else ZERO)
            whole = total(age, u96f32(halving_blocks[i]))
            weight = mul_u96f32(weight, div_u96f32(age, whole))
        price = at(spot_price, i)
        if is_capped and is_less(one, price):
            price = one
        old = unsigned_from_signed(at(moving_price, i))
        if is_stable[i]:
            old = one
        kept = mul_u96f32(rest(one, weight), old)
        found = total(mul_u96f32(weight, price), kept)
        if found[0] & SIGN:
            found = GREATEST_SIGNED
        put(written, i, found)
    return written


@compiled
def _wide(
    is_capped, is_slowed, block, is_stable, moving_price, spot_price, alpha, began, halving_blocks
):
    """In U64F64."""
    n = len(began)
    written = np.empty((n, 2), np.uint64)
    for i in range(n):
        weight = u64f64_from_u96f32(unsigned_from_signed(alpha))
        if is_slowed:
            age = (block - began[i] if block > began[i] else ZERO, ZERO)
            whole = total(age, (halving_blocks[i], ZERO))
            weight = mul_u64f64(weight, div_u64f64(age, whole))
        price = at(spot_price, i)
        if is_capped and is_less(ONE_U64F64, price):
            price = ONE_U64F64
        old = u64f64_from_u96f32(unsigned_from_signed(at(moving_price, i)))
        if is_stable[i]:
            old = ONE_U64F64
        kept = mul_u64f64(rest(ONE_U64F64, weight), old)
        found = u96f32_from_u64f64(total(mul_u64f64(weight, price), kept))
        put(written, i, found)
    return written
