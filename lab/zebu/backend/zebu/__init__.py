"""Zebu: a stock paper-trading application."""
