.PHONY: setup run test check bench

setup:
	uv sync

run:
	uv run gradproof check examples/assignment-with-mistakes.md

test:
	uv run pytest

check:
	uv run ruff check .
	uv run ruff format --check .
	uv run mypy
	uv run lint-imports

bench:
	uv run python benchmarks/corpus.py $(CORPUS)
