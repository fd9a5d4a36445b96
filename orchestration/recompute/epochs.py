"""``recomputed__epoch_neurons`` and ``recomputed__epoch_bonds``: every epoch by the rules.

The epochs of a block run by netuid, and what one pays to root stake is stake in the next.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa

from mechanics import distribution
from mechanics.distribution import DistributionState, OwnedHotkey, Stake
from mechanics.engine import yuma as engine
from mechanics.eras import BadState, UnknownRule
from mechanics.fixed import U96F32
from mechanics.yuma import EpochState
from mechanics.yuma.mechanisms import SubnetResult, recompute_subnet
from mechanics.yuma.parents import split_to_parents
from mechanics.yuma.stake import StakeState, stake_weights
from mechanics.yuma.state import AUTO, PREVIOUS
from orchestration.errors import RecomputeError
from orchestration.recompute.epoch_tables import (
    LAST_THAT_PAYS_ROOT_IN_TAO,
    Day,
    Epoch,
    Outcome,
    Written,
)
from orchestration.recompute.rows import Row

COMMITS_ARE_NOT_DECODED = (
    "commit-reveal is on: the commits that wait, which mask weights from spec 297, are not decoded"
)
NULL_CONSENSUS_IS_NOT_DECODED = (
    "whether the subnet was set to Null consensus is not decoded after spec 461"
)
STEEPNESS_IS_NOT_DECODED = "the steepness of liquid alpha is not decoded before spec 283"
CONSENSUS_MODE_IS_NOT_DECODED = (
    "the consensus of the epoch before, which liquid alpha compares with, is not decoded"
)
_LAST_WITHOUT_COMMITS = 296
_LAST_WITHOUT_NULL_CONSENSUS = 461
_U16_MAX = 65_535


class Recomputed(NamedTuple):
    """The two tables of a day."""

    neurons: pa.Table
    bonds: pa.Table


def recompute(
    epochs: pa.Table,
    neurons: pa.Table,
    kin: pa.Table,
    weights: pa.Table,
    bonds: pa.Table,
    pool_states: pa.Table,
) -> Recomputed:
    """A row for each neuron of every epoch, and one for each of its bond rows.

    Args:
        epochs: a day of ``chain__epochs``.
        neurons: the same day of ``chain__epoch_neurons``.
        kin: the same day of ``chain__epoch_kin``.
        weights: the same day of ``chain__epoch_weights``.
        bonds: the same day of ``chain__epoch_bonds``.
        pool_states: the same day of ``recomputed__pool_states``, for the alpha that was pending.

    Raises:
        RecomputeError: a state that no chain can have; names netuid, block and field.
    """
    day = Day(epochs, neurons, kin, weights, bonds, pool_states)
    written = Written(day)
    block, gains = None, _RootGains()
    for epoch in day.epochs():
        if epoch.row["block_number"] != block:
            block, gains = epoch.row["block_number"], _RootGains()
        try:
            outcome = _recomputed(epoch, gains)
            written.add(epoch, outcome)
            gains.add(epoch, outcome.payouts)
        except (UnknownRule, _NotDecoded) as unknown:
            written.add_unexplained(epoch, str(unknown))
            gains.add(epoch, None)
        except BadState as bad:
            raise RecomputeError(
                f"The epoch of netuid {epoch.row['netuid']} at block {block} cannot be: {bad}; "
                "land the day again from another source."
            ) from None
    return Recomputed(written.neurons(), written.bonds())


# ---------------------------------------------------------------------- one epoch


@dataclass(slots=True)
class _RootGains:
    """TAO on root that the epochs earlier in a block paid, by hotkey."""

    rao: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    is_first: bool = True
    is_observed: bool = False

    @property
    def source(self) -> str | None:
        if self.is_first:
            return None
        return "observed" if self.is_observed else "recomputed"

    def add(self, epoch: Epoch, payouts: distribution.Payouts | None) -> None:
        """What an epoch pays; where no rule says it, what the chain paid."""
        if epoch.row["spec_version"] > LAST_THAT_PAYS_ROOT_IN_TAO:
            return
        self.is_first = False
        if payouts is None:
            self._add_observed(epoch)
            return
        for part in (payouts.root_dividends_rao, payouts.root_take_rao):
            for hotkey, rao in part.items():
                self.rao[hotkey] += rao

    def _add_observed(self, epoch: Epoch) -> None:
        """What the chain paid to nominators of the subnet's hotkeys, and the take that it implies.

        To 1 rao of the take; parents that are no neurons are not among them.
        """
        self.is_observed = True
        neurons = epoch.mechanisms[0]
        for hotkey, dividends_rao, take in zip(
            neurons["hotkey_ss58"],
            neurons["tao_dividends_rao"],
            neurons["pre_delegate_take_u16"],
            strict=True,
        ):
            if dividends_rao:
                taken = dividends_rao * take // (_U16_MAX - take) if take < _U16_MAX else 0
                self.rao[hotkey] += dividends_rao + taken


def _recomputed(epoch: Epoch, gains: _RootGains) -> Outcome:
    spec = epoch.row["spec_version"]
    _require_decoded(epoch.row)
    stakes = _stakes(epoch, gains)
    stake = stake_weights(stakes, epoch.hotkeys)
    emission_rao = 0
    if epoch.pending is not None:
        emission_rao = epoch.pending.emission_rao + epoch.pending.swapped_rao
    result = recompute_subnet(
        spec,
        [_state(epoch, mecid, stake.total_i64f64_bits) for mecid in range(len(epoch.mechanisms))],
        emission_rao,
        epoch.row["pre_emission_split_u16"],
        by=engine.recompute,
    )
    payouts, reason = None, epoch.pending_reason
    if epoch.pending is not None:
        try:
            payouts, reason = _payouts(epoch, stakes, result), None
        except UnknownRule as unknown:
            reason = str(unknown)
    return Outcome(result, stake, dict(gains.rao), gains.source, payouts, reason)


def _require_decoded(row: Row) -> None:
    """Refuse an epoch that depends on state that is not decoded.

    Raises:
        _NotDecoded: it does.
    """
    spec = row["spec_version"]
    is_liquid = bool(row["pre_is_yuma3"]) and row["pre_is_liquid_alpha"]
    if spec > _LAST_WITHOUT_NULL_CONSENSUS:
        raise _NotDecoded(NULL_CONSENSUS_IS_NOT_DECODED)
    if spec > _LAST_WITHOUT_COMMITS and row["pre_is_commit_reveal"]:
        raise _NotDecoded(COMMITS_ARE_NOT_DECODED)
    if is_liquid and row["pre_alpha_sigmoid_steepness"] is None:
        raise _NotDecoded(STEEPNESS_IS_NOT_DECODED)
    mode = row["pre_liquid_alpha_consensus_mode"]
    is_previous = mode == PREVIOUS or (mode == AUTO and row["pre_bonds_penalty_u16"] == _U16_MAX)
    if is_liquid and mode is not None and is_previous:
        raise _NotDecoded(CONSENSUS_MODE_IS_NOT_DECODED)


class _NotDecoded(Exception):
    """The rule may be known, but something it reads is not decoded; the message says what."""


def _stakes(epoch: Epoch, gains: _RootGains) -> StakeState:
    """Stakes, parents and children, with what earlier epochs of the block paid on root."""
    neurons = epoch.mechanisms[0]
    alpha, root = (
        dict(zip(neurons["hotkey_ss58"], neurons[name], strict=True))
        for name in ("pre_alpha_rao", "pre_root_rao")
    )
    for stakes in (alpha, root):
        stakes.pop(None, None)  # a uid that nobody has
    kin: dict[bool, dict[str, list]] = {True: defaultdict(list), False: defaultdict(list)}
    for row in epoch.kin:
        hotkey = neurons["hotkey_ss58"][row["uid"]]
        kin[row["is_parent"]][hotkey].append((row["share_u64"], row["kin_ss58"]))
        if row["is_parent"]:
            alpha.setdefault(row["kin_ss58"], row["pre_alpha_rao"])
            root.setdefault(row["kin_ss58"], row["pre_root_rao"])
    for hotkey, rao in gains.rao.items():
        if hotkey in root:
            root[hotkey] += rao
    return StakeState(
        tao_weight_u64=epoch.row["pre_tao_weight_u64"],
        alpha_rao=alpha,
        root_rao=root,
        parents=kin[True],
        children=kin[False],
    )


def _state(epoch: Epoch, mecid: int, stake_i64f64_bits: Sequence[int]) -> EpochState:
    row, neurons, n = epoch.row, epoch.mechanisms[mecid], epoch.neuron_count
    owner, hotkeys = row["pre_owner_hotkey_ss58"], epoch.hotkeys
    is_dynamic = row["pre_activity_cutoff_factor_milli"] is not None
    more: dict[str, Any] = {}
    if row["pre_alpha_sigmoid_steepness"] is not None:
        more["alpha_sigmoid_steepness"] = row["pre_alpha_sigmoid_steepness"]
    if row["pre_liquid_alpha_consensus_mode"] is not None:
        more["liquid_alpha_consensus_mode"] = row["pre_liquid_alpha_consensus_mode"]
    return EpochState(
        netuid=row["netuid"],
        mecid=mecid,
        block_number=row["block_number"],
        neuron_count=n,
        tempo=row["pre_tempo_blocks"],
        emission_rao=0,
        last_update=_reached(neurons["pre_last_update_block"][:n]),
        block_at_registration=[
            0 if hotkey is None else block
            for hotkey, block in zip(hotkeys, neurons["pre_registered_at_block"][:n], strict=True)
        ],
        stake_i64f64_bits=stake_i64f64_bits,
        stake_threshold_rao=row["pre_stake_threshold_rao"],
        owner_uid=hotkeys.index(owner) if owner in hotkeys else None,
        validator_permit=_reached(neurons["pre_is_validator_permitted"][:n]),
        max_allowed_validators=row["pre_max_allowed_validators_count"],
        weights=epoch.weights[mecid],
        bonds=epoch.bonds[mecid],
        kappa_u16=row["pre_kappa_u16"],
        bonds_penalty_u16=row["pre_bonds_penalty_u16"],
        bonds_moving_average_ppm=row["pre_bonds_moving_average_ppm"],
        activity_cutoff_blocks=None if is_dynamic else row["pre_activity_cutoff_blocks"],
        activity_cutoff_factor_milli=row["pre_activity_cutoff_factor_milli"],
        liquid_alpha_on=row["pre_is_liquid_alpha"],
        alpha_low_u16=row["pre_alpha_low_u16"],
        alpha_high_u16=row["pre_alpha_high_u16"],
        yuma3_on=bool(row["pre_is_yuma3"]),
        last_mechanism_step_block=row["pre_last_mechanism_step_block"],
        # With commit-reveal on, an epoch from 297 on is refused above; before, commits hid nothing.
        commit_reveal_weights_enabled=False,
        has_distinct_hotkeys=_are_distinct(hotkeys),
        **more,
    )


def _reached(values: list) -> list:
    """A vector as far as it reaches."""
    return values[: values.index(None)] if None in values else values


def _are_distinct(hotkeys: list[str | None]) -> bool:
    held = [hotkey for hotkey in hotkeys if hotkey is not None]
    return len(set(held)) == len(held)


def _payouts(epoch: Epoch, stakes: StakeState, result: SubnetResult) -> distribution.Payouts:
    """Dividends to nominators: Yuma's, to parents, then by stake on the subnet and on root."""
    spec, neurons = epoch.row["spec_version"], epoch.mechanisms[0]
    owners = dict(zip(neurons["hotkey_ss58"], neurons["pre_coldkey_ss58"], strict=True))
    takes = dict(zip(neurons["hotkey_ss58"], neurons["pre_delegate_take_u16"], strict=True))
    for row in epoch.kin:
        if row["is_parent"]:
            owners.setdefault(row["kin_ss58"], row["pre_coldkey_ss58"])
            takes.setdefault(row["kin_ss58"], row["pre_delegate_take_u16"])
    dividends: dict[str, int] = defaultdict(int)
    for hotkey, rao, take in zip(
        epoch.hotkeys, result.validator_emission_rao, neurons["pre_childkey_take_u16"], strict=False
    ):
        if rao and hotkey is not None:
            for receiver, part in split_to_parents(spec, stakes, hotkey, rao, take, owners):
                dividends[receiver] += part
    owner, coldkey = epoch.row["pre_owner_hotkey_ss58"], epoch.row["pre_owner_ss58"]
    return distribution.ERAS.at(spec).module.recompute(
        DistributionState(
            pending=epoch.pending,
            incentives_rao={
                hotkey: rao
                for hotkey, rao in zip(epoch.hotkeys, result.server_emission_rao, strict=True)
                if hotkey is not None
            },
            dividends={hotkey: U96F32.of(rao) for hotkey, rao in dividends.items()},
            stakes={
                hotkey: Stake(stakes.alpha_rao.get(hotkey, 0), stakes.root_rao.get(hotkey, 0))
                for hotkey in dividends
            },
            takes_u16=takes,
            tao_weight_u64=stakes.tao_weight_u64,
            owner_hotkey=owner,
            is_owner_hotkey_registered=owner in owners,
            owned_hotkeys=tuple(
                OwnedHotkey(hotkey, uid, neurons["pre_registered_at_block"][uid])
                for uid, hotkey in enumerate(epoch.hotkeys)
                if hotkey is not None and owners[hotkey] == coldkey
            ),
            is_recycled=epoch.is_recycling,
        )
    )
