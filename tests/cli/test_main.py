import re
import signal
import subprocess
import sys
import warnings

import pytest

import ensemble_kd
from ensemble_kd.cli.commands import score
from ensemble_kd.cli.main import COMMANDS, build_parser, command_named
from ensemble_kd.errors import (
    BundleError,
    InputError,
    MissingDependencyError,
    NotDistillableError,
)


def test_main_tells_the_version(run):
    result = run("--version")
    assert result.code == 0
    assert result.out == f"ensemble-kd {ensemble_kd.__version__}\n"


def test_python_dash_m_is_the_command():
    result = subprocess.run(
        [sys.executable, "-m", "ensemble_kd", "--version"], capture_output=True, text=True
    )
    assert result.returncode == 0
    assert result.stdout == f"ensemble-kd {ensemble_kd.__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_with_an_example(run, command):
    result = run(command, "--help")
    assert result.code == 0
    assert f"\n  ensemble-kd {command} " in result.out
    assert command_named(command).DESCRIPTION.splitlines()[0] in result.out
    assert "None)" not in result.out


def test_help_names_every_command(run):
    result = run("--help")
    assert result.code == 0
    for command in COMMANDS:
        assert command_named(command).SUMMARY in result.out


def test_a_command_imports_no_other():
    script = (
        "import sys\n"
        "from ensemble_kd.cli.main import main\n"
        "assert main(['score', '--help']) == 0\n"
        "rooms = [name for name in sys.modules if name.startswith('ensemble_kd.cli.commands.')]\n"
        "assert rooms == ['ensemble_kd.cli.commands.score'], rooms\n"
        "assert not {'sklearn', 'torch', 'pandas', 'pyarrow', 'optuna'} & set(sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_help_of_distill_warns_of_foreign_files(run):
    assert "only open files you trust" in run("distill", "--help").out


def test_defaults_are_those_of_the_estimators():
    args = build_parser().parse_args(["distill", "t.csv", "--target", "y"])
    defaults = ensemble_kd.DistilledClassifier().get_params(deep=False)
    for name in ("student", "synthesizer", "n_synthetic", "alpha", "cv", "n_jobs"):
        assert getattr(args, name) == defaults[name], name
    assert args.seed == defaults["random_state"]
    assert "(default: 1.0)" in _help_of(build_parser(), "distill")
    assert defaults["temperature"] == 1.0


def _help_of(parser, command):
    return parser._subparsers._group_actions[0].choices[command].format_help()


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["destill"],
        ["distill", "t.csv"],
        ["distill", "t.csv", "--target", "y", "--n-synthetic", "3.5"],
        ["distill", "t.csv", "--target", "y", "--alpha", "2"],
        ["distill", "t.csv", "--target", "y", "--test-size", "1"],
        ["distill", "t.csv", "--target", "y", "--cv", "one"],
        ["distill", "t.csv", "--target", "y", "--temperature", "0"],
        ["score", "m.ekd", "t.csv", "--proba", "--labels"],
        ["score", "m.ekd", "t.csv", "--chunk-rows", "0"],
        ["score", "m.ekd", "t.csv", "--js"],
        ["bench", "--n-jobs", "0"],
    ],
)
def test_wrong_usage_is_one_line_and_code_2(run, argv):
    result = run(*argv)
    assert result.code == 2
    assert result.out == ""
    assert re.fullmatch(r"error: .+\n", result.err)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RuntimeError("boom"), 1),
        (OSError(28, "No space left on device"), 1),
        (MissingDependencyError("pyarrow must be installed"), 1),
        (InputError("rule,\nvalue"), 2),
        (NotDistillableError("no probabilities"), 2),
        (BundleError("altered"), 3),
        (KeyboardInterrupt(), 130),
    ],
)
def test_errors_have_one_line_and_a_code(run, monkeypatch, error, code):
    def fail(args):
        raise error

    monkeypatch.setattr(score, "run", fail)
    result = run("score", "m.ekd", "t.csv")
    assert result.code == code
    assert result.out == ""
    assert re.fullmatch(r"error: .+\n", result.err)
    shown = run("score", "m.ekd", "t.csv", "--traceback")
    assert shown.code == code
    assert shown.err.startswith("Traceback")
    assert shown.err.splitlines()[-1].startswith("error: ")


def test_a_warning_is_shown_once(run, monkeypatch):
    def warn(args):
        warnings.simplefilter("always")
        for i in range(6):
            warnings.warn(f"odd {i % 2}\nrow", stacklevel=1)
        return 0

    monkeypatch.setattr(score, "run", warn)
    assert run("score", "m.ekd", "t.csv").err == "warning: odd 0 row\nwarning: odd 1 row\n"


def test_reader_of_stdout_may_leave(room):
    script = (
        "import sys; from ensemble_kd.cli.main import main;"
        f"sys.exit(main(['score', {room.classifier.model!r}, {room.csv!r}, '--chunk-rows', '5']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.close()
        err = process.stderr.read()
    assert process.returncode == 1
    assert "Traceback" not in err
    assert "Exception" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_interrupt_has_code_130(room, tmp_path):
    script = (
        "import sys, signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from ensemble_kd.cli.commands import score\n"
        "from ensemble_kd.cli.main import main\n"
        "def wait(*args):\n"
        "    print('ready', file=sys.stderr, flush=True)\n"
        "    sys.stdin.read()\n"
        "score.predictions = wait\n"
        f"sys.exit(main(['score', {room.classifier.model!r}, {room.csv!r}, '--out', 'p.csv']))"
    )
    pipes = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, **pipes) as process:
        assert process.stderr.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "error: interrupted.\n"
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []
