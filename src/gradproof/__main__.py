"""``python -m gradproof``."""

from gradproof.cli.main import main

main()
