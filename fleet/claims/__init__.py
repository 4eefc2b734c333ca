"""Claim codes, and goods or money that leave once."""
