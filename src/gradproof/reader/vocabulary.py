"""What the control words and signs of a formula look like: tables alone, no code."""

from __future__ import annotations

RELATIONS = {
    "=": "=", "<": "<", ">": ">", ":=": ":=", "=:": "=:", "<=": "≤", ">=": "≥", "!=": "≠", "==": "=", "->": "→", "=>": "⇒",
    "≤": "≤", "≥": "≥", "≠": "≠", "≈": "≈", "≡": "≡", "∈": "∈", "∉": "∉", "→": "→", "←": "←", "↦": "↦", "∝": "∝", "⇒": "⇒",
    "⇔": "⇔", "∼": "~", "⊂": "⊂", "⊆": "⊆", "≪": "≪", "≫": "≫", "≜": ":=", "≔": ":=", "⩽": "≤", "⩾": "≥", "≃": "≃", "≅": "≅",
    "⟹": "⇒", "⟺": "⇔", "⟶": "→", "⊥": "⊥",
    "\\le": "≤", "\\leq": "≤", "\\leqslant": "≤", "\\leqq": "≤", "\\ge": "≥", "\\geq": "≥", "\\geqslant": "≥", "\\geqq": "≥",
    "\\ne": "≠", "\\neq": "≠", "\\approx": "≈", "\\approxeq": "≈", "\\simeq": "≃", "\\cong": "≅", "\\equiv": "≡", "\\in": "∈",
    "\\notin": "∉", "\\ni": "∋", "\\subset": "⊂", "\\subseteq": "⊆", "\\subsetneq": "⊊", "\\supset": "⊃", "\\supseteq": "⊇",
    "\\propto": "∝", "\\varpropto": "∝", "\\sim": "~", "\\thicksim": "~", "\\to": "→", "\\rightarrow": "→",
    "\\longrightarrow": "→", "\\leftarrow": "←", "\\longleftarrow": "←", "\\gets": "←", "\\mapsto": "↦", "\\longmapsto": "↦",
    "\\Rightarrow": "⇒", "\\Longrightarrow": "⇒", "\\implies": "⇒", "\\Leftarrow": "⇐", "\\impliedby": "⇐",
    "\\Leftrightarrow": "⇔", "\\Longleftrightarrow": "⇔", "\\iff": "⇔", "\\leftrightarrow": "↔", "\\ll": "≪", "\\gg": "≫",
    "\\perp": "⊥", "\\coloneqq": ":=", "\\coloneq": ":=", "\\defeq": ":=", "\\triangleq": ":=",
    "\\eqdef": ":=", "\\eqqcolon": "=:", "\\doteq": "≐", "\\lt": "<", "\\gt": ">", "\\preceq": "⪯", "\\succeq": "⪰",
    "\\prec": "≺", "\\succ": "≻", "\\preccurlyeq": "⪯", "\\succcurlyeq": "⪰", "\\asymp": "≍", "\\uparrow": "↑",
    "\\downarrow": "↓", "\\nearrow": "↗", "\\searrow": "↘", "\\lesssim": "≲", "\\gtrsim": "≳",
    "\\lessapprox": "⪅", "\\gtrapprox": "⪆", "\\models": "⊨", "\\vdash": "⊢",
    "\\hookrightarrow": "↪", "\\nless": "≮", "\\ngtr": "≯", "\\nleq": "≰", "\\ngeq": "≱", "\\nsubseteq": "⊈", "\\nmid": "∤",
    "\\rightharpoonup": "⇀", "\\rightsquigarrow": "⇝", "\\rightleftharpoons": "⇌", "\\vartriangleleft": "⊲",
}  # fmt: skip

#: What ``\not`` makes of a relation.
NEGATED = {"=": "≠", "∈": "∉", "≡": "≢", "<": "≮", ">": "≯", "⊂": "⊄", "⊆": "⊈", "≤": "≰", "≥": "≱", "~": "≁", "≈": "≉",
           "∥": "∦", "∋": "∌"}  # fmt: skip

#: Relations that carry their note as an argument.
ARROWS = {"\\xrightarrow": "→", "\\xleftarrow": "←", "\\xRightarrow": "⇒", "\\xlongequal": "="}

# Binding powers, loosest first: a row holds lists, a list relations, a relation sums.
SUM, PRODUCT, ADJACENT = 20, 30, 40

#: Infix signs: the text form and the power that binds.
OPERATORS = {
    "+": ("+", SUM), "-": ("-", SUM), "−": ("-", SUM), "–": ("-", SUM), "±": ("±", SUM), "\\pm": ("±", SUM), "\\mp": ("∓", SUM),
    "∓": ("∓", SUM), "\\oplus": ("⊕", SUM), "⊕": ("⊕", SUM), "\\ominus": ("⊖", SUM), "\\cup": ("∪", SUM), "∪": ("∪", SUM),
    "\\cap": ("∩", SUM), "∩": ("∩", SUM), "\\sqcup": ("⊔", SUM), "\\uplus": ("⊎", SUM), "\\setminus": ("\\", SUM),
    "\\smallsetminus": ("\\", SUM), "\\backslash": ("\\", SUM), "\\lor": ("∨", SUM), "\\vee": ("∨", SUM), "∨": ("∨", SUM),
    "\\triangle": ("△", SUM),
    "*": ("*", PRODUCT), "∗": ("*", PRODUCT), "\\ast": ("*", PRODUCT), "\\cdot": ("*", PRODUCT), "·": ("*", PRODUCT),
    "⋅": ("*", PRODUCT), "\\bullet": ("*", PRODUCT), "\\times": ("*", PRODUCT), "×": ("*", PRODUCT), "/": ("/", PRODUCT),
    "\\div": ("/", PRODUCT), "÷": ("/", PRODUCT), "\\slash": ("/", PRODUCT), "\\circ": ("∘", PRODUCT), "∘": ("∘", PRODUCT),
    "\\odot": ("⊙", PRODUCT), "⊙": ("⊙", PRODUCT), ".*": ("⊙", PRODUCT), "\\otimes": ("⊗", PRODUCT), "⊗": ("⊗", PRODUCT),
    "\\star": ("⋆", PRODUCT), "⋆": ("⋆", PRODUCT), "\\circledast": ("⋆", PRODUCT), "\\oslash": ("⊘", PRODUCT),
    "\\bmod": ("mod", PRODUCT), "\\mod": ("mod", PRODUCT), "\\land": ("∧", PRODUCT), "\\wedge": ("∧", PRODUCT),
    "∧": ("∧", PRODUCT), "\\diamond": ("⋄", PRODUCT), "\\boxdot": ("⊡", PRODUCT), "\\amalg": ("⨿", SUM),
    "\\neg": ("¬", SUM), "\\lnot": ("¬", SUM), "¬": ("¬", SUM),
}  # fmt: skip

#: The power of each text form.
POWERS = dict(OPERATORS.values())

#: Infix signs that also stand before an operand.
SIGNS = frozenset({"+", "-", "±", "∓", "¬"})

BIG = {
    "\\sum": "sum", "\\prod": "prod", "\\int": "int", "\\iint": "iint", "\\iiint": "iiint", "\\oint": "oint", "∑": "sum",
    "∏": "prod", "∫": "int", "∬": "iint", "∮": "oint", "\\bigcup": "bigcup", "\\bigcap": "bigcap", "⋃": "bigcup", "⋂": "bigcap",
    "\\coprod": "coprod", "\\bigoplus": "bigoplus", "\\bigotimes": "bigotimes", "\\bigodot": "bigodot", "\\bigwedge": "bigwedge",
    "\\bigvee": "bigvee", "\\bigsqcup": "bigsqcup", "\\biguplus": "biguplus", "\\lim": "lim", "\\limsup": "limsup",
    "\\liminf": "liminf", "\\varlimsup": "limsup", "\\varliminf": "liminf", "\\argmin": "argmin", "\\argmax": "argmax",
}  # fmt: skip

#: How many differentials close an integral.
INTEGRALS = {"int": 1, "oint": 1, "iint": 2, "iiint": 3}

#: These are large operators when something stands below them, names otherwise.
BIG_WITH_LIMITS = frozenset({"max", "min", "sup", "inf"})

#: The body of these reaches over plus and minus, as people write objectives.
OBJECTIVES = BIG_WITH_LIMITS | {"argmax", "argmin"}

#: Words in an upright font that are a large operator: ``\operatorname*{arg\,min}``.
BIG_WORDS = {"argmin": "argmin", "argmax": "argmax", "max": "max", "min": "min", "sup": "sup", "inf": "inf", "lim": "lim",
             "limsup": "limsup", "liminf": "liminf", "minimize": "min", "maximize": "max", "minimise": "min",
             "maximise": "max"}  # fmt: skip

NAMED_FUNCTIONS = frozenset(
    "arccos arcsin arctan arg cos cosh cot coth csc deg det dim exp gcd hom inf ker lg ln log max min Pr sec sin sinh sup tan "  # noqa: SIM905
    "tanh".split()
)

GREEK = frozenset(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa varkappa lambda mu nu xi omicron pi varpi rho "  # noqa: SIM905
    "varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi "
    "Omega".split()
)

SYMBOLS = {
    "\\partial": "partial", "\\nabla": "nabla", "\\infty": "infty", "\\ell": "ell", "\\emptyset": "emptyset",
    "\\varnothing": "emptyset", "\\top": "top", "\\intercal": "intercal", "\\dagger": "dagger", "\\dag": "dagger",
    "\\ddagger": "ddagger", "\\hbar": "hbar", "\\Re": "Re", "\\Im": "Im", "\\bot": "bot", "\\imath": "imath", "\\jmath": "jmath",
    "\\forall": "forall", "\\exists": "exists", "\\nexists": "nexists", "\\aleph": "aleph", "\\checkmark": "checkmark",
    "\\angle": "angle", "\\square": "square", "\\Box": "square", "\\blacksquare": "blacksquare", "\\prime": "prime", "\\R": "R",
    "\\degree": "degree", "\\wp": "wp", "\\flat": "flat", "\\sharp": "sharp", "\\natural": "natural", "\\eth": "eth",
    "\\therefore": "therefore", "\\because": "because", "\\colon": ":", "\\digamma": "digamma",
}  # fmt: skip

UNICODE_NAMES = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ϵ": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ϑ": "vartheta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "µ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho",
    "ς": "varsigma", "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "ϕ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
    "Γ": "Gamma", "Δ": "Delta", "∆": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Υ": "Upsilon",
    "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega", "ℓ": "ell", "∂": "partial", "∇": "nabla", "∞": "infty", "∅": "emptyset",
    "⊤": "top", "∀": "forall", "∃": "exists", "†": "dagger", "ℏ": "hbar", "°": "degree", "@": "@",
}  # fmt: skip

#: Raised and lowered characters, as the plain ones that they stand for.
RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿⁱᵀᵗᵏ", "0123456789+-niTtk", strict=True))
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋ₙᵢⱼₖₜₘ", "0123456789+-nijktm", strict=True))

ACCENTS = {
    "\\hat": "hat", "\\widehat": "hat", "\\tilde": "tilde", "\\widetilde": "tilde", "\\bar": "bar", "\\overline": "bar",
    "\\vec": "vec", "\\overrightarrow": "vec", "\\overleftarrow": "backvec", "\\dot": "dot", "\\ddot": "ddot",
    "\\check": "check", "\\widecheck": "check", "\\breve": "breve", "\\underline": "underline", "\\underbar": "underline",
    "\\acute": "acute", "\\grave": "grave", "\\mathring": "ring",
}  # fmt: skip

FONTS = {
    "\\mathbf": "bold", "\\boldsymbol": "bold", "\\bm": "bold", "\\pmb": "bold", "\\symbf": "bold", "\\bold": "bold",
    "\\mathbb": "blackboard", "\\Bbb": "blackboard", "\\mathds": "blackboard", "\\mathbbm": "blackboard",
    "\\mathcal": "calligraphic", "\\mathscr": "calligraphic", "\\cal": "calligraphic", "\\mathfrak": "fraktur",
    "\\mathsf": "sans", "\\mathtt": "typewriter", "\\mathit": "italic", "\\mathnormal": "italic", "\\mathrm": "roman",
    "\\operatorname": "roman", "\\operatorname*": "roman", "\\mathop": "roman", "\\mathord": "italic", "\\mathrel": "italic",
    "\\mathbin": "italic", "\\mathinner": "italic", "\\mathopen": "italic", "\\mathclose": "italic",
}  # fmt: skip

#: Switches that hold to the end of their group: ``{\bf x}``.
SWITCHES = {"\\bf": "bold", "\\bfseries": "bold", "\\rm": "roman", "\\sf": "sans", "\\tt": "typewriter", "\\it": "italic"}

#: Text whose content is a word or a phrase, with the font of a word.
TEXTS = {
    "\\text": "roman", "\\textrm": "roman", "\\textup": "roman", "\\textnormal": "roman", "\\mbox": "roman", "\\hbox": "roman",
    "\\textit": "roman", "\\emph": "roman", "\\textsc": "roman", "\\textbf": "bold", "\\textsf": "sans", "\\texttt": "typewriter",
    "\\intertext": "roman", "\\shortintertext": "roman",
}  # fmt: skip

#: Fonts in which several letters are one name; in the others each letter is a name.
WORD_FONTS = {"\\mathrm": "roman", "\\operatorname": "roman", "\\operatorname*": "roman", "\\mathop": "roman",
              "\\mathit": "italic", "\\mathsf": "sans", "\\mathtt": "typewriter"}  # fmt: skip

#: Words in an upright font that speak, and are not the name of a quantity.
SPEAKING = frozenset(
    "if for where and or otherwise with when as else then so thus hence is such subject over in of to by the a an are we "  # noqa: SIM905
    "let given since because whenever from let's on at s.t s.t. st. elsewhere using denotes".split()
)

OPENING = {
    "(": "(", "[": "[", "\\{": "{", "\\lbrace": "{", "\\langle": "⟨", "\\lfloor": "⌊", "\\lceil": "⌈", "\\lvert": "|",
    "\\lVert": "‖", "\\lbrack": "[", "⟨": "⟨", "⌊": "⌊", "⌈": "⌈", "\\lparen": "(", "\\lgroup": "(",
}  # fmt: skip
CLOSING = {
    ")": ")", "]": "]", "\\}": "}", "\\rbrace": "}", "\\rangle": "⟩", "\\rfloor": "⌋", "\\rceil": "⌉", "\\rvert": "|",
    "\\rVert": "‖", "\\rbrack": "]", "⟩": "⟩", "⌋": "⌋", "⌉": "⌉", "\\rparen": ")", "\\rgroup": ")",
}  # fmt: skip
BARS = {"|": "|", "\\vert": "|", "||": "‖", "\\|": "‖", "\\Vert": "‖", "‖": "‖", "∣": "|", "\\parallel": "‖", "∥": "‖"}

#: What may stand behind ``\left`` besides the above.
LOOSE_DELIMITERS = {".": ".", "<": "⟨", ">": "⟩", "/": "/", "\\backslash": "\\", "\\uparrow": "↑", "\\downarrow": "↓"}

SEPARATORS = {",": ",", ";": ";", ":": ":", "\\colon": ":", "::": "::", "\\mid": "|"}

ELLIPSES = frozenset(
    {"\\dots", "\\ldots", "\\cdots", "\\vdots", "\\ddots", "\\dotsc", "\\dotsb", "\\dotsm", "\\dotsi", "\\dotso", "\\hdots",
     "\\iddots", "\\adots", "...", "…", "⋯", "⋮", "⋱"}
)  # fmt: skip

GAPS = frozenset({"\\quad", "\\qquad"})

IGNORED = frozenset(
    {"\\,", "\\;", "\\:", "\\!", "\\ ", "\\>", "~", "\\displaystyle", "\\textstyle", "\\scriptstyle", "\\scriptscriptstyle", "\\limits",
     "\\nolimits", "\\displaylimits", "\\nonumber", "\\notag", "\\hfill", "\\hfil", "\\hline", "\\thinspace", "\\noindent",
     "\\allowbreak", "\\nobreak", "\\centering", "\\strut", "\\negthinspace", "\\medspace", "\\thickspace", "\\null", "\\par",
     "\\small", "\\large", "\\Large", "\\tiny", "\\footnotesize", "\\normalsize", "\\scriptsize", "\\mathstrut", "\\/", "\\enspace",
     "\\enskip", "\\relax", "\\qedhere", "\\protect", "\\left.\\right.", "\\toprule", "\\midrule", "\\bottomrule"}
)  # fmt: skip

#: Control words that are dropped together with their argument.
IGNORED_WITH_ARGUMENT = frozenset(
    {"\\label", "\\tag", "\\tag*", "\\hspace", "\\hspace*", "\\vspace", "\\phantom", "\\hphantom", "\\vphantom", "\\color", "\\cline",
     "\\cite", "\\ref", "\\eqref"}
)  # fmt: skip

MATRICES = {"pmatrix": "(", "bmatrix": "[", "matrix": "", "vmatrix": "|", "Vmatrix": "‖", "Bmatrix": "{", "smallmatrix": "",
            "array": ""}  # fmt: skip
CASES = frozenset({"cases", "dcases", "rcases", "drcases"})
ALIGNED = frozenset(
    {"align", "aligned", "alignat", "alignedat", "split", "gather", "gathered", "equation", "eqnarray", "multline", "multlined",
     "flalign", "subequations", "math", "displaymath", "subarray"}
)  # fmt: skip
#: Environments with an argument that says how their columns stand.
WITH_COLUMNS = frozenset({"array", "alignat", "alignedat", "subarray"})

FRACTIONS = frozenset({"\\frac", "\\dfrac", "\\tfrac", "\\cfrac", "\\nicefrac", "\\sfrac"})
BINOMIALS = frozenset({"\\binom", "\\dbinom", "\\tbinom"})
#: ``{a \over b}``: whether a bar is drawn.
SPLITTERS = {"\\over": True, "\\choose": False}
#: One argument with something drawn around it.
FRAMES = frozenset({"\\boxed", "\\fbox", "\\cancel", "\\bcancel", "\\xcancel", "\\framebox"})
BRACES = frozenset({"\\underbrace", "\\overbrace", "\\underbracket", "\\overbracket"})
#: One argument that is shown as it stands.
TRANSPARENT = frozenset({"\\smash", "\\ensuremath", "\\substack", "\\mathstrut", "\\hbox", "\\llap", "\\rlap", "\\mathclap"})
