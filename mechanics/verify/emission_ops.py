"""Replays the emission functions of spec 425: powers, shares by flow and by price, what is paid."""

from typing import Any

from mechanics.emission import v411_net_flow, v425_price_burn
from mechanics.emission.state import EmissionState, FlowEma, FlowState
from mechanics.emission.v334_tao_flow import pow_normalized
from mechanics.fixed import I64F64, I96F32, U64F64, U96F32
from mechanics.transcendental import safe_pow
from mechanics.verify import form
from mechanics.verify.form import Check, UnknownForm


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
    value, exponent, expected = form.row(case, 3)
    computed = safe_pow(form.fixed(U64F64, value), form.fixed(U64F64, exponent))
    return form.integer(expected), computed.bits


def _pow_normalize(case: Any) -> tuple[Any, Any]:
    kind, flows, exponent, shares = form.fields(case, "kind", "offset_flows", "p", "shares")
    if not isinstance(kind, str):
        raise UnknownForm(f"the kind of flows is {kind!r}, no word")
    offset = {netuid: form.fixed(U64F64, flow) for netuid, flow in numbered(flows).items()}
    return form.row(shares), bits(pow_normalized(offset, form.fixed(U64F64, exponent)))


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
    return expected, {
        "prot_ema_after": [step.ema.rao.bits for step in shared.protocol.values()],
        "shares": bits(shared.shares),
        "user_ema_after": [step.ema.rao.bits for step in shared.user.values()],
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
    paid = v425_price_burn.tao_by_share(
        form.fixed(U96F32, emission), shares, pre.is_emission_enabled
    )
    return expected, {"emissions": bits(paid), "shares": bits(shares)}


OPS: dict[str, Check] = {
    "emis.safe_pow": _safe_pow,
    "emis.inplace_pow_normalize": _pow_normalize,
    "emis.get_shares_flow": _shares_flow,
    "emis.get_subnet_block_emissions": _subnet_block_emissions,
}
