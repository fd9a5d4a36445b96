"""Ticks: prices 1.0001 apart, and the square root of the price at which each begins."""

from functools import lru_cache

from mechanics.fixed import U64F64

MIN_TICK = -443_636
MAX_TICK = 443_636

_FIRST_RATIO = 0xFFFCB933BD6FAD37AA2D162D1A594001
_RATIOS = (
    0xFFF97272373D413259A46990580E213A,
    0xFFF2E50F5F656932EF12357CF3C7FDCC,
    0xFFE5CACA7E10E4E61C3624EAA0941CD0,
    0xFFCB9843D60F6159C9DB58835C926644,
    0xFF973B41FA98C081472E6896DFB254C0,
    0xFF2EA16466C96A3843EC78B326B52861,
    0xFE5DEE046A99A2A811C461F1969C3053,
    0xFCBE86C7900A88AEDCFFC83B479AA3A4,
    0xF987A7253AC413176F2B074CF7815E54,
    0xF3392B0822B70005940C7A398E4B70F3,
    0xE7159475A2C29B7443B29C7FA6E889D9,
    0xD097F3BDFD2022B8845AD8F792AA5825,
    0xA9F746462D870FDF8A65DC1F90E061E5,
    0x70D869A156D2A1B890BB3DF62BAF32F7,
    0x31BE135F97D08FD981231505542FCFA6,
    0x9AA508B5B7A84E1C677DE54F3E99BC9,
    0x5D6AF8DEDB81196699C329225EE604,
    0x2216E584F5FA1EA926041BEDFE98,
    0x48A170391F7DC42444E8FA2,
)
"""1.0001^(-2^k / 2) for k = 0, 1, 2, ... with 128 fraction bits: the widely used table."""

_WIDEST_TICK = 887_272
_MIN_RATIO_Q96 = 4_295_128_739
_MAX_RATIO_Q96 = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342

_LOG_SQRT_10001_PER_LOG2 = 255_738_958_999_603_826_347_141
_ESTIMATE_TOO_LOW = 3_402_992_956_809_132_418_596_140_100_660_247_210
_ESTIMATE_TOO_HIGH = 291_339_464_771_989_622_907_027_621_153_398_088_495
"""The base of the logarithm, and how far off 14 bits of it may be, with 128 fraction bits."""


def sqrt_ratio_q96(tick: int) -> int:
    """1.0001^(tick / 2) with 96 fraction bits, rounded up from 128.

    Args
        tick: from -887,272 to 887,272.

    Returns
        Raw bits of Q64.96.

    Errors
        ValueError for a tick outside.

    Source
        subtensor@52378dc3e9 (spec 361), pallets/swap/src/tick.rs: get_sqrt_ratio_at_tick.
    """
    magnitude = abs(tick)
    if magnitude > _WIDEST_TICK:
        raise ValueError(f"tick {tick} is not from {-_WIDEST_TICK} to {_WIDEST_TICK}")
    ratio = _FIRST_RATIO if magnitude & 1 else 1 << 128
    for k, factor in enumerate(_RATIOS, 1):
        if magnitude >> k & 1:
            ratio = ratio * factor >> 128
    if tick > 0:
        ratio = (2**256 - 1) // ratio
    return -(-ratio >> 32)


@lru_cache(maxsize=65_536)
def sqrt_price_at(tick: int) -> U64F64:
    """The square root of the price at which a tick begins.

    Rule
        1.0001^(tick / 2), rounded up twice: to 96 fraction bits, then to 64. A swap that stops at a
        tick is then in it; rounded down it would be in the one below, and stop there for good.

    Args
        tick: from MIN_TICK to MAX_TICK.

    Returns
        The square root of TAO per alpha.

    Errors
        ValueError for a tick far outside.

    Source
        subtensor@52378dc3e9 (spec 361), pallets/swap/src/tick.rs: try_to_sqrt_price, q_to_u64f64;
        the same at spec 293, where a recorded swap that crosses a tick goes on.
    """
    return U64F64(-(-sqrt_ratio_q96(tick) >> 32))


def tick_at(sqrt_price: U64F64) -> int:
    """The tick a price is in.

    Rule
        The greatest tick that begins at or below the price, from MIN_TICK to MAX_TICK: by 14 bits
        of a logarithm, and of the two ticks it leaves the one that fits.

    Args
        sqrt_price: the square root of TAO per alpha.

    Returns
        A tick.

    Errors
        None.

    Source
        subtensor@52378dc3e9 (spec 361), pallets/swap/src/tick.rs: from_sqrt_price_bounded,
        try_from_sqrt_price, get_tick_at_sqrt_ratio.
    """
    ratio = sqrt_price.bits << 32
    if not _MIN_RATIO_Q96 <= ratio < _MAX_RATIO_Q96:
        return MAX_TICK if sqrt_price > sqrt_price_at(MAX_TICK) else MIN_TICK
    msb = ratio.bit_length() + 31
    r = ratio << 32
    r = r >> msb - 127 if msb > 127 else r << 127 - msb
    log2 = msb - 128 << 64
    for bit in range(63, 49, -1):
        r = r * r >> 127
        carry = r >> 128
        log2 |= carry << bit
        r >>= carry
    logarithm = log2 * _LOG_SQRT_10001_PER_LOG2
    low = logarithm - _ESTIMATE_TOO_LOW >> 128
    high = logarithm + _ESTIMATE_TOO_HIGH >> 128
    tick = high if sqrt_ratio_q96(high) <= ratio else low
    return min(max(tick, MIN_TICK), MAX_TICK)
