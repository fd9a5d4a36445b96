"""A block's TAO among the subnets, on arrays: prices, flows, burns and the gate.

Numbers of 128 bits are rows of two halves (see ``mechanics.engine.wide``), one row a candidate.
``recompute`` takes the law's own state and does the same.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from mechanics import emission as law
from mechanics.emission import v334_tao_flow
from mechanics.emission.state import (
    Emissions,
    EmissionState,
    FlowEma,
    FlowState,
    FlowStep,
    GateState,
)
from mechanics.emission.v440_gate import BAR_UPDATE_INTERVAL_BLOCKS
from mechanics.engine.transcendental import checked_sqrt, safe_pow
from mechanics.engine.wide import (
    GREATEST_SIGNED,
    NOTHING,
    ONE_U64F64,
    SIGN,
    ZERO,
    at,
    compiled,
    difference_signed,
    div_u64f64,
    halves,
    integers,
    is_less,
    is_less_signed,
    is_zero,
    mul_u64f64,
    mul_u96f32,
    over_u64f64,
    over_u96f32,
    pair,
    part_of_integer,
    part_signed,
    prepared,
    put,
    require_uint64,
    rest,
    total,
    u64f64_from_u96f32,
    u96f32_from_u64f64,
    unsigned_from_signed,
    wrapping_sum,
)
from mechanics.eras import given
from mechanics.fixed import I64F64, U64F64, U96F32

_BY_FLOW = range(334, 421)
_BY_ROOT = range(421, 425)
_GATED_FROM = 440
_NET_FROM = 411
_GREATEST_FACTOR = 2**63 - 1
_I32_MAX = pair(U64F64.of(2**31 - 1).bits)
_LEAST_WEIGHT = pair(U64F64.of(2**31 - 1).safe_div(U64F64.of(2**64 - 1)).bits)
_EPSILON = pair(U64F64.of(1).safe_div(U64F64.of(1_000)).bits)


# ---------------------------------------------------------------------- by the law's state


def recompute(spec_version: int, pre: EmissionState) -> Emissions:
    """TAO due to each subnet from the state before the block, by the era in force.

    Rule
        That of the era's ``recompute``; candidates and first EMAs are chosen by the era itself.

    Args
        spec_version: which.
        pre: the state before the block.

    Returns
        The law's result, to the bit.

    Errors
        Those of the law, which also computes a smoothing factor out of the engine's domain.

    Source
        ``mechanics.emission``.
    """
    era = law.ERAS.at(spec_version).module
    netuids = era.candidates(pre)
    if spec_version < _BY_FLOW.start:
        price = halves(pre.moving_alpha_price(n).bits for n in netuids)
        return Emissions(_u96f32(netuids, tao_by_price(pre.block_emission_rao, price)))
    if spec_version in _BY_FLOW:
        return _recompute_by_flow(spec_version, pre, netuids)
    price = halves(pre.moving_alpha_price(n).bits for n in netuids)
    burned = halves(pre.miner_burned[n].bits for n in netuids)
    root = None
    if spec_version in _BY_ROOT:
        root = halves(pre.root_proportion[n].bits for n in netuids)
    shares = shares_by_price(price, burned, root)
    bar = None
    if spec_version >= _GATED_FROM:
        gate = given(pre.gate, "gate")
        shares, bar = gated(gate, shares, given(pre.block_number, "block_number"))
    return Emissions(_tao(pre, netuids, shares), emission_gate_bar=bar)


def _recompute_by_flow(spec_version: int, pre: EmissionState, netuids: list[int]) -> Emissions:
    era = law.ERAS.at(spec_version).module
    flow = given(pre.flow, "flow")
    user = {netuid: era.user_ema(pre, netuid) for netuid in netuids}
    protocol: dict[int, FlowStep] = {}
    flows = halves(user[n].ema.rao.bits for n in netuids)
    if spec_version >= _NET_FROM:
        protocol = {netuid: era.protocol_ema(pre, netuid) for netuid in netuids}
        flows = net_flows(flows, halves(protocol[n].ema.rao.bits for n in netuids), flow.is_net)
    shares = shares_by_flow(flow.cutoff, flow.norm_exponent, flows)
    return Emissions(
        _tao(pre, netuids, shares, spec_version >= _NET_FROM),
        {netuid: step.ema for netuid, step in user.items()},
        frozenset(n for n, step in user.items() if step.is_flow_consumed),
        {netuid: step.ema for netuid, step in protocol.items()},
        frozenset(n for n, step in protocol.items() if step.is_flow_consumed),
    )


def _tao(
    pre: EmissionState, netuids: list[int], shares: np.ndarray, has_switch: bool = True
) -> dict[int, U96F32]:
    is_enabled = None
    if has_switch:
        is_enabled = np.fromiter((pre.is_emission_enabled[n] for n in netuids), bool, len(netuids))
    return _u96f32(netuids, tao_by_share(U96F32.of(pre.block_emission_rao), shares, is_enabled))


def _u96f32(netuids: Iterable[int], rows: np.ndarray) -> dict[int, U96F32]:
    return {n: U96F32(bits) for n, bits in zip(netuids, integers(rows), strict=True)}


# ---------------------------------------------------------------------- by price


def tao_by_price(block_emission_rao: int, price: np.ndarray) -> np.ndarray:
    """The block's TAO in proportion to moving prices.

    Rule
        That of ``v233_price_ema.tao_by_price``.

    Args
        block_emission_rao: TAO the block mints.
        price: the moving prices that count, U96F32, shape (n, 2).

    Returns
        rao of TAO, unfloored, U96F32, shape (n, 2).

    Errors
        TypeError for a column of another type.

    Source
        ``mechanics.emission.v233_price_ema``.
    """
    require_uint64(price=price)
    return _tao_by_price(pair(U96F32.of(block_emission_rao).bits), price)


@compiled
def _tao_by_price(emission, price):
    n = len(price)
    tao = np.zeros((n, 2), np.uint64)
    whole = _sum(price)
    if is_zero(whole):
        return tao
    divisor = prepared(whole)
    for i in range(n):
        put(tao, i, over_u96f32(mul_u96f32(emission, at(price, i)), divisor, NOTHING))
    return tao


def shares_by_price(
    price: np.ndarray, miner_burned: np.ndarray, root_proportion: np.ndarray | None = None
) -> np.ndarray:
    """Each candidate's share of the block's TAO from spec 421, before the gate.

    Rule
        That of ``v425_price_burn.emission_shares``; with root's proportions that of
        ``v421_price_root_burn.emission_shares``.

    Args
        price: the moving prices that count, U96F32, shape (n, 2).
        miner_burned: MinerBurned, U96F32, shape (n, 2).
        root_proportion: root's proportions, U96F32, shape (n, 2); specs 421 to 424.

    Returns
        Dimensionless, U64F64, shape (n, 2).

    Errors
        TypeError for a column of another type.

    Source
        ``mechanics.emission.v421_price_root_burn``, ``v425_price_burn``.
    """
    require_uint64(price=price, miner_burned=miner_burned, root_proportion=root_proportion)
    if root_proportion is None:
        return _shares_by_price(price, miner_burned, miner_burned, False)
    return _shares_by_price(price, miner_burned, root_proportion, True)


@compiled
def _shares_by_price(price, miner_burned, root_proportion, has_root):
    n = len(price)
    shares = np.empty((n, 2), np.uint64)
    whole = NOTHING
    for i in range(n):
        whole = total(whole, u64f64_from_u96f32(at(price, i)))
    if is_zero(whole):
        shares[:] = ZERO
        return shares
    divisor = prepared(whole)
    weights = np.empty((n, 2), np.uint64)
    for i in range(n):
        share = over_u64f64(u64f64_from_u96f32(at(price, i)), divisor)
        put(shares, i, share)
        kept = rest(ONE_U64F64, u64f64_from_u96f32(at(miner_burned, i)))
        if has_root:
            kept = mul_u64f64(u64f64_from_u96f32(at(root_proportion, i)), kept)
        put(weights, i, mul_u64f64(share, kept))
    return weights if _is_normalized(weights) else shares


def tao_by_share(
    block_emission: U96F32, shares: np.ndarray, is_enabled: np.ndarray | None = None
) -> np.ndarray:
    """The block's TAO by share, those of disabled subnets redistributed.

    Rule
        That of ``v411_net_flow.tao_by_share``; without switches that of
        ``v334_tao_flow.tao_by_share``.

    Args
        block_emission: rao of TAO.
        shares: dimensionless, U64F64, shape (n, 2).
        is_enabled: SubnetEmissionEnabled, bool, shape (n,); from spec 411.

    Returns
        rao of TAO, U96F32, shape (n, 2).

    Errors
        TypeError for a column of another type.

    Source
        ``mechanics.emission.v411_net_flow``, ``v334_tao_flow``.
    """
    require_uint64(shares=shares)
    if is_enabled is not None and not is_enabled.all():
        shares = np.where(is_enabled[:, np.newaxis], shares, ZERO)
        _is_normalized(shares)
    return _tao_by_share(pair(block_emission.bits), shares)


@compiled
def _tao_by_share(emission, shares):
    n = len(shares)
    tao = np.empty((n, 2), np.uint64)
    whole = u64f64_from_u96f32(emission)
    for i in range(n):
        put(tao, i, u96f32_from_u64f64(mul_u64f64(whole, at(shares, i))))
    return tao


# ---------------------------------------------------------------------- the gate


class GatedShares(NamedTuple):
    """Shares after the gate, U64F64, shape (n, 2), and the bar after the block."""

    shares: np.ndarray
    bar: U64F64


def gated(gate: GateState, shares: np.ndarray, block_number: int) -> GatedShares:
    """The shares after the gate, and the bar.

    Rule
        Those of ``v440_gate.updated_bar`` and ``v440_gate.gated``.

    Args
        gate: the bar before the block, the quantile, the rank and the exponent.
        shares: dimensionless, before the gate, U64F64, shape (n, 2).
        block_number: the block being made.

    Returns
        Dimensionless, U64F64, shape (n, 2); and the bar.

    Errors
        TypeError for a column of another type.

    Source
        ``mechanics.emission.v440_gate``.
    """
    require_uint64(shares=shares)
    bar = gate.bar
    if not bar or block_number % BAR_UPDATE_INTERVAL_BLOCKS == 0:
        falling = shares[np.lexsort((shares[:, 0], shares[:, 1]))[::-1]]
        high, low = _bar(falling, np.int64(gate.bar_rank), pair(gate.bar_quantile.bits))
        bar = U64F64(int(high) << 64 | int(low)) or bar
    if not bar:
        return GatedShares(shares, bar)
    return GatedShares(_gated(shares, pair(bar.bits), pair(gate.exponent.bits)), bar)


@compiled
def _bar(falling, rank, quantile):
    found = NOTHING
    mass = NOTHING
    for i in range(len(falling)):
        share = at(falling, i)
        if rank:
            if is_zero(share) or i == rank:
                break
            found = share
        else:
            found = share
            mass = total(mass, share)
            if not is_less(mass, quantile):
                break
    return found


@compiled
def _gated(shares, bar, exponent):
    n = len(shares)
    passed = np.empty((n, 2), np.uint64)
    for i in range(n):
        put(passed, i, div_u64f64(bar, at(shares, i)))
    powers = safe_pow(passed, exponent)
    for i in range(n):
        part = div_u64f64(ONE_U64F64, total(ONE_U64F64, at(powers, i)))
        put(passed, i, mul_u64f64(at(shares, i), part))
    return passed if _is_normalized(passed) else shares


# ---------------------------------------------------------------------- by flow


def emas_by_block(smoothing_factor: int, stored: np.ndarray, flow_rao: np.ndarray) -> np.ndarray:
    """EMAs of flows over a range of blocks in which all of the subnets are candidates.

    Rule
        That of ``v334_tao_flow.advanced``, block after block.

    Args
        smoothing_factor: FlowEmaSmoothingFactor, parts of 2^63 - 1.
        stored: the EMAs before the first block, rao per block, I64F64, shape (n, 2).
        flow_rao: the flow each block consumes, int64, shape (blocks, n).

    Returns
        rao per block, I64F64, shape (blocks, n, 2); the last is what the next range starts from.

    Errors
        TypeError for a column of another type. The law computes a smoothing factor of 0, or of
        2^63 - 1 and above.

    Source
        ``mechanics.emission.v334_tao_flow``.
    """
    require_uint64(stored=stored)
    if flow_rao.dtype != np.int64:
        raise TypeError(f"flow_rao is of {flow_rao.dtype}, not of int64")
    if not 0 < smoothing_factor < _GREATEST_FACTOR:
        return _emas_by_law(smoothing_factor, stored, flow_rao)
    weight = (smoothing_factor << 64) // _GREATEST_FACTOR
    return _emas_by_block(np.uint64(weight), np.uint64(2**64 - weight), stored, flow_rao)


@compiled
def _emas_by_block(weight, kept, stored, flow_rao):
    blocks, n = flow_rao.shape
    emas = np.empty((blocks, n, 2), np.uint64)
    before = stored
    for block in range(blocks):
        after = emas[block]
        for i in range(n):
            ema = wrapping_sum(
                part_signed(at(before, i), kept), part_of_integer(flow_rao[block, i], weight)
            )
            put(after, i, ema)
        before = after
    return emas


def _emas_by_law(smoothing_factor: int, stored: np.ndarray, flow_rao: np.ndarray) -> np.ndarray:
    pre = EmissionState(
        block_emission_rao=0,
        moving_price={},
        mechanism={},
        first_emission_block_number={},
        block_number=1,
        flow=FlowState(smoothing_factor, I64F64(0), U64F64(0), {}, {}),
    )
    emas = np.empty((*flow_rao.shape, 2), np.uint64)
    bits = integers(stored, is_signed=True)
    for block, flows in enumerate(flow_rao.tolist()):
        steps = [
            v334_tao_flow.advanced(pre, FlowEma(0, I64F64(ema)), flow)
            for ema, flow in zip(bits, flows, strict=True)
        ]
        bits = [step.ema.rao.bits for step in steps]
        emas[block] = halves(bits)
    return emas


def net_flows(user: np.ndarray, protocol: np.ndarray, is_net: bool) -> np.ndarray:
    """Stakers' flows less the protocol's.

    Rule
        That of ``v411_net_flow.net_flows``.

    Args
        user: rao per block, I64F64, shape (n, 2).
        protocol: rao per block, I64F64, shape (n, 2).
        is_net: NetTaoFlowEnabled.

    Returns
        rao per block, I64F64, shape (n, 2).

    Errors
        TypeError for a column of another type.

    Source
        ``mechanics.emission.v411_net_flow``.
    """
    require_uint64(user=user, protocol=protocol)
    return _net_flows(user, protocol) if is_net else user


@compiled
def _net_flows(user, protocol):
    n = len(user)
    inflow = cost = NOTHING
    for i in range(n):
        inflow = _total_signed(inflow, unsigned_from_signed(at(user, i)))
        cost = _total_signed(cost, unsigned_from_signed(at(protocol, i)))
    factor = div_u64f64(inflow, cost)
    if factor[0] & SIGN:
        factor = NOTHING
    if is_less(ONE_U64F64, factor):
        factor = ONE_U64F64
    net = np.empty((n, 2), np.uint64)
    for i in range(n):
        deducted = at(protocol, i)
        if deducted[0] & SIGN == ZERO:
            deducted = mul_u64f64(factor, deducted)
        put(net, i, difference_signed(at(user, i), deducted))
    return net


@compiled
def _total_signed(a, b):
    """The sum of two that are not negative, clamped."""
    both = wrapping_sum(a, b)
    return GREATEST_SIGNED if both[0] & SIGN else both


def shares_by_flow(cutoff: I64F64, norm_exponent: U64F64, flows: np.ndarray) -> np.ndarray:
    """Each candidate's share of the block's TAO by its flow.

    Rule
        That of ``v334_tao_flow.shares_by_flow``.

    Args
        cutoff: TaoFlowCutoff, rao per block.
        norm_exponent: FlowNormExponent.
        flows: rao per block, I64F64, shape (n, 2).

    Returns
        Dimensionless, U64F64, shape (n, 2).

    Errors
        TypeError for a column of another type.

    Source
        ``mechanics.emission.v334_tao_flow``.
    """
    require_uint64(flows=flows)
    return _pow_normalized(_above(pair(cutoff.bits), flows), pair(norm_exponent.bits))


def pow_normalized(flows: np.ndarray, exponent: U64F64) -> np.ndarray:
    """Shares in proportion to a power of each number; ``v334_tao_flow.pow_normalized``.

    Args
        flows: U64F64, shape (n, 2).
        exponent: the power.

    Returns
        Dimensionless, U64F64, shape (n, 2).
    """
    require_uint64(flows=flows)
    return _pow_normalized(flows, pair(exponent.bits))


@compiled
def _above(cutoff, flows):
    n = len(flows)
    limit = NOTHING
    for i in range(n):
        if is_less_signed(at(flows, i), limit):
            limit = at(flows, i)
    if is_less_signed(limit, cutoff):
        limit = cutoff
    above = np.zeros((n, 2), np.uint64)
    for i in range(n):
        if is_less_signed(limit, at(flows, i)):
            put(above, i, difference_signed(at(flows, i), limit))
    return above


@compiled
def _pow_normalized(flows, exponent):
    n = len(flows)
    greatest = NOTHING
    for i in range(n):
        if is_less(greatest, at(flows, i)):
            greatest = at(flows, i)
    inverse = div_u64f64(ONE_U64F64, greatest)
    scaled = np.empty((n, 2), np.uint64)
    greatest = NOTHING
    for i in range(n):
        flow = mul_u64f64(inverse, at(flows, i))
        put(scaled, i, flow)
        if is_less(greatest, flow):
            greatest = flow
    weight = mul_u64f64((np.uint64(n), ZERO), mul_u64f64(greatest, greatest))
    if is_less(weight, _LEAST_WEIGHT):
        return scaled
    factor = checked_sqrt(div_u64f64(_I32_MAX, weight), _EPSILON)
    for i in range(n):
        put(scaled, i, mul_u64f64(factor, at(scaled, i)))
    powers = safe_pow(scaled, exponent)
    _is_normalized(powers)
    return powers


# ---------------------------------------------------------------------- rows


@compiled
def _sum(rows):
    whole = NOTHING
    for i in range(len(rows)):
        whole = total(whole, at(rows, i))
    return whole


@compiled
def _is_normalized(rows):
    """Rows over their sum, in place; whether there is a sum."""
    whole = _sum(rows)
    if is_zero(whole):
        return False
    divisor = prepared(whole)
    for i in range(len(rows)):
        put(rows, i, over_u64f64(at(rows, i), divisor))
    return True
