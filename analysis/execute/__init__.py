"""Notebooks, one strictly or many over a grid."""
