"""Programs that run beside the tests, and are stopped by their ids."""
import os
import re
import subprocess
import tempfile
import threading

PATIENCE = 60


class Process:
    """A program in the background whose output (both streams) is kept. Leaving the block stops it."""

    def __init__(self, command, environment=None, directory=None):
        self._changed = threading.Condition()
        self._output = ""
        self._ended = False
        # A group of its own: what a shell started goes with it.
        self._process = subprocess.Popen(command, env={**os.environ, **(environment or {})}, cwd=directory, text=True,
                                         errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT, start_new_session=True)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            with self._changed:
                self._output += line
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def await_output(self, pattern):
        """The match's first group (or the whole match) once the output has one."""
        def found():
            return re.search(pattern, self._output)
        with self._changed:
            self._changed.wait_for(lambda: found() or self._ended, PATIENCE)
            match = found()
            if not match:
                raise AssertionError(f"{self._process.args} did not say {pattern!r}\n{self._output}")
            return match[1] if match.groups() else match[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            os.killpg(self._process.pid, 15)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, 9)
                self._process.wait()


def output_of(command, environment=None, directory=None, text_in=None, fails=False):
    """Standard output. Raises if the command fails, or, with `fails`, if it does not."""
    with tempfile.TemporaryFile("w+") as given:
        given.write(text_in or "")
        given.seek(0)
        done = subprocess.run(command, env={**os.environ, **(environment or {})}, cwd=directory, text=True, stdin=given,
                              errors="replace", capture_output=True, timeout=PATIENCE)
    if (done.returncode != 0) != fails:
        raise AssertionError(f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout
