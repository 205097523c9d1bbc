"""Our own parts, run through the conformance suites that the package ships."""
