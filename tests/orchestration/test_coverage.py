"""What the lake covers, and how days hang together: by footers of files made by hand."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from orchestration import code, coverage
from orchestration.defs.resources import LakeResource
from orchestration.errors import SourceError
from orchestration.lake import Lake
from orchestration.schemas import RAW_CHAIN__BLOCKS, TABLES

DAYS = [f"2025-07-{day:02}" for day in range(8, 15)]


def hash_of(block: int, fork: int = 0) -> bytes:
    return bytes([fork]) * 24 + block.to_bytes(8, "big")


def headers(first: int, last: int, fork: int = 0, parent_fork: int = 0) -> pa.Table:
    """Blocks FIRST to LAST of a chain; those of another fork have other hashes."""
    return pa.Table.from_pylist(
        [
            {
                "block_number": block,
                "block_hash": hash_of(block, fork),
                "parent_hash": hash_of(block - 1, parent_fork if block == first else fork),
                "timestamp_ms": block * 12_000,
                "spec_version": 293,
            }
            for block in range(first, last + 1)
        ],
        RAW_CHAIN__BLOCKS,
    )


def put(
    lake: Lake,
    day: str,
    blocks: pa.Table,
    interval: int = 1,
    is_over: bool = True,
    without: tuple[str, ...] = (),
) -> None:
    """A day of empty tables that say of themselves what those of a real one would."""
    facts = coverage.facts_of(blocks, interval, is_over)
    for table in coverage.DAY_TABLES:
        if table not in without:
            said = facts if table == "raw_chain__blocks" else {"take": facts["take"]}
            said = said | {"code": code.digest()}
            lake.write(table, TABLES[table].empty_table(), day, said)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Three days of ten blocks, the last of them going on."""
    lake = Lake(tmp_path / "lake")
    put(lake, DAYS[0], headers(1, 10))
    put(lake, DAYS[1], headers(11, 20))
    put(lake, DAYS[2], headers(21, 25), is_over=False)
    return lake


def sentences(lake: Lake) -> list[str]:
    return [gap.sentence for gap in coverage.read(lake, 1).gaps]


def test_days_that_follow_each_other_are_one_interval_without_a_gap(lake):
    covered = coverage.read(lake, 1)
    assert covered.intervals == (coverage.Interval(range(1, 26), 1, DAYS[0], DAYS[2]),)
    assert covered.gaps == ()
    assert covered.newest.blocks == range(21, 26)
    assert coverage.posted_days(lake) == DAYS[:3]


def test_an_empty_lake_covers_nothing(tmp_path):
    assert coverage.read(Lake(tmp_path), 1) == coverage.Coverage((), (), (), None)


def test_missing_days_are_one_gap_and_named_with_their_blocks(lake):
    put(lake, DAYS[5], headers(51, 60), is_over=False)
    put(lake, DAYS[2], headers(21, 30))
    covered = coverage.read(lake, 1)
    assert [each.blocks for each in covered.intervals] == [range(1, 31), range(51, 61)]
    (gap,) = covered.gaps
    assert gap.days == (DAYS[3], DAYS[4])
    assert gap.sentence == f"{DAYS[3]} to {DAYS[4]} are not landed: blocks 31 to 50."


def test_a_day_landed_in_part_is_a_gap_once_a_later_one_is_there(lake):
    put(lake, DAYS[3], headers(31, 33), is_over=False)
    (gap,) = coverage.read(lake, 1).gaps
    assert gap.days == (DAYS[2],)
    assert "up to block 25 while it was going on" in gap.sentence


Damage = Callable[[Lake], None]


@pytest.mark.parametrize(
    ("damage", "said", "is_of_source"),
    [
        (lambda lake: put(lake, DAYS[1], headers(11, 20), interval=60), "every 60 blocks", True),
        (
            lambda lake: lake.drop("raw_chain__stakes", DAYS[1]),
            f"{DAYS[1]} was not landed to its end",
            True,
        ),
        (
            lambda lake: lake.path("raw_chain__blocks", DAYS[1]).write_bytes(b"PAR1"),
            f"{DAYS[1]} was not landed to its end, or is damaged",
            True,
        ),
        (
            lambda lake: lake.drop("recomputed__pool_states", DAYS[1]),
            f"{DAYS[1]} is landed, and not derived",
            False,
        ),
    ],
)
def test_a_day_that_is_not_as_it_should_be_is_a_gap(lake, damage: Damage, said, is_of_source):
    damage(lake)
    (gap,) = coverage.read(lake, 1).gaps
    assert gap.days == (DAYS[1],)
    assert said in gap.sentence
    assert gap.is_of_source == is_of_source


def test_days_derived_by_other_code_or_landed_with_fewer_items_are_gaps(lake, monkeypatch):
    monkeypatch.setattr(code, "digest", lambda: "other")
    assert [said[10:] for said in sentences(lake)] == [
        " is landed, and not derived by the code in use; run `taobooks refresh`."
    ] * 3
    monkeypatch.setattr(coverage, "asked_at", lambda specs: "more")
    assert "before all of today's state was asked for" in sentences(lake)[0]


def test_a_day_landed_without_snapshots_at_its_ends_is_taken_again(lake, monkeypatch):
    """Their names were told by the interval alone; at every block there is nothing to add."""
    with monkeypatch.context() as patch:
        patch.setattr(coverage, "_snapshots", lambda interval: f"every-{interval}")
        put(lake, DAYS[1], headers(11, 20), interval=60)
    assert coverage.landed_day(lake, DAYS[0]).is_as_asked_today
    assert not coverage.landed_day(lake, DAYS[1]).is_as_asked_today
    put(lake, DAYS[1], headers(11, 20), interval=60)
    assert coverage.landed_day(lake, DAYS[1]).is_as_asked_today


def test_what_is_derived_is_shown_until_newer_bytes_of_the_day_are_landed_whole(lake):
    derived = (*coverage.DERIVED_TABLES, *coverage.POSTED_TABLES)
    stopped = [name for name in coverage.RAW_TABLES if name != "raw_chain__blocks"]
    put(lake, DAYS[2], headers(21, 30), without=(*derived, *stopped))
    assert coverage.publishable_days(lake) == DAYS[:3]
    put(lake, DAYS[2], headers(21, 30), without=derived)
    assert coverage.publishable_days(lake) == DAYS[:2]
    assert sentences(lake) == [
        f"{DAYS[2]} is landed, and not derived by the code in use; run `taobooks refresh`."
    ]


def test_a_day_whose_positions_are_not_posted_yet_is_not_shown(lake):
    put(lake, DAYS[2], headers(21, 30), without=coverage.POSTED_TABLES)
    assert coverage.publishable_days(lake) == DAYS[:3]
    assert coverage.posted_days(lake) == DAYS[:2]


# ---------------------------------------------------------------------- how days hang together


def taken(day: str, blocks: pa.Table) -> coverage.LandedDay:
    return coverage.said_of(day, coverage.facts_of(blocks, 1, True))


def test_a_day_whose_first_slot_was_missed_does_not_begin_late():
    """Where the source had the state of the block before, that block was of another day."""
    for is_from_its_first in (False, True):
        facts = coverage.facts_of(headers(11, 20), 1, True, is_from_its_first)
        # Block 11 of the chain made by hand is two minutes old.
        assert coverage.said_of("1970-01-01", facts).begins_late is not is_from_its_first


def test_a_day_that_hangs_together_with_those_beside_it_is_taken(lake):
    coverage.refuse_unlinked(lake, taken(DAYS[1], headers(11, 20)))
    coverage.refuse_unlinked(lake, taken(DAYS[3], headers(31, 40, fork=7)))  # not adjoining


def test_a_day_that_does_not_hang_on_the_day_before_is_refused(lake):
    with pytest.raises(SourceError) as caught:
        coverage.refuse_unlinked(lake, taken(DAYS[1], headers(11, 20, parent_fork=7)))
    assert f"Block 11 of {DAYS[1]} names 0x{hash_of(10, 7).hex()} as its parent" in str(
        caught.value
    )
    assert f"but {DAYS[0]} ends with 0x{hash_of(10).hex()}" in str(caught.value)
    assert str(lake.path("raw_chain__blocks", DAYS[0])) in str(caught.value)


def test_a_day_that_the_day_after_does_not_hang_on_is_refused(lake):
    with pytest.raises(SourceError, match=f"Block 21 of {DAYS[2]} names"):
        coverage.refuse_unlinked(lake, taken(DAYS[1], headers(11, 20, fork=7, parent_fork=0)))


def test_days_of_two_forks_are_a_gap(lake):
    put(lake, DAYS[1], headers(11, 20, fork=7))
    assert sentences(lake) == [
        f"{DAYS[2]} does not hang on {DAYS[1]}: one of the two is of a fork."
    ]


# ---------------------------------------------------------------------- a day taken again


@pytest.fixture
def resource(lake, monkeypatch) -> LakeResource:
    monkeypatch.setenv("TAOBOOKS_HOME", str(lake.root.parent))
    return LakeResource()


def test_what_was_made_of_blocks_that_were_not_final_does_not_stay(lake, resource):
    resource.write_headers(DAYS[2], headers(21, 28), 1, is_over=False, is_from_its_first=True)
    assert lake.days("chain__blocks") == DAYS[:3], "the blocks go on from those landed before"
    assert coverage.publishable_days(lake) == DAYS[:3]
    forked = pa.concat_tables([headers(21, 24), headers(25, 30, fork=7)])
    resource.write_headers(DAYS[2], forked, 1, is_over=False, is_from_its_first=True)
    assert lake.days("raw_chain__blocks") == DAYS[:3]
    for table in coverage.DAY_TABLES[1:]:
        assert lake.days(table) == DAYS[:2], table


def test_a_day_whose_headers_were_deleted_begins_from_nothing(lake, resource):
    """As the refusal of a day that hangs on a fork says to do."""
    lake.drop("raw_chain__blocks", DAYS[2])
    resource.write_headers(DAYS[2], headers(21, 30), 1, is_over=True, is_from_its_first=True)
    assert lake.days("chain__blocks") == DAYS[:2]


def test_a_day_that_does_not_hang_together_leaves_what_was_there(lake, resource):
    before = lake.facts("raw_chain__blocks", DAYS[1])
    with pytest.raises(SourceError, match="is of a fork"):
        resource.write_headers(
            DAYS[1], headers(11, 20, fork=7), 1, is_over=True, is_from_its_first=True
        )
    assert lake.facts("raw_chain__blocks", DAYS[1]) == before
    assert coverage.publishable_days(lake) == DAYS[:3]
