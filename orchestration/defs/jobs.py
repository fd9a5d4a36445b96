"""Jobs: a day through every table, and the warehouse after it."""

import dagster as dg

from orchestration.coverage import POSTED_TABLES
from orchestration.defs.partitions import block_days
from orchestration.defs.raw.checks import (
    layout_is_confirmed,
    newest_block_is_fresh,
    no_day_is_missing,
)

_WATCH = dg.AssetSelection.checks(newest_block_is_fresh, no_day_is_missing)
BY_DAY = (
    dg.AssetSelection.groups("raw", "chain", "recomputed")
    - dg.AssetSelection.assets("raw_market__tao_prices", "recomputed__eras", *POSTED_TABLES)
    - _WATCH
)
"""A day through all but the warehouse."""

DERIVED = (BY_DAY - dg.AssetSelection.groups("raw")) | dg.AssetSelection.checks(layout_is_confirmed)
"""What is made of a day's landed bytes, with its gates."""

land_day = dg.define_asset_job(
    "land_day",
    selection=BY_DAY,
    partitions_def=block_days,
    description="One day: raw bytes, decoded tables with their gates, recomputed tables.",
)

derive_day = dg.define_asset_job(
    "derive_day",
    selection=DERIVED,
    partitions_def=block_days,
    description="One day from its landed bytes: decoded tables, their gates, recomputed tables.",
)

WAREHOUSE = dg.AssetSelection.all() - BY_DAY - _WATCH
"""What is made of all days together."""

build_warehouse = dg.define_asset_job(
    "build_warehouse",
    selection=WAREHOUSE,
    description="Every dbt model and test over all landed days, published when all ended well.",
)

take_day = dg.define_asset_job(
    "take_day",
    selection=dg.AssetSelection.all() - _WATCH,
    partitions_def=block_days,
    description="One day through every table, and the warehouse after it.",
)

watch = dg.define_asset_job(
    "watch",
    selection=_WATCH,
    description="Is the newest block fresh, and is no day missing?",
)
