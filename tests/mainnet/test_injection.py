"""Injections on mainnet in 2026, from snapshots of the chain's state, against the rules."""

import csv
import json
from pathlib import Path
from statistics import median

import pyarrow.parquet as pq

from mechanics import injection
from mechanics.fixed import U96F32

TAO = 1_000_000_000
ONE = 2**32


def injected(spec: int, tao_rao: float, price: float, **more) -> injection.Injection:
    """The rule on numbers as the snapshots have them: decimals, not the chain's bits."""
    return injection.ERAS.at(spec).module.recompute(
        injection.InjectionState(
            tao_emission=U96F32(round(tao_rao * ONE)),
            price=U96F32(round(price * ONE)),
            alpha_emission_rao=TAO,
            is_registration_allowed=True,
            is_pow_registration_allowed=True,
            **more,
        )
    )


def test_tao_of_march_2026_is_capped_at_half_an_alphas_price(shared):
    """Block 7,801,029, spec 391: TAO into each pool, from the flow EMAs and the spot prices.

    Error: 78 subnets get TAO, 63 of them uncapped, 15 capped by the block's 0.5 TAO taken as alpha.
    All are within 1e-4, or a rao, and half of them within 3e-6: the EMAs are given to 8 decimals of
    a TAO and the prices to 8 decimals.
    """
    path = shared / "mainnet/taoflow/chain_history_2026-03-22_block7801029.csv"
    rows = list(csv.DictReader(path.open()))
    flows = [max(float(row["ema_tao_inflow"]), 0) for row in rows]
    errors, capped = [], 0
    for row, flow in zip(rows, flows, strict=True):
        due_rao = TAO / 2 * flow / sum(flows)
        found = injected(391, due_rao, float(row["price"]), block_emission_rao=TAO // 2)
        observed_rao = int(row["emission_rao"])
        if not observed_rao:
            assert found.tao_in_rao == 0, row["netuid"]
            continue
        capped += found.excess_tao_rao > 0
        errors.append(abs(found.tao_in_rao - observed_rao) / observed_rao)
        assert errors[-1] < 1e-4 or abs(found.tao_in_rao - observed_rao) <= 1, row["netuid"]
    assert (len(errors), capped) == (78, 15)
    assert median(errors) < 3e-6


def test_tao_of_july_2026_is_capped_by_roots_proportion(shared):
    """Block 8,740,402, spec 440: TAO into the pools of subnets whose excess bought alpha.

    Error: 32 subnets; half of them within 0.7 %, three quarters within 1.7 %. The price nearest in
    time is of 3,475 blocks before, in which the worst of them moved by 31 %; roots' proportions are
    between those of 80,000 blocks before and 33,000 after.
    """
    snapshot = json.loads(
        (shared / "mainnet/emission_gate/emission-pipeline_8740402.json").read_text()
    )
    block = snapshot["block_number"]
    tao_in, excess = (
        {int(netuid): little_endian(raw) for netuid, raw in snapshot["maps"][name].items()}
        for name in ("tao_in_emission", "excess_tao")
    )
    prices = pq.read_table(
        shared / "mainnet/pools_2026/prices_live.parquet",
        columns=["block", "netuid", "price"],
    ).to_pylist()
    nearest = min({row["block"] for row in prices}, key=lambda other: abs(other - block))
    assert block - nearest == 3_475
    spot = {row["netuid"]: row["price"] for row in prices if row["block"] == nearest}
    proportions = root_proportions(shared, block)
    errors = []
    for netuid, excess_rao in excess.items():
        if not excess_rao or netuid not in spot or netuid not in proportions:
            continue
        found = injected(
            *(440, tao_in[netuid] + excess_rao, spot[netuid]),
            root_proportion=U96F32(round(proportions[netuid] * ONE)),
        )
        errors.append(abs(found.tao_in_rao / tao_in[netuid] - 1))
    assert len(errors) == 32
    errors.sort()
    assert errors[15] < 0.007
    assert errors[23] < 0.017


def root_proportions(shared: Path, block: int) -> dict[int, float]:
    """Root's proportion at a block, drawn between the dashboard's rows before and after.

    What grows evenly is the alpha over root's weight, 1 / r - 1.
    """
    rows = pq.read_table(
        shared / "mainnet/pools_2026/dashboard.parquet",
        columns=["block", "netuid", "root_prop"],
    ).to_pylist()
    known: dict[int, list[tuple[int, float]]] = {}
    for row in rows:
        if row["root_prop"]:
            known.setdefault(row["netuid"], []).append((row["block"], row["root_prop"]))
    drawn = {}
    for netuid, points in known.items():
        before = [point for point in points if point[0] <= block]
        after = [point for point in points if point[0] > block]
        if before and after:
            (first, low), (last, high) = max(before), min(after)
            part = (block - first) / (last - first)
            drawn[netuid] = 1 / (1 + (1 / low - 1) * (1 - part) + (1 / high - 1) * part)
    return drawn


def little_endian(raw: str) -> int:
    return int.from_bytes(bytes.fromhex(raw.removeprefix("0x")), "little")
