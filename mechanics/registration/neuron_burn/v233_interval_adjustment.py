"""Every AdjustmentInterval the burn moves with the registrations over twice the target."""

from mechanics.eras import given
from mechanics.fixed import U110F18
from mechanics.registration.neuron_burn.state import NeuronBurnState

FIRST_SPEC_VERSION = 233
# The last spec in force before 401 is 393; 397 is the first that was read with the next rule.
LAST_SPEC_VERSION = 394
FIRST_BLOCK_NUMBER = 4_920_350
SOURCE = (
    "subtensor@e2b8367b8b (spec 233), pallets/subtensor/src/coinbase/block_step.rs: "
    "adjust_registration_terms_for_networks, upgraded_burn"
)


def recompute(pre: NeuronBurnState) -> int:
    """The burn that registrations in the block pay.

    Rule
        Unchanged within the interval. At its end ``adjusted``, unless the adjustment is of the work
        alone: above target where registrations by work outnumber those by burn, and at or below
        target where those by burn outnumber those by work.

    Args
        pre: the subnet before the block.

    Returns
        rao of TAO.

    Errors
        BadState when what the rule reads is missing.

    Source
        subtensor@e2b8367b8b (spec 233), pallets/subtensor/src/coinbase/block_step.rs:
        adjust_registration_terms_for_networks, cases A to F.
    """
    last_block = given(pre.last_adjustment_block, "last_adjustment_block")
    interval = given(pre.adjustment_interval_blocks, "adjustment_interval_blocks")
    if max(pre.block_number - last_block, 0) < interval:
        return pre.burn_rao
    by_work = given(pre.pow_registrations, "pow_registrations")
    by_burn = given(pre.burn_registrations, "burn_registrations")
    target = given(pre.target_registrations, "target_registrations")
    is_above_target = given(pre.registrations, "registrations") > target
    if by_work > by_burn if is_above_target else by_work < by_burn:
        return pre.burn_rao
    return adjusted(pre)


def adjusted(pre: NeuronBurnState) -> int:
    """The burn at the end of an interval.

    Rule
        a B + (1 - a) ((B (r + t)) / (t + t)), each product and quotient cut to 18 fraction bits,
        then floored and kept within the bounds, the maximum first. r + t and t + t are clamped to
        16 bits; a = AdjustmentAlpha / (2^64 - 1); the quotient is 0 when t = 0.

    Args
        pre: the subnet: B its burn, r registrations in the interval, t the target.

    Returns
        rao of TAO.

    Errors
        BadState when what the rule reads is missing.

    Source
        subtensor@e2b8367b8b (spec 233), pallets/subtensor/src/coinbase/block_step.rs:
        upgraded_burn.
    """
    target = given(pre.target_registrations, "target_registrations")
    registrations = given(pre.registrations, "registrations")
    weight = U110F18.of(given(pre.adjustment_alpha_u64, "adjustment_alpha_u64"))
    alpha = weight.safe_div(U110F18.of(2**64 - 1))
    burn = U110F18.of(pre.burn_rao)
    moved = burn * U110F18.of(_u16(registrations + target))
    moved = moved.safe_div(U110F18.of(_u16(target + target)))
    blended = alpha * burn + (U110F18.of(1) - alpha) * moved
    if blended >= U110F18.of(pre.max_burn_rao):
        return pre.max_burn_rao
    return max(blended.to_u64_sat(), pre.min_burn_rao)


def _u16(count: int) -> int:
    return min(count, 2**16 - 1)
