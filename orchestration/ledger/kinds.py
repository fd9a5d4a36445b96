"""What an entry of a stake ledger is, and what it does to a position."""

from enum import IntEnum


class Effect(IntEnum):
    """What an entry does to a position.

    ``OUT`` is followed at once by the ``IN`` that takes up what left: the two are one transfer or
    move. What arrives may be less, where the chain executed the move as swaps; the cost of all that
    left is then borne by what arrives.
    """

    OPEN = 0
    """Held before the books begin; enters at its worth, as if bought then."""
    BUY = 1
    EARN = 2
    """Received for nothing; ``tao_rao`` is its worth then."""
    SELL = 3
    LOSE = 4
    """Given up for nothing: recycled or burned."""
    OUT = 5
    IN = 6
    ADJUST = 7
    """Alpha that came or went (``alpha_rao`` is signed) at no cost: a share's rounding."""


OPENING = "opening"
DISSOLUTION = "dissolution"
ROUNDING = "rounding"
UNATTRIBUTED = "unattributed"
UNREAD = "unread"

EFFECTS: dict[str, Effect] = {
    # held before the books begin
    OPENING: Effect.OPEN,
    # through the pool, by the owner's will
    "buy": Effect.BUY,
    "sell": Effect.SELL,
    # from one subnet to another: a sale and a purchase at the TAO that was executed
    "swap_out": Effect.SELL,
    "swap_in": Effect.BUY,
    # the subnet ended: its pool's TAO was paid out for its alpha
    DISSOLUTION: Effect.SELL,
    # inside one subnet: from hotkey to hotkey, from coldkey to coldkey; of all there is
    # where a key was swapped for another
    "move_out": Effect.OUT,
    "move_in": Effect.IN,
    "transfer_out": Effect.OUT,
    "transfer_in": Effect.IN,
    # lent to the pool, and back: alpha leaves and comes at the spot price
    "liquidity_out": Effect.SELL,
    "liquidity_in": Effect.BUY,
    # what an epoch pays
    "dividend": Effect.EARN,
    "validator_take": Effect.EARN,
    "incentive": Effect.EARN,
    "owner_cut": Effect.EARN,
    "root_dividend": Effect.EARN,
    "root_take": Effect.EARN,
    # given up
    "recycle": Effect.LOSE,
    "burn": Effect.LOSE,
    # a stake is a share of a pool, cut to whole rao: it moves by a rao when others come and go
    ROUNDING: Effect.ADJUST,
    # seen in state and explained by nothing above, where an epoch may have run that was not read
    UNREAD: Effect.ADJUST,
    # the same where every epoch was read
    UNATTRIBUTED: Effect.ADJUST,
}
