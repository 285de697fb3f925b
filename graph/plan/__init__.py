"""Expressions in general: nodes, rules, lowering to tasks. It knows no column and no axis."""
