"""What it takes to load the package."""

import subprocess
import sys

SCRIPT = "import time; start = time.process_time(); import wiresign; print(time.process_time() - start)"


def test_the_package_is_loaded_within_50_milliseconds() -> None:
    def load() -> float:
        return float(subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, check=True, timeout=20).stdout)

    # Others may use the same processor, which makes it slower and never faster.
    assert any(load() < 0.05 for _ in range(40))
