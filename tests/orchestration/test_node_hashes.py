"""Hashes come many in one answer; blocks that were not asked for in it are asked for again."""

from pathlib import Path

from orchestration.chain.budget import Budget
from orchestration.chain.node import Node
from orchestration.chain.recording import Recording
from tests.replay_node import serving


def test_headers_of_many_blocks_at_once_before_the_head_is_known(small: Path):
    blocks = range(601, 631)
    with serving(small) as served:
        node = Node([served.ws_url], Budget(32))
        node._first_state = 600
        assert node.headers(blocks).equals(Recording(small).headers(blocks))
        assert served.requests["chain_getBlockHash"] == 3, "genesis, the head's own, and the run"
        node.close()
