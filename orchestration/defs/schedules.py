"""When the daily job runs."""

import dagster as dg

from orchestration.defs.jobs import daily

# Ten minutes past midnight UTC the last block of the day before is long finalized.
daily_schedule = dg.build_schedule_from_partitioned_job(
    daily, name="daily_schedule", hour_of_day=0, minute_of_hour=10
)
