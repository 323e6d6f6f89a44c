"""The package as a whole: what it loads, what its pages say of it."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
HEAVY = ("numpy", "flint", "scipy", "numba", "jax", "torch", "sklearn", "sympy", "matplotlib", "rich", "click")


def test_import_loads_nothing_heavy():
    code = f"import gradproof, sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "[]"


def test_check_never_loads_the_big_frameworks():
    code = (
        "import gradproof.cli.main, sys; print([n for n in ('jax', 'torch', 'sklearn', 'sympy', 'matplotlib') if n in sys.modules])"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "[]"


def test_architecture_page_lists_the_rooms():
    page = (ROOT / "docs" / "architecture.md").read_text()
    listed = set(re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE))
    rooms = {path.name for path in (ROOT / "src" / "gradproof").iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert listed == rooms | {"errors"}


def test_documents_link_to_files_that_exist():
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (ROOT / target).exists(), f"{page.name} links to {target}"
