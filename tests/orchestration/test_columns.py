"""Every column of the lake says what it is, and names the storage item it is of."""

import pytest

from orchestration import columns
from orchestration.schemas import TABLES


@pytest.mark.parametrize("table", TABLES)
def test_every_column_of_the_lake_has_a_meaning(table):
    for name in TABLES[table].names:
        said = columns.meaning(table, name)
        assert len(said) > 8, name
        assert said[0].isupper() or said[0].isdigit(), name


def test_no_meaning_is_of_a_column_that_is_not_there():
    names = {name for schema in TABLES.values() for name in schema.names}
    there = names | {name.removeprefix("pre_") for name in names}
    assert columns.EVERYWHERE.keys() <= there
    for table, own in columns.IN_TABLE.items():
        assert own.keys() <= set(TABLES[table].names), table


def test_a_decoded_column_names_its_storage_item_and_a_recomputed_one_does_not():
    assert columns.meaning("chain__subnet_blocks", "pre_tao_reserve_rao") == (
        "TAO in the pool, what is lent left out. At the end of the parent block. "
        "(SubtensorModule.SubnetTAO)"
    )
    assert columns.meaning("recomputed__pool_states", "tao_reserve_rao") == (
        "TAO in the pool, what is lent left out."
    )
    assert columns.meaning("chain__stake_ledger", "alpha_rao").startswith("What the coldkey")


def test_a_column_that_nobody_has_described_is_refused():
    with pytest.raises(KeyError, match="made_up"):
        columns.meaning("chain__blocks", "made_up")
