// Twin of HTTPAnswer.swift: where an answer ends, and what is refused.
internal import MuseBench
internal import Testing
