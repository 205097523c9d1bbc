"""The subjects of the benchmarks: functions with known minima, trainings, and journals of any size."""
