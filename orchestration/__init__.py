"""The pipeline: chain state pulled, landed exactly, recomputed and published, as Dagster assets."""
