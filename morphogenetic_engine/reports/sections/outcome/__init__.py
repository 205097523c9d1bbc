"""Sections that say what was found: findings, the best configurations, and the evidence for them."""
