"""Pure numbers: distributions and tests that know nothing of muscles."""
