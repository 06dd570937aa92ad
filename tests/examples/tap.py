"""Test points in TAP, printed as they come; the plan comes last."""
import sys
import traceback


class Skip(Exception):
    """What a test needs cannot be had here, and why."""


class Tap:
    """Counts points and failures. Not for use from several threads."""

    def __init__(self):
        self.count = 0
        self.failures = 0

    def _point(self, outcome, description):
        self.count += 1
        print(f"{outcome} {self.count} - {description}", flush=True)

    def run(self, description, test, *arguments):
        """Runs the test: Skip skips the point, any other exception fails it and is shown. Returns what the test returned, else None."""
        try:
            result = test(*arguments)
        except Skip as reason:
            self._point("ok", f"{description} # SKIP {reason}")
            return None
        except Exception as error:  # whatever went wrong belongs to this point, the others go on
            self.failures += 1
            self._point("not ok", description)
            where = traceback.extract_tb(error.__traceback__)[-1]
            for line in f"{type(error).__name__} at {where.name}:{where.lineno}: {error}".splitlines():
                print(f"#   {line}", flush=True)
            return None
        self._point("ok", description)
        return result

    def finish(self):
        """The exit code."""
        print(f"1..{self.count}")
        if self.failures:
            print(f"# {self.failures} of {self.count} failed", file=sys.stderr)
        return 1 if self.failures or not self.count else 0


def equal(found, expected, what):
    if found != expected:
        raise AssertionError(f"{what}: expected {expected!r}, found {found!r}")


def true(condition, what):
    if not condition:
        raise AssertionError(what)
