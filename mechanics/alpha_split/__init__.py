"""The alpha a subnet mints each block for its participants: owner, servers, validators, root."""

from mechanics.alpha_split import (
    v233_root_sold_each_block,
    v298_subsidised_root_not_sold,
    v334_root_kept_as_alpha,
    v342_root_sell_flag,
    v343_servers_apart,
    v411_owner_cut_switch,
)
from mechanics.alpha_split.state import AlphaSplit, AlphaSplitState
from mechanics.alpha_split.v233_root_sold_each_block import root_proportion
from mechanics.alpha_split.v342_root_sell_flag import root_sell_flag
from mechanics.eras import Eras

ERAS = Eras(
    "alpha_split",
    v233_root_sold_each_block,
    v298_subsidised_root_not_sold,
    v334_root_kept_as_alpha,
    v342_root_sell_flag,
    v343_servers_apart,
    v411_owner_cut_switch,
)

__all__ = ["ERAS", "AlphaSplit", "AlphaSplitState", "root_proportion", "root_sell_flag"]
