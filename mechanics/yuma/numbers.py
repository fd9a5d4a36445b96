"""The epoch's scalar functions of I32F32: guarded exp and ln, the sigmoid, shares of 65,535."""

from mechanics.fixed import I32F32
from mechanics.transcendental import exp, ln

ONE = I32F32.of(1)
U16_MAX = I32F32.of(2**16 - 1)

_EXP_BOUND = I32F32.of(20)


def clamp_value(value: I32F32, low: I32F32, high: I32F32) -> I32F32:
    """The value within bounds: first not above ``high``, then not below ``low``.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/run_epoch.rs: clamp_value.
    """
    return max(min(value, high), low)


def exp_safe(value: I32F32) -> I32F32:
    """e to a power, the power first brought within -20 .. 20.

    Rule
        exp(v) of the library's series; on its error 0 for a power that is not positive, else the
        type's greatest value. Within the bounds the series has no error.

    Args
        value: dimensionless.

    Returns
        Dimensionless.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/math.rs: exp_safe.
    """
    power = clamp_value(value, -_EXP_BOUND, _EXP_BOUND)
    result = exp(power)
    if result is not None:
        return result
    return I32F32(0) if power.bits <= 0 else I32F32(I32F32.MAX)


def safe_ln(value: I32F32) -> I32F32:
    """The natural logarithm, 0 where there is none.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/math.rs: safe_ln.
    """
    return ln(value) or I32F32(0)


def sigmoid_safe(value: I32F32, rho: I32F32, cutoff: I32F32) -> I32F32:
    """1 / (1 + e^(-rho (v - cutoff))).

    Args
        value, rho, cutoff: dimensionless; the power -rho (v - cutoff) is floored.

    Returns
        Dimensionless, from 0 to 1, cut toward zero.

    Errors
        None.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/math.rs: sigmoid_safe.
    """
    power = (-rho) * (value - cutoff)
    return ONE.safe_div(ONE + exp_safe(power))


def u16_proportion_to_fixed(share: int) -> I32F32:
    """A share of 65,535 as a fraction of 1.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/math.rs: u16_proportion_to_fixed.
    """
    return I32F32.of(share).safe_div(U16_MAX)


def fixed_to_fixed_u16_proportion(value: I32F32) -> I32F32:
    """A number over 65,535, still I32F32.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/math.rs:
        fixed_to_fixed_u16_proportion.
    """
    return value.safe_div(U16_MAX)


def fixed_proportion_to_u16(value: I32F32) -> int:
    """A fraction of 1 as a share of 65,535, floored and clamped.

    Source
        subtensor@14bc6f9 (spec 425), pallets/subtensor/src/epoch/math.rs: fixed_proportion_to_u16.
    """
    return (value * U16_MAX).to_u16_sat()
