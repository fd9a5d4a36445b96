"""What a block mints at an issuance, of TAO or of a subnet's alpha."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanics import issuance
from mechanics.eras import BadState, UnknownRule
from mechanics.issuance import block_emission

SPEC = 425
SUPPLY = 21_000_000_000_000_000

# Stated in the chain's own unit tests (pallets/subtensor/src/tests/root.rs), exact.
STATED = {
    1_776_000: 1_000_000_000,
    1_776_000_000: 1_000_000_000,
    1_776_000_000_000: 1_000_000_000,
    10_999_999_000_000_000: 500_000_000,
    11_000_000_000_000_000: 500_000_000,
    12_000_999_000_000_000: 500_000_000,
    15_749_999_000_000_000: 500_000_000,
    15_800_000_000_000_000: 250_000_000,
    16_499_999_000_000_000: 250_000_000,
    17_624_999_000_000_000: 250_000_000,
    19_906_249_000_000_000: 62_500_000,
    20_400_000_000_000_000: 31_250_000,
    20_900_000_000_000_000: 7_812_500,
    20_917_970_000_000_000: 3_906_250,
    20_958_985_000_000_000: 1_953_125,
    20_979_493_000_000_000: 976_562,
    20_994_874_000_000_000: 244_140,
    20_997_437_000_000_000: 122_070,
    20_998_719_000_000_000: 61_035,
    20_999_360_000_000_000: 30_517,
    20_999_840_000_000_000: 7_629,
    20_999_960_000_000_000: 1_907,
    20_999_980_000_000_000: 953,
    20_999_995_000_000_000: 238,
    20_999_999_000_000_000: 59,
}


@pytest.mark.parametrize(("issuance_rao", "emission_rao"), STATED.items())
def test_emissions_the_chains_tests_state(issuance_rao, emission_rao):
    assert block_emission(SPEC, issuance_rao) == emission_rao


def test_a_hundred_steps_of_ten_and_a_half_million_blocks_issue_what_the_chains_test_states():
    issued = total = 0
    for _ in range(100):
        minted = 10_500_000 * block_emission(SPEC, issued)
        issued, total = issued + minted, total + minted
    assert total == 20_999_999_989_500_000


@pytest.mark.parametrize("halvings", range(1, 16))
def test_a_halving_falls_on_the_exact_rao(halvings):
    threshold = SUPPLY - (SUPPLY >> halvings)
    exact = SUPPLY % (1 << halvings) == 0
    assert exact
    assert block_emission(SPEC, threshold - 1) == 1_000_000_000 >> halvings - 1
    assert block_emission(SPEC, threshold) == 1_000_000_000 >> halvings


def test_nothing_is_minted_once_the_supply_is_issued():
    assert block_emission(SPEC, SUPPLY) == 0
    assert block_emission(SPEC, SUPPLY + 1) == 0


@given(st.integers(0, SUPPLY), st.integers(0, SUPPLY))
def test_more_issuance_never_mints_more(one, other):
    low, high = sorted((one, other))
    assert block_emission(SPEC, low) >= block_emission(SPEC, high)


def test_a_negative_issuance_is_refused_by_name():
    with pytest.raises(BadState, match="issuance_rao is -1, below 0") as raised:
        block_emission(SPEC, -1)
    assert raised.value.field == "issuance_rao"


def test_no_rule_is_known_before_dtao():
    with pytest.raises(UnknownRule, match="No issuance rule is known for spec 232"):
        block_emission(232, 0)
    assert issuance.ERAS.at(233).name == "v233_log2_halving"
