"""Decide: closed intervals over signals, and the reasons that they give."""
