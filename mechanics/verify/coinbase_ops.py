"""Replays the coinbase of spec 425: block emission, moving price, root's part, terms, dividends."""

from typing import Any

from mechanics import alpha_split, distribution, injection, issuance, moving_price
from mechanics.fixed import I96F32, U64F64, U96F32
from mechanics.verify import form
from mechanics.verify.form import Check, UnknownForm

_SPEC_VERSION = 425
_INJECTION = injection.ERAS.at(_SPEC_VERSION).module
_ALPHA_SPLIT = alpha_split.ERAS.at(_SPEC_VERSION).module
_DISTRIBUTION = distribution.ERAS.at(_SPEC_VERSION).module
_MOVING_PRICE = moving_price.ERAS.at(_SPEC_VERSION).module


def _block_emission(case: Any) -> tuple[Any, Any]:
    issuance_rao, expected = form.row(case, 2)
    computed = issuance.block_emission(_SPEC_VERSION, form.unsigned(issuance_rao, 64))
    return form.integer(expected), computed


def _update_moving_price(case: Any) -> tuple[Any, Any]:
    block, first_emission, halving, moving_alpha, spot, before, expected = form.row(case, 7)
    pre = moving_price.MovingPriceState(
        block_number=form.unsigned(block, 64),
        mechanism=1,
        moving_price=form.fixed(I96F32, before),
        spot_price=form.fixed(U64F64, spot),
        subnet_moving_alpha=form.fixed(I96F32, moving_alpha),
        network_registered_at_block=0,
        first_emission_block_number=None
        if first_emission is None
        else form.unsigned(first_emission, 64),
        ema_price_halving_blocks=form.unsigned(halving, 64),
    )
    computed = form.agreed(_MOVING_PRICE.recompute(pre).bits, _moving_price_by_engine(pre))
    return form.integer(expected), computed


def _moving_price_by_engine(pre: moving_price.MovingPriceState) -> int:
    import numpy as np

    # The engine takes a second to import, for which listing eras need not wait.
    from mechanics.engine import moving_price as engine
    from mechanics.engine.wide import halves, integers

    computed = engine.recompute(
        _SPEC_VERSION,
        engine.MovingPrices(
            pre.block_number,
            np.array([pre.mechanism]),
            halves([pre.moving_price.bits]),
            halves([pre.spot_price.bits]),
            pre.subnet_moving_alpha,
            first_emission_block_number=np.array([pre.first_emission_block_number or 0], np.uint64),
            ema_price_halving_blocks=np.array([pre.ema_price_halving_blocks], np.uint64),
        ),
    )
    return integers(computed, is_signed=True)[0]


def _root_proportion(case: Any) -> tuple[Any, Any]:
    alpha_issuance, root_tao, tao_weight, expected = form.row(case, 4)
    computed = _ALPHA_SPLIT.root_proportion(
        form.unsigned(tao_weight, 64),
        form.unsigned(root_tao, 64),
        form.unsigned(alpha_issuance, 64),
    )
    return form.integer(expected), computed.bits


def _root_sell_flag(case: Any) -> tuple[Any, Any]:
    moving_prices, expected = form.row(case, 2)
    prices = [form.fixed(I96F32, bits) for bits in form.row(moving_prices)]
    return form.boolean(expected), _ALPHA_SPLIT.root_sell_flag(prices)


_PER_SUBNET = ("alpha_in", "alpha_out", "price", "owner_cut_enabled", "tao_emission")
_TERMS = (
    "tao_in",
    "alpha_in",
    "alpha_out",
    "excess_tao",
    "alpha_out_emission",
    "pending_owner_cut",
    "pending_server",
    "pending_validator",
    "pending_root_alpha",
    "recycled",
    "root_prop",
)


def _coinbase_terms(case: Any) -> tuple[Any, Any]:
    """A block's terms and split, subnet by subnet, with pools that take in nothing."""
    given, expected = form.fields(case, "in", "out")
    tao_weight, root_tao, owner_cut, is_root_sold, *columns = form.fields(
        given, "tao_weight", "root_tao", "owner_cut", "root_sell_flag", *_PER_SUBNET
    )
    form.fields(expected, *_TERMS)
    lengths = {len(form.row(column)) for column in columns}
    if len(lengths) != 1:
        raise UnknownForm("the columns of subnets are of different lengths")
    network = {
        "subnet_owner_cut_u16": form.unsigned(owner_cut, 16),
        "tao_weight_u64": form.unsigned(tao_weight, 64),
        "root_tao_rao": form.unsigned(root_tao, 64),
        "is_root_sold": form.boolean(is_root_sold),
    }
    rows = [_subnet_terms(network, *subnet) for subnet in zip(*columns, strict=True)]
    return expected, {name: [row[name] for row in rows] for name in _TERMS}


def _subnet_terms(
    network: dict[str, Any],
    alpha_in: Any,
    alpha_out: Any,
    price: Any,
    is_owner_cut_enabled: Any,
    tao_emission: Any,
) -> dict[str, int]:
    issued_rao = _u64(form.unsigned(alpha_in, 64) + form.unsigned(alpha_out, 64))
    root_proportion = _ALPHA_SPLIT.root_proportion(
        network["tao_weight_u64"], network["root_tao_rao"], issued_rao
    )
    emission_rao = issuance.block_emission(_SPEC_VERSION, issued_rao)
    pre = injection.InjectionState(
        tao_emission=form.fixed(U96F32, tao_emission),
        price=U96F32.saturating_from(form.fixed(U64F64, price)),
        alpha_emission_rao=emission_rao,
        is_registration_allowed=True,
        is_pow_registration_allowed=True,
        root_proportion=root_proportion,
    )
    terms = _INJECTION.terms(pre)
    parts = {
        "tao_in": terms.tao_in.bits,
        "alpha_in": terms.alpha_in.bits,
        "alpha_out": terms.alpha_out.bits,
        "excess_tao": terms.excess_tao.bits,
    }
    by_engine = _terms_by_engine(pre)
    split = _ALPHA_SPLIT.recompute(
        alpha_split.AlphaSplitState(
            alpha_out_rao=terms.floored().alpha_out_rao,
            alpha_issuance_rao=_u64(issued_rao + emission_rao),
            is_owner_cut_enabled=form.boolean(is_owner_cut_enabled),
            **network,
        )
    )
    return {
        **{name: form.agreed(part, by_engine[name]) for name, part in parts.items()},
        "alpha_out_emission": terms.floored().alpha_out_rao,
        "pending_owner_cut": split.owner_cut_rao,
        "pending_server": split.server_rao,
        "pending_validator": split.validator_rao,
        "pending_root_alpha": split.root_rao,
        "recycled": split.recycled_rao,
        "root_prop": root_proportion.bits,
    }


def _u64(sum_rao: int) -> int:
    """A sum as the chain's saturating addition leaves it."""
    return min(sum_rao, 2**64 - 1)


def _terms_by_engine(pre: injection.InjectionState) -> dict[str, int]:
    import numpy as np

    from mechanics.engine import injection as engine
    from mechanics.engine.wide import halves, integers

    terms = engine.terms(
        _SPEC_VERSION,
        engine.Candidates(
            halves([pre.tao_emission.bits]),
            halves([pre.price.bits]),
            np.array([pre.alpha_emission_rao], np.uint64),
            root_proportion=halves([pre.root_proportion.bits]),
        ),
    )
    return {
        "tao_in": integers(terms.tao_in)[0],
        "alpha_in": integers(terms.alpha_in)[0],
        "alpha_out": integers(terms.alpha_out)[0],
        "excess_tao": integers(terms.excess_tao)[0],
    }


def _dividend_distribution(case: Any) -> tuple[Any, Any]:
    given, expected = form.fields(case, "in", "out")
    form.fields(expected, "alpha", "root")
    stakes, dividends, alpha, root, weight = form.fields(
        given, "stake", "dividends", "pending_alpha", "pending_root_alpha", "tao_weight_bits"
    )
    known = {
        hotkey: distribution.Stake(*(form.unsigned(rao, 64) for rao in form.row(stake, 2)))
        for hotkey, stake in enumerate(form.row(stakes))
        if stake is not None
    }
    computed = _DISTRIBUTION.dividend_distribution(
        form.unsigned(alpha, 64),
        form.unsigned(root, 64),
        form.fixed(U96F32, weight),
        known,
        {hotkey: form.fixed(U96F32, bits) for hotkey, bits in enumerate(form.row(dividends))},
    )
    return _by_hotkey(expected), {"alpha": _rows(computed.alpha), "root": _rows(computed.root)}


def _by_hotkey(out: dict[str, Any]) -> dict[str, list]:
    """The expected rows with their hotkeys, which stand as numbers, as the computed ones have."""
    return {
        name: [[form.integer(number) for number in form.row(row, 2)] for row in form.row(out[name])]
        for name in ("alpha", "root")
    }


def _rows(dividends: dict[Any, U96F32]) -> list[list[int]]:
    return [[hotkey, dividends[hotkey].bits] for hotkey in sorted(dividends)]


OPS: dict[str, Check] = {
    "coin.block_emission": _block_emission,
    "coin.update_moving_price": _update_moving_price,
    "coin.root_proportion": _root_proportion,
    "coin.root_sell_flag": _root_sell_flag,
    "coin.coinbase_terms": _coinbase_terms,
    "coin.dividend_distribution": _dividend_distribution,
}
