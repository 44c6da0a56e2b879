"""`python -m gluteal_grade_lab`: everything that measures, trains and validates the program."""

from __future__ import annotations

from collections.abc import Callable

import typer

from gluteal_grade_lab.commands import COMMANDS, GROUPS, Command

# the command's own parser reads its options, --help among them
_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def _runner(command: Command) -> Callable[[typer.Context], None]:
    def run(context: typer.Context) -> None:
        command.run(context.args)

    return run


def build() -> typer.Typer:
    """The command line; nothing of a command is imported before it is called."""
    app = typer.Typer(name="gluteal_grade_lab", help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    groups = {name: typer.Typer(no_args_is_help=True) for name in GROUPS}
    for command in COMMANDS:
        *group, name = command.words
        place = groups[group[0]] if group else app
        place.command(name, help=command.help, context_settings=_PASS_ON)(_runner(command))
    for name, group_app in groups.items():
        app.add_typer(group_app, name=name, help=GROUPS[name])
    return app


if __name__ == "__main__":
    build()(prog_name="python -m gluteal_grade_lab")
