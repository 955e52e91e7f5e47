"""The command line: one file a verb, each imported only when it is asked for.

A verb `do-this` is the click command `do_this` in `campaigns/cli/do_this.py` (`import_` in `import_.py`
for a verb that is a word of Python's).
"""

import atexit
import gc
import importlib.util
import keyword
import os
import pkgutil
import sys
from collections.abc import Mapping
from typing import Any

import click
from pydantic import ValidationError

import campaigns
from campaigns import processes
from campaigns.errors import PersonError


class Verbs(click.Group):
    """Finds its commands in the files beside this one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every verb there is."""
        names = (module.name.rstrip("_").replace("_", "-") for module in pkgutil.iter_modules(__path__))
        return sorted(name for name in names if self.get_command(ctx, name) is not None)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that verb; None when there is none."""
        name = cmd_name.replace("-", "_") + ("_" if keyword.iskeyword(cmd_name) else "")
        if not name.isidentifier() or importlib.util.find_spec(f"{__name__}.{name}") is None:
            return None
        with processes.loading():
            module = importlib.import_module(f"{__name__}.{name}")
        command = getattr(module, name, None) or getattr(module, "command", None)
        return command if isinstance(command, click.Command) else None


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(campaigns.__version__, prog_name="campaigns")
def verbs() -> None:
    """Campaigns: contacts with consent, letters to them, and what comes back."""


def main() -> None:
    """Run one verb; whatever a person can cause ends in one sentence on standard error."""
    atexit.register(gc.freeze)  # looking through all for garbage at the end takes a third of a short verb
    try:
        code = verbs.main(prog_name="campaigns", standalone_mode=False)
    except click.Abort:
        _fail("Stopped.", 130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ValidationError as error:
        _fail("\n".join(_setting(problem) for problem in error.errors()), 2)
    except PersonError as error:
        _fail("\n".join([error.message, *(f"  - {problem}" for problem in error.problems)]))
    except BrokenPipeError:  # the reader of our output had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        _fail(_about_the_database(error))
    sys.exit(code if isinstance(code, int) else 0)


def _setting(problem: Mapping[str, Any]) -> str:
    name = "__".join(str(part) for part in problem["loc"]).upper()
    given = "" if isinstance(problem["input"], dict) else f" (it is “{problem['input']}”)"
    return f"The setting CAMPAIGNS_{name} can't be used{given}: {problem['msg']}."


def _about_the_database(error: Exception) -> str:
    """A sentence for a database that is away; any other error is ours and goes on as it is."""
    from sqlalchemy.exc import OperationalError

    from campaigns import database

    if not isinstance(error, OperationalError):
        raise error
    url = database.engine().url.render_as_string(hide_password=True)
    return f"The database {url} can't be used: {str(error.orig).strip().splitlines()[0]}"


def _fail(sentence: str, code: int = 1) -> None:
    click.echo(sentence, err=True)
    sys.exit(code)
