#!/usr/bin/env python3
"""Prints which client passes which transcript over which transport, from the replayers' reports.

    matrix.py --clients wire,python,typescript,swift REPORT...

A report has a line of JSON for each transcript and transport: client, transcript, over, result (ok,
failed, skipped), reason, ms. Exit status 0 if every client has passed every transcript over TCP and
TLS; 1 if a cell is missing or failed, or skipped though the transcript is about that transport.
Standard library only.
"""
import argparse
import json
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, "Protocol", "transcripts")
TRANSPORTS = ("tcp", "tls")


def cells(paths):
    """What is told of each client, transcript and transport; a failure stays one."""
    found = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            for line in file:
                entry = json.loads(line)
                cell = entry["client"], entry["transcript"], entry["over"]
                if found.get(cell, entry)["result"] != "failed":
                    found[cell] = entry
    return found


def transports(name):
    """The transports that a transcript is about."""
    with open(os.path.join(FOLDER, name + ".jsonl"), encoding="utf-8") as file:
        return json.loads(file.readline()).get("over", TRANSPORTS)


def judged(entry, is_meant):
    """What stands in a cell, and what is wrong with it, if anything is."""
    if entry is None:
        return "MISSING", "is missing"
    if entry["result"] == "ok":
        return "%d ms" % entry["ms"], None
    if entry["result"] == "skipped" and not is_meant:
        return "-", None if entry.get("reason") else "is skipped, and it is not said why"
    return entry["result"].upper(), "%s: %s" % (entry["result"], entry.get("reason"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", required=True, help="those that have to be there")
    parser.add_argument("reports", nargs="+")
    options = parser.parse_args()
    clients, found, wrong = options.clients.split(","), cells(options.reports), []
    names = sorted(name[:-6] for name in os.listdir(FOLDER) if name.endswith(".jsonl"))
    columns = [(client, over) for client in clients for over in TRANSPORTS]
    print("%-34s%s" % ("", "".join("%-18s" % client for client in clients)))
    print("%-34s%s" % ("transcript", "".join("%-9s" % over for _, over in columns)))
    for name in names:
        row, meant = [], transports(name)
        for client, over in columns:
            cell, problem = judged(found.get((client, name, over)), over in meant)
            row.append(cell)
            if problem:
                wrong.append("%s, %s over %s: %s" % (client, name, over, problem))
        print("%-34s%s" % (name, "".join("%-9s" % cell for cell in row)))
    for problem in wrong:
        print(problem)
    print("%d transcripts, %d clients, %d cells, %d wrong" % (
        len(names), len(clients), len(names) * len(columns), len(wrong)))
    return 1 if wrong or not names else 0


if __name__ == "__main__":
    sys.exit(main())
