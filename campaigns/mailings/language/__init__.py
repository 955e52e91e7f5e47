"""The language of letters: a small, bounded part of Jinja that strangers' text can be trusted with.

`if`, `for`, `set`, `raw`, merge fields, a few filters; no calls, no attributes of objects, no
imports. Checked when compiled (naming the line) and bounded again while it runs.
"""

from campaigns.mailings.language.compiling import Compiled, compile
from campaigns.mailings.language.problem import TemplateProblem

__all__ = ["Compiled", "TemplateProblem", "compile"]
