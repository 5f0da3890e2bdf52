"""Which of Pygments' five hundred lexers colour code here.

A lexer is a list of regular expressions, and one match of one expression cannot be interrupted. Some take time that
grows with the square of a run of blanks, digits or brackets, or worse. So each one here has been tried with such code
(tests/bench/lexer_bench.py): no single match takes long. Code in any other language stays plain.
"""

from functools import lru_cache
from typing import Any

# By the first of their aliases; all the other names of a lexer count too.
TRIED = frozenset(
    (
        "ada apacheconf awk bash batch bibtex c clojure cmake cobol common-lisp console cpp cr csharp css cython d "
        "dart delphi diff django docker ebnf elixir elm emacs-lisp erb erlang fish fortran fsharp gas gherkin glsl go "
        "graphql graphviz groovy handlebars haskell html html+django html+handlebars html+php http ini java "
        "javascript json json5 jsx julia kotlin less liquid llvm lua make markdown meson mysql nasm nginx nimrod "
        "numpy objective-c ocaml octave perl php plpgsql postgresql powershell prolog properties protobuf purescript "
        "pycon pytb python racket rconsole restructuredtext ruby rust sass scala scheme scss sed solidity splus sql "
        "sqlite3 swift systemverilog terraform tex thrift toml tsql tsx twig typescript vb.net verilog vhdl vim vue "
        "wast xml yaml zig"
    ).split()
)


@lru_cache(maxsize=64)
def lexer_of(language: str) -> Any:
    """The lexer of that name, None for one that is not known or not tried. Never guesses."""
    from pygments.lexers import find_lexer_class_by_name
    from pygments.util import ClassNotFound

    try:
        found = find_lexer_class_by_name(language)
    except ClassNotFound:
        return None
    return found(stripnl=False, ensurenl=False) if found.aliases[0] in TRIED else None
