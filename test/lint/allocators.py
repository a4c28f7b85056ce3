# SPDX-License-Identifier: Apache-2.0
"""src/ calls no allocator; it neither prints nor exits either."""

import re

from sources import files, text, without_strings

CALLS = ("malloc|calloc|realloc|reallocarray|free|strdup|strndup|alloca|"
         "aligned_alloc|posix_memalign|asprintf|printf|fprintf|puts|exit|"
         "abort|sleep|usleep|nanosleep")
# crypto/ and session/ free what wolfSSL gives them, through its own names.


def check(root, build=None):
    findings = []
    call = re.compile(r"(?<![\w.>])(" + CALLS + r")\s*\(")
    for path in files(root, "src"):
        code = without_strings(text(root, path))
        for match in call.finditer(code):
            line = code.count("\n", 0, match.start()) + 1
            findings.append(f"{path}:{line}: src/ must not call "
                            f"{match.group(1)}()")
    return findings


GOOD = [
    {"src/a/a.c": '/* malloc( */ int a; const char *t = "free(";\n'},
    {"src/a/a.c": "void pawl_wolfssl_free(void *p);\nport->free(p);\n"},
]
BAD = [
    ({"src/a/a.c": "void *p = malloc(3);\n"}, "malloc()"),
    ({"src/a/a.h": "static inline void f(void *p)\n{\n    free (p);\n}\n"},
     "a.h:3: src/ must not call free()"),
]
