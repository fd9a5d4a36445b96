"""A day that breaks what we expect of it is stopped, and the sentence says what and where."""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from orchestration.expectations import gate
from orchestration.lake import Lake

DAY = "2025-07-08"


DATED = [name for name in gate.SUITES if name not in gate.NOT_CUT_BY_DAY]

OF_THE_WHOLE_DAY = ("chain__stake_ledger",)
"""A ledger closes over its day: cut short, it would not."""


@pytest.fixture(scope="module")
def whole(books) -> dict[str, pa.Table]:
    """Every table that a suite reads, of the embedded recording."""
    needed = {name for suite in DATED for name in gate.SUITES[suite].NEEDS}
    return {name: Lake(books.home / "lake").read(name, DAY) for name in needed}


@pytest.fixture(scope="module")
def day(whole) -> dict[str, pa.Table]:
    """The same, cut to some blocks for speed."""
    return {
        name: table.filter(pc.less(table["block_number"], 400)) for name, table in whole.items()
    }


def put(table: pa.Table, row: int, **values: object) -> pa.Table:
    for column, value in values.items():
        at = table.schema.get_field_index(column)
        cells = table[column].to_pylist()
        cells[row] = value
        field = table.schema.field(at)
        table = table.set_column(at, field, pa.array(cells, field.type))
    return table


def without(table: pa.Table, row: int) -> pa.Table:
    return pa.concat_tables([table.slice(0, row), table.slice(row + 1)])


def twice(table: pa.Table, row: int) -> pa.Table:
    return pa.concat_tables([table.slice(0, row + 1), table.slice(row)])


def judged(tables: dict[str, pa.Table], name: str, docs: Path, **changed: pa.Table) -> gate.Verdict:
    needs = {n: changed.get(n, tables[n]) for n in gate.SUITES[name].NEEDS}
    return gate.judge(name, DAY, needs, docs)


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("docs") / "data_docs"


@pytest.mark.parametrize("name", DATED)
def test_a_good_day_passes_and_has_a_page(day, whole, docs, name):
    verdict = judged(whole if name in OF_THE_WHOLE_DAY else day, name, docs)
    assert verdict.passed, verdict.broken
    assert len(verdict.found) >= 4
    assert {found for _, found in verdict.found} == {"met"}
    assert (docs / "index.html").is_file()
    assert verdict.page in (docs / "validations" / name).rglob("*.html")


def other_chain(table: pa.Table) -> pa.Table:
    return put(table, 11, parent_hash="0x" + "ab" * 32)


BLOCKS: list[tuple[Callable[[pa.Table], pa.Table], str]] = [
    (lambda t: without(t, 40), "each block follows the one before, without a hole: 1 of 99 rows"),
    (lambda t: without(t, 40), "the rows are as many as the blocks from the first to the last"),
    (other_chain, "the parent hash is the hash of the block before: 1 of 100 rows, first at block"),
    (lambda t: twice(t, 5), "no block stands twice: 2 of 101 rows"),
    (lambda t: put(t, 7, block_hash="0x12"), "a block hash is 32 bytes"),
    (lambda t: put(t, 7, block_at=dt.datetime(2025, 7, 9)), "the block lies in its UTC day"),
    (lambda t: put(t, 7, block_at=dt.datetime(2025, 7, 8)), "time goes on from block to block"),
    (lambda t: put(t, 7, spec_version=165), "the runtime is not older than dTAO"),
    (lambda t: put(t, 7, spec_version=297), "the runtime is never replaced by an older one"),
    (lambda t: put(t, 7, total_issuance_rao=None), "a snapshot has the chain-wide state"),
    (lambda t: put(t, 7, total_issuance_rao=-1), "none of it negative"),
]


@pytest.mark.parametrize(("break_it", "sentence"), BLOCKS)
def test_a_broken_day_of_blocks_is_stopped(day, docs, break_it, sentence):
    broken = break_it(day["chain__blocks"])
    verdict = judged(day, "chain__blocks", docs, chain__blocks=broken)
    assert not verdict.passed
    assert sentence in " ".join(verdict.broken)


def last_root(table: pa.Table) -> int:
    return max(row for row, netuid in enumerate(table["netuid"].to_pylist()) if netuid == 0)


SUBNETS: list[tuple[Callable[[pa.Table], pa.Table], str]] = [
    (lambda t: without(t, last_root(t)), "root stands once in a block"),
    (
        lambda t: without(t, last_root(t) + 3),
        "every subnet that existed before the block has a row",
    ),
    (lambda t: twice(t, last_root(t) + 3), "no subnet stands twice in a block"),
    (lambda t: put(t, t.num_rows - 1, tao_reserve_rao=-5), "no reserve, price, volume or emission"),
    (
        lambda t: put(t, t.num_rows - 1, pre_alpha_reserve_rao=1),
        "the state before a block is the state after the block before",
    ),
    (
        lambda t: put(t, t.num_rows - 1, tao_reserve_rao=2**62),
        "the TAO in all pools together is no more than was issued",
    ),
    (
        lambda t: t.filter(pc.not_equal(t["block_number"], 350)),
        "every snapshot of chain__blocks has its subnets, and no other block",
    ),
]


@pytest.mark.parametrize(("break_it", "sentence"), SUBNETS)
def test_a_broken_day_of_subnets_is_stopped(day, docs, break_it, sentence):
    broken = break_it(day["chain__subnet_blocks"])
    verdict = judged(day, "chain__subnet_blocks", docs, chain__subnet_blocks=broken)
    assert not verdict.passed
    assert sentence in " ".join(verdict.broken)


def first_buy(table: pa.Table) -> int:
    return table["event_name"].to_pylist().index("StakeAdded")


EVENTS: list[tuple[Callable[[pa.Table], pa.Table], str]] = [
    (lambda t: twice(t, 3), "no event stands twice"),
    (lambda t: put(t, 3, block_number=9_999), "every event is of a landed block"),
    (lambda t: put(t, 3, event_name="StakeVanished"), "the event is a known one"),
    (lambda t: put(t, 3, netuid=None), "the event names its subnet"),
    (lambda t: put(t, 3, netuid=70_000), "a netuid is a u16"),
    (lambda t: put(t, 3, tao_rao=-1), "no amount is negative"),
    (
        lambda t: put(t, first_buy(t), fee_rao=2**61),
        "the fee is no more than the amount it is taken from",
    ),
]


@pytest.mark.parametrize(("break_it", "sentence"), EVENTS)
def test_a_broken_day_of_events_is_stopped(day, docs, break_it, sentence):
    broken = break_it(day["chain__stake_events"])
    verdict = judged(day, "chain__stake_events", docs, chain__stake_events=broken)
    assert not verdict.passed
    assert sentence in " ".join(verdict.broken)


def test_the_data_docs_load_nothing_from_another_host(day, docs):
    for name in DATED:
        judged(day, name, docs)
    pages = list(docs.rglob("*.html"))
    assert len(pages) >= 7
    loads = [
        (page.name, line.strip()[:120])
        for page in pages
        for line in page.read_text().splitlines()
        if ("src=" in line or "<link" in line) and "http" in line
    ]
    assert loads == []


def test_a_page_says_of_which_day_of_which_table_it_is_and_when_it_was_judged(day, docs):
    begun = dt.datetime.now(dt.UTC)
    verdict = judged(day, "chain__blocks", docs)
    page, index = verdict.page.read_text(), (docs / "index.html").read_text()
    assert page.count("<title>") == index.count("<title>") == 1
    assert "<title>chain__blocks of 2025-07-08</title>" in page
    assert "<h4>chain__blocks of 2025-07-08</h4>" in page
    assert "Data asset" not in page
    said = re.findall(r"Judged at:?(?:</span>)? ([\d :-]+ UTC)", page)
    row = re.search(
        r"'run_time': '([^']+)', '_run_time_sort': ([\d.]+), 'run_name': '2025-07-08'"
        r"[^}]*}[^}]*'asset_name': 'chain__blocks'",
        index,
    )
    assert [*said] == [row[1]] * 2
    at = dt.datetime.fromtimestamp(float(row[2]), tz=dt.UTC)
    assert dt.timedelta(seconds=-1) < at - begun < dt.timedelta(minutes=2)
    for theirs in ("Run Time", "Asset Name", "Batch ID", "00:00:00"):
        assert theirs not in index, theirs
    expected = (docs / "expectations" / "chain__blocks.html").read_text()
    assert "<title>What is expected of chain__blocks</title>" in expected


def test_of_a_broken_expectation_the_verdict_says_how_often_and_where(day, docs):
    twice_there = twice(day["chain__blocks"], 3)
    verdict = judged(day, "chain__blocks", docs, chain__blocks=twice_there)
    found = dict(verdict.found)
    assert found["no block stands twice"] == "broken: 2 of 101 rows, first at block_number 303"
    assert found["a block hash is 32 bytes"] == "met"
    judged(day, "chain__blocks", docs)


def test_judging_a_day_again_replaces_its_page(day, docs):
    def pages() -> list[Path]:
        return sorted((docs / "validations" / "chain__blocks").rglob("*.html"))

    judged(day, "chain__blocks", docs)
    before = pages()
    judged(day, "chain__blocks", docs)
    assert pages() == before


def more_by(table: pa.Table, row: int, column: str, element: int) -> pa.Table:
    return put(table, row, **{column: [*table[column][row].as_py(), element]})


def first_row(table: pa.Table, column: str) -> int:
    """The first row with a list that is not empty."""
    return next(i for i, cell in enumerate(table[column].to_pylist()) if cell)


EPOCHS: list[tuple[str, Callable[[pa.Table], pa.Table], str]] = [
    ("chain__epochs", lambda t: without(t, 3), "every epoch that the snapshots saw is there"),
    ("chain__epochs", lambda t: twice(t, 3), "no epoch stands twice"),
    (
        "chain__epochs",
        lambda t: put(t, 3, pre_last_mechanism_step_block=10**6),
        "an epoch comes after the one before",
    ),
    (
        "chain__epochs",
        lambda t: put(t, 3, place_in_block=9),
        "epochs of a block stand in the order",
    ),
    ("chain__epochs", lambda t: put(t, 3, pre_neuron_count=5_000), "no more neurons than"),
    ("chain__epoch_neurons", lambda t: without(t, 9), "every neuron of an epoch has a row"),
    ("chain__epoch_neurons", lambda t: twice(t, 9), "no neuron stands twice"),
    ("chain__epoch_neurons", lambda t: put(t, 9, netuid=99), "every neuron is of an epoch"),
    ("chain__epoch_neurons", lambda t: put(t, 9, rank_u16=65_536), "shares are of 65,535"),
    ("chain__epoch_neurons", lambda t: put(t, 9, pre_root_rao=-1), "no amount is negative"),
    (
        "chain__epoch_neurons",
        lambda t: put(t, 9, pre_registered_at_block=10**6),
        "a neuron was registered before the epoch saw it",
    ),
    ("chain__epoch_kin", lambda t: twice(t, 0), "no place in a list stands twice"),
    ("chain__epoch_kin", lambda t: put(t, 0, netuid=99), "every parent or child is of an epoch"),
    ("chain__epoch_kin", lambda t: put(t, 0, uid=4_000), "only neurons that the epoch saw"),
    ("chain__epoch_kin", lambda t: put(t, 0, is_parent=True, pre_alpha_rao=None), "the stake of"),
    ("chain__epoch_kin", lambda t: put(t, 0, pre_root_rao=-1), "no stake is negative"),
    (
        "chain__epoch_kin",
        lambda t: put(t, 0, is_parent=False, share_u64=2**64),
        "no hotkey gives its children more than it has",
    ),
    ("chain__epoch_weights", lambda t: twice(t, 4), "no neuron has two rows"),
    ("chain__epoch_weights", lambda t: put(t, 4, netuid=99), "every row of weights is of an epoch"),
    ("chain__epoch_weights", lambda t: put(t, 4, uid=4_000), "only neurons that the epoch saw"),
    (
        "chain__epoch_weights",
        lambda t: more_by(t, 4, "weights_u16", 7),
        "there are as many weights as uids they are for",
    ),
    ("chain__epoch_bonds", lambda t: twice(t, 4), "no neuron has two rows"),
    ("chain__epoch_bonds", lambda t: put(t, 4, netuid=99), "every row of bonds is of an epoch"),
    ("chain__epoch_bonds", lambda t: put(t, 4, uid=4_000), "only neurons have bonds"),
    (
        "chain__epoch_bonds",
        lambda t: put(t, first_row(t, "target_uids"), bonds_u16=None),
        "there are as many bonds as uids they are in",
    ),
    (
        "chain__epoch_bonds",
        lambda t: put(t, first_row(t, "target_uids"), target_uids=[60_000], bonds_u16=[1]),
        "an epoch writes bonds in neurons only",
    ),
    ("chain__hyperparameters", lambda t: without(t, 2), "what every subnet is set to is known"),
    ("chain__hyperparameters", lambda t: twice(t, 2), "a subnet has one state at a block"),
    ("chain__hyperparameters", lambda t: put(t, 2, kappa_u16=65_536), "kappa_u16 is a share"),
    (
        "chain__hyperparameters",
        lambda t: put(t, 2, bonds_moving_average_ppm=1_000_001),
        "the moving average of bonds is of a million parts",
    ),
]


@pytest.mark.parametrize(("name", "break_it", "sentence"), EPOCHS)
def test_a_broken_day_of_epochs_is_stopped(day, docs, name, break_it, sentence):
    verdict = judged(day, name, docs, **{name: break_it(day[name])})
    assert not verdict.passed
    assert sentence in " ".join(verdict.broken)
