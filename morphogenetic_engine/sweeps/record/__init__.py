"""The record of a sweep: the events of the journal, the folder that holds it, and the tables derived from it.

The journal is the only source of truth. Nothing here starts a process or imports Optuna."""
