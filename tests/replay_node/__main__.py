"""Serves a recorded chain as a node: ``python -m tests.replay_node CAPTURE --port 9944``."""

import argparse
import asyncio
import signal
import sys
from dataclasses import fields, replace
from pathlib import Path

from orchestration.errors import TaobooksError
from tests.replay_node.capture import Capture, SpecChange
from tests.replay_node.faults import Faults, mix
from tests.replay_node.server import Server, listen


def main() -> None:
    parser = _parser()
    asked = parser.parse_args()
    try:
        faults = _faults(vars(asked))
    except ValueError as error:
        parser.error(f"--spec-change: {error}")
    try:
        print(f"Loading {asked.capture} ...", file=sys.stderr, flush=True)
        server = Server(Capture(asked.capture, faults.spec_change), faults)
        asyncio.run(_serve(server, asked.host, asked.port))
    except TaobooksError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"Cannot listen on {asked.host}:{asked.port} ({error.strerror}); choose a port.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.replay_node",
        description=__doc__.split(":")[0] + ".",
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("capture", type=Path, help="a folder in the capture format")
    parser.add_argument("--port", type=int, default=9944)
    parser.add_argument("--host", default="127.0.0.1")
    group = parser.add_argument_group("faults", "a share lies between 0 and 1")
    group.add_argument("--mix", type=float, help="every fault that has a share, with this one")
    for fault in fields(Faults):
        option = {name: given for name, given in fault.metadata.items() if name != "is_share"}
        group.add_argument(f"--{fault.name.replace('_', '-')}", **option)
    return parser


def _faults(asked: dict) -> Faults:
    given = {f.name: asked[f.name] for f in fields(Faults) if f.name in asked}
    for name in ("throttle_codes", "fork_at"):
        if name in given:
            given[name] = tuple(given[name])
    if "spec_change" in given:
        block, spec, metadata = given["spec_change"]
        given["spec_change"] = SpecChange(int(block), int(spec), Path(metadata))
    return replace(mix(asked.get("mix", 0.0)), **given)


async def _serve(server: Server, host: str, port: int) -> None:
    until = asyncio.Event()
    for stop in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(stop, until.set)

    def say(port: int) -> None:
        print(f"Listening on ws://{host}:{port} and http://{host}:{port}", flush=True)

    await listen(server, host, port, say, until)


if __name__ == "__main__":
    main()
