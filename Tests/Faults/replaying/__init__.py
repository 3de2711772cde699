"""What replay.py is made of: JSON, connections, patterns, transcripts."""
