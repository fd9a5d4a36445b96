"""The rule of the block's era is given what storage holds, in every era, and its results kept."""

import json
import random
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from mechanics import alpha_split, amm, emission, injection, issuance, moving_price
from mechanics.catalogue import MECHANISMS
from mechanics.emission import EmissionState, FlowEma, FlowState, GateState
from mechanics.fixed import I64F64, I96F32, U64F64, U96F32
from mechanics.flow import ERAS as FLOW_ERAS
from mechanics.flow import Cause, Flows, Movement
from orchestration.recompute import moving_prices, pool_replay, subnet_emissions, subnet_flows
from orchestration.schemas import CHAIN__POOL_POSITIONS, CHAIN__POOL_TICKS
from tests.orchestration.rows_by_hand import blocks, stake_events, subnet_blocks, table

VECTORS = Path(__file__).parent.parent / "vectors" / "emission.json"
ONE = 1 << 64
MINTED_RAO = 1_000_000_000
NO_TICKS, NO_POSITIONS = table(CHAIN__POOL_TICKS, []), table(CHAIN__POOL_POSITIONS, [])


def cases(operation: str) -> list[dict[str, Any]]:
    return json.loads(VECTORS.read_text())["ops"][operation]["cases"]


def by_netuid(rows: pa.Table) -> dict[int, dict[str, Any]]:
    return {row["netuid"]: row for row in rows.to_pylist()}


def due_bits(share_u64f64_bits: int) -> int:
    """The block's TAO by share as U96F32: 64 fraction bits, 32 of which are kept."""
    return MINTED_RAO * share_u64f64_bits >> 32


# ---------------------------------------------------------------------- the chain's own numbers


def held_by_tables(case: dict[str, Any]) -> bool:
    """EMAs of more than 38 digits, 258 times all TAO there can be, are refused when decoded."""
    emas = (*case["in"]["user_ema"], *case["in"]["prot_ema"])
    return all(ema is None or abs(int(ema)) < 10**38 for ema in emas)


NET_FLOWS = [case for case in cases("emis.get_shares_flow") if held_by_tables(case)]


def test_nearly_every_case_of_net_flow_is_held_by_tables():
    assert (len(NET_FLOWS), len(cases("emis.get_shares_flow"))) == (14, 16)


@pytest.mark.parametrize("case", NET_FLOWS)
def test_net_flow_is_shared_and_kept_as_the_chain_does(case):
    given, expected = case["in"], case["out"]
    block, last_block = int(given["block"]), int(given["last_block"])
    subnets: dict[int, dict[str, Any]] = {}
    for netuid, (user, user_flow, protocol, protocol_flow) in enumerate(
        zip(
            *(given[name] for name in ("user_ema", "user_flow", "prot_ema", "prot_flow")),
            strict=True,
        ),
        1,
    ):
        subnets[netuid] = {
            "pre_tao_flow_rao": int(user_flow),
            "pre_protocol_flow_rao": int(protocol_flow),
        }
        for whose, ema in (("tao", user), ("protocol", protocol)):
            if ema is not None:
                subnets[netuid] |= {
                    f"pre_ema_{whose}_flow_block_number": last_block,
                    f"pre_ema_{whose}_flow_i64f64_bits": int(ema),
                }
    found = by_netuid(
        subnet_emissions.recompute(
            subnet_blocks(411, block, subnets),
            blocks(
                411,
                block,
                pre_flow_ema_smoothing_factor_u64=int(given["smoothing"]),
                pre_tao_flow_cutoff_i64f64_bits=int(given["cutoff"]),
                pre_flow_norm_exponent_u64f64_bits=int(given["p"]),
                pre_is_net_tao_flow=given["net"],
            ),
        )
    )
    for netuid, share in enumerate(expected["shares"], 1):
        assert found[netuid]["tao_emission_u96f32_bits"] == due_bits(int(share))
    for whose, after in (("tao", "user_ema_after"), ("protocol", "prot_ema_after")):
        assert [row[f"ema_{whose}_flow_i64f64_bits"] for row in found.values()] == [
            int(ema) for ema in expected[after]
        ]
        before = "user_ema" if whose == "tao" else "prot_ema"
        is_consumed = [ema is None or last_block != block for ema in given[before]]
        assert [row[f"is_{whose}_flow_consumed"] for row in found.values()] == is_consumed
    assert {row["emission_era"] for row in found.values()} == {"v411_net_flow"}


@pytest.mark.parametrize("case", cases("emis.get_subnet_block_emissions"))
def test_price_and_burn_are_shared_as_the_chain_does(case):
    given, expected = case["in"], case["out"]
    subnets = {
        netuid: {
            "pre_moving_price_i96f32_bits": int(price),
            "pre_miner_burned_u96f32_bits": int(burned),
            "pre_is_emission_enabled": is_enabled,
        }
        for netuid, (price, burned, is_enabled) in enumerate(
            zip(given["price"], given["burned"], given["enabled"], strict=True), 1
        )
    }
    found = by_netuid(subnet_emissions.recompute(subnet_blocks(425, 9, subnets), blocks(425, 9)))
    shares = dict(enumerate(map(int, expected["shares"]), 1))
    if not all(given["enabled"]):
        # What is disabled leaves its part to the rest, in proportion.
        total = sum(shares[n] for n in shares if given["enabled"][n - 1])
        shares = {
            n: (share * ONE // total if total and given["enabled"][n - 1] else 0)
            for n, share in shares.items()
        }
    for netuid, share in shares.items():
        assert found[netuid]["tao_emission_u96f32_bits"] == due_bits(share), netuid


@pytest.mark.parametrize("case", cases("emis.get_shares_gated"))
def test_the_gate_and_its_bar_are_the_chains(case):
    given, expected = case["in"], case["out"]
    block = int(given["block"])
    subnets = {
        netuid: {
            "pre_moving_price_i96f32_bits": int(price),
            "pre_miner_burned_u96f32_bits": int(burned),
        }
        for netuid, (price, burned) in enumerate(
            zip(given["price"], given["burned"], strict=True), 1
        )
    }
    found = by_netuid(
        subnet_emissions.recompute(
            subnet_blocks(461, block, subnets),
            blocks(
                461,
                block,
                pre_emission_gate_bar_u64f64_bits=int(given["bar"]),
                pre_emission_bar_rank=int(given["rank"]),
                pre_emission_bar_quantile_u64f64_bits=int(given["q"]),
                pre_emission_gate_exponent_u64f64_bits=int(given["h"]),
            ),
        )
    )
    for netuid, share in enumerate(expected["shares"], 1):
        row = found[netuid]
        assert row["tao_emission_u96f32_bits"] == due_bits(int(share))
        assert row["emission_gate_bar_u64f64_bits"] == int(expected["bar_after"])


# ---------------------------------------------------------------------- every era


BLOCK, SOME = 7_000_000, range(1, 9)


def some_subnets(seed: int) -> dict[int, dict[str, Any]]:
    """Eight subnets of which each lacks something that some era asks for."""
    chance = random.Random(seed)
    return {
        netuid: {
            "pre_moving_price_i96f32_bits": chance.randrange(1 << 33),
            "pre_first_emission_block_number": None if netuid == 2 else 5,
            "pre_is_subtoken_enabled": netuid != 3,
            "pre_is_registration_allowed": netuid not in (4, 5),
            "pre_is_pow_registration_allowed": netuid != 5,
            "pre_is_emission_enabled": netuid != 6,
            "pre_subnet_mechanism": 0 if netuid == 7 else 1,
            "pre_miner_burned_u96f32_bits": chance.randrange(1 << 32),
            "pre_tao_flow_rao": chance.randrange(-(10**12), 10**12),
            "pre_ema_tao_flow_block_number": None if netuid == 8 else BLOCK - 1,
            "pre_ema_tao_flow_i64f64_bits": (
                None if netuid == 8 else chance.randrange(-(10**9), 10**9) * ONE
            ),
            "pre_protocol_flow_rao": chance.randrange(-(10**12), 10**12),
            "pre_ema_protocol_flow_block_number": None if netuid == 1 else BLOCK - 1,
            "pre_ema_protocol_flow_i64f64_bits": (
                None if netuid == 1 else chance.randrange(-(10**9), 10**9) * ONE
            ),
            "pre_tao_reserve_rao": chance.randrange(10**12, 10**14),
            "pre_alpha_reserve_rao": chance.randrange(10**14, 10**15),
            "pre_alpha_out_rao": chance.randrange(10**14, 10**15),
            "pre_alpha_provided_rao": 0,
            "pre_is_swap_v3_initialized": True,
            "pre_alpha_sqrt_price_u64f64_bits": chance.randrange(1 << 62, 1 << 63),
            "pre_balancer_quote_weight_perquintill": 5 * 10**17,
        }
        for netuid in SOME
    }


def state_of(spec: int, subnets: Mapping[int, Mapping[str, Any]]) -> EmissionState:
    """The same by hand, for the law."""

    def of(column: str) -> dict[int, Any]:
        return {n: said[column] for n, said in subnets.items()}

    def emas(whose: str) -> dict[int, FlowEma | None]:
        written = of(f"pre_ema_{whose}_flow_block_number")
        bits = of(f"pre_ema_{whose}_flow_i64f64_bits")
        return {
            n: None if at is None else FlowEma(at, I64F64(bits[n])) for n, at in written.items()
        }

    def price(said: Mapping[str, Any]) -> U96F32:
        root = U64F64(said["pre_alpha_sqrt_price_u64f64_bits"])
        return U96F32.saturating_from(root * root) if said["pre_subnet_mechanism"] else U96F32.of(1)

    return EmissionState(
        block_emission_rao=MINTED_RAO,
        moving_price={n: I96F32(b) for n, b in of("pre_moving_price_i96f32_bits").items()},
        mechanism=of("pre_subnet_mechanism"),
        first_emission_block_number=of("pre_first_emission_block_number"),
        block_number=BLOCK,
        flow=FlowState(
            smoothing_factor=29_597_889_189_277,
            cutoff=I64F64(0),
            norm_exponent=U64F64.of(1),
            tao_flow_rao=of("pre_tao_flow_rao"),
            ema_tao_flow=emas("tao"),
            spot_price={n: price(said) for n, said in subnets.items()},
            is_net=True,
            protocol_flow_rao=of("pre_protocol_flow_rao"),
            ema_protocol_flow=emas("protocol"),
        ),
        is_subtoken_enabled=of("pre_is_subtoken_enabled"),
        is_registration_allowed=of("pre_is_registration_allowed"),
        is_pow_registration_allowed=of("pre_is_pow_registration_allowed"),
        is_emission_enabled=of("pre_is_emission_enabled"),
        root_proportion={
            n: alpha_split.root_proportion(
                971_718_665_099_567_868,
                6 * 10**15,
                said["pre_alpha_reserve_rao"] + said["pre_alpha_out_rao"],
            )
            for n, said in subnets.items()
        },
        miner_burned={n: U96F32(b) for n, b in of("pre_miner_burned_u96f32_bits").items()},
        gate=GateState(U64F64(0), U64F64(61 * ONE // 100), 32, U64F64.of(3)),
    )


ERAS = [(era.name, spec) for era in emission.ERAS for spec in (era.first_spec_version,)]


@pytest.mark.parametrize(("era", "spec"), ERAS)
def test_in_every_era_the_law_is_given_what_storage_holds(era, spec):
    subnets = some_subnets(spec)
    paid = emission.ERAS.at(spec).module.recompute(state_of(spec, subnets))
    root = {0: {"pre_tao_reserve_rao": 6 * 10**15}}
    found = by_netuid(
        subnet_emissions.recompute(subnet_blocks(spec, BLOCK, root | subnets), blocks(spec, BLOCK))
    )
    assert found.keys() == set(SOME)
    for netuid, row in found.items():
        assert row["unexplained_reason"] is None
        assert row["emission_era"] == era
        assert row["is_candidate"] == (netuid in paid.tao)
        tao = paid.tao.get(netuid, U96F32(0))
        assert row["tao_emission_u96f32_bits"] == tao.bits
        assert row["is_tao_flow_consumed"] == (netuid in paid.consumed_tao_flow)
        bar = paid.emission_gate_bar
        assert row["emission_gate_bar_u64f64_bits"] == (None if bar is None else bar.bits)
        for whose, emas in (("tao", paid.ema_tao_flow), ("protocol", paid.ema_protocol_flow)):
            kept = (
                subnets[netuid][f"pre_ema_{whose}_flow_block_number"],
                subnets[netuid][f"pre_ema_{whose}_flow_i64f64_bits"],
            )
            ema = emas.get(netuid)
            after = kept if ema is None else (ema.block_number, ema.rao.bits)
            assert (
                row[f"ema_{whose}_flow_block_number"],
                row[f"ema_{whose}_flow_i64f64_bits"],
            ) == after
    assert any(row["tao_emission_rao"] for row in found.values())


PAGE = Path(__file__).parents[2] / "docs" / "architecture.md"
SHARED = ("issuance", "emission")
INJECTED = (*SHARED, "alpha_issuance", "injection", "amm")
REACHES = {
    "SubnetAlphaOutEmission": (233, INJECTED),
    "SubnetExcessTao": (411, INJECTED),
    "SubnetEmaTaoFlow": (334, SHARED),
    "SubnetEmaProtocolFlow": (411, SHARED),
    "SubnetTaoFlow": (334, (*SHARED, "flow")),
    "SubnetProtocolFlow": (411, (*INJECTED, "flow")),
    "EmissionGateBar": (440, SHARED),
}


@pytest.mark.parametrize("figure", REACHES)
def test_the_page_says_how_far_a_figure_is_recomputed(figure):
    (line,) = re.findall(rf"^\| `{figure}` \| (.*?) \|", PAGE.read_text(), re.MULTILINE)
    first, mechanisms = REACHES[figure]
    known = {
        spec
        for spec in range(first, 600)
        if all(
            any(e.first_spec_version <= spec <= e.last_spec_version for e in MECHANISMS[name])
            for name in mechanisms
        )
    }
    said = [part.split("-") for part in line.split(", ")]
    assert known == {spec for ends in said for spec in range(int(ends[0]), int(ends[-1]) + 1)}


# ---------------------------------------------------------------------- pools and prices


def pools(spec: int, subnets: dict, events: pa.Table) -> tuple[pa.Table, pa.Table, pa.Table]:
    rows, of_block = subnet_blocks(spec, BLOCK, subnets), blocks(spec, BLOCK)
    due = subnet_emissions.recompute(rows, of_block)
    states = pool_replay.recompute(rows, of_block, due, events, NO_TICKS, NO_POSITIONS).states
    return rows, due, states


def test_a_moving_price_of_the_constant_product_takes_in_the_price_after_roots_sale():
    """Spec 250: injection, then root's alpha is sold, then the moving price is written."""
    tao, alpha, out, root_tao = 10**13, 10**14, 3 * 10**14, 6 * 10**15
    subnet = {
        "pre_moving_price_i96f32_bits": 1 << 31,
        "pre_first_emission_block_number": None,
        "pre_is_subtoken_enabled": None,
        "pre_tao_reserve_rao": tao,
        "pre_alpha_reserve_rao": alpha,
        "pre_alpha_out_rao": out,
        "pre_network_registered_at_block": BLOCK - 50_000,
        "network_registered_at_block": BLOCK - 50_000,
        "pre_pending_emission_rao": 0,
        "pre_pending_alpha_swapped_rao": 0,
        "pre_pending_root_divs_rao": 0,
    }
    rows, due, states = pools(
        250, {0: {"pre_tao_reserve_rao": root_tao}, 1: subnet}, stake_events(BLOCK, [])
    )
    price = amm.ERAS.at(250).module.spot_price(amm.PoolState(1, tao, alpha))
    minted = issuance.block_emission(250, alpha + out)
    injected = injection.ERAS.at(250).module.recompute(
        injection.InjectionState(U96F32.of(MINTED_RAO), price, minted, True, True, MINTED_RAO)
    )
    pool = amm.PoolState(1, tao + injected.tao_in_rao, alpha + injected.alpha_in_rao)
    split = alpha_split.ERAS.at(250).module.recompute(
        alpha_split.AlphaSplitState(
            injected.alpha_out_rao,
            11_796,
            971_718_665_099_567_868,
            root_tao,
            alpha + out + injected.alpha_in_rao + injected.alpha_out_rao,
        )
    )
    assert split.root_sale_rao > 10**6
    sold = amm.ERAS.at(250).module.sell(pool, split.root_sale_rao, drop_fees=True)
    written = moving_price.ERAS.at(250).module.recompute(
        moving_price.MovingPriceState(
            BLOCK,
            1,
            I96F32(1 << 31),
            amm.ERAS.at(250).module.spot_price(sold.pool),
            I96F32(12_885),
            BLOCK - 50_000,
            None,
            None,
        )
    )
    (state,) = states.to_pylist()
    assert state["coinbase_spot_price_u64f64_bits"] == (
        amm.ERAS.at(250).module.spot_price(sold.pool).bits << 32
    )
    assert "No replay rule is known for spec 250" in state["unexplained_reason"]
    (found,) = moving_prices.recompute(rows, blocks(250, BLOCK), due, states).to_pylist()
    assert found["moving_price_i96f32_bits"] == written.bits != 1 << 31


# ---------------------------------------------------------------------- flows


BOUGHT = {"netuid": 1, "event_name": "StakeAdded", "fee_rao": 3, "pool_tao_in_rao": 1_000}
SOLD = {"netuid": 1, "event_name": "StakeRemoved", "fee_rao": 0, "pool_tao_out_rao": 400}
SOLD_FOR_A_FEE = SOLD | {"fee_rao": 5}
REGISTERED = {"netuid": 1, "event_name": "NeuronRegistered"}
ADD_STAKE_BURN = {"netuid": 1, "event_name": "AddStakeBurn", "pool_tao_in_rao": 9}

FOUND = [
    (334, [BOUGHT, SOLD_FOR_A_FEE], 600, None),
    (334, [REGISTERED], 0, None),
    (349, [BOUGHT], None, "protocol_tao_before_rao is missing"),
    (360, [SOLD_FOR_A_FEE, BOUGHT, BOUGHT], 1_600, None),
    (393, [BOUGHT, SOLD], 600, None),
    (393, [SOLD_FOR_A_FEE], None, subnet_flows.AUTHOR_FEE_IS_NOT_STATED),
    (393, [REGISTERED], 0, None),
    (393, [ADD_STAKE_BURN], None, subnet_flows.ADD_STAKE_BURN_IS_NOT_READ),
    (419, [BOUGHT, REGISTERED], None, subnet_flows.BURN_IS_NOT_STATED),
    (425, [BOUGHT], 6_000, None),  # nobody consumes it any more
]


@pytest.mark.parametrize(("spec", "events", "flow_rao", "reason"), FOUND)
def test_a_flow_is_what_events_move_after_the_emas_took_theirs(spec, events, flow_rao, reason):
    subnet = some_subnets(spec)[1] | {
        "pre_tao_flow_rao": 5_000,
        "root_sell_tao_rao": 7,
        "pre_pending_emission_rao": 0,
    }
    of_block = stake_events(BLOCK, events)
    rows, due, states = pools(spec, {1: subnet}, of_block)
    (found,) = subnet_flows.recompute(rows, due, of_block, states).to_pylist()
    assert found["flow_era"] == FLOW_ERAS.at(spec).name
    assert found["tao_flow_rao"] == flow_rao
    assert found["unexplained_reason"] == reason


def test_the_protocols_flow_is_what_it_put_in_less_what_claims_sold():
    subnet = some_subnets(425)[1] | {
        "pre_tao_flow_rao": 0,
        "pre_protocol_flow_rao": 5_000,
        "root_sell_tao_rao": 7,
    }
    nothing = stake_events(BLOCK, [])
    rows, due, states = pools(425, {1: subnet}, nothing)
    (found,) = subnet_flows.recompute(rows, due, nothing, states).to_pylist()
    (pool,) = states.to_pylist()
    spent_rao = pool["injected_tao_rao"] + pool["chain_buy_tao_rao"]
    assert MINTED_RAO - 2 <= spent_rao <= MINTED_RAO
    assert pool["chain_buy_tao_rao"] > 0
    assert found["protocol_flow_rao"] == 5_000 + spent_rao - 7
    rule = FLOW_ERAS.at(425).module.recompute
    by_law = rule(Flows(0, 5_000), Movement(Cause.INJECTION, spent_rao))
    assert (
        found["protocol_flow_rao"] == rule(by_law, Movement(Cause.ROOT_CLAIM, 7)).protocol_flow_rao
    )


def test_what_claims_sold_is_not_guessed():
    nothing = stake_events(BLOCK, [])
    rows, due, states = pools(425, {1: some_subnets(425)[1]}, nothing)
    (found,) = subnet_flows.recompute(rows, due, nothing, states).to_pylist()
    assert found["protocol_flow_rao"] is None
    assert found["protocol_unexplained_reason"] == subnet_flows.ROOT_SALES_ARE_NOT_KEPT
