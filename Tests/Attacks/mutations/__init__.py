"""The changes that mutants.py makes: each takes away one check, limit, owner rule, escape or sync.

A mutant is (name, what it takes away, edits); an edit is (file, exact text, its replacement), in
which {on} stands for whether this mutant is the one that is switched on. The text must occur once.
"""
from mutations import rules, wire

ALL = rules.MUTANTS + wire.MUTANTS
