"""Every mechanism whose rules are stated here, with its eras, in the order of a block."""

from mechanics import (
    alpha_issuance,
    alpha_split,
    amm,
    distribution,
    emission,
    flow,
    injection,
    issuance,
    moving_price,
    schedule,
    share_pool,
    yuma,
)
from mechanics.eras import Eras
from mechanics.registration import lock_cost, neuron_burn, pool_start, pruning, start_call

MECHANISMS: dict[str, Eras] = {
    room.ERAS.mechanism: room.ERAS
    for room in (
        issuance,
        alpha_issuance,
        emission,
        flow,
        injection,
        alpha_split,
        moving_price,
        amm,
        share_pool,
        schedule,
        yuma,
        distribution,
        lock_cost,
        pruning,
        pool_start,
        start_call,
        neuron_burn,
    )
}
