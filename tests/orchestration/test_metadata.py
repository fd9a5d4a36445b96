"""Every declared storage item is checked against the metadata of a spec, and differences named."""

import dataclasses
import re
from pathlib import Path

import pytest

from orchestration.chain import layout, metadata
from orchestration.errors import LayoutError

LOCAL_TEMPO = "SubtensorModule.Tempo: default is 0a00"
"""Local and development builds are fast-blocks builds: their default tempo is 10, not 360 or 99.
A default is read from the metadata itself, so decoding is right all the same."""

BALANCER_BEFORE_ITS_TIME = {
    "SubtensorModule.SubnetTaoProvided: item is absent",
    "SubtensorModule.SubnetAlphaInProvided: item is absent",
    "Swap.AlphaSqrtPrice: item is absent",
    "Swap.SwapV3Initialized: item is absent",
    "Swap.CurrentLiquidity: item is absent",
    "Swap.CurrentTick: item is absent",
    "Swap.ScrapReservoirTao: item is absent",
    "Swap.EnabledUserLiquidity: item is absent",
    "Swap.FeeGlobalTao: item is absent",
    "Swap.FeeGlobalAlpha: item is absent",
    "Swap.Ticks: item is absent",
    "Swap.Positions: item is absent",
}
"""The local node that says spec 419 was built from a branch with the weighted pools of 423 already
in it; on mainnet, 419 still has the V3 swap. Two runtimes with one spec number: not decoded."""

EXPECTED = {
    "spec233_v14_testnet.scale": set(),
    "spec240_v15_devnet.scale": {LOCAL_TEMPO},
    "spec318_v15.scale": set(),
    "spec343_v14.scale": set(),
    "spec343_v15.scale": set(),
    "spec393_v14.scale": set(),
    "spec419_v14_localnode.scale": {LOCAL_TEMPO} | BALANCER_BEFORE_ITS_TIME,
    "spec419_v15_localnode.scale": {LOCAL_TEMPO} | BALANCER_BEFORE_ITS_TIME,
    "spec439_v14_localnode.scale": set(),
    "spec439_v15_localnode.scale": set(),
    "spec461_v14_localnode.scale": {LOCAL_TEMPO},
    "spec461_v15_localnode.scale": {LOCAL_TEMPO},
}

REFUSED = {
    "spec165_v15.scale": "older than dTAO",
    "spec219_v14.scale": "older than dTAO",
    # The codec reads versions 14 and 15; state_getMetadata answers 14, so a node never gives us 16.
    "spec393_v16.scale": "unsupported metadata version V16",
    "spec424_v16.scale": "unsupported metadata version V16",
}


def spec_of(path: Path) -> int:
    return int(re.search(r"spec(\d+)", path.name)[1])


def test_every_kept_metadata_confirms_or_differs_as_listed(shared):
    files = sorted((shared / "mainnet" / "metadata").glob("*.scale"))
    assert {path.name for path in files} == EXPECTED.keys() | REFUSED.keys()
    for path in files:
        if path.name in REFUSED:
            with pytest.raises(LayoutError, match=REFUSED[path.name]):
                metadata.confirm(spec_of(path), path.read_bytes())
            continue
        found = metadata.differences(metadata.Metadata(spec_of(path), path.read_bytes()))
        assert {str(d).split(", declared")[0] for d in found} == EXPECTED[path.name], path.name


def test_a_default_that_differs_is_a_notice_and_decoding_uses_the_specs_own(shared):
    path = shared / "mainnet" / "metadata" / "spec461_v14_localnode.scale"
    confirmed = metadata.confirm(461, path.read_bytes())
    tempo = next(item for item in confirmed.items if item.item == "Tempo")
    assert [d.item for d in confirmed.notices] == ["SubtensorModule.Tempo"]
    assert confirmed.defaults[tempo] == bytes.fromhex("0a00")


@pytest.mark.parametrize(
    ("spec", "file", "has"),
    [(439, "spec439_v14_localnode", False), (461, "spec461_v14_localnode", True)],
)
def test_an_item_that_a_spec_may_lack_is_read_where_its_metadata_has_it(shared, spec, file, has):
    # The rank came between 440 and 461: what a spec between them says of it is believed.
    raw = (shared / "mainnet" / "metadata" / f"{file}.scale").read_bytes()
    rank = next(i for i in layout.GLOBAL_ITEMS if i.item == "EmissionBarRank")
    of_460 = metadata.Metadata(460, raw)
    assert rank in layout.items_at(460)
    named = {difference.item for difference in metadata.differences(of_460)}
    assert rank.name not in named
    assert (of_460.entry(rank.pallet, rank.item) is not None) is has
    assert rank.may_lack(460)
    assert not rank.may_lack(461)
    lacking = metadata.differences(metadata.Metadata(461, raw))
    assert (rank.name in {d.item for d in lacking if d.is_fatal}) is not has


def test_a_spec_with_absent_items_is_refused_and_every_item_named(shared):
    path = shared / "mainnet" / "metadata" / "spec419_v14_localnode.scale"
    with pytest.raises(LayoutError) as caught:
        metadata.confirm(419, path.read_bytes())
    for line in BALANCER_BEFORE_ITS_TIME:
        assert line in str(caught.value)


# ---------------------------------------------------------------------- on the recorded spec


@pytest.fixture(scope="module")
def recorded(embedded: Path) -> bytes:
    return (embedded / "metadata" / "293_v14.scale").read_bytes()


def test_the_recorded_spec_confirms(recorded):
    # A fast-blocks build: only its default tempo is not mainnet's.
    assert [d.item for d in metadata.confirm(293, recorded).notices] == ["SubtensorModule.Tempo"]


@pytest.mark.parametrize(
    ("change", "what", "found"),
    [
        ({"value_type": "u128"}, "value type", "u64"),
        ({"key": (("Twox64Concat", "u16"),)}, "keys", "Identity"),
        ({"is_optional": True}, "modifier", "Default"),
        ({"item": "SubnetTOA"}, "item", "absent"),
    ],
)
def test_a_wrong_declaration_is_named_with_both_types(recorded, monkeypatch, change, what, found):
    wrong = [
        dataclasses.replace(item, **change) if item.item == "SubnetTAO" else item
        for item in layout.SUBNET_ITEMS
    ]
    monkeypatch.setattr(layout, "ALL_ITEMS", tuple(wrong))
    with pytest.raises(LayoutError) as caught:
        metadata.confirm(293, recorded)
    sentence = str(caught.value)
    assert f"SubtensorModule.{change.get('item', 'SubnetTAO')}: {what} is" in sentence
    assert found in sentence
    assert str(next(iter(change.values()))).replace("True", "Optional") in sentence or (
        what == "item"
    )


def test_bytes_that_are_no_metadata_are_refused():
    with pytest.raises(LayoutError, match="does not begin with 'meta'"):
        metadata.confirm(293, b"\x00" * 40)


def test_metadata_cut_short_is_refused(recorded):
    with pytest.raises(LayoutError, match="cannot be read"):
        metadata.confirm(293, recorded[:5000])


def test_no_two_items_share_a_column_and_every_spec_range_is_ordered():
    columns = [c for i in (*layout.GLOBAL_ITEMS, *layout.SUBNET_ITEMS) for c in i.columns]
    assert len(set(columns)) == len(columns)
    assert len({item.prefix for item in layout.ALL_ITEMS}) == len(layout.ALL_ITEMS)
    for item in layout.ALL_ITEMS:
        assert item.last_spec is None or item.first_spec <= item.last_spec
        assert item.default[0][0] <= item.first_spec


def test_keys_are_those_the_capture_format_states():
    tao = next(i for i in layout.SUBNET_ITEMS if i.item == "SubnetTAO")
    price = next(i for i in layout.SUBNET_ITEMS if i.item == "AlphaSqrtPrice")
    from orchestration.chain.keys import netuid_key, netuid_of

    assert netuid_key(tao.prefix, tao.key, 1).hex() == (
        "658faa385070e074c85bf6b568cf05557a57dce016211512d1700561066b85a30100"
    )
    key = netuid_key(price.prefix, price.key, 1)
    assert key.hex() == (
        "746cc6d1e9dbcf1d03868e492c1d836e0366558e06667059cde5be67d7c3e2d1f1577fbf1d628fdd0100"
    )
    assert netuid_of(key, price.key) == 1
    assert netuid_of(key[:-1], price.key) is None
