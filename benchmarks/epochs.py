"""A chain-day of epochs, decoded, recomputed and reconciled: 128 subnets x 20 epochs, generated.

Every subnet has 256 neurons, 64 of them validators with weights to all others; a third of the
validators set new weights before each epoch, and every stake moves. What the epochs wrote is what
the rules gave at generation, so that the reconciliation has nothing to say but ``exact``.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks import Row
from orchestration.chain import decode, epochs, metadata
from orchestration.chain.keys import map_key
from orchestration.chain.layout import (
    ALPHA_DIVIDENDS,
    BONDS,
    GLOBAL_ITEMS,
    HOTKEY,
    LAST_STEP_BLOCK,
    LAST_UPDATE,
    NETWORKS_ADDED,
    NEURON_COUNT,
    OUTPUT_VECTORS,
    OWNER,
    REGISTERED_AT,
    STAKE,
    SUBNET_ITEMS,
    TAO_DIVIDENDS,
    VALIDATOR_PERMIT,
    WEIGHTS,
    StorageItem,
)
from orchestration.lake import Lake
from orchestration.recompute import epochs as recompute
from orchestration.schemas import RAW_CHAIN__STORAGE, RECOMPUTED__POOL_STATES
from orchestration.settings import EMBEDDED_RECORDING, PROJECT_ROOT

SUBNETS, EPOCHS, NEURONS, VALIDATORS = 128, 20, 256, 64
TEMPO, SPEC, DAY = 360, 293, "2025-07-08"
DECODED = ("epochs", "epoch_neurons", "epoch_kin", "epoch_weights", "epoch_bonds")
TARGET_SECONDS, TARGET_GB = 60, 3


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as home:
        generate(Path(home))
        command = [sys.executable, "-m", "benchmarks.epochs", home]
        process = subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True)
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"the epochs of a chain-day ended with status {status}")
    figures = json.loads(said.splitlines()[-1])
    note = f"{SUBNETS} subnets x {EPOCHS} epochs, {VALIDATORS} validators x {NEURONS} neurons"
    for what in ("decoded", "recomputed", "reconciled"):
        yield Row(f"  {what}", figures[what], "s")
    yield Row("a chain-day of epochs", sum(figures.values()), "s", TARGET_SECONDS, note)
    yield Row("  its largest process", usage.ru_maxrss / 2**20, "GB", TARGET_GB)


# ---------------------------------------------------------------------- what is measured


def measured(home: Path) -> dict[str, float]:
    """Seconds of each step, from the raw tables of a lake to the verdicts."""
    lake = Lake(home / "lake")
    layouts = _layouts()
    seconds = {}
    start = time.perf_counter()
    frames = decode.StateFrames(lake.read("raw_chain__storage", DAY), layouts)
    found = epochs.EpochFrames(lake.read("raw_chain__epoch_storage", DAY), frames)
    for name in DECODED:
        lake.write(f"chain__{name}", getattr(epochs, f"chain_{name}")(found), DAY)
    del frames, found
    seconds["decoded"] = time.perf_counter() - start
    start = time.perf_counter()
    names = [f"chain__{name}" for name in DECODED] + ["recomputed__pool_states"]
    done = recompute.recompute(*(lake.read(name, DAY) for name in names))
    lake.write("recomputed__epoch_neurons", done.neurons, DAY)
    lake.write("recomputed__epoch_bonds", done.bonds, DAY)
    del done
    seconds["recomputed"] = time.perf_counter() - start
    start = time.perf_counter()
    _reconcile(home)
    seconds["reconciled"] = time.perf_counter() - start
    return seconds


def _reconcile(home: Path) -> None:
    import duckdb
    from dbt.cli.main import dbtRunner

    build = home / "warehouse.duckdb"
    os.environ |= {
        "TAOBOOKS_LAKE": str(home / "lake"),
        "TAOBOOKS_WAREHOUSE_BUILD": str(build),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    project = str(PROJECT_ROOT / "dbt_project")
    arguments = ["run", "--quiet", "--project-dir", project, "--profiles-dir", project]
    arguments += ["--target-path", str(home / "target"), "--log-path", str(home)]
    if not dbtRunner().invoke([*arguments, "--select", "+rec_epochs"]).success:
        raise RuntimeError("the reconciliation did not build")
    with duckdb.connect(build) as reader:
        verdicts = reader.sql("select verdict, count(*) from rec_epochs group by 1").fetchall()
    if [verdict for verdict, _ in verdicts] != ["exact"]:
        raise RuntimeError(f"generated epochs are not what the rules gave: {verdicts}")


# ---------------------------------------------------------------------- generation


def generate(home: Path) -> None:
    """Fills a lake with the raw tables of a day of epochs, and the alpha each had to share."""
    made = _Day(np.random.default_rng(1))
    for number in range(EPOCHS):
        made.run(number)
    lake = Lake(home / "lake")
    lake.write("raw_chain__storage", made.storage.table(), DAY)
    lake.write("raw_chain__epoch_storage", made.epochs.table(), DAY)
    lake.write("recomputed__pool_states", pa.concat_tables(made.pools), DAY)


def _layouts() -> dict[int, metadata.ConfirmedLayout]:
    raw = (EMBEDDED_RECORDING / "metadata" / f"{SPEC}_v14.scale").read_bytes()
    return {SPEC: metadata.confirm(SPEC, raw)}


class _Raw:
    """Raw rows under construction: what was not so before."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, bytes, bytes]] = []
        self._landed: dict[bytes, bytes] = {}

    def put(self, block: int, key: bytes, value: bytes) -> None:
        if self._landed.get(key) != value:
            self._landed[key] = value
            self.rows.append((block, key, value))

    def table(self) -> pa.Table:
        rows = sorted(self.rows, key=lambda row: row[0])
        columns = list(zip(*rows, strict=True))
        return pa.table(
            [columns[0], [SPEC] * len(rows), columns[1], columns[2]], schema=RAW_CHAIN__STORAGE
        )


class _Day:
    """Subnets on their way through a day."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self._layouts = _layouts()
        self.storage, self.epochs = _Raw(), _Raw()
        self.pools: list[pa.Table] = []
        self._accounts = [[random.bytes(32) for _ in range(NEURONS)] for _ in range(SUBNETS + 1)]
        self._stakes = random.integers(10**9, 10**14, (SUBNETS + 1, NEURONS))
        self._stakes[:, :VALIDATORS] += 10**15
        self._rows: dict[tuple[StorageItem, int, int], bytes] = {}
        for netuid in range(1, SUBNETS + 1):
            for uid in range(VALIDATORS):
                self._rows[WEIGHTS, netuid, uid] = self._new_weights(uid)

    def _new_weights(self, uid: int) -> bytes:
        targets = np.delete(np.arange(NEURONS, dtype=np.uint16), uid)
        pairs = np.stack([targets, self._random.integers(0, 65_536, NEURONS - 1)], axis=1)
        return _vector(pairs.astype("<u2"), len(pairs))

    def run(self, number: int) -> None:
        """Every subnet's epoch once: the state before it, then what the rules give."""
        alone = _Raw(), _Raw()
        before = [_block(number, netuid) - 1 for netuid in range(1, SUBNETS + 1)]
        for netuid, block in enumerate(before, 1):
            for into in (self.storage, alone[0]):
                self._put_subnets(into, block, number)
                into.put(block + 1, GLOBAL_ITEMS[0].prefix, (block + 1).to_bytes(4, "little"))
                into.put(
                    block + 1, _key(LAST_STEP_BLOCK, netuid), (block + 1).to_bytes(8, "little")
                )
            self._change(netuid)
            for into in (self.epochs, alone[1]):
                self._put_before(into, netuid, block)
        pools = _pools(number)
        self.pools.append(pools)
        frames = decode.StateFrames(alone[0].table(), self._layouts)
        found = epochs.EpochFrames(alone[1].table(), frames)
        tables = [getattr(epochs, f"chain_{name}")(found) for name in DECODED]
        self._put_after(recompute.recompute(*tables, pools))

    def _put_subnets(self, into: _Raw, block: int, number: int) -> None:
        into.put(block, GLOBAL_ITEMS[0].prefix, block.to_bytes(4, "little"))
        if into.rows[0][0] != block:
            return
        tempo = next(item for item in SUBNET_ITEMS if item.item == "Tempo")
        for netuid in range(1, SUBNETS + 1):
            into.put(block, _key(NETWORKS_ADDED, netuid), b"\1")
            into.put(block, _key(NEURON_COUNT, netuid), NEURONS.to_bytes(2, "little"))
            into.put(block, _key(tempo, netuid), TEMPO.to_bytes(2, "little"))
            last = max(_block(number, netuid) - TEMPO, 0)
            into.put(block, _key(LAST_STEP_BLOCK, netuid), last.to_bytes(8, "little"))

    def _change(self, netuid: int) -> None:
        self._stakes[netuid] += self._random.integers(1, 10**9, NEURONS)
        for uid in self._random.choice(VALIDATORS, VALIDATORS // 3, replace=False):
            self._rows[WEIGHTS, netuid, int(uid)] = self._new_weights(int(uid))

    def _put_before(self, into: _Raw, netuid: int, block: int) -> None:
        updates = np.full(NEURONS, max(block - 100, 0), dtype="<u8")
        into.put(block, _key(LAST_UPDATE, netuid), _vector(updates, NEURONS))
        permits = (np.arange(NEURONS) < VALIDATORS).astype("u1")
        into.put(block, _key(VALIDATOR_PERMIT, netuid), _vector(permits, NEURONS))
        for uid, account in enumerate(self._accounts[netuid]):
            into.put(block, _key(HOTKEY, netuid, uid), account)
            into.put(block, _key(REGISTERED_AT, netuid, uid), bytes(8))
            stake = int(self._stakes[netuid, uid])
            into.put(block, map_key(STAKE.prefix, STAKE.key, account, _u16(netuid)), _u64(stake))
            into.put(block, map_key(STAKE.prefix, STAKE.key, account, _u16(0)), _u64(stake // 3))
            into.put(block, map_key(OWNER.prefix, OWNER.key, account), account)
            for item in (WEIGHTS, BONDS):
                row = self._rows.get((item, netuid, uid))
                if row is not None:
                    into.put(block, _key(item, netuid, uid), row)

    def _put_after(self, done: recompute.Recomputed) -> None:
        neurons = {name: done.neurons[name].to_numpy() for name in done.neurons.column_names[:4]}
        begins = np.flatnonzero(neurons["uid"] == 0).tolist()
        for begin in begins:
            part = done.neurons.slice(begin, NEURONS)
            block, netuid = int(neurons["block_number"][begin]), int(neurons["netuid"][begin])
            for item in OUTPUT_VECTORS:
                width = {"Vec<bool>": "u1", "Vec<u16>": "<u2", "Vec<u64>": "<u8"}[item.value_type]
                values = part[item.columns[0]].to_numpy().astype(width)
                self.epochs.put(block, _key(item, netuid), _vector(values, NEURONS))
            for item in (ALPHA_DIVIDENDS, TAO_DIVIDENDS):
                paid = part[item.columns[0]].to_pylist()
                for account, rao in zip(self._accounts[netuid], paid, strict=True):
                    key = map_key(item.prefix, item.key, _u16(netuid), account)
                    self.epochs.put(block, key, _u64(rao))
        lists = [done.bonds[name].combine_chunks() for name in ("target_uids", "bonds_u16")]
        flat = np.stack([column.flatten().to_numpy() for column in lists], axis=1).astype("<u2")
        starts = lists[0].offsets.to_numpy()
        places = (done.bonds[name].to_pylist() for name in ("block_number", "netuid", "uid"))
        for row, (block, netuid, uid) in enumerate(zip(*places, strict=True)):
            pairs = flat[starts[row] : starts[row + 1]]
            self._rows[BONDS, netuid, uid] = _vector(pairs, len(pairs))
            self.epochs.put(block, _key(BONDS, netuid, uid), self._rows[BONDS, netuid, uid])


def _block(number: int, netuid: int) -> int:
    """Where the epoch of a subnet runs: never two in neighbouring blocks."""
    return 1 + number * TEMPO + 2 * netuid


def _pools(number: int) -> pa.Table:
    blocks = [_block(number, netuid) for netuid in range(1, SUBNETS + 1)]
    given = {
        "block_number": blocks,
        "netuid": list(range(1, SUBNETS + 1)),
        "drained_emission_rao": [200 * 10**9] * SUBNETS,
        "drained_alpha_swapped_rao": [30 * 10**9] * SUBNETS,
        "drained_root_divs_rao": [10**9] * SUBNETS,
    }
    return pa.table(
        [
            pa.array(given.get(field.name, [None] * SUBNETS), field.type)
            for field in RECOMPUTED__POOL_STATES
        ],
        schema=RECOMPUTED__POOL_STATES,
    )


def _key(item: StorageItem, *numbers: int) -> bytes:
    return map_key(item.prefix, item.key, *(_u16(number) for number in numbers))


def _u16(number: int) -> bytes:
    return number.to_bytes(2, "little")


def _u64(number: int) -> bytes:
    return number.to_bytes(8, "little")


def _vector(values: np.ndarray, count: int) -> bytes:
    """A SCALE vector of up to 16,383 elements."""
    head = (
        (count << 2).to_bytes(1, "little") if count < 64 else (count << 2 | 1).to_bytes(2, "little")
    )
    return head + np.ascontiguousarray(values).tobytes()


if __name__ == "__main__":
    print(json.dumps(measured(Path(sys.argv[1]))))
