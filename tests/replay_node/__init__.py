"""A node that serves a recorded chain over JSON-RPC, as a Substrate node would."""

from tests.replay_node.capture import Capture
from tests.replay_node.server import Served, serving

__all__ = ["Capture", "Served", "serving"]
