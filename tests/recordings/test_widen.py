"""A widened recording is a chain of its own that holds the recorded one's state many times."""

from pathlib import Path

import pytest

from orchestration.chain import land
from orchestration.chain.keys import netuid_key, netuid_of
from orchestration.chain.layout import EVENTS_PREFIX, NETWORKS_ADDED, SUBNET_ITEMS
from orchestration.chain.metadata import confirm
from orchestration.chain.recording import Recording
from tests.recordings.widen import NUMBER, widen

FIRST, SPAN, KNOWN, SUBNETS = 600, 30, 25, 60
TAO_RESERVE = next(item for item in SUBNET_ITEMS if item.item == "SubnetTAO")


@pytest.fixture(scope="module")
def wide(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    folder = tmp_path_factory.mktemp("wide") / "recording"
    assert widen(small, turns=2, subnets=SUBNETS, interval=10, out=folder) == 2 * SPAN
    return Recording(folder)


def test_its_blocks_are_linked_and_each_knows_its_number(wide: Recording):
    headers = land.raw_blocks(wide, range(2 * SPAN + 1))
    assert headers["block_number"].to_pylist() == list(range(2 * SPAN + 1))
    numbers = wide.storage((block, [NUMBER]) for block in range(1, 2 * SPAN + 1))
    assert [int.from_bytes(n, "little") for (n,) in numbers] == list(range(1, 2 * SPAN + 1))


@pytest.mark.parametrize("block", [10, 30, 50, 60])
def test_a_subnet_has_the_state_of_the_one_it_is_made_from(
    wide: Recording, small: Path, block: int
):
    (listed,) = wide.keys(NETWORKS_ADDED.prefix, [block])
    assert [netuid_of(key, NETWORKS_ADDED.key) for key in listed] == list(range(SUBNETS))

    def reserves(recording: Recording, at: int, subnets: int) -> list[bytes | None]:
        keys = [netuid_key(TAO_RESERVE.prefix, TAO_RESERVE.key, n) for n in range(subnets)]
        (values,) = recording.storage([(at, keys)])
        return values

    recorded = reserves(Recording(small), FIRST + (block - 1) % SPAN + 1, KNOWN)
    expected = [recorded[netuid % KNOWN] for netuid in range(SUBNETS)]
    assert reserves(wide, block, SUBNETS) == expected


def test_events_come_as_often_as_there_are_more_subnets(wide: Recording, small: Path):
    recorded = Recording(small)
    layout = confirm(293, recorded.metadata(293))
    ((stored,),) = wide.storage([(7, [EVENTS_PREFIX])])
    ((before,),) = recorded.storage([(FIRST + 7, [EVENTS_PREFIX])])
    events, once = layout.decode_events([stored, before])
    assert events == once * (SUBNETS // KNOWN)
