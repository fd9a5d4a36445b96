"""Serves a recorded chain as a node: ``python -m tests.replay_node CAPTURE --port 9944``."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from orchestration.errors import TaobooksError
from tests.replay_node.capture import Capture
from tests.replay_node.server import Server, listen


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.replay_node", description=__doc__.split(":")[0] + "."
    )
    parser.add_argument("capture", type=Path, help="a folder in the capture format")
    parser.add_argument("--port", type=int, default=9944)
    parser.add_argument("--host", default="127.0.0.1")
    asked = parser.parse_args()
    print(f"Loading {asked.capture} ...", file=sys.stderr, flush=True)
    try:
        server = Server(Capture(asked.capture))
        asyncio.run(_serve(server, asked.host, asked.port))
    except TaobooksError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"Cannot listen on {asked.host}:{asked.port} ({error.strerror}); choose a port.")


async def _serve(server: Server, host: str, port: int) -> None:
    until = asyncio.Event()
    for stop in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(stop, until.set)

    def say(port: int) -> None:
        print(f"Listening on ws://{host}:{port} and http://{host}:{port}", flush=True)

    await listen(server, host, port, say, until)


if __name__ == "__main__":
    main()
