"""What the control words and signs of a formula look like: tables alone, no code."""

from __future__ import annotations

RELATIONS = {
    "=": "=", "<": "<", ">": ">", ":=": ":=", "<=": "≤", ">=": "≥", "!=": "≠", "==": "=", "~": "~",
    "≤": "≤", "≥": "≥", "≠": "≠", "≈": "≈", "≡": "≡", "∈": "∈", "→": "→", "←": "←", "∝": "∝", "⇒": "⇒", "⇔": "⇔", "∼": "~",
    "\\le": "≤", "\\leq": "≤", "\\leqslant": "≤", "\\ge": "≥", "\\geq": "≥", "\\geqslant": "≥", "\\ne": "≠", "\\neq": "≠",
    "\\approx": "≈", "\\approxeq": "≈", "\\simeq": "≃", "\\cong": "≅", "\\equiv": "≡", "\\in": "∈", "\\notin": "∉", "\\ni": "∋",
    "\\subset": "⊂", "\\subseteq": "⊆", "\\supset": "⊃", "\\supseteq": "⊇", "\\propto": "∝", "\\sim": "~", "\\to": "→",
    "\\rightarrow": "→", "\\longrightarrow": "→", "\\leftarrow": "←", "\\longleftarrow": "←", "\\gets": "←", "\\mapsto": "↦",
    "\\Rightarrow": "⇒", "\\Longrightarrow": "⇒", "\\implies": "⇒", "\\Leftrightarrow": "⇔", "\\Longleftrightarrow": "⇔",
    "\\iff": "⇔", "\\ll": "≪", "\\gg": "≫", "\\perp": "⊥", "\\parallel": "∥", "\\coloneqq": ":=", "\\coloneq": ":=", "\\defeq": ":=",
    "\\triangleq": ":=", "\\doteq": ":=", "\\eqdef": ":=", "\\lt": "<", "\\gt": ">", "\\leftrightarrow": "↔", "\\Leftarrow": "⇐",
    "\\preceq": "⪯", "\\succeq": "⪰", "\\prec": "≺", "\\succ": "≻", "\\asymp": "≍", "\\uparrow": "↑", "\\downarrow": "↓",
    "\\stackrel": "", "\\lesssim": "≲", "\\gtrsim": "≳", "\\models": "⊨", "\\hookrightarrow": "↪", "\\xrightarrow": "→",
}  # fmt: skip

SUM_OPERATORS = {"+": "+", "-": "-", "−": "-", "\\pm": "±", "\\mp": "±", "±": "±", "\\oplus": "⊕", "\\cup": "∪", "\\cap": "∩",
                 "\\setminus": "\\", "\\lor": "∨", "\\vee": "∨", "∪": "∪", "∩": "∩"}  # fmt: skip

PRODUCT_OPERATORS = {
    "*": "*", "\\cdot": "*", "·": "*", "\\times": "*", "×": "*", "\\ast": "*", "∗": "*", "\\star": "⋆", "/": "/", "\\div": "/",
    "\\circ": "∘", "∘": "∘", "\\odot": "⊙", "⊙": "⊙", "\\otimes": "⊗", "⊗": "⊗", "\\bmod": "mod", "\\bullet": "*",
    "\\land": "∧", "\\wedge": "∧", "\\circledast": "⋆",
}  # fmt: skip

BIG = {
    "\\sum": "sum", "\\prod": "prod", "\\int": "int", "\\iint": "iint", "\\oint": "oint", "\\bigcup": "bigcup", "\\bigcap": "bigcap",
    "\\lim": "lim", "\\limsup": "limsup", "\\liminf": "liminf", "∑": "sum", "∏": "prod", "∫": "int", "\\argmin": "argmin",
    "\\argmax": "argmax", "\\bigoplus": "bigoplus", "\\bigwedge": "bigwedge", "\\bigvee": "bigvee",
}  # fmt: skip

#: These are large operators when something stands below them, names otherwise.
BIG_WITH_LIMITS = {"max": "max", "min": "min", "sup": "sup", "inf": "inf", "argmax": "argmax", "argmin": "argmin",
                   "arg max": "argmax", "arg min": "argmin"}  # fmt: skip

#: The body of these reaches over plus and minus, as people write objectives.
OBJECTIVES = frozenset({"max", "min", "sup", "inf", "argmax", "argmin"})

NAMED_FUNCTIONS = frozenset(
    [
        "arccos",
        "arcsin",
        "arctan",
        "arg",
        "cos",
        "cosh",
        "cot",
        "coth",
        "csc",
        "deg",
        "det",
        "dim",
        "exp",
        "gcd",
        "hom",
        "inf",
        "ker",
        "lg",
        "ln",
        "log",
        "max",
        "min",
        "Pr",
        "sec",
        "sin",
        "sinh",
        "sup",
        "tan",
        "tanh",
    ]
)

GREEK = frozenset(
    [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "varepsilon",
        "zeta",
        "eta",
        "theta",
        "vartheta",
        "iota",
        "kappa",
        "lambda",
        "mu",
        "nu",
        "xi",
        "omicron",
        "pi",
        "varpi",
        "rho",
        "varrho",
        "sigma",
        "varsigma",
        "tau",
        "upsilon",
        "phi",
        "varphi",
        "chi",
        "psi",
        "omega",
        "Gamma",
        "Delta",
        "Theta",
        "Lambda",
        "Xi",
        "Pi",
        "Sigma",
        "Upsilon",
        "Phi",
        "Psi",
        "Omega",
    ]
)

SYMBOLS = {
    "\\partial": "partial", "∂": "partial", "\\nabla": "nabla", "∇": "nabla", "\\infty": "infty", "∞": "infty", "\\ell": "ell",
    "\\emptyset": "emptyset", "\\varnothing": "emptyset", "\\top": "top", "\\intercal": "intercal", "\\dagger": "dagger",
    "\\hbar": "hbar", "\\Re": "Re", "\\Im": "Im", "\\bot": "bot", "\\imath": "imath", "\\jmath": "jmath", "\\forall": "forall",
    "\\exists": "exists", "\\aleph": "aleph", "\\dag": "dagger", "\\checkmark": "checkmark", "\\angle": "angle", "\\square": "square",
    "\\ast": "ast", "\\star": "star", "\\prime": "prime", "\\blacksquare": "blacksquare", "\\R": "R", "\\degree": "degree",
}  # fmt: skip

UNICODE_LETTERS = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta", "κ": "kappa",
    "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "χ": "chi",
    "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi",
    "Ω": "Omega", "ℓ": "ell", "∂": "partial", "∇": "nabla", "∞": "infty", "ᵀ": "T",
}  # fmt: skip

SUPERSCRIPTS = {"²": "2", "³": "3", "¹": "1", "⁰": "0", "⁴": "4", "ᵀ": "T"}

ACCENTS = {
    "\\hat": "hat", "\\widehat": "hat", "\\tilde": "tilde", "\\widetilde": "tilde", "\\bar": "bar", "\\overline": "bar",
    "\\vec": "vec", "\\dot": "dot", "\\ddot": "ddot", "\\check": "check", "\\breve": "breve", "\\underline": "underline",
    "\\overrightarrow": "vec", "\\acute": "acute", "\\grave": "grave", "\\mathring": "ring",
}  # fmt: skip

FONTS = {
    "\\mathbf": "bold", "\\boldsymbol": "bold", "\\bm": "bold", "\\pmb": "bold", "\\symbf": "bold", "\\mathbb": "blackboard",
    "\\Bbb": "blackboard", "\\mathds": "blackboard", "\\mathbbm": "blackboard", "\\mathcal": "calligraphic",
    "\\mathscr": "calligraphic", "\\mathfrak": "fraktur", "\\mathsf": "sans", "\\mathtt": "typewriter", "\\mathit": "italic",
    "\\mathnormal": "italic", "\\bold": "bold",
}  # fmt: skip

UPRIGHT = frozenset(
    {"\\mathrm", "\\operatorname", "\\operatorname*", "\\text", "\\textrm", "\\textbf", "\\textit", "\\mbox", "\\mathop",
     "\\texttt", "\\textsf", "\\rm", "\\hbox", "\\textnormal", "\\mathord", "\\mathrel", "\\mathbin", "\\textsc", "\\emph"}
)  # fmt: skip

#: Words in an upright font that speak, and are not the name of a quantity.
SPEAKING = frozenset(
    [
        "if",
        "for",
        "where",
        "and",
        "or",
        "otherwise",
        "with",
        "when",
        "as",
        "else",
        "then",
        "so",
        "thus",
        "hence",
        "is",
        "such",
        "subject",
        "over",
        "in",
        "of",
        "to",
        "by",
        "the",
        "a",
        "an",
        "are",
        "we",
        "let",
        "given",
        "since",
        "because",
        "whenever",
        "from",
        "let's",
        "on",
        "at",
        "s.t.",
        "st.",
        "elsewhere",
        "using",
        "denotes",
    ]
)

OPENING = {
    "(": "(", "[": "[", "\\{": "{", "\\lbrace": "{", "\\langle": "⟨", "\\lfloor": "⌊", "\\lceil": "⌈", "\\lvert": "|",
    "\\lVert": "‖", "\\lbrack": "[", "⟨": "⟨", "⌊": "⌊", "⌈": "⌈", "\\lparen": "(",
}  # fmt: skip
CLOSING = {
    ")": ")", "]": "]", "\\}": "}", "\\rbrace": "}", "\\rangle": "⟩", "\\rfloor": "⌋", "\\rceil": "⌉", "\\rvert": "|",
    "\\rVert": "‖", "\\rbrack": "]", "⟩": "⟩", "⌋": "⌋", "⌉": "⌉", "\\rparen": ")",
}  # fmt: skip
BARS = {"|": "|", "\\vert": "|", "\\|": "‖", "\\Vert": "‖", "‖": "‖"}

ELLIPSES = frozenset({"\\dots", "\\ldots", "\\cdots", "\\vdots", "\\ddots", "\\dotsc", "\\dotsb", "\\dotsm", "\\hdots", "...", "…",
                      "\\adots"})  # fmt: skip

IGNORED = frozenset(
    {"\\,", "\\;", "\\:", "\\!", "\\ ", "\\>", "~", "\\displaystyle", "\\textstyle", "\\scriptstyle", "\\scriptscriptstyle", "\\limits",
     "\\nolimits", "\\nonumber", "\\notag", "\\hfill", "\\hline", "\\thinspace", "\\noindent", "\\allowbreak", "\\centering",
     "\\strut", "\\negthinspace", "\\medspace", "\\thickspace", "\\null", "\\par", "\\bigl", "\\bigr", "\\Bigl", "\\Bigr", "\\big",
     "\\Big", "\\bigg", "\\Bigg", "\\biggl", "\\biggr", "\\Biggl", "\\Biggr", "\\bigm", "\\Bigm", "\\middle", "\\rm", "\\bf", "\\it",
     "\\small", "\\large", "\\scriptsize", "\\mathstrut", "\\/", "\\unicode", "\\enspace", "\\newline"}
)  # fmt: skip

#: Control words that are dropped together with their argument.
IGNORED_WITH_ARGUMENT = frozenset(
    {"\\label", "\\tag", "\\tag*", "\\hspace", "\\vspace", "\\phantom", "\\hphantom", "\\vphantom", "\\color", "\\cite", "\\ref",
     "\\eqref", "\\hskip", "\\hspace*", "\\cline", "\\notag*"}
)  # fmt: skip

MATRICES = {"pmatrix": "(", "bmatrix": "[", "matrix": "", "vmatrix": "|", "Vmatrix": "‖", "Bmatrix": "{", "smallmatrix": "",
            "array": ""}  # fmt: skip
CASES = frozenset({"cases", "dcases", "rcases"})
ALIGNED = frozenset(
    {"align", "aligned", "alignat", "alignedat", "split", "gather", "gathered", "equation", "eqnarray", "multline", "flalign",
     "subequations", "math", "displaymath"}
)  # fmt: skip
