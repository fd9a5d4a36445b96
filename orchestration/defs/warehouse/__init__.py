"""The warehouse: dbt models in one DuckDB file, published by rename."""
