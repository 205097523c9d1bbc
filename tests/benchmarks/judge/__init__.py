"""Tests of the comparison of search strategies on recorded trainings."""
