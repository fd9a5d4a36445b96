"""The stake an epoch weighs, and a validator's dividends among its parents."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanics import distribution
from mechanics.distribution import DistributionState, Stake
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import U96F32
from mechanics.yuma import recompute
from mechanics.yuma.parents import split_to_parents
from mechanics.yuma.stake import StakeState, fraction, inherited_rao, stake_weights
from tests.mechanics.recorded_epochs import SPEC_VERSION, RecordedEpoch, epochs

DEFAULT_TAO_WEIGHT = 971_718_665_099_567_868
ALL, HALF = 2**64 - 1, (2**64 - 1) // 2


def stakes(**changes) -> StakeState:
    values = {
        "tao_weight_u64": ALL,
        "alpha_rao": {},
        "root_rao": {},
        "parents": {},
        "children": {},
    }
    return StakeState(**values | changes)


@pytest.mark.parametrize(
    ("alpha_rao", "root_rao", "bits"),
    [
        (1_000_000_000_000_000, 500_000_000_000_000, 18932603405731889152000000000000000),
        (1, 1, 19418462737754226688),
        (0, 21_000_000_000_000_000, 20406091944938176512000000000000000),
        (123_456_789_012_345, 987_654_321, 2277376750794822956801737340485632),
    ],
)
def test_stake_is_alpha_and_root_tao_by_the_default_weight(alpha_rao, root_rao, bits):
    pre = stakes(
        tao_weight_u64=DEFAULT_TAO_WEIGHT, alpha_rao={"a": alpha_rao}, root_rao={"a": root_rao}
    )
    weights = stake_weights(pre, ["a", None])
    assert weights.total_i64f64_bits == (bits, 0)
    assert (weights.alpha_rao, weights.root_rao) == ((alpha_rao, 0), (root_rao, 0))


def test_fractions_of_the_greatest_share_are_cut_to_32_bits():
    assert (fraction(0), fraction(ALL), fraction(HALF)) == (0, 2**32, 2_147_483_647)


def test_a_child_holds_its_parents_part_and_the_parent_what_is_left():
    pre = stakes(
        alpha_rao={"parent": 1_000, "child": 10},
        parents={"child": [(HALF, "parent")]},
        children={"parent": [(HALF, "child")]},
    )
    # Half of 2^64 - 1 is cut below a half: 499.99.. for the child, 500.00.. for the parent.
    assert inherited_rao(pre, pre.alpha_rao, "child") == 509
    assert inherited_rao(pre, pre.alpha_rao, "parent") == 500


def test_parents_give_of_their_own_stake_and_not_of_what_they_inherit():
    pre = stakes(
        alpha_rao={"grandparent": 1_000, "parent": 100, "child": 1},
        parents={"parent": [(ALL, "grandparent")], "child": [(ALL, "parent")]},
        children={"grandparent": [(ALL, "parent")], "parent": [(ALL, "child")]},
    )
    totals = [inherited_rao(pre, pre.alpha_rao, k) for k in ("grandparent", "parent", "child")]
    assert totals == [0, 1_000, 101]


def test_children_cannot_take_more_than_there_is():
    pre = stakes(alpha_rao={"a": 10}, children={"a": [(ALL, "b"), (HALF, "c")]})
    assert inherited_rao(pre, pre.alpha_rao, "a") == 0


def test_a_stake_beyond_the_type_is_clamped():
    pre = stakes(alpha_rao={"a": ALL}, root_rao={"a": ALL})
    assert stake_weights(pre, ["a"]).total_i64f64_bits == (2**127 - 1,)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"tao_weight_u64": 2**64}, "tao_weight_u64"),
        ({"alpha_rao": {"a": -1}}, "alpha_rao['a']"),
        ({"root_rao": {"a": 2**64}}, "root_rao['a']"),
        ({"parents": {"a": [(-1, "b")]}}, "parents['a']"),
        ({"children": {"a": [(2**64, "b")]}}, "children['a']"),
    ],
)
def test_a_stake_that_cannot_be_is_refused_by_the_name_of_its_field(changes, field):
    with pytest.raises(BadState) as refused:
        stakes(**changes)
    assert refused.value.field == field


# ---------------------------------------------------------------------- parents

FAMILY = stakes(
    alpha_rao={"child": 1_000, "parent": 3_000},
    parents={"child": [(ALL, "parent")]},
    children={"parent": [(ALL, "child")]},
)


def test_dividends_follow_the_stake_that_parents_bring_less_the_childkey_take():
    owners = {"child": "x", "parent": "y"}
    # Three quarters of the stake are the parent's; a take of 13,107 of 65,535 is a fifth.
    parts = split_to_parents(425, FAMILY, "child", 1_000, 13_107, owners)
    assert parts == [("parent", 600), ("child", 399)]


def test_no_take_from_a_parent_of_the_same_owner():
    owners = {"child": "x", "parent": "x"}
    parts = split_to_parents(425, FAMILY, "child", 1_000, 65_535, owners)
    assert parts == [("parent", 750), ("child", 250)]


def test_a_hotkey_without_parents_keeps_all():
    assert split_to_parents(425, stakes(), "a", 7, 0, {}) == [("a", 7)]


def test_what_children_hold_of_a_hotkey_is_not_its_own_contribution():
    pre = stakes(
        alpha_rao={"middle": 1_000, "parent": 1_000},
        parents={"middle": [(ALL, "parent")]},
        children={"middle": [(ALL, "child")]},
    )
    assert split_to_parents(425, pre, "middle", 90, 0, {"parent": "y"}) == [
        ("parent", 90),
        ("middle", 0),
    ]


def test_a_hotkeys_own_contribution_is_cut_to_whole_rao():
    pre = stakes(
        alpha_rao={"child": 1, "parent": 1},
        parents={"child": [(ALL, "parent")]},
        children={"child": [(HALF, "grandchild")]},
    )
    # Half a rao of its own is none.
    assert split_to_parents(425, pre, "child", 90, 0, {}) == [("parent", 90), ("child", 0)]


@pytest.mark.parametrize("spec_version", [292, 476])
def test_the_split_is_not_known_outside_specs_293_to_475(spec_version):
    with pytest.raises(UnknownRule):
        split_to_parents(spec_version, FAMILY, "child", 1, 0, {})


@pytest.mark.parametrize(("dividends", "take"), [(-1, 0), (2**64, 0), (1, 65_536)])
def test_dividends_or_takes_out_of_range_are_refused(dividends, take):
    with pytest.raises(BadState):
        split_to_parents(425, FAMILY, "child", dividends, take, {})


U64 = st.integers(0, ALL)


@given(
    dividends=st.integers(0, 10**18),
    take=st.integers(0, 65_535),
    own=st.integers(0, 10**18),
    parents=st.lists(st.tuples(U64, st.integers(0, 10**18), st.booleans()), max_size=5),
)
def test_parts_never_exceed_the_dividends_and_fall_short_by_dust(dividends, take, own, parents):
    names = [f"parent {i}" for i in range(len(parents))]
    pre = stakes(
        alpha_rao={"child": own} | {name: p[1] for name, p in zip(names, parents, strict=True)},
        parents={"child": [(p[0], name) for name, p in zip(names, parents, strict=True)]},
    )
    owners = {"child": "x"} | {
        name: "x" if p[2] else "y" for name, p in zip(names, parents, strict=True)
    }
    parts = split_to_parents(425, pre, "child", dividends, take, owners)
    paid = sum(rao for _, rao in parts)
    assert paid <= dividends
    assert dividends - paid <= len(parts)


def distributed(epoch: RecordedEpoch) -> dict[bytes, int]:
    """AlphaDividendsPerSubnet by the law: Yuma, then parents, then the distribution."""
    before = epoch.before
    result = recompute(SPEC_VERSION, epoch.state)
    dividends: dict[bytes, int] = defaultdict(int)
    for hotkey, rao in zip(before.hotkeys, result.validator_emission_rao, strict=True):
        take = before.childkey_takes_u16.get(hotkey, 0)
        for receiver, part in split_to_parents(
            SPEC_VERSION, before.stakes, hotkey, rao, take, before.owners
        ):
            dividends[receiver] += part
    payouts = distribution.ERAS.at(SPEC_VERSION).module.recompute(
        DistributionState(
            pending=before.pending,
            incentives_rao=dict(zip(before.hotkeys, result.server_emission_rao, strict=True)),
            dividends={hotkey: U96F32.of(rao) for hotkey, rao in dividends.items()},
            stakes={
                hotkey: Stake(
                    before.stakes.alpha_rao.get(hotkey, 0), before.stakes.root_rao.get(hotkey, 0)
                )
                for hotkey in dividends
            },
            takes_u16={hotkey: before.takes_u16[hotkey] for hotkey in dividends},
            tao_weight_u64=before.stakes.tao_weight_u64,
            owner_hotkey=None,
        )
    )
    return payouts.alpha_dividends_rao


def test_dividends_of_the_recording_are_paid_to_parents_as_the_runtime_paid_them(embedded):
    with_parents = 0
    for epoch in epochs(embedded):
        computed = distributed(epoch)
        for hotkey in computed.keys() | epoch.alpha_dividends_rao.keys():
            observed = epoch.alpha_dividends_rao.get(hotkey, 0)
            assert computed.get(hotkey, 0) == observed, (epoch.state.netuid, hotkey.hex())
        with_parents += sum(hotkey in epoch.before.stakes.parents for hotkey in computed)
    assert with_parents == 237
