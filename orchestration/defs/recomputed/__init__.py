"""Recomputed tables: what the rules say the chain should have done."""
