"""SubnetTaoFlow also grows by neuron burns, and SubnetProtocolFlow keeps the protocol's own trades.

Against v385: the TAO burned to register a neuron counts as paid in. A second counter grows by the
TAO that emission injects and buys with, as far as the pool took it, and falls by what the dividends
of root bring when a claim sells them.
"""

from mechanics.flow import v385_author_fee as v385
from mechanics.flow.state import Cause, Flows, Movement

FIRST_SPEC_VERSION = 411
# The last spec of which the source was read (RaoFoundation/subtensor@f8ff769a, July 2026). From 421
# nothing consumes the counters.
LAST_SPEC_VERSION = 440
FIRST_BLOCK_NUMBER = 8_283_784
SOURCE = (
    "subtensor@486037ba45 (spec 411), pallets/subtensor/src/coinbase/subnet_emissions.rs: "
    "record_protocol_inflow, record_protocol_outflow; coinbase/run_coinbase.rs: "
    "inject_and_maybe_swap; staking/claim_root.rs: root_claim_on_subnet"
)


def recompute(pre: Flows, moved: Movement) -> Flows:
    """The counters after a movement.

    Rule
        As v385; neuron burns add to SubnetTaoFlow; chain buys and injections add to
        SubnetProtocolFlow, sales of root claims take away from it.

    Args
        pre: rao, before the movement.
        moved: the movement.

    Returns
        rao, clamped to 64 bits.

    Errors
        None.

    Source
        subtensor@486037ba45 (spec 411), pallets/subtensor/src/coinbase/subnet_emissions.rs:
        record_tao_inflow, record_protocol_inflow, record_protocol_outflow.
    """
    if moved.cause is Cause.NEURON_BURN:
        return pre.plus(tao_rao=moved.tao_rao)
    if moved.cause in (Cause.CHAIN_BUY, Cause.INJECTION):
        return pre.plus(protocol_rao=moved.tao_rao)
    if moved.cause is Cause.ROOT_CLAIM:
        return pre.plus(protocol_rao=-moved.tao_rao)
    return v385.recompute(pre, moved)
