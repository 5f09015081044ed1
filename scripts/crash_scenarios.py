"""What scripts/crash-test runs and kills. A new one is one entry of ALL."""
import dataclasses
import typing

RUN = ["run", "study.toml", "--jobs", "1", "--quiet", "--results", "results"]

CELLS = """
[study]
name = "cells"
seeds = 2
[stage.a]
use = "noop"
[sweep]
"a.value" = [1, 2, 3]
"""

FAILING = """
[study]
name = "failing"
[stage.a]
use = "fail"
message = "no luck"
[sweep]
"a.fail" = [true, false]
"""

MANY = """
[study]
name = "many"
[stage.a]
use = "noop"
[sweep]
"a.value" = [%s]
"""
SEGMENTS = 64  # so many small ones are packed

TRAINING = """
[study]
name = "training"
seeds = 2
isolation = "%s"
checkpoint_seconds = %s
[stage.data]
use = "load"
dataset = "digits"
[stage.base]
use = "train"
data = "data"
model = { use = "mlp", hidden = [4] }
steps = %d
batch = 8
[stage.eval]
use = "evaluate"
model = "base"
data = "data"
metrics = ["nll"]
"""


def nothing(place):
    """The folder is empty before."""


def fully(*more):
    """The command has run before, with more arguments."""
    def prepare(place):
        code, _, err = place.assay([*place.scenario.command, *more])
        assert code in (0, 1), err
    return prepare


def many_segments(place):
    for n in range(1, SEGMENTS):
        values = ",".join(str(v) for v in range(n))
        code, _, err = place.assay([*RUN, "--set", f'sweep."a.value"=[{values}]'])
        assert code == 0, err


def without_table(place):
    fully()(place)
    place.study_file().unlink()


def damaged(place):
    """One byte of each segment and each checkpoint is another one."""
    fully()(place)
    for part in ("segments", "artifacts"):
        for file in sorted(place.study_file().parent.joinpath(part).glob("*.h5")):
            content = bytearray(file.read_bytes())
            content[len(content) // 2] ^= 1
            file.write_bytes(content)


def cut_off(place):
    """The training was killed while it left its states, the last of which is damaged then."""
    trace = place.folder / "trace"
    place.copy("counted").crash(0, trace=trace)
    states = [int(line.split()[0]) for line in trace.read_text().splitlines() if " rename /training/midway/" in line]
    place.crash(states[len(states) // 4] + 2)
    newest = sorted((place.folder / "results/training/midway").glob("*.h5"))[-1]
    newest.write_bytes(newest.read_bytes()[:-1])


@dataclasses.dataclass
class Scenario:
    name: str
    what: str
    study: str
    prepare: typing.Callable = nothing
    command: typing.Sequence = tuple(RUN)
    reading: typing.Sequence = ("--results", "results")  # arguments of `assay export STUDY`
    environment: dict = dataclasses.field(default_factory=dict)
    alone: bool = False  # the process that comes to the point dies alone: a worker, or its parent
    longest: float = 1.0  # seconds before a kill at random, at most
    most_kills: int = 12  # of one study


ALL = [
    Scenario("commit", "cells into an empty folder", CELLS),
    Scenario("more", "more cells beside stored ones", CELLS, fully("--set", "study.seeds=1")),
    Scenario("plain", "a file system without RENAME_NOREPLACE", CELLS, environment={"ASSAY_CRASH_PLAIN": "1"}),
    Scenario("failing", "a failed cell, and the log", FAILING),
    Scenario("table", "study.h5 alone is missing", CELLS, without_table),
    Scenario("pack", "many small segments become one", MANY % ",".join(str(v) for v in range(SEGMENTS)), many_segments),
    Scenario("checkpoint", "trained models", TRAINING % ("thread", 60, 5)),
    Scenario("onward", "new metrics from stored models", TRAINING % ("thread", 60, 5), fully("--set", 'eval.metrics=["accuracy"]')),
    Scenario("damaged", "segments and models that went bad are set aside", TRAINING % ("thread", 60, 5), damaged),
    Scenario("midway", "a training that leaves its state at every step", TRAINING % ("thread", 0, 6)),
    Scenario("resume", "going on from a state, the newest of which is damaged", TRAINING % ("thread", 0, 6), cut_off),
    Scenario("process", "worker processes and their scratch folder", TRAINING % ("process", 0, 2)),
    Scenario("worker", "the same, one process dies alone", TRAINING % ("process", 0, 2), alone=True),
    Scenario("workers", "new metrics from stored models by worker processes", TRAINING % ("process", 60, 5),
             fully("--set", 'eval.metrics=["accuracy"]')),
]

MIXED = """
[study]
name = "mixed"
isolation = "%s"
checkpoint_seconds = 0.05
[stage.data]
use = "load"
dataset = "digits"
[stage.base]
use = "train"
data = "data"
model = { use = "mlp", hidden = [32] }
[stage.eval]
use = "evaluate"
model = "base"
data = "data"
metrics = ["nll"]
[stage.wait]
use = "sleep"
[stage.luck]
use = "fail"
message = "no luck"
fail = false
[sweep]
"base.steps" = [2, 400, 4000]
"wait.seconds" = [0, 0.3]
"luck.fail" = [false, true]
"""
TWO_JOBS = tuple("2" if argument == "1" else argument for argument in RUN)

KILLED = [Scenario(isolation, "short, long and failing cells", MIXED % isolation, command=TWO_JOBS, longest=0.8)
          for isolation in ("thread", "process")]
