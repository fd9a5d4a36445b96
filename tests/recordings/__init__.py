"""Recorded chains small enough to live here, and the cutter that makes one from a capture."""
