"""Charts as frozen data, and their rendering as static SVG."""
