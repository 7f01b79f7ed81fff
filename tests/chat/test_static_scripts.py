"""The parts of the page's script that need no page, run by Node's own test runner where Node is installed."""

import shutil
import subprocess
from pathlib import Path

import pytest

NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="Node is not installed")
def test_the_stream_reader_and_the_streaming_text_behave() -> None:
    tests = Path(__file__).with_name("stream_parser.test.mjs")
    run = subprocess.run([NODE, "--test", str(tests)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "# tests 7" in run.stdout, run.stdout
