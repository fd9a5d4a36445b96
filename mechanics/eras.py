"""Which version of a rule was in force: an era is a module, chosen by spec, never guessed."""

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


class UnknownRule(LookupError):
    """No rule is known for this mechanism at this spec version."""

    def __init__(self, mechanism: str, spec_version: int, known: str) -> None:
        super().__init__(
            f"No {mechanism} rule is known for spec {spec_version}; {known} are known."
        )
        self.mechanism = mechanism
        self.spec_version = spec_version


class BadState(ValueError):
    """A state no chain can have; names the field."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field} {why}")
        self.field = field


def given(value: T | None, field: str) -> T:
    """A part of a state that a rule reads.

    Raises:
        BadState: it is missing.
    """
    if value is None:
        raise BadState(field, "is missing")
    return value


def unsigned(value: int, field: str, width: int = 64) -> None:
    """Refuse what the chain cannot hold in an unsigned integer of a width in bits.

    Raises:
        BadState: it is no whole number, negative or too wide.
    """
    if not isinstance(value, Integral):
        raise BadState(field, f"is {value!r}, not a whole number")
    if not 0 <= value < 1 << width:
        raise BadState(field, f"is {value}, not from 0 to 2^{width} - 1")


@dataclass(frozen=True, slots=True)
class Era:
    """A rule and the specs it was in force for.

    ``name`` is its module; ``first_block_number`` the first finney block of its first spec, where
    known; ``rule`` its module's first sentence.
    """

    mechanism: str
    name: str
    first_spec_version: int
    last_spec_version: int
    first_block_number: int | None
    rule: str
    module: ModuleType


class Eras:
    """The eras of one mechanism, oldest first, without overlap.

    A module says ``FIRST_SPEC_VERSION`` and, where known, ``FIRST_BLOCK_NUMBER``. Its last spec is
    ``LAST_SPEC_VERSION`` where it says so, else the one before the next era's first; the newest era
    must say it: beyond is what nobody has read.
    """

    def __init__(self, mechanism: str, *modules: ModuleType) -> None:
        self.mechanism = mechanism
        following = [m.FIRST_SPEC_VERSION - 1 for m in modules[1:]] + [None]
        self._eras = tuple(
            Era(
                mechanism,
                module.__name__.rpartition(".")[2],
                module.FIRST_SPEC_VERSION,
                getattr(module, "LAST_SPEC_VERSION", last),
                getattr(module, "FIRST_BLOCK_NUMBER", None),
                (module.__doc__ or "").strip().split("\n\n")[0].replace("\n", " "),
                module,
            )
            for module, last in zip(modules, following, strict=True)
        )

    def __iter__(self) -> Iterator[Era]:
        return iter(self._eras)

    def at(self, spec_version: int) -> Era:
        """The era in force at a spec version.

        Raises:
            UnknownRule: before the first era, after the last, or in a gap between two.
        """
        for era in self._eras:
            if era.first_spec_version <= spec_version <= era.last_spec_version:
                return era
        known = ", ".join(f"{e.first_spec_version}-{e.last_spec_version}" for e in self._eras)
        raise UnknownRule(self.mechanism, spec_version, f"specs {known}")
