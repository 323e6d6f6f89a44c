.PHONY: setup run test check format bench bench-code bench-derive bench-network bench-tsne

setup:  ## install everything, exactly as locked
	uv sync --locked

run:  ## the main job, on the example with mistakes
	uv run gradproof check examples/assignment-with-mistakes.md

test:
	uv run pytest

check:  ## what CI runs before the tests
	uv run ruff check
	uv run ruff format --check
	uv run mypy
	uv run lint-imports

format:
	uv run ruff check --fix
	uv run ruff format

CORPUS ?= examples

bench: bench-code  ## documents (make bench CORPUS=folder), solvers, the top-k error
	uv run python benchmarks/corpus.py $(CORPUS)
	uv run --with skglm --with celer --with adelie python benchmarks/minimize.py

# A folder of wheels to take torch from, where the index has only the large builds: make bench-code WHEELS=/opt/wheels
WHEELS ?=
TORCH ?= torch

bench-code:  ## compiled programs against JAX, PyTorch, NumPy and SymPy; writes the table (make bench-code TORCH= without PyTorch)
	uv run $(if $(WHEELS),--find-links $(WHEELS)) $(if $(TORCH),--with $(TORCH)) --with sympy python benchmarks/code.py --store

bench-network:  ## a training step of examples/mnist.toml against PyTorch by hand (make bench-network WHEELS=/opt/wheels)
	uv run $(if $(WHEELS),--find-links $(WHEELS)) --with $(or $(TORCH),torch) python benchmarks/network.py

bench-derive:  ## derivations against SymPy, tensorgrad and CasADi; 100,000 random expressions
	uv run --with casadi --with tensorgrad --with torch==2.8.0 python benchmarks/derive.py
	uv run python benchmarks/random_expressions.py --count 100000

bench-tsne:  ## t-SNE against openTSNE and scikit-learn (make bench-tsne DATA=mnist.npz)
	uv run --with opentsne --with pynndescent --with scikit-learn-intelex python benchmarks/tsne.py $(DATA)
