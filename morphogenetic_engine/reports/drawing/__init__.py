"""Charts as frozen data, and how they become static SVG."""
