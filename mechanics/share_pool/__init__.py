"""How a hotkey's alpha on a subnet is divided among those who stake to it."""

from mechanics.eras import Era, Eras
from mechanics.share_pool import v246_fixed_point, v397_safe_float, v457_capped_value
from mechanics.share_pool.state import SharePool

ERAS = Eras("share_pool", v246_fixed_point, v397_safe_float, v457_capped_value)

__all__ = ["ERAS", "Era", "SharePool"]
