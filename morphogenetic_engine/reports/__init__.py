"""What a sweep found: numbers as frozen dataclasses, and the surfaces that show them."""
