"""What it costs to register a subnet or a neuron, what a new subnet starts with, which one leaves.

Five mechanisms, each a room with its own eras: ``lock_cost``, ``pruning``, ``pool_start``,
``start_call`` and ``neuron_burn``.
"""
