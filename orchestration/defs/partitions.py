"""The one axis along which work is cut: the UTC day of a block."""

import dagster as dg

from orchestration.settings import DTAO_LAUNCH

block_days = dg.DailyPartitionsDefinition(start_date=DTAO_LAUNCH.isoformat(), timezone="UTC")
