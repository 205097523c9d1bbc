"""Sections about the outcome: findings, the best configurations, and the evidence for them."""
