"""A cluster for the tests of the client: the API server, Katib's controller and a suggestion service, as threads."""
