"""The problems that the engine learns: synthetic ones, data sets of scikit-learn, and files; split and standardised."""
