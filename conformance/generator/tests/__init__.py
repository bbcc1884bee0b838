"""Tests of the generator and its lint: `python3 -m unittest` in the folder above."""
