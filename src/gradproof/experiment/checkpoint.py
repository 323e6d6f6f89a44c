"""Where a run stands, in one file that is replaced whole: a run that was cut off loses at most one epoch."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from gradproof.errors import ReadError
from gradproof.experiment.fit import Epoch, State


def save_state(path: Path, state: State, fingerprint: str) -> None:
    """Write a state; ``fingerprint`` says of which run.

    Raises: ReadError: the file cannot be written.
    """
    arrays: dict[str, Any] = {f"weight/{name}": value for name, value in state.weights.items()}
    arrays |= {f"full/{name}": value for name, value in state.full.items()}
    arrays |= {f"memory/{name}/{place}": value for name, own in state.memory.items() for place, value in enumerate(own)}
    facts = {
        "fingerprint": fingerprint,
        "updates": state.updates,
        "phase": state.phase,
        "epoch": state.epoch,
        "source": state.source.bit_generator.state,
        "history": [asdict(epoch) for epoch in state.history],
    }
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        with os.fdopen(handle, "wb") as file:
            np.savez(file, allow_pickle=False, facts=np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8), **arrays)
        os.replace(temporary, path)
    except OSError as trouble:
        raise ReadError(f"the checkpoint cannot be written: {trouble.strerror}", where=str(path)) from None


def load_state(path: Path, fingerprint: str) -> State:
    """Return the state of a run from its file.

    Raises: ReadError: there is none, it cannot be read, or it belongs to another run.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        facts = json.loads(arrays.pop("facts").tobytes())
    except FileNotFoundError:
        raise ReadError("a checkpoint was expected, got none", where=str(path), remedy="Run without --resume.") from None
    except (OSError, ValueError, KeyError) as trouble:
        raise ReadError(f"the checkpoint cannot be read: {' '.join(str(trouble).split())[:200]}", where=str(path)) from None
    if facts.get("fingerprint") != fingerprint:
        raise ReadError(
            "the checkpoint of this run was expected", got="one of another plan, target, seed or data", where=str(path),
            remedy="Run without --resume, or give the same options.",
        )  # fmt: skip
    source = np.random.default_rng()
    source.bit_generator.state = facts["source"]
    state = State(_named(arrays, "weight/"), source, full=_named(arrays, "full/"))
    for key in sorted(arrays):
        if key.startswith("memory/"):
            state.memory.setdefault(key.split("/")[1], []).append(arrays[key])
    state.updates, state.phase, state.epoch = facts["updates"], facts["phase"], facts["epoch"]
    state.history = [Epoch(**row) for row in facts["history"]]
    return state


def _named(arrays: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)}
