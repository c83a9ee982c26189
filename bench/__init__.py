"""Measurements that are taken by hand, not by the tests."""
