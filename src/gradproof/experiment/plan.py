"""The file that declares a run: what each table may hold, and an error that names the place where it holds something else."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gradproof.codegen.module import TARGETS
from gradproof.errors import ReadError


@dataclass(frozen=True)
class DataPlan:
    """Where the samples come from: 'digits' (scikit-learn's), a .npz file with two arrays, or a .csv file with a line of names.

    ``inputs`` and ``labels`` name the arrays of a .npz file, by default images and labels; of a .csv file ``labels`` names the column of
    the classes, all others are inputs.
    ``shape`` are the axes of one sample, where they are not those of the file. ``scaling``: 'whole' divides by the largest value and
    moves the mean to zero, 'columns' gives each column mean zero and deviation one, 'none' leaves the numbers; by default columns
    where a sample has one axis, else whole. ``held_out`` is a share or a number; ``split`` says whether these are taken at random or
    are the last ones. ``validation``, a share or a number of the others, are taken from them at random: they are not learned from, and
    the error after each epoch is theirs, so that rates and penalties can be chosen without a look at what is held out.
    """

    source: str = "digits"
    inputs: str = ""
    labels: str = "labels"
    shape: tuple[int, ...] = ()
    scaling: str = ""
    held_out: float = 1 / 3
    split: str = "random"
    validation: float = 0.0


@dataclass(frozen=True)
class NetworkPlan:
    """A network as one formula, whose value is the mean loss over a batch.

    ``inputs`` and ``labels`` are the variables of a batch; ``scores`` and ``features`` are named parts of the formula; ``weights`` are
    the shapes of the variables that are learned.
    """

    formula: str
    weights: Mapping[str, tuple[int, ...]]
    inputs: str = "X"
    labels: str = "y"
    scores: str = "z"
    features: str = ""


@dataclass(frozen=True)
class PhasePlan:
    """One phase of training: an optimizer, its step, and how many epochs; ``final_rate`` is where a cosine takes the step."""

    optimizer: str = "sgd"
    rate: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 0.0
    epochs: int = 10
    final_rate: float = 0.0


@dataclass(frozen=True)
class PruningPlan:
    """Proximal SGD on loss + penalty sum_k sqrt(size_k) ||kernel_k||, which makes whole kernels of some weights zero, and epochs of
    SGD with momentum for the smaller network behind it.

    ``penalty`` is one number, or one for each of the weights in ``kernels``. With ``share`` it doubles from epoch to epoch until that
    share of the kernels of each of them is zero; from then on that one has no penalty, and what is zero stays so.
    """

    kernels: tuple[str, ...]
    penalty: float | Mapping[str, float] = 0.01
    rate: float = 0.2
    epochs: int = 10
    tuning_epochs: int = 5
    tuning_rate: float = 0.05
    share: float = 0.0

    @property
    def penalties(self) -> tuple[float, ...]:
        """The penalty of each weight."""
        penalty = self.penalty
        return tuple(penalty[name] if isinstance(penalty, Mapping) else penalty for name in self.kernels)


@dataclass(frozen=True)
class MapPlan:
    """The t-SNE map of the features of the held-out samples, which are first reduced to so many principal components; 0 takes them all."""

    perplexity: float = 30.0
    components: int = 50


@dataclass(frozen=True)
class Plan:
    """A run as it was declared."""

    name: str
    network: NetworkPlan
    data: DataPlan = field(default_factory=DataPlan)
    training: tuple[PhasePlan, ...] = (PhasePlan(),)
    pruning: PruningPlan | None = None
    map: MapPlan | None = None
    target: str = "numba"
    batch_size: int = 64
    seed: int = 0
    top_k: tuple[int, ...] = (1, 5)


def read_plan(path: str | Path) -> Plan:
    """Return the run that a TOML file declares.

    Raises: ReadError: the file cannot be read, or a value in it is not what its place asks for.
    """
    try:
        tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as trouble:
        words = trouble.strerror if isinstance(trouble, OSError) else str(trouble)
        raise ReadError(f"a run cannot be read: {words}", where=str(path)) from None
    return _Reader(str(path)).plan(tables)


class _Reader:
    """Takes the tables apart; every error says in which file and at which key."""

    def __init__(self, where: str) -> None:
        self.where = where

    def plan(self, tables: Mapping[str, Any]) -> Plan:
        """Return the whole run."""
        known = ("name", "data", "network", "training", "pruning", "map", "target", "batch_size", "seed", "top_k")
        self._refuse_others(tables, known, "")
        phases = tables.get("training", [{}])
        if not isinstance(phases, list) or not all(isinstance(phase, Mapping) for phase in phases):
            raise self._error("training", "tables of phases were expected", phases, "Write [[training]].")
        return Plan(
            name=self._text(tables, "name", "", default=Path(self.where).stem),
            network=self._network(self._table(tables, "network")),
            data=self._data(self._table(tables, "data")),
            training=tuple(self._phase(phase, f"training[{number}].") for number, phase in enumerate(phases)),
            pruning=self._pruning(self._table(tables, "pruning")) if "pruning" in tables else None,
            map=self._map(self._table(tables, "map")) if "map" in tables else None,
            target=self._choice(tables, "target", "", TARGETS, "numba"),
            batch_size=self._whole(tables, "batch_size", "", 64, 1),
            seed=self._whole(tables, "seed", "", 0, 0),
            top_k=tuple(self._wholes(tables, "top_k", "", [1, 5])),
        )

    def _network(self, table: Mapping[str, Any]) -> NetworkPlan:
        where = "network."
        self._refuse_others(table, ("formula", "weights", "inputs", "labels", "scores", "features"), where)
        weights = table.get("weights", {})
        if not isinstance(weights, Mapping) or not weights:
            raise self._error("network.weights", "the shapes of the weights were expected", weights, "Write W = [10, 64].")
        return NetworkPlan(
            formula=self._text(table, "formula", where),
            weights={name: tuple(self._wholes(weights, name, "network.weights.")) for name in weights},
            inputs=self._text(table, "inputs", where, default="X"),
            labels=self._text(table, "labels", where, default="y"),
            scores=self._text(table, "scores", where, default="z"),
            features=self._text(table, "features", where, default=""),
        )

    def _data(self, table: Mapping[str, Any]) -> DataPlan:
        where = "data."
        self._refuse_others(table, ("source", "inputs", "labels", "shape", "scaling", "held_out", "split", "validation"), where)
        return DataPlan(
            source=self._text(table, "source", where, default="digits"),
            inputs=self._text(table, "inputs", where, default=""),
            labels=self._text(table, "labels", where, default="labels"),
            shape=tuple(self._wholes(table, "shape", where)) if "shape" in table else (),
            scaling=self._choice(table, "scaling", where, ("whole", "columns", "none", ""), ""),
            held_out=self._number(table, "held_out", where, 1 / 3, least=0.0, is_open=True),
            split=self._choice(table, "split", where, ("random", "last"), "random"),
            validation=self._number(table, "validation", where, 0.0, least=0.0),
        )

    def _phase(self, table: Mapping[str, Any], where: str) -> PhasePlan:
        self._refuse_others(table, ("optimizer", "rate", "momentum", "weight_decay", "epochs", "final_rate"), where)
        return PhasePlan(
            optimizer=self._choice(table, "optimizer", where, ("sgd", "adam"), "sgd"),
            rate=self._number(table, "rate", where, 0.05, least=0.0, is_open=True),
            momentum=self._number(table, "momentum", where, 0.9, least=0.0),
            weight_decay=self._number(table, "weight_decay", where, 0.0, least=0.0),
            epochs=self._whole(table, "epochs", where, 10, 1),
            final_rate=self._number(table, "final_rate", where, 0.0, least=0.0),
        )

    def _pruning(self, table: Mapping[str, Any]) -> PruningPlan:
        where = "pruning."
        self._refuse_others(table, ("kernels", "penalty", "share", "rate", "epochs", "tuning_epochs", "tuning_rate"), where)
        kernels = table.get("kernels")
        if not isinstance(kernels, list) or not kernels or not all(isinstance(name, str) for name in kernels):
            raise self._error("pruning.kernels", "names of weights were expected", kernels, 'Write kernels = ["K1", "K2"].')
        return PruningPlan(
            kernels=tuple(kernels),
            penalty=self._penalty(table, kernels),
            rate=self._number(table, "rate", where, 0.2, least=0.0, is_open=True),
            epochs=self._whole(table, "epochs", where, 10, 1),
            tuning_epochs=self._whole(table, "tuning_epochs", where, 5, 0),
            tuning_rate=self._number(table, "tuning_rate", where, 0.05, least=0.0, is_open=True),
            share=self._share(table, "share", where),
        )

    def _penalty(self, table: Mapping[str, Any], kernels: list[str]) -> float | Mapping[str, float]:
        own = table.get("penalty")
        if not isinstance(own, Mapping):
            return self._number(table, "penalty", "pruning.", 0.01, least=0.0, is_open=True)
        self._refuse_others(own, tuple(kernels), "pruning.penalty.")
        return {name: self._number(own, name, "pruning.penalty.", 0.01, least=0.0, is_open=True) for name in kernels}

    def _map(self, table: Mapping[str, Any]) -> MapPlan:
        self._refuse_others(table, ("perplexity", "components"), "map.")
        return MapPlan(
            perplexity=self._number(table, "perplexity", "map.", 30.0, least=1.0),
            components=self._whole(table, "components", "map.", 50, 0),
        )

    # Values -----------------------------------------------------------------------------------------------------------

    def _table(self, tables: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        table = tables.get(key, {})
        if not isinstance(table, Mapping):
            raise self._error(key, "a table was expected", table, f"Write [{key}].")
        return table

    def _refuse_others(self, table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
        for key in table:
            if key not in known:
                raise self._error(
                    f"{where}{key}", f"one of {', '.join(known)} was expected", key, "Leave it out, or mend its name."
                )

    def _text(self, table: Mapping[str, Any], key: str, where: str, default: str | None = None) -> str:
        value = table.get(key, default)
        if not isinstance(value, str):
            raise self._error(f"{where}{key}", "a text was expected", value, "Put it between quotes.")
        return value

    def _choice(self, table: Mapping[str, Any], key: str, where: str, choices: tuple[str, ...], default: str) -> str:
        value = self._text(table, key, where, default)
        if value not in choices:
            raise self._error(f"{where}{key}", f"one of {', '.join(choices)} was expected", value, "Name one of them.")
        return value

    def _number(
        self, table: Mapping[str, Any], key: str, where: str, default: float, *, least: float, is_open: bool = False
    ) -> float:
        value = table.get(key, default)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not (value > least if is_open else value >= least):
            words = f"a number above {least:g}" if is_open else f"a number of at least {least:g}"
            raise self._error(f"{where}{key}", f"{words} was expected", value, "Change it.")
        return float(value)

    def _share(self, table: Mapping[str, Any], key: str, where: str) -> float:
        value = self._number(table, key, where, 0.0, least=0.0)
        if value >= 1:
            raise self._error(f"{where}{key}", "a number below 1 was expected", value, "Write 0.5 for half of them.")
        return value

    def _whole(self, table: Mapping[str, Any], key: str, where: str, default: int, least: int) -> int:
        value = table.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self._error(f"{where}{key}", f"a whole number of at least {least} was expected", value, "Change it.")
        return value

    def _wholes(self, table: Mapping[str, Any], key: str, where: str, default: list[int] | None = None) -> list[int]:
        value = table.get(key, default)
        is_list = isinstance(value, list) and value
        if not is_list or not all(isinstance(each, int) and not isinstance(each, bool) and each > 0 for each in value):
            raise self._error(f"{where}{key}", "a list of positive whole numbers was expected", value, "Write [16, 1, 3, 3].")
        return list(value)

    def _error(self, key: str, expected: str, got: Any, remedy: str) -> ReadError:
        return ReadError(expected, got=repr(got)[:60], where=f"{self.where}: {key}", remedy=remedy)
