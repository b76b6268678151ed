"""The one part of the build that is not in pyproject.toml: the scoring core in C.

It is optional: where there is no compiler the installation goes on without it, and numpy serves.
"""

import sys
from glob import glob

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "ensemble_kd._core",
            ["ensemble_kd/runtime/core/module.c"],
            depends=sorted(glob("ensemble_kd/runtime/core/*.h")),
            extra_compile_args=[] if sys.platform == "win32" else ["-O3", "-std=gnu11"],
            extra_link_args=[] if sys.platform == "win32" else ["-pthread"],
            py_limited_api=True,
            optional=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
