"""Tests of printed documents and of the signed pages that come back."""
