"""The rule of doors, for import-linter: into another room only through its face."""

from __future__ import annotations

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class RoomsContract(Contract):
    """A room is a package directly below `root`; its face, and that of a package within it, is the package's own `__init__`.

    A module may be imported by modules of its own room; from elsewhere below `root` only packages and the modules that lie beside the
    rooms may be.
    """

    type_name = "rooms"

    root = fields.StringField()

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002 - as import-linter calls it
        """Find every import that goes past a face."""
        root = str(self.root)
        rooms = {name for name in graph.find_children(root) if graph.find_children(name)}
        past = []
        for room in sorted(rooms):
            for inner in sorted(graph.find_descendants(room)):
                if graph.find_children(inner):
                    continue  # a package within the room has a face of its own
                importers = graph.find_modules_that_directly_import(inner)
                past += [(one, inner) for one in sorted(importers) if one.startswith(f"{root}.") and not _within(one, room)]
        return ContractCheck(kept=not past, metadata={"past": past})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """One line for each import."""
        for importer, imported in check.metadata["past"]:
            output.print_error(f"{importer} imports {imported}: take it from the room's face, {imported.rpartition('.')[0]}")


def _within(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")
