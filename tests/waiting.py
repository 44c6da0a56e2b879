"""How long tests wait for what must happen: only what hangs takes so long, however busy the machine is."""

PATIENCE_S = 300.0
