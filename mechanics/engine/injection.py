"""What a block's TAO and alpha are turned into, on arrays: one row a candidate."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mechanics import injection as law
from mechanics.engine.wide import (
    ZERO,
    at,
    compiled,
    div_u96f32,
    div_u96f32_or,
    floor_u96f32,
    is_less,
    mul_u96f32,
    put,
    require_uint64,
    rest,
    u96f32,
)
from mechanics.eras import BadState, given, unsigned

_CLOSED_WITH_BOTH_OFF_FROM = 238
_SUBSIDY = range(298, 342)
_SUBSIDY_OF_BLOCK_EMISSION_FROM = 320
_NO_ALPHA_WHERE_CLOSED_FROM = 301
_EXCESS_BUYS_FROM = 342
_CLOSED_UNTIL = 361
_CAPPED_BY_BLOCK_EMISSION_FROM = 362
_CAPPED_BY_ROOT_FROM = 421


@dataclass(frozen=True, slots=True)
class Candidates:
    """Candidates before their injection; ``law.InjectionState`` of each.

    Attributes:
        tao_emission: TAO due, rao, unfloored, U96F32, shape (n, 2).
        price: spot price before the block, TAO per alpha, U96F32, shape (n, 2).
        alpha_emission_rao: alpha minted, uint64, shape (n,).
        is_registration_allowed, is_pow_registration_allowed: bool, shape (n,); up to spec 361.
        block_emission_rao: TAO the block mints; specs 298 to 420.
        root_proportion: U96F32, shape (n, 2); from spec 421.
    """

    tao_emission: np.ndarray
    price: np.ndarray
    alpha_emission_rao: np.ndarray
    is_registration_allowed: np.ndarray | None = None
    is_pow_registration_allowed: np.ndarray | None = None
    block_emission_rao: int | None = None
    root_proportion: np.ndarray | None = None


class Terms(NamedTuple):
    """The parts of the block split by the rule, in rao of each asset, unfloored.

    Attributes:
        tao_in, alpha_in, alpha_out, excess_tao: as in ``law.Terms``, U96F32, shape (n, 2).
        is_subsidized: bool, shape (n,).
    """

    tao_in: np.ndarray
    alpha_in: np.ndarray
    alpha_out: np.ndarray
    excess_tao: np.ndarray
    is_subsidized: np.ndarray

    def floored(self) -> "Injections":
        """The same in whole rao."""
        return Injections(*(_floored(column) for column in self[:4]), self.is_subsidized)


class Injections(NamedTuple):
    """The parts of the block in whole rao, uint64, shape (n,) each; ``law.Injection``."""

    tao_in_rao: np.ndarray
    alpha_in_rao: np.ndarray
    alpha_out_rao: np.ndarray
    excess_tao_rao: np.ndarray
    is_subsidized: np.ndarray


def recompute(spec_version: int, pre: Candidates) -> Injections:
    """The candidates' parts of the block: ``terms`` in whole rao."""
    return terms(spec_version, pre).floored()


def terms(spec_version: int, pre: Candidates) -> Terms:
    """The candidates' parts of the block, unfloored.

    Rule
        That of the era's ``terms``.

    Args
        spec_version: which.
        pre: the candidates.

    Returns
        rao of each asset, unfloored.

    Errors
        UnknownRule where the law knows no rule; BadState for a part that is missing;
        TypeError for a column of another type.

    Source
        ``mechanics.injection``.
    """
    law.ERAS.at(spec_version)
    require_uint64(
        tao_emission=pre.tao_emission,
        price=pre.price,
        alpha_emission_rao=pre.alpha_emission_rao,
        root_proportion=pre.root_proportion,
    )
    emission_rao = pre.block_emission_rao
    if spec_version in _SUBSIDY or _CAPPED_BY_BLOCK_EMISSION_FROM <= spec_version < 421:
        unsigned(given(emission_rao, "block_emission_rao"), "block_emission_rao")
    emission = np.uint64(emission_rao or 0)
    if spec_version in _SUBSIDY:
        is_of_block = spec_version >= _SUBSIDY_OF_BLOCK_EMISSION_FROM
        split = _subsidized(
            pre.tao_emission, pre.price, pre.alpha_emission_rao, emission, is_of_block
        )
    elif spec_version < _EXCESS_BUYS_FROM:
        split = _at_spot_price(pre.tao_emission, pre.price, pre.alpha_emission_rao)
    else:
        caps = _caps(spec_version, pre, emission)
        split = _within_caps(pre.tao_emission, pre.price, pre.alpha_emission_rao, caps)
    found = Terms(*split)
    if spec_version <= _CLOSED_UNTIL:
        _close(spec_version, pre, found)
    return found


def _caps(spec_version: int, pre: Candidates, emission: np.uint64) -> np.ndarray:
    if spec_version >= _CAPPED_BY_ROOT_FROM:
        if pre.root_proportion is None:
            raise BadState("root_proportion", "is missing")
        return _caps_by_root(pre.root_proportion, pre.alpha_emission_rao)
    minted = pre.alpha_emission_rao
    if spec_version >= _CAPPED_BY_BLOCK_EMISSION_FROM:
        minted = np.minimum(minted, emission)
    return _whole(minted)


def _close(spec_version: int, pre: Candidates, split: Terms) -> None:
    """Take from the closed subnets what the era takes."""
    registration = given(pre.is_registration_allowed, "is_registration_allowed")
    by_work = given(pre.is_pow_registration_allowed, "is_pow_registration_allowed")
    is_closed = ~registration & by_work
    if spec_version >= _CLOSED_WITH_BOTH_OFF_FROM:
        is_closed = ~(registration | by_work)
    split.tao_in[is_closed] = ZERO
    if spec_version >= _NO_ALPHA_WHERE_CLOSED_FROM:
        split.alpha_in[is_closed] = ZERO
        split.alpha_out[is_closed] = ZERO


@compiled
def _at_spot_price(tao_emission, price, alpha_emission):
    n = len(alpha_emission)
    alpha_in = np.empty((n, 2), np.uint64)
    for i in range(n):
        minted = u96f32(alpha_emission[i])
        at_price = div_u96f32_or(at(tao_emission, i), at(price, i), minted)
        put(alpha_in, i, at_price if is_less(at_price, minted) else minted)
    nothing = np.zeros((n, 2), np.uint64)
    return tao_emission.copy(), alpha_in, _whole(alpha_emission), nothing, np.zeros(n, np.bool_)


@compiled
def _subsidized(tao_emission, price, alpha_emission, block_emission, is_of_block_emission):
    n = len(alpha_emission)
    tao_in = tao_emission.copy()
    alpha_in = _whole(alpha_emission)
    excess = np.zeros((n, 2), np.uint64)
    is_subsidized = np.zeros(n, np.bool_)
    emission = u96f32(block_emission)
    for i in range(n):
        due, spot = at(tao_emission, i), at(price, i)
        if is_less(spot, div_u96f32(due, emission)):
            is_subsidized[i] = True
            injected = mul_u96f32(spot, emission)
            put(tao_in, i, injected)
            put(excess, i, rest(due, injected))
            if is_of_block_emission:
                put(alpha_in, i, emission)
        else:
            put(alpha_in, i, div_u96f32_or(due, spot, at(alpha_in, i)))
    return tao_in, alpha_in, _whole(alpha_emission), excess, is_subsidized


@compiled
def _within_caps(tao_emission, price, alpha_emission, caps):
    n = len(alpha_emission)
    tao_in = tao_emission.copy()
    alpha_in = np.empty((n, 2), np.uint64)
    excess = np.empty((n, 2), np.uint64)
    for i in range(n):
        due, spot, cap = at(tao_emission, i), at(price, i), at(caps, i)
        at_price, injected = div_u96f32(due, spot), due
        if is_less(cap, at_price):
            at_price, injected = cap, mul_u96f32(cap, spot)
        put(alpha_in, i, at_price)
        put(tao_in, i, injected)
        put(excess, i, rest(due, injected))
    return tao_in, alpha_in, _whole(alpha_emission), excess, np.zeros(n, np.bool_)


@compiled
def _caps_by_root(root_proportion, alpha_emission):
    caps = np.empty((len(alpha_emission), 2), np.uint64)
    for i in range(len(alpha_emission)):
        put(caps, i, mul_u96f32(at(root_proportion, i), u96f32(alpha_emission[i])))
    return caps


@compiled
def _whole(amounts):
    rows = np.empty((len(amounts), 2), np.uint64)
    for i in range(len(amounts)):
        put(rows, i, u96f32(amounts[i]))
    return rows


@compiled
def _floored(rows):
    amounts = np.empty(len(rows), np.uint64)
    for i in range(len(rows)):
        amounts[i] = floor_u96f32(at(rows, i))
    return amounts
