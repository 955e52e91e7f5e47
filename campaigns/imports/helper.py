"""The process beside an import that understands a large file: `python -m campaigns.imports.helper`."""

from campaigns.imports import understanding

if __name__ == "__main__":
    understanding.serve()
