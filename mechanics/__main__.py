"""The rules from the command line: replay vectors, list the eras, show what a spec changed."""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from mechanics.catalogue import MECHANISMS
from mechanics.eras import Era, Eras, UnknownRule
from mechanics.verify import verify


def main(arguments: list[str] | None = None) -> int:
    """Run a command; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m mechanics", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    replay = commands.add_parser("verify", help="replay vector files against the rules")
    replay.add_argument("files", nargs="+", type=Path, metavar="FILE")
    commands.add_parser("eras", help="list every rule and the specs it was in force for")
    diff = commands.add_parser("diff", help="what changed in a mechanism between two specs")
    diff.add_argument("mechanism", choices=MECHANISMS)
    diff.add_argument("older", type=int, metavar="SPEC")
    diff.add_argument("newer", type=int, metavar="SPEC")
    asked = parser.parse_args(arguments)
    if asked.command == "verify":
        return verify(asked.files, sys.stdout, sys.stderr)
    if asked.command == "eras":
        print(table(era for eras in MECHANISMS.values() for era in eras))
        return 0
    try:
        print(changes(MECHANISMS[asked.mechanism], asked.older, asked.newer))
    except UnknownRule as unknown:
        print(unknown, file=sys.stderr)
        return 1
    return 0


def table(eras: Iterator[Era]) -> str:
    """The eras as lines of columns: mechanism, era, first and last spec, first block, rule."""
    rows = [("mechanism", "era", "first spec", "last spec", "first block", "rule")]
    for era in eras:
        first_block = "" if era.first_block_number is None else f"{era.first_block_number:,}"
        specs = (str(era.first_spec_version), str(era.last_spec_version))
        rows.append((era.mechanism, era.name, *specs, first_block, era.rule))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def changes(eras: Eras, older_spec: int, newer_spec: int) -> str:
    """What the era of the newer spec changed, era by era since that of the older one.

    Raises:
        UnknownRule: no era is known for one of the specs.
    """
    older, newer = sorted((eras.at(older_spec), eras.at(newer_spec)), key=_first_spec)
    if older == newer:
        return f"{_heading(newer)}\n\nThe same rule at both specs: {newer.rule}"
    passed = [e for e in eras if older.first_spec_version < e.first_spec_version]
    steps = [e for e in passed if e.first_spec_version <= newer.first_spec_version]
    return "\n\n".join(_described(era) for era in (older, *steps))


def _first_spec(era: Era) -> int:
    return era.first_spec_version


def _heading(era: Era) -> str:
    return f"{era.mechanism} {era.name} (specs {era.first_spec_version} to {era.last_spec_version})"


def _described(era: Era) -> str:
    source = getattr(era.module, "SOURCE", None)
    words = (era.module.__doc__ or "").strip()
    return "\n\n".join(part for part in (_heading(era), words, source) if part)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
