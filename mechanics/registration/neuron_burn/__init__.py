"""What it costs to register a neuron in a subnet: TAO that is burned, or sold for alpha."""

from mechanics.eras import Eras
from mechanics.registration.neuron_burn import v233_interval_adjustment, v397_continuous_decay
from mechanics.registration.neuron_burn.state import NeuronBurnState

ERAS = Eras("neuron_burn", v233_interval_adjustment, v397_continuous_decay)

__all__ = ["ERAS", "NeuronBurnState"]
