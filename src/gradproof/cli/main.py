"""The entry point: finds the command, and turns every failure into one line and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from gradproof import __version__
from gradproof.errors import GradproofError
from gradproof.printer.safe_text import neutralize

FAILED = 2
INTERRUPTED = 130

# Where each command lives; a module is loaded when its command is asked for, so that the others start quickly.
_COMMANDS = {
    "check": "gradproof.cli.check_command:check_command",
    "complete": "gradproof.cli.complete_command:complete_command",
    "derive": "gradproof.cli.derive_command:derive_command",
    "eval": "gradproof.cli.eval_command:eval_command",
    "explain": "gradproof.cli.explain_command:explain_command",
    "minimize": "gradproof.cli.minimize_command:minimize_command",
    "prox": "gradproof.cli.prox_command:prox_command",
    "run": "gradproof.cli.run_command:run_command",
    "topk": "gradproof.cli.topk_command:topk_command",
    "tsne": "gradproof.cli.tsne_command:tsne_command",
}


class Commands(click.Group):
    """A group whose commands are loaded when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order in which the help shows them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command, or return None if there is none of this name."""
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="gradproof", message="%(prog)s %(version)s")
def gradproof() -> None:
    """Proofreads gradients, and proves them."""


def main() -> NoReturn:
    """Run the command line of this process and exit."""
    sys.exit(run())


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a user never sees a traceback."""
    try:
        result = gradproof.main(args=arguments, prog_name="gradproof", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except GradproofError as error:
        return _fail(error.message())
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f" Try '{context.command_path} --help'." if context else ""
        return _fail(f"{error.format_message()}{hint}")
    except (click.Abort, KeyboardInterrupt):
        _fail("interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (as 'head' does); Python must not try to flush to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if os.environ.get("GRADPROOF_DEBUG"):
            traceback.print_exc()
        return _fail(
            f"internal error: {type(error).__name__}: {' '.join(str(error).split())[:300]}. "
            "Please report it with the document that causes it (GRADPROOF_DEBUG=1 shows where)."
        )


def _fail(message: str) -> int:
    click.echo(f"gradproof: {neutralize(message)}", err=True)
    return FAILED
