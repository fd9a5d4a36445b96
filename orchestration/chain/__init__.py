"""Reads the chain and turns its bytes into typed rows; knows nothing of Dagster or of the lake."""
