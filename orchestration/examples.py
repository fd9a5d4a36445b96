"""Questions people ask of subnets, with the SQL that answers them; tested to run as printed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """A question and the one query that answers it."""

    question: str
    sql: str

    def command(self, program: str) -> str:
        """What to paste into a shell."""
        return f'{program} sql "{self.sql}"'
