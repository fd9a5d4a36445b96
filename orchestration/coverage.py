"""What the lake covers: which blocks are landed whole, and what is missing in between.

Read from the footers of the files alone: no source is asked, and no row is read.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pyarrow as pa

from orchestration import code
from orchestration.chain.layout import asked_at
from orchestration.errors import LakeError, SourceError
from orchestration.lake import Lake, day_key
from orchestration.schemas import TABLES

POSTED_TABLES = (
    "recomputed__realized_pnl",
    "recomputed__position_lots",
    "recomputed__positions_by_day",
    "recomputed__position_exits",
)
"""A day of these goes on from the day before: made with the warehouse."""

RAW_TABLES = tuple(name for name in TABLES if name.startswith("raw_chain__"))
DERIVED_TABLES = tuple(
    name
    for name in TABLES
    if name.startswith(("chain__", "recomputed__"))
    and name not in (*POSTED_TABLES, "recomputed__eras")
)
"""Made from a day's landed bytes alone."""

DAY_TABLES = (*RAW_TABLES, *DERIVED_TABLES, *POSTED_TABLES)


# ---------------------------------------------------------------------- a day


@dataclass(frozen=True, slots=True)
class LandedDay:
    """What the footer of a day of ``raw_chain__blocks`` says.

    Attributes:
        blocks: the blocks landed, half-open.
        parent_hash, last_block_hash: what the day hangs on, and what the next day hangs on.
        last_block_at: the time of the last block, UTC.
        first_block_at: the time of the first block, UTC; None where it was landed before that was
            said.
        is_over: whether the finalized head was beyond the day when it was landed.
        is_from_its_first: whether the source had the state of the block before too, which then was
            of another day.
        snapshot_interval: blocks between two snapshots of its state.
        asked: the storage items asked for, as ``layout.asked_at`` names them.
        take: which bytes these are: every table of the day says from which take it is.
    """

    day: str
    blocks: range
    parent_hash: str
    last_block_hash: str
    last_block_at: dt.datetime
    is_over: bool
    snapshot_interval: int
    spec_versions: tuple[int, ...]
    asked: str
    take: str
    first_block_at: dt.datetime | None = None
    is_from_its_first: bool = False

    @property
    def begins_late(self) -> bool:
        """Whether the day may have earlier blocks: no two are closer than a slot.

        Block 1 is the first that states a time.
        """
        if self.is_from_its_first or self.first_block_at is None or self.blocks.start <= 1:
            return False
        midnight = dt.datetime.combine(dt.date.fromisoformat(self.day), dt.time(), dt.UTC)
        return self.first_block_at - midnight >= _SLOT

    @property
    def is_as_asked_today(self) -> bool:
        """Whether its bytes are of all blocks and storage items that are asked for today."""
        snapshots = _snapshots(self.snapshot_interval)
        return self.asked == asked_at(self.spec_versions) and f"-{snapshots}-of-" in self.take


_SLOT = dt.timedelta(seconds=12)


def _snapshots(interval: int) -> str:
    """Which blocks of a day get a snapshot, as a take says it."""
    return "every-1" if interval == 1 else f"every-{interval}-and-ends"


def facts_of(
    headers: pa.Table, snapshot_interval: int, is_over: bool, is_from_its_first: bool = False
) -> dict[str, str]:
    """What is said of a day when its headers are landed; ``landed_day`` reads it back."""
    numbers = headers["block_number"]
    specs = sorted(set(headers["spec_version"].to_pylist()))
    first, last = numbers[0].as_py(), numbers[-1].as_py()
    last_hash, asked = headers["block_hash"][-1].as_py().hex(), asked_at(specs)
    return {
        "first_block": str(first),
        "last_block": str(last),
        "parent_hash": headers["parent_hash"][0].as_py().hex(),
        "last_block_hash": last_hash,
        "first_block_at_ms": str(headers["timestamp_ms"][0].as_py()),
        "last_block_at_ms": str(headers["timestamp_ms"][-1].as_py()),
        "is_over": str(is_over),
        "is_from_its_first": str(is_from_its_first),
        "snapshot_interval": str(snapshot_interval),
        "spec_versions": ",".join(map(str, specs)),
        "asked": asked,
        "take": f"{first}-{last}-{last_hash[:16]}-{_snapshots(snapshot_interval)}-of-{asked}",
    }


def moment(timestamp_ms: int) -> dt.datetime:
    """A block's timestamp as a time, UTC."""
    return dt.datetime.fromtimestamp(timestamp_ms / 1000, tz=dt.UTC)


def landed_day(lake: Lake, day: str) -> LandedDay | None:
    """A day whose headers are landed; None where they are not, are damaged or say nothing."""
    try:
        return said_of(day, lake.facts("raw_chain__blocks", day))
    except (LakeError, KeyError):
        return None


def said_of(day: str, said: Mapping[str, str]) -> LandedDay:
    """A day by what ``facts_of`` says of it."""
    return LandedDay(
        day,
        range(int(said["first_block"]), int(said["last_block"]) + 1),
        said["parent_hash"],
        said["last_block_hash"],
        moment(int(said["last_block_at_ms"])),
        said["is_over"] == "True",
        int(said["snapshot_interval"]),
        tuple(int(spec) for spec in said["spec_versions"].split(",")),
        said["asked"],
        said["take"],
        moment(int(said["first_block_at_ms"])) if "first_block_at_ms" in said else None,
        said.get("is_from_its_first") == "True",
    )


def is_landed(lake: Lake, day: str) -> bool:
    """Every raw table of the day is there, readable, and of one take."""
    return landed_day(lake, day) is not None and _all_say(lake, RAW_TABLES, day, "take") is not None


def is_derived(lake: Lake, day: str) -> bool:
    """Every table made from the day's bytes is there, readable, of that take, and made by the
    code in use."""
    landed = landed_day(lake, day)
    return landed is not None and _all_say(lake, DERIVED_TABLES, day, "take", "code") == (
        landed.take,
        code.digest(),
    )


def publishable_take(lake: Lake, day: str) -> str | None:
    """The take that a day's derived tables are of, where they may be shown; else None.

    They are all of one take, made by the code in use. Either that take is landed whole, or they are
    of an earlier one and no newer is: a day that is being taken again, or whose taking stopped half
    way, is still what it was; a day whose new bytes could not be derived is not.
    """
    landed = landed_day(lake, day)
    said = _all_say(lake, DERIVED_TABLES, day, "take", "code")
    if landed is None or said is None:
        return None
    take, made_by = said
    is_current = take == landed.take
    return take if made_by == code.digest() and is_landed(lake, day) == is_current else None


def publishable_days(lake: Lake) -> list[str]:
    """The days a warehouse may show, ascending."""
    return [d for d in lake.days("raw_chain__blocks") if publishable_take(lake, d) is not None]


def posted_days(lake: Lake) -> list[str]:
    """The days a warehouse may show whose positions are posted from that very take."""
    return [
        day
        for day in publishable_days(lake)
        if _all_say(lake, POSTED_TABLES, day, "take") == (publishable_take(lake, day),)
    ]


def _all_say(lake: Lake, tables: Sequence[str], day: str, *facts: str) -> tuple[str, ...] | None:
    """What all these tables say of a day; None where one is not there or they do not agree."""
    found: tuple[str, ...] | None = None
    for table in tables:
        try:
            said = lake.facts(table, day)
        except LakeError:
            return None
        own = tuple(said[fact] for fact in facts if fact in said)
        if len(own) != len(facts) or own != (found or own):
            return None
        found = own
    return found


def refuse_unlinked(lake: Lake, taken: LandedDay) -> None:
    """A day that adjoins another in the lake hangs together with it.

    Raises:
        SourceError: it does not: one of the two was taken from a fork.
    """
    at = dt.date.fromisoformat(taken.day)
    before = landed_day(lake, day_key(at - dt.timedelta(days=1)))
    after = landed_day(lake, day_key(at + dt.timedelta(days=1)))
    for first, second in ((before, taken), (taken, after)):
        if _adjoin(first, second) and first.last_block_hash != second.parent_hash:
            other = first if second is taken else second
            raise SourceError(
                f"Block {second.blocks.start} of {second.day} names 0x{second.parent_hash} as its "
                f"parent, but {first.day} ends with 0x{first.last_block_hash}: one of the two days "
                f"is of a fork; if {other.day} is, delete "
                f"{lake.path('raw_chain__blocks', other.day)} and take both days again, else take "
                f"{taken.day} from another source."
            )


def refuse_less(taken: LandedDay, earlier: LandedDay, *, is_same_chain: bool) -> None:
    """What is landed of a day is not given up for less of the same.

    Raises:
        SourceError: the source is behind, or has the older blocks no more.
    """
    was, now = earlier.blocks, taken.blocks
    if is_same_chain and (now.start > was.start or now.stop < was.stop):
        raise SourceError(
            f"The source has blocks {now.start} to {now.stop - 1} of {taken.day}, and {was.start} "
            f"to {was.stop - 1} are landed: it is behind or pruned; wait, add an archive endpoint "
            "to TAOBOOKS_SOURCE, or set TAOBOOKS_HOME to another folder."
        )


def _adjoin(first: LandedDay | None, second: LandedDay | None) -> bool:
    return bool(first and second and first.blocks.stop == second.blocks.start)


# ---------------------------------------------------------------------- all days


@dataclass(frozen=True, slots=True)
class Interval:
    """Blocks without a hole, half-open, and how far apart the snapshots of their state are."""

    blocks: range
    snapshot_interval: int
    first_day: str
    last_day: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Days that are not what they should be, and a sentence that says in what way.

    ``is_of_source`` is false where the landed bytes are good and only have to be derived.
    """

    days: tuple[str, ...]
    sentence: str
    is_of_source: bool = True


@dataclass(frozen=True, slots=True)
class Coverage:
    """The intervals of blocks that are landed, the gaps from the first landed day to the last, and
    the last landed day itself."""

    days: tuple[str, ...]
    intervals: tuple[Interval, ...]
    gaps: tuple[Gap, ...]
    newest: LandedDay | None


def read(lake: Lake, snapshot_interval: int, *, is_live: bool = False) -> Coverage:
    """What the lake covers, held against the snapshot interval in force.

    A day takes 14 ms, for some fifty footers.

    Args:
        is_live: the source is a chain's nodes, where a recording begins in the middle of a day.
    """
    there = lake.days("raw_chain__blocks")
    landed = {day: found for day in there if (found := landed_day(lake, day))}
    whole = [found for day, found in landed.items() if is_landed(lake, day)]
    gaps = [
        gap
        for day in there
        if (gap := _gap_of(lake, day, landed.get(day), snapshot_interval)) is not None
    ]
    gaps += _gaps_between(there, landed)
    if is_live:
        gaps += _late_beginnings(landed)
    return Coverage(
        tuple(there),
        tuple(_intervals(whole)),
        tuple(sorted(gaps, key=lambda gap: gap.days)),
        landed.get(there[-1]) if there else None,
    )


def _intervals(whole: Sequence[LandedDay]) -> Iterator[Interval]:
    held: Interval | None = None
    for each in whole:
        if (
            held
            and held.blocks.stop == each.blocks.start
            and held.snapshot_interval == each.snapshot_interval
        ):
            blocks = range(held.blocks.start, each.blocks.stop)
            held = Interval(blocks, each.snapshot_interval, held.first_day, each.day)
            continue
        if held:
            yield held
        held = Interval(each.blocks, each.snapshot_interval, each.day, each.day)
    if held:
        yield held


def _gap_of(lake: Lake, day: str, found: LandedDay | None, snapshot_interval: int) -> Gap | None:
    """What is wrong with a day of which something is landed."""
    if found is None or not is_landed(lake, day):
        return Gap((day,), f"{day} was not landed to its end, or is damaged.")
    if found.snapshot_interval != snapshot_interval:
        return Gap(
            (day,),
            f"{day} has a snapshot every {found.snapshot_interval} blocks, not every "
            f"{snapshot_interval} as set.",
        )
    if not found.is_as_asked_today:
        return Gap((day,), f"{day} was landed before all of today's state was asked for.")
    if not is_derived(lake, day):
        return Gap(
            (day,),
            f"{day} is landed, and not derived by the code in use; run `taobooks refresh`.",
            is_of_source=False,
        )
    return None


def _gaps_between(there: Sequence[str], landed: dict[str, LandedDay]) -> Iterator[Gap]:
    """Days that are missing, days landed in part, and days that do not hang together."""
    for day, following in pairwise(there):
        missing = tuple(_days_between(day, following))
        if missing:
            blocks = ""
            if day in landed and following in landed:
                blocks = (
                    f": blocks {landed[day].blocks.stop} to {landed[following].blocks.start - 1}"
                )
            span = missing[0] if len(missing) == 1 else f"{missing[0]} to {missing[-1]}"
            are = "is" if len(missing) == 1 else "are"
            yield Gap(missing, f"{span} {are} not landed{blocks}.")
        if day not in landed or following not in landed:
            continue
        first, second = landed[day], landed[following]
        if _adjoin(first, second):
            if first.last_block_hash != second.parent_hash:
                yield Gap(
                    (day, following),
                    f"{following} does not hang on {day}: one of the two is of a fork.",
                )
        elif not first.is_over:
            yield Gap(
                (day,),
                f"{day} was landed up to block {first.blocks.stop - 1} while it was going on, and "
                "later days are there.",
            )
        elif not missing:
            yield Gap(
                (day, following),
                f"{day} ends with block {first.blocks.stop - 1} and {following} begins with "
                f"{second.blocks.start}.",
            )


def _late_beginnings(landed: Mapping[str, LandedDay]) -> Iterator[Gap]:
    """Days landed from their middle on; where the day before is landed, that gap is told there."""
    for day, found in landed.items():
        before = day_key(dt.date.fromisoformat(day) - dt.timedelta(days=1))
        if before not in landed and found.begins_late:
            yield Gap(
                (day,),
                f"{day} is landed from block {found.blocks.start} of "
                f"{found.first_block_at:%H:%M:%S} UTC on, which is not its first: to have it whole "
                "add an archive endpoint to TAOBOOKS_SOURCE.",
            )


def _days_between(first: str, last: str) -> Iterator[str]:
    day = dt.date.fromisoformat(first) + dt.timedelta(days=1)
    while day_key(day) < last:
        yield day_key(day)
        day += dt.timedelta(days=1)
