"""The samples of a run: read, scaled, split into those that are learned from and those that are held out."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from gradproof.errors import DomainError, ReadError, UnsupportedError
from gradproof.experiment.plan import DataPlan

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
#: Inputs, with a leading axis of samples, and their classes.
Arrays = tuple[npt.NDArray[Any], npt.NDArray[Any]]


@dataclass(frozen=True)
class Samples:
    """Inputs, float32 with a leading axis of samples, and their class numbers from 0."""

    inputs: Floats
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    def batches(self, size: int, source: np.random.Generator) -> Iterator[Samples]:
        """Yield all samples once, in random order; the last batch may be smaller."""
        order = source.permutation(len(self))
        for first in range(0, len(self), size):
            rows = order[first : first + size]
            yield Samples(self.inputs[rows], self.labels[rows])


@dataclass(frozen=True)
class Split:
    """The samples that are learned from, those that are held out, the names of the classes, and samples for validation if the plan
    has some."""

    learned: Samples
    held_out: Samples
    names: tuple[str, ...]
    validation: Samples | None = None

    @property
    def watched(self) -> Samples:
        """The samples whose error is told after each epoch."""
        return self.validation or self.held_out

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.names)


def read_samples(plan: DataPlan, folder: Path, seed: int, arrays: Arrays | None = None) -> Split:
    """Return the samples of a run, scaled as the plan says.

    Args:   folder: where a path in the plan starts.  seed: which samples are held out.  arrays: taken rather than those of the plan.
    Raises: ReadError, DomainError: the file cannot be read, or its arrays are no inputs with labels.
    """
    inputs, classes = _read(plan, folder) if arrays is None else (np.asarray(arrays[0]), np.asarray(arrays[1]))
    where = "arrays" if arrays is not None else str(folder / plan.source)
    labels, names = _class_numbers(classes, f"{where}: {plan.labels}")
    inputs = _inputs(inputs, len(labels), plan.shape, f"{where}: {plan.inputs or 'inputs'}")
    count = _number_of(plan.held_out, len(labels))
    if not 0 < count < len(labels):
        raise DomainError(
            f"samples to learn from and samples to hold out were expected among {len(labels)}", got=f"{count} held out",
            where="data.held_out", remedy="Give a share below 1, or a smaller number.",
        )  # fmt: skip
    order = np.random.default_rng(seed).permutation(len(labels)) if plan.split == "random" else np.arange(len(labels))
    learned, held_out = order[:-count], order[-count:]
    count = _number_of(plan.validation, len(learned))
    if count >= len(learned):
        raise DomainError(
            f"samples to learn from beside those for validation were expected among {len(learned)}", got=f"{count} for validation",
            where="data.validation", remedy="Give a share below 1, or a smaller number.",
        )  # fmt: skip
    if count:
        learned = np.random.default_rng([seed, 1]).permutation(learned)
    learned, validation = learned[count:], learned[:count]
    scaled = _scaled(inputs, learned, plan.scaling)
    own = [Samples(scaled[rows], labels[rows]) for rows in (learned, held_out, validation)]
    return Split(own[0], own[1], names, own[2] if count else None)


def _number_of(share: float, among: int) -> int:
    """Return how many samples a share, or a number of them, is."""
    return round(share if share >= 1 else share * among)


def _scaled(inputs: npt.NDArray[Any], learned: npt.NDArray[np.int64], scaling: str) -> Floats:
    """Return the inputs as single precision; what they are moved by is known from the samples that are learned from."""
    found = inputs.astype(np.float32)
    if scaling == "none":
        return found
    if scaling == "columns" or (not scaling and found.ndim == 2):
        own = inputs[learned].astype(np.float64)
        deviation = own.std(axis=0)
        found -= own.mean(axis=0).astype(np.float32)
        found /= np.where(deviation > 0, deviation, 1.0).astype(np.float32)
        return found
    found /= np.float32(max(float(np.abs(found[learned]).max()), 1e-12))
    found -= found[learned].mean(dtype=np.float64).astype(np.float32)
    return found


def _inputs(inputs: npt.NDArray[Any], count: int, shape: tuple[int, ...], where: str) -> npt.NDArray[Any]:
    if inputs.dtype.kind not in "iufb" or not np.isfinite(inputs).all():
        raise DomainError("finite numbers were expected", got=_kind(inputs), where=where, remedy="Leave out or fill the others.")
    if inputs.ndim < 2 or len(inputs) != count:
        raise DomainError(
            f"an input for each of the {count} labels was expected", got=f"an array {inputs.shape}", where=where,
            remedy="Its first axis counts the samples.",
        )  # fmt: skip
    if not shape:
        return inputs
    if int(np.prod(shape)) != inputs[0].size:
        raise DomainError(
            f"samples of {inputs[0].size} numbers cannot have the shape {list(shape)}", where="data.shape",
            remedy=f"The file has {list(inputs.shape[1:])} for each sample.",
        )  # fmt: skip
    return inputs.reshape(len(inputs), *shape)


def _kind(array: npt.NDArray[Any]) -> str:
    return "infinities or NaN" if array.dtype.kind == "f" else str(array.dtype)


def _class_numbers(classes: npt.NDArray[Any], where: str) -> tuple[Labels, tuple[str, ...]]:
    """Return a class number for each sample and the names: whole numbers from 0 stand for themselves, words are counted in order."""
    if classes.ndim == 1 and classes.dtype.kind in "US" and len(classes):
        names, labels = np.unique(classes.astype(str), return_inverse=True)
        return labels.astype(np.int64), tuple(map(str, names))
    is_whole = classes.dtype.kind in "iub" or (classes.dtype.kind == "f" and bool((np.mod(classes, 1) == 0).all()))
    if classes.ndim != 1 or not is_whole or not len(classes) or classes.min() < 0:
        least = f", least {classes.min()}" if is_whole and classes.size else ""
        raise DomainError(
            "a class for each input was expected, a whole number from 0 or a word", got=f"{classes.dtype} {classes.shape}{least}",
            where=where, remedy="Count the classes from 0.",
        )  # fmt: skip
    labels = classes.astype(np.int64)
    return labels, tuple(map(str, range(int(labels.max()) + 1)))


# Files ----------------------------------------------------------------------------------------------------------------------


def _read(plan: DataPlan, folder: Path) -> Arrays:
    path = folder / plan.source
    is_table = path.suffix.lower() == ".csv"
    if plan.inputs and (is_table or plan.source == "digits"):
        raise ReadError(
            "the name of an array was expected only for a .npz file", got=f"'{plan.inputs}'", where=f"{plan.source}: data.inputs",
            remedy="Leave it out: of a .csv file all columns but the labels are inputs.",
        )  # fmt: skip
    if plan.source == "digits":
        return _digits()
    try:
        return _table(plan, path) if is_table else _archive(plan, path)
    except FileNotFoundError:
        raise ReadError(
            "a .npz or .csv file was expected, got none", where=str(path), remedy="Give it by --data FILE, or write 'digits'."
        ) from None
    except (OSError, ValueError, EOFError, BadZipFile, csv.Error) as trouble:
        raise ReadError(
            f"samples cannot be read: {' '.join(str(trouble).split())[:200]}", where=str(path),
            remedy="Save arrays of numbers with numpy.savez, or a .csv file.",
        ) from None  # fmt: skip


def _digits() -> Arrays:
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise UnsupportedError(
            "scikit-learn is needed for its digits", where="data.source", remedy="Install gradproof[scikit-learn]."
        ) from None
    found = load_digits()
    return found.images[:, np.newaxis], found.target.astype(np.int64)


def _archive(plan: DataPlan, path: Path) -> Arrays:
    found = np.load(path, allow_pickle=False)
    if not isinstance(found, np.lib.npyio.NpzFile):
        raise ValueError("it holds one array, and two were expected")
    with found as file:
        return _array(file, plan.inputs or "images", "data.inputs", path), _array(file, plan.labels, "data.labels", path)


def _array(file: Any, name: str, key: str, path: Path) -> npt.NDArray[Any]:
    if name not in file.files:
        raise ReadError(
            f"an array '{name}' was expected", got=", ".join(file.files), where=str(path), remedy=f"Name one of them as {key}."
        )
    found: npt.NDArray[Any] = file[name]
    return found


def _table(plan: DataPlan, path: Path) -> Arrays:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.reader(stream)
        rows = [(reader.line_num, row) for row in reader if row]
    if len(rows) < 2:
        raise ValueError("a line of names and lines of values were expected")
    names, lines = [name.strip() for name in rows[0][1]], rows[1:]
    if plan.labels not in names:
        raise ReadError(
            f"a column '{plan.labels}' was expected", got=", ".join(names)[:200], where=str(path),
            remedy="Name the column of the classes as data.labels.",
        )  # fmt: skip
    place = names.index(plan.labels)
    numbers = np.empty((len(lines), len(names) - 1))
    for number, (line, row) in enumerate(lines):
        if len(row) != len(names):
            raise ValueError(f"line {line} has {len(row)} values for {len(names)} names")
        for column, text in enumerate([*row[:place], *row[place + 1 :]]):
            try:
                numbers[number, column] = float(text)
            except ValueError:
                name = [*names[:place], *names[place + 1 :]][column]
                raise ValueError(f"line {line}, column '{name}': a number was expected, got {text!r}") from None
    classes = np.array([row[place].strip() for _, row in lines])
    is_counted = all(text.isdecimal() for text in classes)
    return numbers, (classes.astype(np.int64) if is_counted else classes)
