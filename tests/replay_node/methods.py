"""What a Substrate node answers to each JSON-RPC method, as JSON text, from a capture.

Messages and codes are those of polkadot-sdk (client/rpc-api, client/db) and of jsonrpsee.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import orjson

from tests.replay_node.capture import Block, Capture, compact, hex_text, text
from tests.replay_node.heads import Heads

MOST_KEYS_A_PAGE = 1000
HASH_CHARACTERS = 66
NULL = b"null"
BEFORE_EVERYTHING = -1
NOT_FOUND = "Header was not found in the database"

# Called over a websocket only; each with the name its notifications bear.
SUBSCRIPTIONS = {
    "chain_subscribeFinalizedHeads": "chain_finalizedHead",
    "chain_subscribeNewHeads": "chain_newHead",
    "chain_subscribeNewHead": "chain_newHead",
}
UNSUBSCRIPTIONS = frozenset(name.replace("subscribe", "unsubscribe") for name in SUBSCRIPTIONS)

# The two runtime interfaces that are answered: Core and Metadata, by the hash of their names.
APIS = (("0xdf6acb689907609b", 5), ("0x37e397fc7c91f5e4", 2))


class RpcError(Exception):
    """An answer that is an error."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def body(self) -> bytes:
        said = {"code": self.code, "message": self.message}
        return orjson.dumps(said if self.data is None else said | {"data": self.data})


class StateDiscarded(RpcError):
    """The node knows the block and no longer has its state."""


def invalid_params(why: str) -> RpcError:
    return RpcError(-32602, "Invalid params", why)


@dataclass(frozen=True, slots=True)
class _Method:
    call: Callable[..., bytes]
    least: int
    most: int


class Methods:
    """Every method a client can call, over what the chain is at the moment.

    The state of blocks below ``pruned_below`` is discarded, but for the best head's.
    ``pruned_answer`` is how that is said: ``error`` as nodes do; ``null``, a null result;
    ``absent``, as if no key had a value.
    """

    def __init__(
        self, capture: Capture, heads: Heads, pruned_below: int = 0, pruned_answer: str = "error"
    ) -> None:
        self._capture = capture
        self._history = capture.history
        self._heads = heads
        self._pruned_below = pruned_below
        self._pruned_answer = pruned_answer
        named = {
            "chain_getBlockHash": self.block_hash,
            "chain_getHead": self.block_hash,
            "chain_getFinalizedHead": self.finalized_head,
            "chain_getHeader": self.header,
            "chain_getBlock": self.block,
            "state_getStorage": self.storage,
            "state_getStorageAt": self.storage,
            "state_queryStorageAt": self.query_storage,
            "state_getKeysPaged": self.keys_paged,
            "state_getKeysPagedAt": self.keys_paged,
            "state_getRuntimeVersion": self.runtime_version,
            "chain_getRuntimeVersion": self.runtime_version,
            "state_getMetadata": self.metadata,
            "state_call": self.runtime_call,
            "state_callAt": self.runtime_call,
            "system_chain": lambda: orjson.dumps(capture.name),
            "system_name": lambda: orjson.dumps("taobooks replay node"),
            "system_version": lambda: orjson.dumps("1.0.0"),
            "system_properties": lambda: orjson.dumps(capture.properties),
            "system_health": lambda: orjson.dumps(
                {"peers": 0, "isSyncing": False, "shouldHavePeers": False}
            ),
            "rpc_methods": self.names,
        }
        self._methods = {name: _described(call) for name, call in named.items()}

    def answer(self, name: str, params: object) -> bytes:
        """The result of a call, as JSON text.

        Raises:
            RpcError: the node answers with an error.
        """
        method = self._methods.get(name)
        if method is None:
            raise RpcError(-32601, "Method not found")
        if not isinstance(params, list):
            raise invalid_params("invalid type, expected a list of parameters")
        if len(params) < method.least:
            raise invalid_params("No more params")
        try:
            return method.call(*params[: method.most])
        except StateDiscarded:
            if self._pruned_answer == "null":
                return NULL
            raise

    def names(self) -> bytes:
        known = [*self._methods, *SUBSCRIPTIONS, *UNSUBSCRIPTIONS]
        return orjson.dumps({"methods": sorted(known)})

    # ------------------------------------------------------------------ chain

    def block_hash(self, number: object = None) -> bytes:
        if number is None:
            number = self._heads.best
        if isinstance(number, list):
            return orjson.dumps([self._heads.hash_at(_number(one)) for one in number])
        return orjson.dumps(self._heads.hash_at(_number(number)))

    def finalized_head(self) -> bytes:
        return orjson.dumps(self._heads.hash_at(self._heads.finalized))

    def header(self, block_hash: object = None) -> bytes:
        block = self._heads.find(self._or_best(block_hash))
        return NULL if block is None else orjson.dumps(block.header)

    def block(self, block_hash: object = None) -> bytes:
        block = self._heads.find(self._or_best(block_hash))
        if block is None:
            return NULL
        extrinsics = [f"0x{extrinsic.hex()}" for extrinsic in block.extrinsics]
        whole = {"header": block.header, "extrinsics": extrinsics}
        return orjson.dumps({"block": whole, "justifications": None})

    # ------------------------------------------------------------------ state

    def storage(self, key: object, block_hash: object = None) -> bytes:
        return self._history.value(_hex_of(key), self._storage_state(self._or_best(block_hash)))

    def query_storage(self, keys: object, block_hash: object = None) -> bytes:
        if not isinstance(keys, list):
            raise invalid_params("invalid type, expected a sequence of keys")
        at = self._or_best(block_hash)
        if self._heads.find(at) is None and not self._heads.precedes_capture(at):
            span = f"""['"{at}"' ... '"Some({at})"]"""
            raise RpcError(
                4001, f"Cannot resolve a block range {span}. UnknownBlock: {NOT_FOUND}: {at}"
            )
        state = self._storage_state(at)
        if not keys:
            return b"[]"
        try:
            asked = dict.fromkeys(keys)  # a key asked for twice is told once
            changes = self._history.pairs(asked, state)
        except (TypeError, ValueError) as error:
            raise invalid_params(str(error)) from None
        return b'[{"block":"%b","changes":%b}]' % (at.encode(), changes)

    def keys_paged(
        self, prefix: object, count: object, after: object = None, block_hash: object = None
    ) -> bytes:
        if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count < 1 << 32:
            raise invalid_params("invalid type: expected u32")
        if count > MOST_KEYS_A_PAGE:
            raise RpcError(
                4002, f"count exceeds maximum value. value: {count}, max: {MOST_KEYS_A_PAGE}"
            )
        prefix = "0x" if prefix is None else _hex_of(prefix)
        after = None if after is None else _hex_of(after)
        state = self._storage_state(self._or_best(block_hash))
        found = self._history.keys(prefix, after, state)
        return orjson.dumps(list(islice(found, count)))

    def runtime_version(self, block_hash: object = None) -> bytes:
        spec = self._capture.spec_after(self._runtime_state(block_hash))
        return orjson.dumps(
            {
                "specName": self._capture.spec_name,
                "implName": self._capture.spec_name,
                "authoringVersion": 1,
                "specVersion": spec,
                "implVersion": 1,
                "apis": APIS,
                "transactionVersion": self._capture.transaction_version,
                "stateVersion": 1,
            }
        )

    def metadata(self, block_hash: object = None) -> bytes:
        return _hex(self._metadata_at(self._runtime_state(block_hash))[14])

    def runtime_call(self, name: object, data: object, block_hash: object = None) -> bytes:
        state = self._state(self._or_best(block_hash))
        known = self._metadata_at(state)
        if name == "Core_version":
            return _hex(self._encoded_version(self._capture.spec_after(state)))
        if name == "Metadata_metadata":
            return _hex(compact(len(known[14])) + known[14])
        if name == "Metadata_metadata_versions":
            versions = b"".join(version.to_bytes(4, "little") for version in sorted(known))
            return _hex(compact(len(known)) + versions)
        if name == "Metadata_metadata_at_version":
            asked = int.from_bytes(bytes.fromhex(_hex_of(data)[2:]), "little")
            found = known.get(asked)
            return _hex(b"\0" if found is None else b"\1" + compact(len(found)) + found)
        raise RpcError(
            4003,
            f"Client error: Execution failed: Other: Exported method {name} is not found",
        )

    # ------------------------------------------------------------------ what they share

    def _or_best(self, block_hash: object) -> str:
        if block_hash is None:
            return self._heads.hash_at(self._heads.best)
        found = _hex_of(block_hash)
        if len(found) != HASH_CHARACTERS:
            raise invalid_params(
                f"invalid length {len(found) - 2}, expected a 0x-prefixed hex string of length 64"
            )
        return found

    def _storage_state(self, at: str) -> int:
        """The recorded block in whose state a key is looked up."""
        try:
            return self._state(at)
        except StateDiscarded:
            if self._pruned_answer == "absent":
                return BEFORE_EVERYTHING
            raise

    def _state(self, at: str, saying: str = "UnknownBlock") -> int:
        """The recorded block whose state a block ends with."""
        block = self._heads.find(at)
        if block is None and not self._heads.precedes_capture(at):
            raise RpcError(4003, f"Client error: {saying}: {NOT_FOUND}: {at}")
        if block is None or self._is_pruned(block) or not self._heads.has_state(block):
            raise StateDiscarded(4003, f"Client error: {saying}: State already discarded for {at}")
        return block.state_of

    def _is_pruned(self, block: Block) -> bool:
        return block.number < self._pruned_below and block.number != self._heads.best

    def _runtime_state(self, block_hash: object) -> int:
        """The same, for a question to the runtime, which words its errors otherwise."""
        return self._state(self._or_best(block_hash), "Api called for an unknown Block")

    def _metadata_at(self, state: int) -> dict[int, bytes]:
        return self._capture.metadata[self._capture.spec_after(state)]

    def _encoded_version(self, spec: int) -> bytes:
        apis = b"".join(bytes.fromhex(name[2:]) + n.to_bytes(4, "little") for name, n in APIS)
        numbers = (number.to_bytes(4, "little") for number in (1, spec, 1))
        return (
            text(self._capture.spec_name) * 2
            + b"".join(numbers)
            + compact(len(APIS))
            + apis
            + self._capture.transaction_version.to_bytes(4, "little")
            + b"\1"
        )


def _described(call: Callable[..., bytes]) -> _Method:
    parameters = inspect.signature(call).parameters.values()
    required = [p for p in parameters if p.default is inspect.Parameter.empty]
    return _Method(call, len(required), len(parameters))


def _number(said: object) -> int:
    """A block number, as a number or as hex."""
    if isinstance(said, str) and said.startswith("0x"):
        try:
            said = int(said, 16)
        except ValueError:
            raise invalid_params("invalid hex character in a block number") from None
    if not isinstance(said, int) or isinstance(said, bool) or said < 0:
        raise invalid_params("data did not match any variant of untagged enum ListOrValue")
    if said >= 1 << 32:
        raise RpcError(3001, f"`{said}` > u32::MAX, the max block number is u32.")
    return said


def _hex_of(said: object) -> str:
    try:
        return hex_text(said)
    except ValueError as error:
        raise invalid_params(str(error)) from None


def _hex(raw: bytes) -> bytes:
    return b'"0x%b"' % raw.hex().encode()
