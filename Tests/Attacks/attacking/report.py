"""How checks are named, run, told and counted; each has a control in which it must fail.

Standard library only.
"""
import sys
import time
import traceback


class Failure(Exception):
    """What was checked does not hold."""

    def __str__(self):
        text = super().__str__()
        return text if len(text) < 4_000 else text[:4_000] + "…"


def expect(holds, what):
    if not holds:
        raise Failure(what)


def cut(value):
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:150]}…{text[-50:]}"


def same(found, wanted, what):
    if found != wanted:
        raise Failure(f"{what}: {cut(found)} instead of {cut(wanted)}")


def among(found, wanted, what):
    if found not in wanted:
        raise Failure(f"{what}: {cut(found)}, none of {sorted(wanted)}")


class Report:
    """Counts, prints, and gives the program's status."""

    def __init__(self, title):
        self.title = title
        self.passed = 0
        self.failed = []
        print(f"{title}", flush=True)

    def check(self, name, body, *arguments, tries=1):
        """Runs a check. What it returns is its figure. One of times may fall into a moment in which
        the machine does something else: it has failed where all of its tries have."""
        began = time.monotonic()
        try:
            figure = body(*arguments)
        except Failure as failure:
            if tries > 1:
                print(f"  again   {name}: {failure}", flush=True)
                return self.check(name, body, *arguments, tries=tries - 1)
            self.fail(name, str(failure))
            return False
        except Exception as error:  # noqa: BLE001
            # A test that cannot run has not passed.
            traceback.print_exc(file=sys.stdout)
            self.fail(name, f"{type(error).__name__}: {error}")
            return False
        self.passed += 1
        took = time.monotonic() - began
        print(f"  ok      {name}" + (f": {figure}" if figure else "") + f" ({took:.1f} s)",
              flush=True)
        return True

    def control(self, name, body, *arguments, also=()):
        """Runs a check in a world where it must fail; `also`: what else counts as that."""
        try:
            body(*arguments)
        except (Failure, *also) as failure:
            self.passed += 1
            print(f"  control {name}: found: {failure}", flush=True)
            return True
        except Exception as error:  # noqa: BLE001
            traceback.print_exc(file=sys.stdout)
            self.fail("control of " + name, f"{type(error).__name__}: {error}")
            return False
        self.fail("control of " + name, "the planted fault was not found")
        return False

    def fail(self, name, why):
        self.failed.append(name)
        print(f"  FAILED  {name}: {why}", flush=True)

    def end(self):
        print(f"{self.title}: {self.passed} passed, {len(self.failed)} failed", flush=True)
        return 1 if self.failed else 0


def table(rows, heads):
    """Rows of texts under heads, in columns."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[place]) for row in [list(heads), *rows]) for place in range(len(heads))]
    lines = []
    for row in [list(heads), *rows]:
        lines.append("  " + "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    return "\n".join(lines)
