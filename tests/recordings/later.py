"""Goes on with a recorded chain as later runtimes would have: a few blocks, by the law alone.

The state is the recorded one as bytes; each block does what the coinbase does, and one purchase of
stake where it is asked for. Epochs, claims and everything else stand still. The rules of
``mechanics`` are asked one by one in the chain's order: what the pipeline puts together from tables
is put together here from storage, so that the two agree only where both have it right.
"""

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import pyarrow.parquet as pq

from mechanics import alpha_split, amm, emission, injection, issuance, moving_price
from mechanics.amm import v423_balancer
from mechanics.emission import EmissionState, FlowEma, FlowState, GateState
from mechanics.fixed import I64F64, I96F32, U64F64, U96F32
from orchestration.chain.decode import SWAP_ACCOUNT
from orchestration.chain.keys import PREFIX_BYTES, map_key, parameters_of
from orchestration.chain.layout import EVENTS_PREFIX, POSITIONS, SNAPSHOT_ITEMS, TICKS, StorageItem
from orchestration.chain.metadata import Metadata
from orchestration.chain.record import described
from orchestration.chain.recording import FORMAT_VERSION
from tests.recordings.widen import BLOCK_MS, BLOCKS, CHANGES, NOW, NUMBER, table_of
from tests.replay_node.capture import compact

ITEMS = {item.item: item for item in SNAPSHOT_ITEMS}
FIRST_BALANCER_SPEC = 423

Value = int | bool | tuple[int, ...]


@dataclass(frozen=True)
class Stretch:
    """Some blocks of one runtime.

    Attributes:
        spec: what the headers say.
        metadata: what stands in for that runtime's metadata.
        blocks_count: how many.
        settings: storage that the block before them leaves otherwise than the law has it, by item
            and netuid; None takes it away.
        purchases: TAO that buys stake of a subnet, by block counted from the stretch's first.
    """

    spec: int
    metadata: Path
    blocks_count: int
    settings: Mapping[tuple[str, int | None], Value | None] = field(default_factory=dict)
    purchases: Mapping[int, tuple[int, int]] = field(default_factory=dict)


def go_on(recording: Path, start: dt.datetime, stretches: Sequence[Stretch], out: Path) -> None:
    """Writes a recording that begins with the first state of another and goes on by the law.

    The first block has the recorded state and what the first stretch sets; nothing runs in it.
    """
    source = pq.ParquetFile(recording / "storage_changes.parquet").read_row_group(0)
    first = source["block_number"][0].as_py()
    held = dict(zip(source["key"].to_pylist(), source["value"].to_pylist(), strict=True))
    chain = Chain(held, stretches[0].spec)
    chain.set(stretches[0])
    written: list[tuple[int, bytes, bytes | None]] = []
    headers, parent, block = [], bytes(32), first
    block_hash = blake2b(b"later", digest_size=32).digest()
    genesis = block_hash
    before: dict[bytes, bytes] = {}
    for at, stretch in enumerate(stretches):
        chain.begin(stretch)
        events = Events(stretch.spec, stretch.metadata.read_bytes())
        for nth in range(stretch.blocks_count):
            time_ms = int(start.timestamp() * 1000) + (block - first) * BLOCK_MS
            chain.held[NUMBER] = block.to_bytes(4, "little")
            chain.held[NOW] = time_ms.to_bytes(8, "little")
            chain.held[EVENTS_PREFIX] = compact(0)
            if block > first:
                chain.coinbase(block)
                if nth in stretch.purchases:
                    chain.held[EVENTS_PREFIX] = events.of(chain.buy(*stretch.purchases[nth]))
            if nth == stretch.blocks_count - 1 and at + 1 < len(stretches):
                chain.set(stretches[at + 1])
            headers.append((block, block_hash, parent, time_ms, stretch.spec, []))
            written += [
                (block, key, chain.held.get(key))
                for key in sorted(before.keys() | chain.held.keys())
                if before.get(key) != chain.held.get(key) or key == EVENTS_PREFIX
            ]
            before = dict(chain.held)
            parent, block_hash = block_hash, blake2b(block_hash, digest_size=32).digest()
            block += 1
    (out / "metadata").mkdir(parents=True)
    for stretch in stretches:
        name = out / "metadata" / f"{stretch.spec}_v14.scale"
        name.write_bytes(stretch.metadata.read_bytes())
    pq.write_table(table_of(headers, BLOCKS), out / "blocks.parquet", compression="zstd")
    with pq.ParquetWriter(out / "storage_changes.parquet", CHANGES, compression="zstd") as writer:
        for number in range(first, block):
            rows = [row for row in written if row[0] == number]
            writer.write_table(table_of(rows, CHANGES), row_group_size=len(rows))
    manifest = {
        "format_version": FORMAT_VERSION,
        "name": "a recorded chain, gone on with by the law",
        "synthetic": True,
        "genesis_hash": f"0x{genesis.hex()}",
        "first_block": first,
        "last_block": block - 1,
        "files": described(out),
    }
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")


# ---------------------------------------------------------------------- bytes


def _kinds(item: StorageItem) -> list[tuple[int, bool]]:
    """Width in bytes and sign of each field of a value of fixed width."""
    inner = re.fullmatch(r"\w*\((.*)\)", item.value_type)
    kinds = inner[1].split(", ") if inner else [item.value_type]
    sized = [re.match(r"([ui])(\d+)", kind) for kind in kinds]
    return [(1, False) if s is None else (int(s[2]) // 8, s[1] == "i") for s in sized]


def decoded(item: StorageItem, raw: bytes) -> tuple[int, ...]:
    """The fields of a value."""
    numbers, at = [], 0
    for width, is_signed in _kinds(item):
        numbers.append(int.from_bytes(raw[at : at + width], "little", signed=is_signed))
        at += width
    return tuple(numbers)


def encoded(item: StorageItem, value: Value) -> bytes:
    """A value as storage has it."""
    fields = value if isinstance(value, tuple) else (value,)
    return b"".join(
        int(number).to_bytes(width, "little", signed=is_signed)
        for number, (width, is_signed) in zip(fields, _kinds(item), strict=True)
    )


class Events:
    """Writes System.Events of one runtime."""

    def __init__(self, spec: int, raw: bytes) -> None:
        types = Metadata(spec, raw)._types
        runtime = next(t for t in types.values() if t.get("path", [""])[-1] == "RuntimeEvent")
        pallet = self._variant(runtime, "SubtensorModule")
        event = self._variant(types[pallet["fields"][0]["type"]], "StakeAdded")
        self._place = bytes([pallet["index"], event["index"]])

    @staticmethod
    def _variant(kind: dict, name: str) -> dict:
        return next(v for v in kind["def"]["variant"]["variants"] if v["name"] == name)

    def of(self, fields: bytes) -> bytes:
        """One StakeAdded of the block's first extrinsic."""
        return compact(1) + bytes(5) + self._place + fields + compact(0)


# ---------------------------------------------------------------------- the chain


class Chain:
    """A chain's storage between two blocks, and what its runtime makes of it."""

    def __init__(self, held: dict[bytes, bytes], spec: int) -> None:
        self.held = held
        self.spec = spec

    def begin(self, stretch: Stretch) -> None:
        """A runtime takes over: its migration of pools."""
        if self.spec < FIRST_BALANCER_SPEC <= stretch.spec:
            weights = {n: v423_balancer.migrated(self.pool(n)) for n in self.netuids()}
            for netuid, pool in weights.items():
                self.put("SwapBalancer", netuid, pool.quote_weight_perquintill)
        self.spec = stretch.spec

    def set(self, stretch: Stretch) -> None:
        """What a stretch begins with."""
        for (item, netuid), value in stretch.settings.items():
            self.put(item, netuid, value)

    def key(self, item: str, netuid: int | None) -> bytes:
        parts = ITEMS[item].key
        parameters = () if netuid is None else (netuid.to_bytes(2, "little"),)
        return map_key(ITEMS[item].prefix, parts, *parameters)

    def get(self, item: str, netuid: int | None = None) -> int:
        raw = self.held.get(self.key(item, netuid))
        default = bytes.fromhex(ITEMS[item].default_at(self.spec))
        return decoded(ITEMS[item], default if raw is None else raw)[0]

    def maybe(self, item: str, netuid: int) -> tuple[int, ...] | None:
        raw = self.held.get(self.key(item, netuid))
        return None if raw is None else decoded(ITEMS[item], raw)

    def put(self, item: str, netuid: int | None, value: Value | None) -> None:
        if value is None:
            self.held.pop(self.key(item, netuid), None)
        else:
            self.held[self.key(item, netuid)] = encoded(ITEMS[item], value)

    def add(self, item: str, netuid: int | None, amount: int) -> None:
        self.put(item, netuid, self.get(item, netuid) + amount)

    def netuids(self) -> list[int]:
        prefix = ITEMS["NetworksAdded"].prefix
        keys = (key for key in self.held if key.startswith(prefix))
        found = {int.from_bytes(key[PREFIX_BYTES:], "little") for key in keys}
        return sorted(found - {0})

    # ------------------------------------------------------------------ pools

    def _entries(self, item: StorageItem, netuid: int) -> dict[tuple[bytes, ...], tuple[int, ...]]:
        """The entries of a map under a subnet, by what follows the netuid in their keys."""
        own = netuid.to_bytes(2, "little")
        entries = {}
        for key in [key for key in self.held if key.startswith(item.prefix)]:
            first, *rest = parameters_of(key, item.key)
            if first == own:
                entries[tuple(rest)] = decoded(item, self.held[key])
        return entries

    def pool(self, netuid: int) -> amm.PoolState:
        reserves = {
            "mechanism": self.get("SubnetMechanism", netuid),
            "tao_reserve_rao": self.get("SubnetTAO", netuid),
            "alpha_reserve_rao": self.get("SubnetAlphaIn", netuid),
            "fee_rate_u16": self.get("FeeRate", netuid),
        }
        if self.spec >= FIRST_BALANCER_SPEC:
            weight = self.get("SwapBalancer", netuid)
            return amm.PoolState(**reserves, quote_weight_perquintill=weight)
        _, protocol = self._protocol_position(netuid)
        return amm.PoolState(
            **reserves,
            is_v3_initialized=bool(self.get("SwapV3Initialized", netuid)),
            alpha_sqrt_price=U64F64(self.get("AlphaSqrtPrice", netuid)),
            tao_provided_rao=self.get("SubnetTaoProvided", netuid),
            alpha_provided_rao=self.get("SubnetAlphaInProvided", netuid),
            current_liquidity=self.get("CurrentLiquidity", netuid),
            current_tick=self.get("CurrentTick", netuid),
            fee_global_tao=U64F64(self.get("FeeGlobalTao", netuid)),
            fee_global_alpha=U64F64(self.get("FeeGlobalAlpha", netuid)),
            ticks={
                int.from_bytes(index, "little", signed=True): amm.Tick(
                    net, gross, I64F64(tao), I64F64(alpha)
                )
                for (index,), (net, gross, tao, alpha) in self._entries(TICKS, netuid).items()
            },
            protocol_position=protocol,
            tao_scrap_rao=self.get("ScrapReservoirTao", netuid),
            alpha_scrap_rao=self.get("ScrapReservoirAlpha", netuid),
        )

    def _protocol_position(self, netuid: int) -> tuple[tuple[bytes, ...], amm.Position]:
        """Where it stands, and what it is. Users' positions change nothing but the ticks."""
        for (owner, number), values in self._entries(POSITIONS, netuid).items():
            if owner == SWAP_ACCOUNT:
                _, _, low, high, liquidity, tao, alpha = values
                position = amm.Position(low, high, liquidity, I64F64(tao), I64F64(alpha))
                return (owner, number), position
        raise LookupError(netuid)

    def keep(self, netuid: int, pool: amm.PoolState) -> None:
        self.put("SubnetTAO", netuid, pool.tao_reserve_rao)
        self.put("SubnetAlphaIn", netuid, pool.alpha_reserve_rao)
        if self.spec >= FIRST_BALANCER_SPEC:
            self.put("SwapBalancer", netuid, pool.quote_weight_perquintill)
            return
        self.put("AlphaSqrtPrice", netuid, pool.alpha_sqrt_price.bits)
        self.put("CurrentLiquidity", netuid, pool.current_liquidity)
        self.put("CurrentTick", netuid, pool.current_tick)
        self.put("ScrapReservoirTao", netuid, pool.tao_scrap_rao)
        self.put("ScrapReservoirAlpha", netuid, pool.alpha_scrap_rao)
        own = netuid.to_bytes(2, "little")
        for index, tick in pool.ticks.items():
            key = map_key(TICKS.prefix, TICKS.key, own, index.to_bytes(4, "little", signed=True))
            fields = (
                tick.liquidity_net,
                tick.liquidity_gross,
                tick.fees_out_tao.bits,
                tick.fees_out_alpha.bits,
            )
            self.held[key] = encoded(TICKS, fields)
        (owner, number), _ = self._protocol_position(netuid)
        position = pool.protocol_position
        fields = (
            int.from_bytes(number, "little"),
            netuid,
            position.tick_low,
            position.tick_high,
            position.liquidity,
            position.fees_tao.bits,
            position.fees_alpha.bits,
        )
        key = map_key(POSITIONS.prefix, POSITIONS.key, own, owner, number)
        self.held[key] = encoded(POSITIONS, fields)

    # ------------------------------------------------------------------ a block

    def coinbase(self, block: int) -> None:
        """Shares, terms, each subnet's pool, then moving prices: 1, 2, 4.1 and 3 of the spec."""
        minted = issuance.block_emission(self.spec, self.get("TotalIssuance"))
        pre = self._emission_state(block, minted)
        paid = emission.ERAS.at(self.spec).module.recompute(pre)
        for item, counter, emas, consumed in (
            ("SubnetEmaTaoFlow", "SubnetTaoFlow", paid.ema_tao_flow, paid.consumed_tao_flow),
            (
                "SubnetEmaProtocolFlow",
                "SubnetProtocolFlow",
                paid.ema_protocol_flow,
                paid.consumed_protocol_flow,
            ),
        ):
            for netuid, ema in emas.items():
                self.put(item, netuid, (ema.block_number, ema.rao.bits))
            for netuid in consumed:
                self.put(counter, netuid, None)
        if paid.emission_gate_bar is not None:
            self.put("EmissionGateBar", None, paid.emission_gate_bar.bits)
        due = {n: self._terms(n, tao, minted, pre) for n, tao in paid.tao.items()}
        prices = [pre.moving_alpha_price(netuid) for netuid in due]
        is_root_sold = sum(price.bits for price in prices) > 1 << 32
        for netuid, terms in due.items():
            self._inject(netuid, terms, is_root_sold)
        for netuid in due:
            self._move_price(block, netuid)

    def _emission_state(self, block: int, minted: int) -> EmissionState:
        netuids = self.netuids()

        def of(item: str) -> dict[int, int]:
            return {n: self.get(item, n) for n in netuids}

        def emas(item: str) -> dict[int, FlowEma | None]:
            found = {n: self.maybe(item, n) for n in netuids}
            return {n: f and FlowEma(f[0], I64F64(f[1])) for n, f in found.items()}

        started = {n: self.maybe("FirstEmissionBlockNumber", n) for n in netuids}
        more: dict = {
            "is_subtoken_enabled": of("SubtokenEnabled"),
            "is_registration_allowed": of("NetworkRegistrationAllowed"),
            "is_pow_registration_allowed": of("NetworkPowRegistrationAllowed"),
        }
        if self.spec < 421:
            more["flow"] = FlowState(
                smoothing_factor=self.get("FlowEmaSmoothingFactor"),
                cutoff=I64F64(self.get("TaoFlowCutoff")),
                norm_exponent=U64F64(self.get("FlowNormExponent")),
                tao_flow_rao=of("SubnetTaoFlow"),
                ema_tao_flow=emas("SubnetEmaTaoFlow"),
                spot_price={n: U96F32.saturating_from(self._price(n)) for n in netuids},
            )
        else:
            burned = of("MinerBurned")
            more["miner_burned"] = {n: U96F32(bits) for n, bits in burned.items()}
            more["is_emission_enabled"] = {
                n: bool(enabled) for n, enabled in of("SubnetEmissionEnabled").items()
            }
            more["root_proportion"] = {
                n: alpha_split.root_proportion(
                    self.get("TaoWeight"), self.get("SubnetTAO", 0), self._alpha_issuance(n)
                )
                for n in netuids
            }
        if self.spec >= 440:
            more["gate"] = GateState(
                bar=U64F64(self.get("EmissionGateBar")),
                bar_quantile=U64F64(self.get("EmissionBarQuantile")),
                bar_rank=self.get("EmissionBarRank") if self.spec > 440 else 0,
                exponent=U64F64(self.get("EmissionGateExponent")),
            )
        return EmissionState(
            block_emission_rao=minted,
            moving_price={n: I96F32(bits) for n, bits in of("SubnetMovingPrice").items()},
            mechanism=of("SubnetMechanism"),
            first_emission_block_number={n: s and s[0] for n, s in started.items()},
            block_number=block,
            **more,
        )

    def _alpha_issuance(self, netuid: int) -> int:
        """From spec 361 to 385 with what users lent to the pool."""
        lent = self.get("SubnetAlphaInProvided", netuid) if 361 <= self.spec <= 390 else 0
        return self.get("SubnetAlphaIn", netuid) + lent + self.get("SubnetAlphaOut", netuid)

    def _terms(
        self, netuid: int, tao: U96F32, minted: int, pre: EmissionState
    ) -> injection.Injection:
        return injection.ERAS.at(self.spec).module.recompute(
            injection.InjectionState(
                tao_emission=tao,
                price=U96F32.saturating_from(self._price(netuid)),
                alpha_emission_rao=issuance.block_emission(self.spec, self._alpha_issuance(netuid)),
                is_registration_allowed=True,
                is_pow_registration_allowed=True,
                block_emission_rao=minted,
                root_proportion=pre.root_proportion.get(netuid),
            )
        )

    def _price(self, netuid: int) -> U96F32 | U64F64:
        return amm.ERAS.at(self.spec).module.spot_price(self.pool(netuid))

    def _inject(self, netuid: int, due: injection.Injection, is_root_sold: bool) -> None:
        """Liquidity, purchase, reserves; from spec 439 the purchase comes first."""
        market, pool = amm.ERAS.at(self.spec).module, self.pool(netuid)
        bought = paid = 0
        for step in ("buy", "lend") if self.spec >= 439 else ("lend", "buy"):
            if step == "lend":
                pool = market.adjust_liquidity(pool, due.tao_in_rao, due.alpha_in_rao).pool
            elif due.excess_tao_rao:
                swap = market.buy(pool, due.excess_tao_rao, drop_fees=True)
                pool, paid, bought = swap.pool, swap.paid_in_rao, swap.paid_out_rao
        self.keep(netuid, pool)
        self.add("SubnetTAO", netuid, due.tao_in_rao)
        self.add("SubnetAlphaIn", netuid, due.alpha_in_rao)
        kept = bought if self.spec >= 413 else 0
        self.add("SubnetAlphaOut", netuid, due.alpha_out_rao - bought + kept)
        self.add("TotalIssuance", None, due.tao_in_rao + paid)
        self._set_aside(netuid, due, is_root_sold)
        self.put("SubnetTaoInEmission", netuid, due.tao_in_rao)
        self.put("SubnetAlphaInEmission", netuid, due.alpha_in_rao)
        self.put("SubnetAlphaOutEmission", netuid, due.alpha_out_rao)
        if self.spec >= 411:
            self.put("SubnetExcessTao", netuid, paid)
            self.add("SubnetProtocolFlow", netuid, paid + due.tao_in_rao)

    def _set_aside(self, netuid: int, due: injection.Injection, is_root_sold: bool) -> None:
        """Owner's cut, servers, validators and root of what is minted: 4.2 and 4.3."""
        is_cut = bool(self.get("OwnerCutEnabled", netuid)) if self.spec >= 411 else None
        split = alpha_split.ERAS.at(self.spec).module.recompute(
            alpha_split.AlphaSplitState(
                alpha_out_rao=due.alpha_out_rao,
                subnet_owner_cut_u16=self.get("SubnetOwnerCut"),
                tao_weight_u64=self.get("TaoWeight"),
                root_tao_rao=self.get("SubnetTAO", 0),
                alpha_issuance_rao=self._alpha_issuance(netuid),
                is_root_sold=is_root_sold,
                is_owner_cut_enabled=is_cut,
            )
        )
        self.add("PendingOwnerCut", netuid, split.owner_cut_rao)
        self.add("PendingServerEmission", netuid, split.server_rao)
        self.add("PendingValidatorEmission", netuid, split.validator_rao)
        self.add("PendingRootAlphaDivs", netuid, split.root_rao)
        self.add("SubnetAlphaOut", netuid, -split.recycled_rao)

    def _move_price(self, block: int, netuid: int) -> None:
        written = moving_price.ERAS.at(self.spec).module.recompute(
            moving_price.MovingPriceState(
                block_number=block,
                mechanism=self.get("SubnetMechanism", netuid),
                moving_price=I96F32(self.get("SubnetMovingPrice", netuid)),
                spot_price=self._price(netuid),
                subnet_moving_alpha=I96F32(self.get("SubnetMovingAlpha")),
                network_registered_at_block=self.get("NetworkRegisteredAt", netuid),
                first_emission_block_number=self.maybe("FirstEmissionBlockNumber", netuid)[0],
                ema_price_halving_blocks=self.get("EMAPriceHalvingBlocks", netuid),
            )
        )
        self.put("SubnetMovingPrice", netuid, written.bits)

    def buy(self, netuid: int, tao_rao: int) -> bytes:
        """Somebody buys stake: the fields of its event."""
        swap = amm.ERAS.at(self.spec).module.buy(self.pool(netuid), tao_rao)
        self.keep(netuid, swap.pool)
        self.add("SubnetAlphaOut", netuid, swap.paid_out_rao)
        self.add("SubnetTaoFlow", netuid, swap.paid_in_rao)
        numbers = (tao_rao, 8), (swap.paid_out_rao, 8), (netuid, 2), (swap.fee_rao, 8)
        return bytes(64) + b"".join(number.to_bytes(width, "little") for number, width in numbers)
