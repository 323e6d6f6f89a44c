"""The estimator: t-SNE with the interface of scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from gradproof.tsne.affinities import symmetric_affinities
from gradproof.tsne.base import AbstractMap, check_fitted
from gradproof.tsne.graph import as_metric, find_neighbors, known_neighbors, nearest_in_table, prepare, sparse_neighbors
from gradproof.tsne.initial import starting_map
from gradproof.tsne.inputs import WHERE, InputError, read_points, read_seed
from gradproof.tsne.mesh import Mesh
from gradproof.tsne.neighbors import NeighborIndex, Neighbors
from gradproof.tsne.objective import AbstractRepulsion, Objective
from gradproof.tsne.optimizer import Callback, optimize
from gradproof.tsne.placement import place
from gradproof.tsne.progress import Monitor
from gradproof.tsne.repulsion import ExactRepulsion
from gradproof.tsne.settings import Settings, read_settings
from gradproof.tsne.threads import Team, count_threads

Array = npt.NDArray[np.floating[Any]]

#: Up to so many points all pairs are quicker than a mesh, by dimension.
_FEW = {1: 500, 2: 3000, 3: 5000}
#: New points look at their nearest surroundings alone.
_PLACING_PERPLEXITY = 5.0


class TSNE(AbstractMap):
    """A map of the points in one, two or three dimensions that keeps neighbours together (t-SNE).

    Args:     n_components: 1, 2 or 3.
              perplexity: how many neighbours a point has, in effect; several for several scales at once.
              n_neighbors: instead of a perplexity, so many neighbours with equal shares.
              metric: 'euclidean', 'cosine' or 'precomputed' (a table of distances, or a sparse matrix of those to neighbours).
              init: 'pca', 'spectral', 'random' or an array (n, n_components); 'pca' of distances is 'spectral'.
              early_exaggeration, early_exaggeration_iter: P is multiplied by it in the first iterations.
              exaggeration: the same for the rest, to max_iter in all.
              learning_rate: 'auto' is max(200, n / exaggeration) in each phase.
              dof: degrees of freedom of Student's kernel, or 'learn'; smaller ones make tighter clusters.
              tol: stop where KL falls by less in 50 iterations.
              callbacks: functions of (iteration, KL, map), called every 50 iterations; True stops.
              random_state: a seed; the same seed and number of threads give the same map.
              n_jobs: threads; -1 for all cores, None for one.
              dtype: 'float32' or 'float64', of the map and its computation.
              verbose: show progress.
              method: 'mesh' or 'exact' repulsion; 'auto' takes what is quicker.
              mesh_spacing: of the mesh, in widths of the kernel; smaller is more exact.
              search: 'exact' or 'approximate' neighbours; 'auto' is exact to about 50,000 points with 50 features.
    Attributes: embedding_: (n, n_components).  kl_divergence_: of the map.  n_iter_: iterations taken.
              stopping_reason_: 'max_iter', 'tol', 'callback' or 'interrupted'.  certificate_: the exact gradient at a sample of points.
              dof_: degrees of freedom, as given or learned.  n_features_in_, feature_names_in_: of the data.
    Raises:   InputError: data or parameters that make no sense, with what to do.
    Source:   van der Maaten and Hinton 2008; the mesh in ``docs/tsne.md``.
    Example:  >>> import numpy as np
              >>> points = np.random.default_rng(0).standard_normal((60, 5)) + 20 * (np.arange(60) % 2)[:, None]
              >>> TSNE(perplexity=5, random_state=0).fit_transform(points).shape
              (60, 2)
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        perplexity: float | Sequence[float] = 30.0,
        n_neighbors: int | None = None,
        metric: Literal["euclidean", "cosine", "precomputed"] = "euclidean",
        init: Any = "pca",
        early_exaggeration: float = 12.0,
        exaggeration: float = 1.0,
        learning_rate: float | Literal["auto"] = "auto",
        dof: float | Literal["learn"] = 1.0,
        early_exaggeration_iter: int = 250,
        max_iter: int = 750,
        tol: float = 0.0,
        callbacks: Callback | Sequence[Callback] | None = None,
        random_state: Any = None,
        n_jobs: int | None = -1,
        dtype: Any = "float32",
        verbose: bool = False,
        method: Literal["auto", "mesh", "exact"] = "auto",
        mesh_spacing: float = 1 / 3,
        search: Literal["auto", "exact", "approximate"] = "auto",
    ) -> None:
        self.n_components = n_components
        self.perplexity = perplexity
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.init = init
        self.early_exaggeration = early_exaggeration
        self.exaggeration = exaggeration
        self.learning_rate = learning_rate
        self.dof = dof
        self.early_exaggeration_iter = early_exaggeration_iter
        self.max_iter = max_iter
        self.tol = tol
        self.callbacks = callbacks
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.dtype = dtype
        self.verbose = verbose
        self.method = method
        self.mesh_spacing = mesh_spacing
        self.search = search

    def fit(self, X: Any, y: Any = None) -> Self:
        """Lay out the points X, (n, features), or with metric='precomputed' (n, n). Returns: itself, with ``embedding_``."""
        points = read_points(X)
        settings = read_settings(self, points.shape[0])
        if self.metric == "precomputed" and points.shape[0] != points.shape[1]:
            raise InputError("distances need a square table", got=f"shape {points.shape}", where=WHERE)
        self._remember_features(X, points)
        seed = read_seed(self.random_state)
        with Team(count_threads(self.n_jobs)) as team, Monitor(bool(self.verbose), self.max_iter) as monitor:
            self._fit(points, settings, seed, team, monitor)
        self._points = points
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Array:
        """Lay out the points X. Returns: the map, (n, n_components)."""
        return self.fit(X).embedding_

    def transform(self, X: Any) -> Array:
        """Return places for new points on the map, which stays as it is; a row that was fitted gets its place on the map.

        Args:     X: (m, features), or with metric='precomputed' distances (m, n) to the fitted points.
        """
        check_fitted(self, "embedding_")
        points = read_points(X)
        self._compare_features(X, points)
        perplexities: tuple[float, ...] | None = None
        if self.n_neighbors is None:
            smallest = float(np.min(self.perplexity))
            perplexities = (min(smallest, _PLACING_PERPLEXITY),)
            count = min(len(self.embedding_), max(1, int(3 * perplexities[0])))
        else:
            count = int(self.n_neighbors)
        with Team(count_threads(self.n_jobs)) as team:
            neighbors = self._neighbors_of(points, count, team)
            return place(self.embedding_, neighbors, perplexities, self.dof_, self.mesh_spacing, team)

    def _fit(self, points: Any, settings: Settings, seed: int, team: Team, monitor: Monitor) -> None:
        prepared = prepare(points, self.metric)
        monitor.say(f"{settings.neighbors} neighbours of {points.shape[0]} points")
        graph = find_neighbors(prepared, self.metric, settings.neighbors, self.search, team, seed, monitor.say)
        order = graph.order
        affinities = symmetric_affinities(graph.neighbors, settings.perplexities, team)
        del graph
        has_points = self.metric != "precomputed"
        sorted_points = None if not has_points else prepared if _is_natural(order) else prepared[order]
        init = (
            self.init if isinstance(self.init, str) else np.asarray(self.init)[order] if len(self.init) == len(order) else self.init
        )
        embedding = starting_map(init, sorted_points, affinities, settings.dimensions, settings.dtype, seed)
        del sorted_points
        objective = Objective(affinities, self._repulsion(len(order), settings, team), team)
        outcome = optimize(
            objective, embedding, settings.phases, tol=self.tol, callbacks=self._callbacks(order, monitor),
            learns_dof=settings.learns_dof, seed=seed,
        )  # fmt: skip
        self.kl_divergence_, self.n_iter_, self.stopping_reason_ = outcome.divergence, outcome.iterations, outcome.reason
        self.certificate_ = objective.certify(embedding, seed)
        self.dof_ = objective.repulsion.dof
        self.embedding_ = _in_rows(embedding, order)

    def _repulsion(self, n: int, settings: Settings, team: Team) -> AbstractRepulsion:
        if self.method == "exact" or (self.method == "auto" and n <= _FEW[settings.dimensions]):
            return ExactRepulsion(settings.dof, team)
        return Mesh(settings.dimensions, settings.dof, self.mesh_spacing, team)

    def _callbacks(self, order: npt.NDArray[np.int64], monitor: Monitor) -> list[Callback]:
        """Return what to call: the monitor, and the user's functions with a map of their own in the order of the rows."""
        given = self.callbacks if isinstance(self.callbacks, Sequence) else [] if self.callbacks is None else [self.callbacks]
        return [*([monitor] if self.verbose else []), *(_with_rows(call, order) for call in given)]

    def _neighbors_of(self, points: Any, count: int, team: Team) -> Neighbors:
        """Return the fitted points next to new ones, nearest first."""
        if self.metric == "precomputed":
            return known_neighbors(points, count) if sparse.issparse(points) else nearest_in_table(points, count, leave_out=False)
        fitted, new = prepare(self._points, self.metric), prepare(points, self.metric)
        if sparse.issparse(fitted) or sparse.issparse(new):
            fitted, new = sparse.csr_array(fitted), sparse.csr_array(new)
            return as_metric(sparse_neighbors(new, fitted, count, leave_out=False), self.metric)
        return as_metric(NeighborIndex(fitted, 1, team, 0).nearest_to(new, count, 1), self.metric)


def _with_rows(call: Callback, order: npt.NDArray[np.int64]) -> Callback:
    def called(iteration: int, divergence: float, points: Array) -> Any:
        return call(iteration, divergence, _in_rows(points, order))

    return called


def _is_natural(order: npt.NDArray[np.int64]) -> bool:
    return bool((order == np.arange(len(order))).all())


def _in_rows(points: Array, order: npt.NDArray[np.int64]) -> Array:
    """Return what is sorted by the order in the order of the data's rows."""
    rows = np.empty_like(points)
    rows[order] = points
    return rows
