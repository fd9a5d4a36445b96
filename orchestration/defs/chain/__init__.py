"""Decoded tables and the gates in front of everything built on them."""
