"""A subnet's TAO and alpha of a block -> what goes into its pool and to its participants."""

from mechanics.eras import Era, Eras
from mechanics.injection import v233_capped_alpha, v238_closed_subnets
from mechanics.injection.state import Injection, InjectionState

ERAS = Eras("injection", v233_capped_alpha, v238_closed_subnets)

__all__ = ["ERAS", "Era", "Injection", "InjectionState"]
