"""Reports of sweeps: numbers as frozen dataclasses, and the page, terminal, notebook and files that show them."""
