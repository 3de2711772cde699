"""The client's tests: `python3 -m unittest`, from the folder above. Nothing need be installed."""

import os
import sys

FOLDER = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(FOLDER)))
sys.path.insert(0, os.path.join(os.path.dirname(FOLDER), "src"))
