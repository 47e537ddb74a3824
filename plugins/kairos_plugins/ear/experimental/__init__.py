"""Sounds for which no free recording of the real thing was found to judge by: told only when the owner asks for them by name.

Each is a rule over the ear's own numbers, checked against sounds made by formula and against hours of others; the words
of each say that it is an experiment.
"""
