"""What a block does to one subnet's pool, in the chain's order: injection, root sale, extrinsics.

Here the mechanisms meet: each step is another room's rule, and only the order and what is handed
from one to the next is stated here. The injection is known wherever its rule and the pool's are,
the root sale up to spec 333, what extrinsics do for specs 290 to 333. From 334 root's alpha is not
sold in the coinbase, so that the pool after the injection is the pool before extrinsics.
"""

from dataclasses import dataclass

from mechanics import alpha_issuance, alpha_split, amm, injection
from mechanics.eras import BadState, UnknownRule
from mechanics.injection import Step

FIRST_SPEC_VERSION = 290
LAST_SPEC_VERSION = 333
SOURCE = (
    "subtensor@c39063b475 (spec 290), pallets/subtensor/src/coinbase/run_coinbase.rs: run_coinbase;"
    " staking/stake_utils.rs: stake_into_subnet, unstake_from_subnet; subnets/registration.rs:"
    " do_burned_registration"
)


@dataclass(frozen=True, slots=True)
class Network:
    """What the coinbase reads of the whole network.

    Attributes:
        tao_weight_u64: TaoWeight.
        subnet_owner_cut_u16: SubnetOwnerCut.
        root_tao_rao: SubnetTAO of root before the block: epochs, which raise it, come later.
        is_root_sold: the root-sell flag of the block; read from spec 342.
    """

    tao_weight_u64: int
    subnet_owner_cut_u16: int
    root_tao_rao: int
    is_root_sold: bool | None = None


@dataclass(frozen=True, slots=True)
class Injected:
    """A subnet's pool after the block's injection.

    Attributes:
        pool: the pool.
        due: the subnet's part of the block, as the rule splits it.
        outcome: what the pool made of it.
        settled: what the coinbase changed.
    """

    pool: amm.PoolState
    due: injection.Injection
    outcome: injection.PoolOutcome
    settled: injection.Settlement


@dataclass(frozen=True, slots=True)
class Coinbase:
    """A subnet after the block's coinbase, before its epoch and the block's extrinsics.

    Attributes:
        injected: what the injection came to.
        pool: the pool.
        alpha_out_rao: SubnetAlphaOut.
        split: what was added to the pending amounts.
        root_tao_rao: TAO that root's alpha was sold for: added to PendingRootDivs.
    """

    injected: Injected
    pool: amm.PoolState
    alpha_out_rao: int
    split: alpha_split.AlphaSplit
    root_tao_rao: int


def require_known(spec_version: int) -> None:
    """Refuse a spec of which only the injection is stated here.

    Raises:
        UnknownRule: it is not one of 290 to 333.
    """
    if not FIRST_SPEC_VERSION <= spec_version <= LAST_SPEC_VERSION:
        raise UnknownRule(
            "replay", spec_version, f"specs {FIRST_SPEC_VERSION} to {LAST_SPEC_VERSION}"
        )


def injected(spec_version: int, pool: amm.PoolState, pre: injection.InjectionState) -> Injected:
    """A candidate's pool after the block's injection.

    Rule
        The injection's steps in the order of its era: the excess TAO buys without fee or limit, the
        protocol's liquidity or the weights take the injection in, the reserves grow. What a pool
        refuses to sell is not bought.

    Args
        spec_version: the runtime that executes the block.
        pool: the pool before the block.
        pre: the subnet's part of the block.

    Returns
        The pool, and what the injection came to; rao.

    Errors
        UnknownRule where the rule of injections or of the pool is not known; BadState for a state
        that lacks what they read.

    Source
        subtensor@c39063b475 (spec 290), subtensor@6a76ecc0d5 (spec 342), subtensor@14bc6f9 (spec
        425), pallets/subtensor/src/coinbase/run_coinbase.rs: run_coinbase, inject_and_maybe_swap.
    """
    market = amm.ERAS.at(spec_version).module
    rules = injection.ERAS.at(spec_version).module
    due = rules.recompute(pre)
    adjustment = amm.Adjustment(pool, due.tao_in_rao, due.alpha_in_rao)
    paid_rao = bought_rao = 0
    for step in rules.ORDER:
        if step is Step.BUY and due.excess_tao_rao:
            try:
                swap = market.buy(pool, due.excess_tao_rao, drop_fees=True)
            except amm.Refused:
                continue
            pool, paid_rao, bought_rao = swap.pool, swap.paid_in_rao, swap.paid_out_rao
        elif step is Step.LIQUIDITY:
            adjustment = market.adjust_liquidity(pool, due.tao_in_rao, due.alpha_in_rao)
            pool = adjustment.pool
        elif step is Step.RESERVES:
            pool = amm.Adjustment(pool, adjustment.tao_rao, adjustment.alpha_rao).applied()
    outcome = injection.PoolOutcome(paid_rao, bought_rao, adjustment.tao_rao, adjustment.alpha_rao)
    return Injected(pool, due, outcome, rules.settle(due, outcome))


def split_alpha(
    spec_version: int,
    done: Injected,
    alpha_out_rao: int,
    network: Network,
    is_owner_cut_enabled: bool | None = None,
) -> alpha_split.AlphaSplit:
    """What the alpha minted for a candidate's participants adds to what waits for its epoch.

    Rule
        That of the era, by the issuance that includes the injection and the alpha minted.

    Args
        spec_version: the runtime that executes the block.
        done: the injection.
        alpha_out_rao: SubnetAlphaOut after it.
        network: what is read of the whole network.
        is_owner_cut_enabled: OwnerCutEnabled; read from spec 411.

    Returns
        rao of alpha.

    Errors
        UnknownRule where the rule is not known; BadState where a switch that it reads is missing.

    Source
        subtensor@c39063b475 (spec 290) and @14bc6f9 (spec 425), pallets/subtensor/src/coinbase/
        run_coinbase.rs: run_coinbase, emit_to_subnets.
    """
    return alpha_split.ERAS.at(spec_version).module.recompute(
        alpha_split.AlphaSplitState(
            alpha_out_rao=done.due.alpha_out_rao,
            subnet_owner_cut_u16=network.subnet_owner_cut_u16,
            tao_weight_u64=network.tao_weight_u64,
            root_tao_rao=network.root_tao_rao,
            alpha_issuance_rao=alpha_issuance.alpha_issuance(
                spec_version,
                done.pool.alpha_reserve_rao,
                alpha_out_rao,
                done.pool.alpha_provided_rao,
            ),
            is_subsidized=done.due.is_subsidized,
            is_root_sold=network.is_root_sold,
            is_owner_cut_enabled=is_owner_cut_enabled,
        )
    )


def coinbase(
    spec_version: int,
    pool: amm.PoolState,
    alpha_out_rao: int,
    pre: injection.InjectionState,
    network: Network,
) -> Coinbase:
    """A candidate's pool after the coinbase.

    Rule
        The injection's steps in the order of its era; then the alpha minted is split by the
        issuance that includes the injection, and root's part is sold without a fee. A pool that
        refuses the sale leaves root without TAO.

    Args
        spec_version: the runtime that executes the block.
        pool: the pool before the block.
        alpha_out_rao: SubnetAlphaOut before the block.
        pre: the subnet's part of the block.
        network: what is read of the whole network.

    Returns
        The subnet after the coinbase, rao.

    Errors
        UnknownRule from spec 334 on, and where a rule that meets here is not known.

    Source
        subtensor@e2b8367b8b (spec 233) and @c39063b475 (spec 290), pallets/subtensor/src/coinbase/
        run_coinbase.rs: run_coinbase, steps 3 to 6.
    """
    if spec_version > LAST_SPEC_VERSION:
        raise UnknownRule("coinbase", spec_version, f"specs up to {LAST_SPEC_VERSION}")
    market = amm.ERAS.at(spec_version).module
    done = injected(spec_version, pool, pre)
    pool = done.pool
    alpha_out_rao += done.settled.alpha_out_rao
    split = split_alpha(spec_version, done, alpha_out_rao, network)
    if not split.root_sale_rao:
        return Coinbase(done, pool, alpha_out_rao, split, 0)
    try:
        sale = market.sell(pool, split.root_sale_rao, drop_fees=True)
    except amm.Refused:
        return Coinbase(done, pool, alpha_out_rao, split, 0)
    return Coinbase(done, sale.pool, alpha_out_rao - sale.paid_in_rao, split, sale.paid_out_rao)


@dataclass(frozen=True, slots=True)
class Order:
    """A swap that an extrinsic made: what it offered, and whether it was free of fees."""

    side: amm.Side
    amount_rao: int
    drop_fees: bool


def swapped(
    spec_version: int, pool: amm.PoolState, alpha_out_rao: int, order: Order
) -> tuple[amm.Swap, int]:
    """The swap of one extrinsic, and SubnetAlphaOut after it.

    Rule
        Bought alpha is added to SubnetAlphaOut. Sold alpha is taken off without the fee, which
        stays with those who lend.

    Args
        spec_version: the runtime that executes the block.
        pool: the pool as the extrinsic found it.
        alpha_out_rao: SubnetAlphaOut then.
        order: what the extrinsic offered.

    Returns
        The swap; rao of alpha.

    Errors
        UnknownRule outside specs 290 to 333; Refused where the chain would have refused.

    Source
        subtensor@c39063b475 (spec 290), pallets/subtensor/src/staking/stake_utils.rs:
        stake_into_subnet, unstake_from_subnet.
    """
    require_known(spec_version)
    market = amm.ERAS.at(spec_version).module
    trade = market.buy if order.side is amm.Side.BUY else market.sell
    swap = trade(pool, order.amount_rao, drop_fees=order.drop_fees)
    if order.side is amm.Side.BUY:
        return swap, alpha_out_rao + swap.paid_out_rao
    return swap, alpha_out_rao - swap.paid_in_rao


def registered(
    spec_version: int, pool: amm.PoolState, alpha_out_rao: int, burn_rao: int
) -> tuple[amm.Swap, int]:
    """A neuron's registration: the burn buys alpha, which is destroyed.

    Args
        spec_version: the runtime that executes the block.
        pool: the pool as the extrinsic found it.
        alpha_out_rao: SubnetAlphaOut then.
        burn_rao: Burn, in TAO.

    Returns
        The swap; SubnetAlphaOut, which the bought alpha leaves again at once.

    Errors
        UnknownRule outside specs 290 to 333; BadState for a burn that is negative.

    Source
        subtensor@c39063b475 (spec 290), pallets/subtensor/src/subnets/registration.rs:
        do_burned_registration.
    """
    if burn_rao < 0:
        raise BadState("burn_rao", f"is {burn_rao}, below 0")
    swap, _ = swapped(spec_version, pool, alpha_out_rao, Order(amm.Side.BUY, burn_rao, False))
    return swap, alpha_out_rao


def alpha_out_after_lending(alpha_out_rao: int, provision: amm.Provision, *, is_added: bool) -> int:
    """SubnetAlphaOut after a user's liquidity was added or taken out.

    Rule
        Alpha lent to the pool leaves SubnetAlphaOut; alpha taken out comes back to it, and so do
        fees earned in alpha, which become stake.

    Args
        alpha_out_rao: SubnetAlphaOut before.
        provision: what the change came to.
        is_added: the user paid in.

    Returns
        rao of alpha.

    Errors
        None.

    Source
        subtensor@c39063b475 (spec 290), pallets/swap/src/pallet/mod.rs: add_liquidity,
        modify_position, remove_liquidity.
    """
    moved_rao = -provision.alpha_rao if is_added else provision.alpha_rao
    return alpha_out_rao + moved_rao + provision.fee_alpha_rao
