"""Stake ledgers and what they say of cost and profit: pure functions of arrays, no I/O.

``book.py`` posts entries to positions under every cost-basis method, a day after the other.
No rule of the chain stands here but how a share of a hotkey's alpha is valued, which is asked of
``mechanics``.
"""
