"""Packaging of alen_tf; tools are configured in pyproject.toml."""

import pathlib
import re

import setuptools

ROOT = pathlib.Path(__file__).parent
COMMANDS = ("train", "evaluate", "predict", "export", "shards")
VERSION = re.search(r'__version__ = "(.+)"', (ROOT / "alen_tf/__init__.py").read_text())[1]

# Of the repository, once it has one: the README's pictures and links then lead there.
URL = None


def long_description():
    """The README as it is shown away from the repository, where relative links lead nowhere."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    relative = r"\]\((?!https?:|#)([^)]+)\)"
    if URL:
        return re.sub(relative, rf"]({URL}/raw/main/\1)", text)
    text = re.sub(r"^!\[[^\]]*" + relative + r"\n+", "", text, flags=re.MULTILINE)  # pictures
    return re.sub(r"\[([^\]]+)" + relative, r"\1", text)


setuptools.setup(
    name="alen_tf",
    version=VERSION,
    description="Structured prediction with adversarial localized energy networks in TensorFlow.",
    long_description=long_description(),
    long_description_content_type="text/markdown",
    author="The alen_tf authors",
    license="Apache-2.0",
    license_files=["LICENSE"],
    **({"url": URL} if URL else {}),
    keywords=["structured prediction", "energy networks", "multi-label", "segmentation", "Keras"],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Science/Research",
        "Operating System :: MacOS",
        "Operating System :: POSIX :: Linux",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 14)),
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
    python_requires=">=3.10,<3.14",
    entry_points={"console_scripts": [f"alen-{name} = alen_tf.{name}:run" for name in COMMANDS]},
    packages=[*setuptools.find_packages(include=["alen_tf", "alen_tf.*"]), "alen_tf.gin"],
    # The gin files stand at the top of the clone; an installed package carries them inside.
    package_dir={"alen_tf.gin": "gin"},
    package_data={"alen_tf": ["py.typed"], "alen_tf.gin": ["**/*.gin"]},
    install_requires=[
        "absl-py>=2.1,<3",
        "gin-config>=0.5,<0.6",
        "importlib_resources>=6,<8",  # tensorflow-datasets imports it undeclared
        "iterative-stratification>=0.1.9,<0.2",
        "keras>=3.12,<4",
        "liac-arff>=2.5,<3",
        "matplotlib>=3.9,<4",
        "numpy>=2,<3",
        "pandas>=2.2.2,<4",
        "pillow>=10,<13",
        "scikit-learn>=1.6,<2",
        "scipy>=1.14,<2",
        "tensorboard>=2.20,<3",  # TensorFlow no longer brings it
        "tensorflow>=2.20,<3",
        "tensorflow-datasets>=4.9.9,<5",
    ],
    extras_require={
        # The rivals of experiments/benchmark.
        "benchmark": ["jax>=0.6,<1", "torch>=2.5,<3"],
        # Sphinx of a version that constraints.txt allows needs Python 3.11.
        "docs": [
            'furo>=2025.7,<2027; python_version >= "3.11"',
            'myst-nb>=1.3,<2; python_version >= "3.11"',
            'sphinx>=8.2,<10; python_version >= "3.11"',
        ],
        "excel": ["openpyxl>=3.1,<4"],
        "gpu": ["tensorflow[and-cuda]>=2.20,<3"],
        # Superpixels for LFW part labels, where there are no official ones.
        "images": ["scikit-image>=0.25,<1"],
        "parquet": ["pyarrow>=18,<27"],
        "sweep": ["optuna>=4,<6"],
        "test": [
            "dill>=0.3.9,<1",
            "hypothesis>=6,<7",
            "import-linter>=2,<3",
            "openpyxl>=3.1,<4",
            "optuna>=4,<6",
            "packaging>=24,<27",
            "pytest>=8,<10",
            "pytest-xdist>=3.6,<4",
            "ruff>=0.12,<1",
            "scikit-image>=0.25,<1",
        ],
    },
)
