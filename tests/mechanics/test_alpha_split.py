"""The alpha a block mints for owner, servers, validators and root."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanics import alpha_split
from mechanics.alpha_split import AlphaSplit, AlphaSplitState
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import I96F32
from tests.recordings.replay import steps

TAO = 1_000_000_000
MAX_U64 = 2**64 - 1
HALF_U64 = 2**63


def rule(spec_version: int):
    return alpha_split.ERAS.at(spec_version).module


def subnet(**more) -> AlphaSplitState:
    """A subnet in which root's proportion is one half, and the owner's cut a fifth."""
    known = {
        "alpha_out_rao": TAO,
        "subnet_owner_cut_u16": 13_107,
        "tao_weight_u64": MAX_U64,
        "root_tao_rao": 1_000 * TAO,
        "alpha_issuance_rao": 1_000 * TAO,
        "is_subsidized": False,
        "is_root_sold": True,
        "is_owner_cut_enabled": True,
    }
    return AlphaSplitState(**(known | more))


# 13,107 / 65,535 is a fifth, cut to 32 fraction bits: a rao short, then the parts of the rest.
OWNER, ROOT, SERVERS, VALIDATORS = 199_999_999, 200_000_000, 400_000_000, 200_000_000


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (233, AlphaSplit(OWNER, 600_000_000, ROOT, root_sale_rao=ROOT)),
        (297, AlphaSplit(OWNER, 600_000_000, ROOT, root_sale_rao=ROOT)),
        (298, AlphaSplit(OWNER, 600_000_000, ROOT, root_sale_rao=ROOT)),
        (334, AlphaSplit(OWNER, 600_000_000, ROOT, root_rao=ROOT)),
        (342, AlphaSplit(OWNER, 600_000_000, ROOT, root_rao=ROOT)),
        (343, AlphaSplit(OWNER, server_rao=SERVERS, validator_rao=VALIDATORS, root_rao=ROOT)),
        (411, AlphaSplit(OWNER, server_rao=SERVERS, validator_rao=VALIDATORS, root_rao=ROOT)),
    ],
)
def test_a_subnet_half_roots_own_by_version(spec, expected):
    assert rule(spec).recompute(subnet()) == expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (298, AlphaSplit(OWNER, 600_000_000, ROOT)),
        (334, AlphaSplit(OWNER, 600_000_000, ROOT)),
    ],
)
def test_what_root_earns_of_a_subsidised_subnet_is_lost(spec, expected):
    assert rule(spec).recompute(subnet(is_subsidized=True)) == expected


def test_without_the_flag_validators_keep_roots_part_at_342():
    assert rule(342).recompute(subnet(is_root_sold=False)) == AlphaSplit(OWNER, 800_000_000)


def test_without_the_flag_roots_part_is_recycled_from_343():
    unsold = AlphaSplit(OWNER, server_rao=SERVERS, validator_rao=VALIDATORS, recycled_rao=ROOT)
    assert rule(343).recompute(subnet(is_root_sold=False)) == unsold


def test_a_disabled_owners_cut_is_shared_by_the_others_from_411():
    without = subnet(is_owner_cut_enabled=False)
    assert rule(410).recompute(without).owner_cut_rao == OWNER
    split = rule(411).recompute(without)
    assert split == AlphaSplit(
        0, server_rao=500_000_000, validator_rao=250_000_000, root_rao=250_000_000
    )


def test_an_ordinary_cut_of_18_percent_leaves_41_41_for_servers_and_the_rest():
    split = rule(425).recompute(subnet(subnet_owner_cut_u16=11_796, tao_weight_u64=0))
    assert (split.owner_cut_rao, split.server_rao, split.validator_rao) == (
        179_995_422,
        410_002_288,
        410_002_288,
    )


# ---------------------------------------------------------------- root's proportion and flag


def test_root_proportion_of_the_chains_unit_test():
    """root_proportion_425, subtensor spec 425, tests/coinbase.rs; exact bits."""
    for era in alpha_split.ERAS:
        found = era.module.root_proportion(3_320_413_933_267_719_290, 10**12, 10**11)
        assert found.bits == 2_761_050_404


def test_root_has_all_of_a_subnet_without_alpha_and_nothing_of_nothing():
    proportion = rule(425).root_proportion
    assert proportion(HALF_U64, 10**12, 0).bits == 2**32
    assert proportion(HALF_U64, 0, 0).bits == 0
    assert proportion(0, 10**12, 10**12).bits == 0


@given(st.integers(0, MAX_U64), st.integers(0, MAX_U64), st.integers(0, MAX_U64 - 10**9))
def test_roots_proportion_falls_as_alpha_is_issued(weight, root, alpha):
    older = rule(425).root_proportion(weight, root, alpha + 10**9)
    assert older <= rule(425).root_proportion(weight, root, alpha)


@pytest.mark.parametrize("spec", [342, 343, 423])
def test_root_sells_only_when_all_prices_sum_to_more_than_one(spec):
    half = I96F32(2**31)
    assert not rule(spec).root_sell_flag([])
    assert not rule(spec).root_sell_flag([half, half])
    assert rule(spec).root_sell_flag([half, I96F32(2**31 + 1)])
    assert not rule(spec).root_sell_flag([half, half, I96F32(-1)])


# ---------------------------------------------------------------- properties

states = st.builds(
    AlphaSplitState,
    alpha_out_rao=st.integers(0, TAO),
    subnet_owner_cut_u16=st.integers(0, 2**16 - 1),
    tao_weight_u64=st.integers(0, MAX_U64),
    root_tao_rao=st.integers(0, 21_000_000 * TAO),
    alpha_issuance_rao=st.integers(0, 21_000_000 * TAO),
    is_subsidized=st.booleans(),
    is_root_sold=st.booleans(),
    is_owner_cut_enabled=st.booleans(),
)


@given(st.sampled_from([233, 298, 334]), states)
def test_up_to_341_nothing_is_created_and_less_than_3_rao_lost(spec, pre):
    split = rule(spec).recompute(pre)
    parts = split.owner_cut_rao + split.emission_rao + split.swapped_rao
    assert pre.alpha_out_rao - 3 < parts <= pre.alpha_out_rao


@given(st.sampled_from([343, 411]), states)
def test_from_343_nothing_is_created_and_less_than_4_rao_lost(spec, pre):
    split = rule(spec).recompute(pre)
    paid = split.owner_cut_rao + split.server_rao + split.validator_rao
    parts = paid + split.root_rao + split.recycled_rao
    assert pre.alpha_out_rao - 4 < parts <= pre.alpha_out_rao


@given(st.sampled_from([343, 411]), states)
def test_root_never_earns_more_than_the_validators_half(spec, pre):
    split = rule(spec).recompute(pre)
    assert split.root_rao + split.recycled_rao + split.validator_rao <= split.server_rao + 1


# ---------------------------------------------------------------- what no chain can have


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        (298, "is_subsidized"),
        (334, "is_subsidized"),
        (342, "is_root_sold"),
        (343, "is_root_sold"),
        (411, "is_owner_cut_enabled"),
    ],
)
def test_a_switch_that_is_missing_is_named(spec, field):
    with pytest.raises(BadState, match=f"{field} is missing") as refused:
        rule(spec).recompute(subnet(**{field: None}))
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("alpha_out_rao", -1),
        ("subnet_owner_cut_u16", 2**16),
        ("tao_weight_u64", 2**64),
        ("root_tao_rao", -1),
        ("alpha_issuance_rao", 2**64),
    ],
)
def test_an_amount_that_does_not_fit_is_named(field, value):
    with pytest.raises(BadState, match=field):
        subnet(**{field: value})


@pytest.mark.parametrize("spec", [232, 330, 443])
def test_a_spec_that_nobody_has_read_is_no_rule(spec):
    with pytest.raises(UnknownRule):
        alpha_split.ERAS.at(spec)


# ---------------------------------------------------------------- a recorded chain, spec 293


def recorded(before, after, netuid: int) -> AlphaSplit:
    """The split of a recorded block: issuance after the injection, root's TAO before the block."""
    minted = after.number("SubnetAlphaOutEmission", netuid)
    issued = sum(before.number(item, netuid) for item in ("SubnetAlphaIn", "SubnetAlphaOut"))
    return rule(293).recompute(
        AlphaSplitState(
            alpha_out_rao=minted,
            subnet_owner_cut_u16=before.number("SubnetOwnerCut"),
            tao_weight_u64=before.number("TaoWeight"),
            root_tao_rao=before.number("SubnetTAO", 0),
            alpha_issuance_rao=issued + after.number("SubnetAlphaInEmission", netuid) + minted,
        )
    )


READ = (
    *("SubnetAlphaIn", "SubnetAlphaOut", "SubnetTAO", "SubnetOwnerCut", "TaoWeight"),
    *("SubnetAlphaInEmission", "SubnetAlphaOutEmission", "FirstEmissionBlockNumber"),
)


def test_recorded_pending_amounts_grow_by_the_split_exactly(embedded: Path):
    """Every block without an epoch; after one, all three are empty."""
    added = {
        "PendingOwnerCut": "owner_cut_rao",
        "PendingEmission": "emission_rao",
        "PendingAlphaSwapped": "swapped_rao",
    }
    grown = drained = 0
    for block, before, after in steps(embedded, *READ, *added, "LastMechansimStepBlock"):
        for netuid in before.subnets():
            if after.number("LastMechansimStepBlock", netuid) == block:
                assert not any(after.number(item, netuid) for item in added), (block, netuid)
                drained += 1
            elif before.has("FirstEmissionBlockNumber", netuid):
                split = recorded(before, after, netuid)
                for item, part in added.items():
                    change = after.number(item, netuid) - before.number(item, netuid)
                    assert change == getattr(split, part), (block, netuid, item)
                grown += 1
    assert (grown, drained) == (14_243, 343)


# Extrinsics that move alpha into a pool or out of it.
MOVING_ALPHA = {
    *("StakeAdded", "StakeRemoved", "NeuronRegistered", "AlphaRecycled", "AlphaBurned"),
    *("LiquidityAdded", "LiquidityRemoved", "NetworkAdded"),
}


def test_recorded_alpha_moves_by_injection_and_root_sale_alone_in_quiet_blocks(embedded: Path):
    events = pq.read_table(embedded / "events.parquet", columns=["block_number", "variant"])
    busy = {e["block_number"] for e in events.to_pylist() if e["variant"] in MOVING_ALPHA}
    checked = 0
    for block, before, after in steps(embedded, *READ):
        if block in busy:
            continue
        for netuid in before.subnets():
            if not before.has("FirstEmissionBlockNumber", netuid):
                continue
            sold = recorded(before, after, netuid).root_sale_rao
            for item, emitted, sale in (
                ("SubnetAlphaIn", "SubnetAlphaInEmission", sold),
                ("SubnetAlphaOut", "SubnetAlphaOutEmission", -sold),
            ):
                change = after.number(item, netuid) - before.number(item, netuid)
                assert change == after.number(emitted, netuid) + sale, (block, netuid, item)
            checked += 1
    assert checked > 500
