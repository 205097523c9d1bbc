"""The figures of a sweep's report: from its numbers to charts, one figure a file."""
