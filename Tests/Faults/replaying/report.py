"""What became of each transcript, a line of JSON each, for the table of all clients."""
import json


class Report:
    """Adds lines to a file; without a path, nothing."""

    def __init__(self, path, client):
        self.path, self.client = path, client

    def add(self, transcript, over, result, seconds, reason=None):
        """`result`: ok, failed or skipped, which has a reason."""
        if self.path is None:
            return
        entry = {"client": self.client, "transcript": transcript, "over": over, "result": result,
                 "reason": reason, "ms": int(seconds * 1_000)}
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def elsewhere(head, transport, is_fixed):
    """Why a transcript is not replayed over a transport, or None."""
    meant = head.get("over", ["tcp", "tls", "unix"])
    if transport not in meant:
        return "it is about %s only" % " and ".join(meant)
    if is_fixed and (head.get("flags") or head.get("alone")):
        return "it needs a server of its own: --program"
    return None
