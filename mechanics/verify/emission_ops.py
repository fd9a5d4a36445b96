"""Replays the emission functions of spec 425: powers, shares by flow and by price, what is paid.

Each is asked of the law and of the engine, which is imported late: it takes a second, for which
listing eras need not wait.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mechanics.emission import v411_net_flow, v425_price_burn
from mechanics.emission.state import EmissionState, FlowEma, FlowState
from mechanics.emission.v334_tao_flow import pow_normalized
from mechanics.fixed import I64F64, I96F32, U64F64, U96F32
from mechanics.transcendental import safe_pow
from mechanics.verify import form
from mechanics.verify.form import Check, UnknownForm

if TYPE_CHECKING:
    import numpy as np


def numbered(values: Any) -> dict[int, Any]:
    """The elements of a list under the netuids 1, 2, ..., as the vectors give subnets."""
    return dict(enumerate(form.row(values), 1))


def state_by_price(price: Any, burned: Any, enabled: Any = None) -> EmissionState:
    """Subnets with these moving prices and withheld parts, all candidates; U96F32 bits."""
    prices = numbered(price)
    if prices.keys() != numbered(burned).keys():
        raise UnknownForm(f"{len(price)} prices stand beside {len(burned)} withheld parts")
    open_to_all = dict.fromkeys(prices, True)
    return EmissionState(
        block_emission_rao=0,
        moving_price={n: form.fixed(I96F32, bits) for n, bits in prices.items()},
        mechanism=dict.fromkeys(prices, 1),
        first_emission_block_number=dict.fromkeys(prices, 1),
        is_subtoken_enabled=open_to_all,
        is_registration_allowed=open_to_all,
        is_emission_enabled=open_to_all if enabled is None else enabled,
        miner_burned={n: form.fixed(U96F32, bits) for n, bits in numbered(burned).items()},
    )


def bits(values: dict) -> list[int]:
    """Raw bits in netuid order."""
    return [values[netuid].bits for netuid in sorted(values)]


def _safe_pow(case: Any) -> tuple[Any, Any]:
    from mechanics.engine import transcendental as engine
    from mechanics.engine.wide import halves, integers, pair

    value, exponent, expected = form.row(case, 3)
    value, exponent = form.fixed(U64F64, value), form.fixed(U64F64, exponent)
    twin = integers(engine.safe_pow(halves([value.bits]), pair(exponent.bits)))[0]
    return form.integer(expected), form.agreed(safe_pow(value, exponent).bits, twin)


def _pow_normalize(case: Any) -> tuple[Any, Any]:
    from mechanics.engine import emission as engine
    from mechanics.engine.wide import halves, integers

    kind, flows, exponent, shares = form.fields(case, "kind", "offset_flows", "p", "shares")
    if not isinstance(kind, str):
        raise UnknownForm(f"the kind of flows is {kind!r}, no word")
    offset = {netuid: form.fixed(U64F64, flow) for netuid, flow in numbered(flows).items()}
    power = form.fixed(U64F64, exponent)
    twin = integers(engine.pow_normalized(halves(bits(offset)), power))
    return form.row(shares), form.agreed(bits(pow_normalized(offset, power)), twin)


def _shares_flow(case: Any) -> tuple[Any, Any]:
    given, expected = form.fields(case, "in", "out")
    form.fields(expected, "prot_ema_after", "shares", "user_ema_after")
    block, last_block, smoothing, cutoff, exponent, is_net, *columns = form.fields(
        given,
        *("block", "last_block", "smoothing", "cutoff", "p", "net"),
        *("user_flow", "user_ema", "prot_flow", "prot_ema"),
    )
    user_flow, user_ema, protocol_flow, protocol_ema = (numbered(column) for column in columns)
    if not user_flow.keys() == user_ema.keys() == protocol_flow.keys() == protocol_ema.keys():
        raise UnknownForm("flows and EMAs are of different lengths")
    written_at = form.unsigned(last_block, 64)

    def stored(column: dict[int, Any]) -> dict[int, FlowEma | None]:
        return {
            netuid: None if ema is None else FlowEma(written_at, form.fixed(I64F64, ema))
            for netuid, ema in column.items()
        }

    def flows(column: dict[int, Any]) -> dict[int, int]:
        return {netuid: form.signed(flow, 64) for netuid, flow in column.items()}

    pre = EmissionState(
        block_emission_rao=0,
        moving_price={},
        mechanism={},
        first_emission_block_number={},
        block_number=form.unsigned(block, 64),
        flow=FlowState(
            smoothing_factor=form.unsigned(smoothing, 64),
            cutoff=form.fixed(I64F64, cutoff),
            norm_exponent=form.fixed(U64F64, exponent),
            tao_flow_rao=flows(user_flow),
            ema_tao_flow=stored(user_ema),
            is_net=form.boolean(is_net),
            protocol_flow_rao=flows(protocol_flow),
            ema_protocol_flow=stored(protocol_ema),
        ),
    )
    shared = v411_net_flow.flow_shares(pre, sorted(user_flow))
    law = {
        "prot_ema_after": [step.ema.rao.bits for step in shared.protocol.values()],
        "shares": bits(shared.shares),
        "user_ema_after": [step.ema.rao.bits for step in shared.user.values()],
    }
    return expected, form.agreed(law, _flow_shares_by_engine(pre))


def _flow_shares_by_engine(pre: EmissionState) -> dict[str, list[int]]:
    import numpy as np

    from mechanics.engine import emission as engine
    from mechanics.engine.wide import halves, integers

    flow = pre.flow

    def advanced(stored: Mapping[int, FlowEma | None], flows: Mapping[int, int]) -> np.ndarray:
        before = halves(ema.rao.bits if ema else 0 for ema in stored.values())
        of_block = np.array([list(flows.values())], np.int64)
        after = engine.emas_by_block(flow.smoothing_factor, before, of_block)[0]
        is_written = [bool(ema) and ema.block_number == pre.block_number for ema in stored.values()]
        return np.where(np.array(is_written, bool)[:, np.newaxis], before, after)

    user = advanced(flow.ema_tao_flow, flow.tao_flow_rao)
    protocol = advanced(flow.ema_protocol_flow, flow.protocol_flow_rao)
    net = engine.net_flows(user, protocol, flow.is_net)
    shares = engine.shares_by_flow(flow.cutoff, flow.norm_exponent, net)
    return {
        "prot_ema_after": integers(protocol, is_signed=True),
        "shares": integers(shares),
        "user_ema_after": integers(user, is_signed=True),
    }


def _subnet_block_emissions(case: Any) -> tuple[Any, Any]:
    given, expected = form.fields(case, "in", "out")
    form.fields(expected, "emissions", "shares")
    price, burned, enabled, emission = form.fields(
        given, "price", "burned", "enabled", "block_emission"
    )
    is_enabled = {netuid: form.boolean(value) for netuid, value in numbered(enabled).items()}
    pre = state_by_price(price, burned, is_enabled)
    if is_enabled.keys() != pre.moving_price.keys():
        raise UnknownForm(f"{len(price)} prices stand beside {len(enabled)} switches")
    shares = v425_price_burn.emission_shares(pre, v425_price_burn.candidates(pre))
    emission = form.fixed(U96F32, emission)
    paid = v425_price_burn.tao_by_share(emission, shares, pre.is_emission_enabled)
    law = {"emissions": bits(paid), "shares": bits(shares)}
    return expected, form.agreed(law, _emissions_by_engine(pre, emission))


def _emissions_by_engine(pre: EmissionState, emission: U96F32) -> dict[str, list[int]]:
    import numpy as np

    from mechanics.engine import emission as engine
    from mechanics.engine.wide import integers

    shares = shares_by_engine(pre)
    is_enabled = np.array(list(pre.is_emission_enabled.values()), bool)
    paid = engine.tao_by_share(emission, shares, is_enabled)
    return {"emissions": integers(paid), "shares": integers(shares)}


def shares_by_engine(pre: EmissionState) -> "np.ndarray":
    """Shares by price and burn as the engine has them, of subnets that are all candidates."""
    from mechanics.engine import emission as engine
    from mechanics.engine.wide import halves

    price = halves(pre.moving_alpha_price(netuid).bits for netuid in pre.subnets)
    return engine.shares_by_price(price, halves(bits(pre.miner_burned)))


OPS: dict[str, Check] = {
    "emis.safe_pow": _safe_pow,
    "emis.inplace_pow_normalize": _pow_normalize,
    "emis.get_shares_flow": _shares_flow,
    "emis.get_subnet_block_emissions": _subnet_block_emissions,
}
