"""The slow, obvious version of every kernel: tests compare the fast one with these.

Each function has the name of the public function whose kernel it checks.
"""
