"""Measures the solvers against scikit-learn, SciPy, skglm and celer (those that are installed) on equal objectives, one thread.

Run:  python benchmarks/minimize.py [NAME ...]     (names: lasso, lasso-sparse, logistic, logistic-sparse, nnls,
      elastic-net, group-lasso, softmax, softmax-l1, softmax-l1-low, top-5, other)
Times are medians; those of more than 5 s are of one run. A rival that is missing or fails is named and left out.
With the rivals:  uv run --with skglm --with celer --with adelie python benchmarks/minimize.py
"""

from __future__ import annotations

import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np
import topk
from scipy import optimize, sparse

from gradproof.solvers.elastic_net import minimize_elastic_net
from gradproof.solvers.group_lasso import minimize_group_lasso
from gradproof.solvers.logistic import minimize_logistic
from gradproof.solvers.result import Result, Stopping
from gradproof.solvers.softmax import minimize_softmax
from gradproof.solvers.softmax_sparse import minimize_sparse_softmax

warnings.simplefilter("ignore")


@dataclass
class Rival:
    """A fit at a tolerance of its own, and how to get the coefficients out of it."""

    name: str
    fit: Callable[[float], np.ndarray]
    tolerances: tuple[float, ...]


def main() -> None:
    chosen = sys.argv[1:] or list(PROBLEMS)
    if not set(chosen) <= set(PROBLEMS):
        sys.exit(f"rows: {', '.join(PROBLEMS)}")
    for name in chosen:
        PROBLEMS[name]()


def timed(action: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    """Return the seconds of one run, and its result."""
    start = time.perf_counter()
    found = action()
    return time.perf_counter() - start, found


def median_time(action: Callable[[], object], repetitions: int = 5, at_most: float = 20.0) -> tuple[float, object]:
    """Return the median of some runs, fewer where they are long, and the last result."""
    seconds: list[float] = []
    while len(seconds) < repetitions and sum(seconds) < at_most:
        start = time.perf_counter()
        value = action()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), value


def compare(
    title: str,
    ours: Callable[[], Result],
    objective: Callable[[np.ndarray], float],
    zero: float,
    rivals: list[Rival],
    *,
    wanted: float | None = None,
    repetitions: int = 3,
) -> None:
    """Print our time and, for each rival, the time at its first tolerance that comes as close to ours as our certificate, or ``wanted``."""
    ours()  # compiles
    seconds, result = median_time(ours)
    assert isinstance(result, Result)
    passes = f", {result.passes:.1f} passes" if result.passes is not None else ""
    print(f"{title}: {1000 * seconds:.1f} ms, {result.certificate}{passes}, {result.extra.get('support', '')}", flush=True)
    for rival in rivals:
        try:
            print(f"    {rival.name:14s} {against(rival, result, objective, zero, seconds, wanted, repetitions)}", flush=True)
        except Exception as trouble:  # a rival's own failure is a line of the table
            print(f"    {rival.name:14s} failed: {type(trouble).__name__}: {str(trouble)[:120]}", flush=True)


def against(
    rival: Rival,
    result: Result,
    objective: Callable[[np.ndarray], float],
    zero: float,
    seconds: float,
    wanted: float | None,
    repetitions: int,
) -> str:
    """Return a rival's time at its loosest tolerance that will do, in words."""
    rival.fit(rival.tolerances[0])  # compiles
    for tolerance in rival.tolerances:
        taken, found = timed(lambda t=tolerance: rival.fit(t))
        excess = (objective(found) - result.objective) / zero
        if excess <= (wanted or result.certificate.tolerance):
            break
    if taken <= LONG:
        taken, _ = median_time(lambda: rival.fit(tolerance), repetitions)
    reached = "" if excess <= (wanted or result.certificate.tolerance) else "NOT REACHED, "
    return f"{1000 * taken:8.1f} ms at tol {tolerance:g} ({reached}excess {excess:.1e})   rival / ours {taken / seconds:5.2f}"


def correlated(n: int, p: int, random: np.random.Generator, rho: float = 0.5) -> np.ndarray:
    x = random.standard_normal((n, p))
    for j in range(1, p):
        x[:, j] = rho * x[:, j - 1] + np.sqrt(1 - rho * rho) * x[:, j]
    return np.asfortranarray(x)


def regression(x, random: np.random.Generator) -> np.ndarray:
    beta = np.zeros(x.shape[1])
    beta[random.choice(x.shape[1], 100, replace=False)] = random.standard_normal(100)
    signal = x @ beta
    return signal + random.standard_normal(x.shape[0]) * signal.std() / 3


def optional(name: str):
    try:
        return __import__(name)
    except ImportError:
        print(f"    {name} is not installed: left out", flush=True)
        return None


def lasso(x, title: str) -> None:
    from sklearn.linear_model import Lasso

    y = regression(x, np.random.default_rng(1))
    n = x.shape[0]
    largest = np.abs(x.T @ y).max()
    minimize_elastic_net(x[:, :200], y, largest / 10)
    for divisor in (10, 100):
        weight = largest / divisor
        rivals = [
            Rival(
                "scikit-learn",
                lambda t, w=weight: Lasso(w / n, fit_intercept=False, tol=t, max_iter=100000).fit(x, y).coef_,
                TOLERANCES,
            )
        ]
        if skglm := optional("skglm"):
            rivals.append(
                Rival("skglm", lambda t, w=weight: skglm.Lasso(w / n, fit_intercept=False, tol=t).fit(x, y).coef_, TOLERANCES)
            )
        if celer := optional("celer"):
            rivals.append(
                Rival("celer", lambda t, w=weight: celer.Lasso(w / n, fit_intercept=False, tol=t).fit(x, y).coef_, TOLERANCES)
            )

        def objective(b, w=weight):
            return 0.5 * float(np.sum((y - x @ b) ** 2)) + w * float(np.abs(b).sum())

        compare(
            f"{title}, lambda_max/{divisor}", lambda w=weight: minimize_elastic_net(x, y, w), objective, 0.5 * float(y @ y), rivals
        )


def logistic(x, title: str) -> None:
    y = np.where(regression(x, np.random.default_rng(2)) > 0, 1.0, -1.0)
    weight = 0.5 * np.abs(x.T @ y).max() / 10
    minimize_logistic(x[:, :200], y, weight)
    rivals = []
    if skglm := optional("skglm"):
        rivals.append(
            Rival(
                "skglm",
                lambda t: skglm.SparseLogisticRegression(weight / len(y), fit_intercept=False, tol=t).fit(x, y).coef_.ravel(),
                TOLERANCES,
            )
        )
    if celer := optional("celer"):
        rivals.append(
            Rival(
                "celer",
                lambda t: celer.LogisticRegression(C=1 / weight, fit_intercept=False, tol=t).fit(x, y).coef_.ravel(),
                TOLERANCES,
            )
        )

    if (adelie := optional("adelie")) and not sparse.issparse(x):
        rivals.append(Rival("adelie", lambda t: adelie_logistic(adelie, x, y, weight, t), TOLERANCES))

    def objective(b):
        return float(np.logaddexp(0, -y * (x @ b)).sum()) + weight * float(np.abs(b).sum())

    compare(title, lambda: minimize_logistic(x, y, weight), objective, len(y) * float(np.log(2)), rivals)


def adelie_logistic(adelie, x: np.ndarray, y: np.ndarray, weight: float, tolerance: float) -> np.ndarray:
    """Solve by adelie down a short path, as it is meant to be used."""
    largest = 0.5 * np.abs(x.T @ y).max() / len(y)
    state = adelie.grpnet(
        adelie.matrix.dense(x, method="naive", n_threads=1), adelie.glm.binomial((y + 1) / 2),
        lmda_path=np.geomspace(largest, weight / len(y), 10), intercept=False, tol=tolerance, early_exit=False,
        progress_bar=False, n_threads=1,
    )  # fmt: skip
    return np.asarray(state.betas[-1].todense()).ravel()


def nonnegative() -> None:
    random = np.random.default_rng(3)
    x = correlated(2000, 3000, random)
    y = x @ (np.maximum(random.standard_normal(3000), 0) * (random.random(3000) < 0.1)) + 0.5 * random.standard_normal(2000)

    def objective(b):
        return 0.5 * float(np.sum((y - x @ b) ** 2))

    def bounded(tolerance):
        def evaluate(b):
            residual = x @ b - y
            return 0.5 * residual @ residual, x.T @ residual

        options = {"maxiter": 10000, "ftol": 0, "gtol": tolerance * np.abs(x.T @ y).max()}
        return optimize.minimize(
            evaluate, np.zeros(3000), jac=True, method="L-BFGS-B", bounds=[(0, None)] * 3000, options=options
        ).x

    rivals = [Rival("L-BFGS-B", bounded, (1e-4, 1e-5, 1e-6)), Rival("scipy nnls", lambda _: optimize.nnls(x, y)[0], (0.0,))]
    compare(
        "nonnegative least squares 2000x3000",
        lambda: minimize_elastic_net(x, y, 0.0, is_positive=True, stopping=Stopping(1e-6)), objective, 0.5 * float(y @ y), rivals,
    )  # fmt: skip


def group_lasso() -> None:
    random = np.random.default_rng(5)
    x = correlated(2000, 3000, random)
    y = regression(x, random)
    groups = [list(range(first, first + 10)) for first in range(0, 3000, 10)]
    weight = max(np.linalg.norm((x.T @ y)[group]) for group in groups) / 10
    minimize_group_lasso(x[:, :100], y, groups[:10], weight, weights=np.ones(10))
    rivals = []
    if skglm := optional("skglm"):
        model = skglm.GroupLasso
        rivals.append(
            Rival("skglm", lambda t: model(10, alpha=weight / 2000, fit_intercept=False, tol=t).fit(x, y).coef_, TOLERANCES)
        )

    def objective(b):
        return 0.5 * float(np.sum((y - x @ b) ** 2)) + weight * float(np.linalg.norm(b.reshape(-1, 10), axis=1).sum())

    def ours():
        return minimize_group_lasso(x, y, groups, weight, weights=np.ones(300))

    compare("group lasso 2000x3000", ours, objective, 0.5 * float(y @ y), rivals)


def elastic_net() -> None:
    from sklearn.linear_model import ElasticNet

    random = np.random.default_rng(4)
    x = correlated(2000, 3000, random)
    y = regression(x, random)
    largest = np.abs(x.T @ y).max()
    one, two = largest / 20, largest / 40
    rivals = [
        Rival(
            "scikit-learn",
            lambda t: ElasticNet((one + two) / 2000, l1_ratio=one / (one + two), fit_intercept=False, tol=t).fit(x, y).coef_,
            TOLERANCES,
        )
    ]

    def objective(b):
        return 0.5 * float(np.sum((y - x @ b) ** 2)) + one * float(np.abs(b).sum()) + 0.5 * two * float(b @ b)

    compare("elastic net 2000x3000", lambda: minimize_elastic_net(x, y, one, two), objective, 0.5 * float(y @ y), rivals)


def images(n: int = 20000, d: int = 784, k: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Make nonnegative samples of low rank with noise, like pictures of digits, and labels that scores of theirs suggest."""
    random = np.random.default_rng(0)
    parts = random.standard_normal((30, d)) * np.exp(-np.arange(30) / 10)[:, None]
    x = np.maximum(random.standard_normal((n, 30)) @ parts + 0.2 * random.standard_normal((n, d)), 0)
    x /= x.max()
    scores = x @ random.standard_normal((d, k))
    labels = (2 * (scores - scores.mean(axis=0)) / scores.std() + random.gumbel(size=(n, k))).argmax(axis=1)
    return x, labels


def softmax() -> None:
    from sklearn.linear_model import LogisticRegression

    x, labels = images()
    n, k = x.shape[0], 10
    minimize_softmax(x[:500], labels[:500], 1.0)

    def objective(w):
        return cross_entropy(x, labels, w) + 0.5 * float(np.sum(w[:, :-1] ** 2))

    def fit(tolerance):
        model = LogisticRegression(C=1.0, tol=tolerance, max_iter=10000).fit(x, labels)
        return np.column_stack([model.coef_, model.intercept_])

    compare(
        "softmax regression with l2, 20000x784, 10 classes",
        lambda: minimize_softmax(x, labels, 1.0, stopping=Stopping(1e-8, 2000)), objective, n * float(np.log(k)),
        [Rival("scikit-learn", fit, (1e-4, 1e-5, 1e-6, 1e-7))],
    )  # fmt: skip


def cross_entropy(x: np.ndarray, labels: np.ndarray, w: np.ndarray) -> float:
    z = x @ w[:, :-1].T + w[:, -1]
    return float((np.logaddexp.reduce(z, axis=1) - z[np.arange(len(labels)), labels]).sum())


def softmax_l1(divisor: int) -> None:
    """saga stops on the change of its iterates: it gets so many epochs, the fewest of the list that reach the excess of 1e-4."""
    from sklearn.linear_model import LogisticRegression

    x, labels = images()
    n, k = x.shape[0], 10
    truth = np.eye(k)[labels]
    weight = float(np.abs(x.T @ (truth - truth.mean(axis=0))).max()) / divisor
    minimize_sparse_softmax(x[:500], labels[:500], weight / 40)

    def objective(w):
        return cross_entropy(x, labels, w) + weight * float(np.abs(w[:, :-1]).sum())

    def saga(epochs):
        model = LogisticRegression(C=1 / weight, l1_ratio=1, solver="saga", tol=0, max_iter=int(epochs)).fit(x, labels)
        return np.column_stack([model.coef_, model.intercept_])

    compare(
        f"softmax regression with l1, 20000x784, 10 classes, lambda_max/{divisor}", lambda: minimize_sparse_softmax(x, labels, weight),
        objective, n * float(np.log(k)), [Rival("saga, to 1e-4", saga, SAGA_EPOCHS)], wanted=1e-4, repetitions=1,
    )  # fmt: skip


def other() -> None:
    """Our times alone on data of other shapes, correlations and densities: what is tuned to one data set shows here."""
    dense = [(1000, 20000, 0.9), (5000, 2000, 0.0), (300, 5000, 0.99)]
    thin = [(3000, 100000, 0.001), (50000, 20000, 0.005), (2000, 10000, 0.05)]
    for n, p, rho in dense:
        x = correlated(n, p, np.random.default_rng(1), rho)
        alone(f"{n}x{p}, correlation {rho}", x, minimize_elastic_net, (10, 100))
    for n, p, density in thin:
        x = sparse.random(n, p, density, "csc", rng=np.random.default_rng(1))
        alone(f"{n}x{p}, density {density}", x, minimize_elastic_net, (10, 100))
    for n, p, rho in [(500, 20000, 0.8), (10000, 500, 0.3), (1000, 3000, 0.95)]:
        x = correlated(n, p, np.random.default_rng(1), rho)
        alone(f"logistic {n}x{p}, correlation {rho}", x, minimize_logistic, (5, 30))
    for n, p, density in [(5000, 100000, 0.001), (2000, 8000, 0.05)]:
        x = sparse.random(n, p, density, "csc", rng=np.random.default_rng(1))
        alone(f"logistic {n}x{p}, density {density}", x, minimize_logistic, (5, 20))
    for n, p, rho in [(500, 5000, 0.5), (5000, 1000, 0.3), (1000, 1000, 0.9)]:
        random = np.random.default_rng(3)
        x = correlated(n, p, random, rho)
        y = x @ (np.maximum(random.standard_normal(p), 0) * (random.random(p) < 0.3)) + 0.5 * random.standard_normal(n)
        seconds, result = median_time(lambda x=x, y=y: minimize_elastic_net(x, y, 0.0, is_positive=True))
        print(f"    nnls {n}x{p}, correlation {rho}: {1000 * seconds:.1f} ms, {result.certificate}")


def alone(title: str, x, solve: Callable[..., Result], divisors: tuple[int, ...]) -> None:
    y = regression(x, np.random.default_rng(1))
    y = np.where(y > 0, 1.0, -1.0) if solve is minimize_logistic else y
    largest = float(np.abs(x.T @ y).max()) * (0.5 if solve is minimize_logistic else 1.0)
    for divisor in divisors:
        seconds, result = median_time(lambda w=largest / divisor: solve(x, y, w))
        print(f"    {title}, lambda_max/{divisor}: {1000 * seconds:.1f} ms, {result.certificate}, {result.extra['support']} used")


#: Fits of a rival that take more seconds are timed once.
LONG = 5.0
SAGA_EPOCHS = (1, 20, 60)
TOLERANCES = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
PROBLEMS: dict[str, Callable[[], None]] = {
    "lasso": lambda: lasso(correlated(2000, 10000, np.random.default_rng(0)), "lasso dense 2000x10000"),
    "lasso-sparse": lambda: lasso(
        sparse.random(10000, 50000, 0.002, "csc", rng=np.random.default_rng(0)), "lasso sparse 10000x50000"
    ),
    "logistic": lambda: logistic(correlated(2000, 5000, np.random.default_rng(0)), "l1 logistic dense 2000x5000"),
    "logistic-sparse": lambda: logistic(
        sparse.random(20000, 50000, 0.002, "csc", rng=np.random.default_rng(0)), "l1 logistic sparse 20000x50000"
    ),
    "nnls": nonnegative,
    "elastic-net": elastic_net,
    "group-lasso": group_lasso,
    "softmax": softmax,
    "softmax-l1": lambda: softmax_l1(20),
    "softmax-l1-low": lambda: softmax_l1(100),
    "top-5": lambda: topk.main([]),
    "other": other,
}

if __name__ == "__main__":
    main()
