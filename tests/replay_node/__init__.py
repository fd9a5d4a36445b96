"""A node that serves a recorded chain over JSON-RPC, as a Substrate node would, or badly."""

from tests.replay_node.capture import Capture, SpecChange
from tests.replay_node.faults import Faults, mix
from tests.replay_node.server import Served, serving

__all__ = ["Capture", "Faults", "Served", "SpecChange", "mix", "serving"]
