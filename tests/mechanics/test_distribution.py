"""What an epoch pays out: takes, dividends in alpha and for root, incentive withheld."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanics import alpha_split, distribution
from mechanics.distribution import DistributionState, OwnedHotkey, Pending, Stake
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import I96F32, U96F32
from tests.recordings.replay import State, steps

TAO = 1_000_000_000
MAX_U64 = 2**64 - 1
HALF_TAKE = 32_767
"""0.49999... of 65,535; a half cannot be had."""


def rule(spec_version: int):
    return distribution.ERAS.at(spec_version).module


def epoch(**more) -> DistributionState:
    """Two validators, one with stake in the subnet only and one on root only, and three miners."""
    known = {
        "pending": Pending(
            owner_cut_rao=180,
            emission_rao=700,
            swapped_rao=100,
            root_tao_rao=90,
            server_rao=400,
            validator_rao=300,
            root_rao=100,
        ),
        "incentives_rao": {"owner": 50, "hired": 30, "miner": 20},
        "dividends": {"local": U96F32.of(3), "root": U96F32.of(1)},
        "stakes": {"local": Stake(1_000, 0), "root": Stake(0, 1_000)},
        "takes_u16": {"local": 0, "root": 0},
        "tao_weight_u64": MAX_U64,
        "owner_hotkey": "owner",
        "owned_hotkeys": (OwnedHotkey("owner", 0, 10), OwnedHotkey("hired", 1, 20)),
    }
    return DistributionState(**(known | more))


# ---------------------------------------------------------------- what there is to share


@pytest.mark.parametrize(("spec", "alpha"), [(233, 800), (252, 800), (334, 800), (343, 800)])
def test_yuma_shares_out_what_is_pending_and_roots_part(spec, alpha):
    assert rule(spec).epoch_alpha(epoch().pending) == alpha


@pytest.mark.parametrize("spec", [252, 306, 320])
def test_validators_share_half_of_all_less_what_was_sold_for_root(spec):
    validator_alpha = rule(spec).validator_alpha
    assert validator_alpha(Pending(emission_rao=701, swapped_rao=100), 1) == 300
    assert validator_alpha(Pending(emission_rao=702, swapped_rao=100), 1) == 301
    assert validator_alpha(Pending(emission_rao=10, swapped_rao=100), 1) == 0
    assert validator_alpha(Pending(emission_rao=701, swapped_rao=100), 0) == 701


def test_from_343_validators_share_their_own_part_and_the_servers_if_none_earns_it():
    pending = Pending(server_rao=400, validator_rao=300, root_rao=100)
    assert rule(343).validator_alpha(pending, 1) == 300
    assert rule(343).validator_alpha(pending, 0) == 700


# ---------------------------------------------------------------- who gets it


def test_up_to_238_validators_get_what_yuma_gives_them():
    payouts = rule(233).recompute(epoch())
    assert payouts.alpha_dividends_rao == {"local": 3, "root": 0}
    assert payouts.root_dividends_rao == {"local": 0, "root": 90}
    assert (payouts.incentives_rao, payouts.withheld_rao) == (epoch().incentives_rao, 0)


@pytest.mark.parametrize(
    ("spec", "alpha_rao", "root_rao"),
    [(252, 300, 90), (306, 300, 90), (320, 300, 90), (334, 300, 100), (343, 300, 100)],
)
def test_from_252_dividends_are_only_proportions(spec, alpha_rao, root_rao):
    payouts = rule(spec).recompute(epoch())
    assert payouts.alpha_dividends_rao == {"local": alpha_rao, "root": 0}
    assert payouts.root_dividends_rao == {"local": 0, "root": root_rao}


def test_a_dividend_is_divided_by_weighted_stake():
    """Root stake of 300 at a weight of a third, beside 100 alpha: half and half."""
    weight = U96F32(2**32 // 3 + 1)
    alpha, root = rule(425).dividend_distribution(
        1_000, 500, weight, {"v": Stake(100, 300), "w": Stake(100, 0)}, dict.fromkeys("vw", ONE)
    )
    # The weight is a third and a bit: 300 of it are 100 and 200 bits, so that root's part is above
    # one half by 2 parts in 2^32 and the alpha part below.
    assert root == {"v": U96F32.of(500), "w": U96F32.of(0)}
    assert alpha["v"] + alpha["w"] <= U96F32.of(1_000)
    assert [amount.to_u64_sat() for amount in alpha.values()] == [333, 666]


ONE = U96F32.of(1)


@pytest.mark.parametrize("spec", [252, 425])
def test_a_hotkey_without_a_stake_entry_is_left_out(spec):
    alpha, root = rule(spec).dividend_distribution(
        10, 10, ONE, {"known": Stake(1, 0)}, {"known": ONE, "unknown": ONE}
    )
    assert alpha == {"known": U96F32.of(10)}
    assert root == {"known": U96F32.of(0)}


def test_the_take_and_what_it_leaves_are_floored_apart():
    payouts = rule(252).recompute(epoch(takes_u16={"local": HALF_TAKE, "root": 65_535}))
    assert payouts.alpha_take_rao["local"] == 149
    assert payouts.alpha_dividends_rao["local"] == 150
    assert (payouts.root_take_rao["root"], payouts.root_dividends_rao["root"]) == (90, 0)


def test_the_owners_cut_is_paid_where_there_is_an_owner_hotkey():
    assert rule(252).recompute(epoch()).owner_cut_rao == 180
    assert rule(252).recompute(epoch(owner_hotkey=None)).owner_cut_rao == 0


# ---------------------------------------------------------------- what is withheld


@pytest.mark.parametrize(
    ("spec", "limit", "paid", "withheld"),
    [
        pytest.param(233, None, {"owner": 50, "hired": 30, "miner": 20}, 0, id="nothing"),
        pytest.param(252, None, {"hired": 30, "miner": 20}, 50, id="owner hotkey"),
        pytest.param(306, None, {"miner": 20}, 80, id="all of the owner's"),
        pytest.param(306, 1, {"hired": 30, "miner": 20}, 50, id="one: the owner hotkey"),
        pytest.param(306, 2, {"miner": 20}, 80, id="two: the newest beside it"),
        pytest.param(320, 1, {"miner": 20}, 80, id="no limit any more"),
    ],
)
def test_incentive_withheld_by_version(spec, limit, paid, withheld):
    payouts = rule(spec).recompute(epoch(immune_owner_uids_limit=limit))
    assert (payouts.incentives_rao, payouts.withheld_rao) == (paid, withheld)


def test_an_owner_hotkey_of_another_coldkey_comes_first_within_the_limit():
    strange = epoch(owner_hotkey="miner", immune_owner_uids_limit=1)
    assert rule(306).withheld_hotkeys(strange) == ["miner"]
    assert rule(320).withheld_hotkeys(strange) == ["miner", "hired", "owner"]


def test_an_owner_hotkey_that_is_not_registered_takes_no_place():
    gone = epoch(owner_hotkey="gone", is_owner_hotkey_registered=False, immune_owner_uids_limit=1)
    assert rule(306).withheld_hotkeys(gone) == ["hired"]


def test_owned_hotkeys_registered_in_one_block_rank_by_uid():
    twins = (OwnedHotkey("b", 7, 10), OwnedHotkey("a", 3, 10))
    assert rule(320).withheld_hotkeys(epoch(owned_hotkeys=twins)) == ["owner", "a", "b"]


@pytest.mark.parametrize(("spec", "recycled"), [(306, 0), (320, 80), (343, 80), (421, 80)])
def test_what_is_withheld_is_recycled_from_320_where_the_subnet_says_so(spec, recycled):
    assert rule(spec).recompute(epoch(is_recycled=True)).recycled_rao == recycled
    assert rule(spec).recompute(epoch(is_recycled=False)).recycled_rao == 0


@pytest.mark.parametrize("is_recycled", [True, False])
def test_the_part_withheld_is_recorded_from_421(is_recycled):
    withheld = epoch(is_recycled=is_recycled)
    assert rule(420).recompute(withheld).miner_burned is None
    assert rule(421).recompute(withheld).miner_burned == U96F32(2**32 * 80 // 100)
    assert rule(421).recompute(epoch(incentives_rao={})).miner_burned == U96F32.of(0)


# ---------------------------------------------------------------- root's claims


def test_from_334_roots_part_raises_the_claimable_rate():
    payouts = rule(334).recompute(epoch())
    assert payouts.claimable_rate == {"local": I96F32.of(0), "root": I96F32(2**32 * 100 // 1_000)}
    assert rule(320).recompute(epoch()).claimable_rate == {}


# ---------------------------------------------------------------- properties

hotkeys = st.integers(0, 20)
stakes = st.dictionaries(
    hotkeys, st.builds(Stake, st.integers(0, 10**15), st.integers(0, 10**15)), max_size=20
)
dividends = st.dictionaries(hotkeys, st.integers(0, 10**12).map(U96F32.of), min_size=1, max_size=20)


@given(
    st.sampled_from([252, 425]),
    st.integers(0, 10**13),
    st.integers(0, 10**13),
    st.integers(0, 2**32).map(U96F32),
    stakes,
    dividends,
)
def test_nothing_is_created_in_a_distribution(spec, alpha_rao, root_rao, weight, known, given_):
    shared = rule(spec).dividend_distribution(alpha_rao, root_rao, weight, known, given_)
    for pool_rao, parts in ((alpha_rao, shared.alpha), (root_rao, shared.root)):
        total = sum(part.bits for part in parts.values())
        assert total <= U96F32.of(pool_rao).bits
        # A share falls short by less than 2^-32; what it buys of the pool by a bit more.
        lost = len(parts) * (pool_rao + 1)
        assert total == 0 or U96F32.of(pool_rao).bits - total <= lost


@given(st.integers(0, MAX_U64), st.integers(0, 2**16 - 1))
def test_take_and_dividend_never_exceed_what_is_taken_from(amount_rao, take_u16):
    pre = epoch(
        pending=Pending(validator_rao=amount_rao),
        takes_u16={"local": take_u16, "root": 0},
        incentives_rao={"miner": 1},
    )
    payouts = rule(425).recompute(pre)
    paid = payouts.alpha_take_rao["local"] + payouts.alpha_dividends_rao["local"]
    assert amount_rao - 1 <= paid <= amount_rao


# ---------------------------------------------------------------- what no chain can have


def test_a_missing_take_is_named():
    with pytest.raises(BadState, match=r"takes_u16\['root'\] is missing"):
        epoch(takes_u16={"local": 0})


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"tao_weight_u64": -1}, "tao_weight_u64"),
        ({"incentives_rao": {"miner": -1}}, "incentives_rao"),
        ({"takes_u16": {"local": 2**16, "root": 0}}, "takes_u16"),
        ({"stakes": {"local": Stake(-1, 0)}}, "alpha_rao"),
        ({"stakes": {"local": Stake(0, 2**64)}}, "root_rao"),
    ],
)
def test_an_amount_that_does_not_fit_is_named(more, field):
    with pytest.raises(BadState, match=field):
        epoch(**more)


@pytest.mark.parametrize("field", ["emission_rao", "root_tao_rao", "server_rao"])
def test_a_negative_pending_amount_is_named(field):
    with pytest.raises(BadState, match=field) as refused:
        Pending(**{field: -1})
    assert refused.value.field == field


@pytest.mark.parametrize("spec", [232, 240, 330, 426])
def test_a_spec_that_nobody_has_read_is_no_rule(spec):
    with pytest.raises(UnknownRule):
        distribution.ERAS.at(spec)


# ---------------------------------------------------------------- a recorded chain, spec 293


def drained(before: State, after: State, netuid: int) -> Pending:
    """What a recorded epoch shared out: what was pending, and the block's own split."""
    minted = after.number("SubnetAlphaOutEmission", netuid)
    issued = sum(before.number(item, netuid) for item in ("SubnetAlphaIn", "SubnetAlphaOut"))
    split = alpha_split.ERAS.at(293).module.recompute(
        alpha_split.AlphaSplitState(
            alpha_out_rao=minted,
            subnet_owner_cut_u16=before.number("SubnetOwnerCut"),
            tao_weight_u64=before.number("TaoWeight"),
            root_tao_rao=before.number("SubnetTAO", 0),
            alpha_issuance_rao=issued + after.number("SubnetAlphaInEmission", netuid) + minted,
        )
    )
    return Pending(
        emission_rao=before.number("PendingEmission", netuid) + split.emission_rao,
        swapped_rao=before.number("PendingAlphaSwapped", netuid) + split.swapped_rao,
    )


def test_recorded_alpha_dividends_add_up_to_the_validators_alpha(embedded: Path):
    """What nominators got, and the take it implies, bracket the validators' alpha of every epoch.

    A dividend D is floored after the take t, so that it stems from D / (1 - t) to (D + 1) / (1 - t)
    rao; each hotkey's share is cut to 32 bits, which loses up to V 2^-32 + 1 rao. Of some
    10^10 rao among 20 hotkeys that leaves a bracket of a few hundred: 1 part in 10^8.
    """
    defaults_to_take = 11_796
    checked = idle = 0
    for block, before, after in steps(
        embedded,
        *("SubnetAlphaIn", "SubnetAlphaOut", "SubnetTAO", "SubnetOwnerCut", "TaoWeight"),
        *("SubnetAlphaInEmission", "SubnetAlphaOutEmission", "FirstEmissionBlockNumber"),
        *("PendingEmission", "PendingAlphaSwapped", "LastMechansimStepBlock", "Incentive"),
        *("AlphaDividendsPerSubnet", "Delegates"),
    ):
        for netuid in before.subnets():
            if after.number("LastMechansimStepBlock", netuid) != block:
                continue
            if not before.has("FirstEmissionBlockNumber", netuid):
                continue
            paid = after.by_account("AlphaDividendsPerSubnet", netuid)
            incentives = after.number("Incentive", netuid)
            # The length stands before them, compact: in a byte, or in two where bit 0 is set.
            is_mined = incentives >> (16 if incentives & 1 else 8) > 0
            alpha = rule(293).validator_alpha(drained(before, after, netuid), int(is_mined))
            if not any(paid.values()):
                assert netuid == 25, block  # just registered, and without a validator
                idle += 1
                continue
            takes = before.by_account("Delegates")
            low = high = 0
            for hotkey, rao in paid.items():
                rest = 65_535 - takes.get(hotkey, defaults_to_take)
                low += rao * 65_535 // rest
                high += (rao + 1) * 65_535 // rest + (alpha >> 32) + 2
            assert low <= alpha <= high, (block, netuid)
            checked += 1
    assert (checked, idle) == (327, 15)
