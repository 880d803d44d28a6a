"""Vendors Pico CSS: ``python -m tools.pico``, the parts the product uses, built from Pico's own sources.

Pico publishes one file with everything. Its sources leave parts out by their own setting, ``$modules``; they and the
compiler come from npm in the versions below, so the same file comes out. Needs ``npm``; running the product does not.
"""

import subprocess
import tempfile
from pathlib import Path

PICO, SASS = "2.1.1", "1.108.2"
TARGET = Path(__file__).parent.parent / "static" / "vendor" / f"pico-{PICO}.parts.min.css"
# What no page has, or has in the product's own looks.
LEFT_OUT = (
    "layout/container", "layout/grid", "layout/overflow-auto", "content/figure", "forms/input-color",
    "forms/input-range", "components/card", "components/dropdown", "components/group", "components/loading",
    "components/modal", "components/nav", "components/tooltip",
)  # fmt: skip


def main() -> None:
    modules = ", ".join(f'"{name}": false' for name in LEFT_OUT)
    settings = f"$modules: ({modules}), $enable-classes: false, $enable-responsive-typography: false"
    with tempfile.TemporaryDirectory() as folder:
        packages = [f"sass@{SASS}", f"@picocss/pico@{PICO}"]
        subprocess.run(["npm", "install", "--silent", "--no-save", *packages], cwd=folder, check=True)
        # The character set is the document's: a rule for it would have to come first of all.
        command = ["npx", "sass", "--stdin", "--no-charset", "--no-source-map", "--style=compressed", "--quiet"]
        source = f'@use "node_modules/@picocss/pico/scss/index" with ({settings});'
        made = subprocess.run(command, cwd=folder, input=source, capture_output=True, text=True, check=True)
    TARGET.write_text(made.stdout, encoding="utf-8")
    print(f"{TARGET}: {len(made.stdout)} characters")


if __name__ == "__main__":
    main()
