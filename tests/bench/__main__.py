"""`bin/bench`: lists what can be measured; `bin/bench NAME …` measures it.

A measure is a module with a main(), called as the module or by its NAME; the others here help them.
"""

import importlib
import pkgutil
import sys
from pathlib import Path


def main() -> None:
    """Run the measure named first, or list them all."""
    found = sorted(found.name for found in pkgutil.iter_modules([str(Path(__file__).parent)]))
    helpers = ("__main__", "test_")
    made = {
        name: importlib.import_module(f"tests.bench.{name}") for name in found if not name.startswith(helpers)
    }
    modules = {
        str(getattr(module, "NAME", name)): module for name, module in made.items() if hasattr(module, "main")
    }
    if len(sys.argv) > 1 and sys.argv[1] in modules:
        modules[sys.argv.pop(1)].main()
        return
    print("What can be measured: bin/bench NAME")
    for name, module in modules.items():
        print(f"  {name:10} {(module.__doc__ or '').splitlines()[0]}")
    sys.exit(len(sys.argv) > 1)


if __name__ == "__main__":
    main()
