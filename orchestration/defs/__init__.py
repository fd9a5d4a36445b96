"""The only room that imports Dagster: assets, checks, jobs, schedules, resources."""
