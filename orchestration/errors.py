"""What a person is told: one sentence that says what, where and what to do."""


class TaobooksError(Exception):
    """A failure with a sentence for a person; the command line prints it without a traceback."""


class SourceError(TaobooksError):
    """The source of chain state is unusable, or its answer is not what a chain can say."""


class UnreachableError(SourceError):
    """No node answers, or none usefully, for now: the same may go well a little later."""


class LayoutError(TaobooksError):
    """A spec's storage layout is unknown or not the declared one, so nothing may be decoded."""


class DecodeError(TaobooksError):
    """Bytes the chain stored cannot be read as the declared type."""


class RecomputeError(TaobooksError):
    """The rules refuse a decoded state: no chain can have it."""


class LakeError(TaobooksError):
    """A partition of the lake is missing, damaged, or cannot be written."""


class GateError(TaobooksError):
    """A day did not meet its expectations, so it goes no further."""


class BusyError(TaobooksError):
    """Another process is already doing this."""


class WarehouseError(TaobooksError):
    """The warehouse could not be built, published or read."""


class SettingsError(TaobooksError):
    """A setting or an argument is not usable."""


class LedgerError(TaobooksError):
    """An entry of a ledger is not possible: more sold than held, out of order, delivered twice."""


class PriceError(TaobooksError):
    """A file or an address of TAO prices is not usable."""
