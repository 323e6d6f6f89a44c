.PHONY: setup run test check format bench bench-derive bench-tsne

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

bench:  ## documents (make bench CORPUS=folder), solvers, the top-k error
	uv run python benchmarks/corpus.py $(CORPUS)
	uv run python benchmarks/minimize.py
	uv run python benchmarks/topk.py

bench-derive:  ## derivations against SymPy, tensorgrad and CasADi; 100,000 random expressions
	uv run --with casadi --with tensorgrad --with torch==2.8.0 python benchmarks/derive.py
	uv run python benchmarks/random_expressions.py --count 100000

bench-tsne:  ## t-SNE against openTSNE and scikit-learn (make bench-tsne DATA=mnist.npz)
	uv run --with opentsne python benchmarks/tsne.py $(DATA)
