"""What is not in pyproject.toml: the build of the scoring core in C, and the name of its wheel.

The core is optional: where there is no compiler the build goes on without it and says so, numpy
serves, and the wheel is one for every machine, not one that pretends to hold the core.
"""

import sys
from glob import glob
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

WITHOUT_CORE = """
***********************************************************************************************
ensemble_kd is built WITHOUT its core in C: numpy scores in its place, with the same answers,
but a row takes some 70 times as long and a batch some 20 times. For the core, install a C
compiler and the headers of Python (such as gcc and python3-dev), and build again.
The reason: {reason}
***********************************************************************************************
"""


class BuildCore(build_ext):
    """Build the core, or tell that there is none."""

    def build_extension(self, ext):
        """Leave no core of an earlier build where this one fails."""
        try:
            super().build_extension(ext)
        except Exception as error:
            Path(self.get_ext_fullpath(ext.name)).unlink(missing_ok=True)
            self.distribution.lacks_core = True
            print(WITHOUT_CORE.format(reason=error), file=sys.stderr)
            raise  # what is optional is passed over


class NamedByContent(bdist_wheel):
    """Name a wheel without the core as what it is: one of Python alone."""

    def get_tag(self):
        """Return the tags of a pure wheel where nothing was compiled."""
        self.root_is_pure = self.root_is_pure or getattr(self.distribution, "lacks_core", False)
        return super().get_tag()


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
    cmdclass={"build_ext": BuildCore, "bdist_wheel": NamedByContent},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
