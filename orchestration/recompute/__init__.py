"""Rows -> the rules -> rows: each table asks ``mechanics`` what the chain should have done."""
