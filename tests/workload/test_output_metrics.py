"""The output lines of a program: accepted metrics, and why a similar line is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.errors import ConfigError, TrialFailed
from morphogenetic_engine.workload.near_lines import reason_for_no_value
from morphogenetic_engine.workload.output_metrics import MetricLine, OutputReader, WantedMetrics, check_patterns

ACC = WantedMetrics(["acc"], ["val/acc", "test acc@5", "val acc"])


@pytest.mark.parametrize(
    ("line", "step", "metrics"),
    [
        ("val_acc=0.5", None, {"val_acc": 0.5}),
        ("a=1 b=2.5e-3, c=-1,d=+4\n", None, {"a": 1.0, "b": 0.0025, "c": -1.0, "d": 4.0}),
        ("epoch=3 val-acc=0.5", 3, {"val-acc": 0.5}),
        ("step=3 epoch=1 a=2", 3, {"epoch": 1.0, "a": 2.0}),
        ("step=3", 3, {}),
        ("2025-06-16T14:30:22.123+02:00 a=1", None, {"a": 1.0}),
        ("2025-06-16T14:30:22Z", None, {}),
        ("", None, {}),
        ("no metrics here", None, {}),
        ("a=1 words", None, {}),
        ("a=text", None, {}),
        ("a = 1", None, {}),
        ("a==1", None, {}),
        ("1a=1", None, {}),
        ("step=inf a=1", None, {"step": float("inf"), "a": 1.0}),
        ("a=inf", None, {"a": float("inf")}),
    ],
)
def test_a_metric_line_is_names_with_numbers_and_nothing_else(
    line: str, step: int | None, metrics: dict[str, float]
) -> None:
    assert OutputReader().read(line) == MetricLine(step, metrics)


@given(st.text() | st.text("ab=1e-., \n"))
def test_no_line_is_an_error(line: str) -> None:
    for wanted in (WantedMetrics(), WantedMetrics(["a"], ["b"])):
        try:
            found = OutputReader(wanted).read(line)
        except TrialFailed as error:
            assert "must be a whole number" in str(error)
            continue
        assert found.step is None or isinstance(found.step, int)
        assert all(isinstance(value, float) for value in found.metrics.values())


@pytest.mark.parametrize(
    ("line", "step", "metrics"),
    [
        ("acc: 0.5", None, {"acc": 0.5}),
        ("acc = 5e-1", None, {"acc": 0.5}),
        ("\x1b[32macc=0.5\x1b[0m", None, {"acc": 0.5}),
        ("INFO:root:acc=0.5", None, {"acc": 0.5}),
        ("2026-01-01 10:00:00,123 - INFO - acc: 0.4, test acc@5: 0.9", None, {"acc": 0.4, "test acc@5": 0.9}),
        ("[2026-01-01T10:00:00Z] acc=0.5", None, {"acc": 0.5}),
        ("Epoch 3: acc=0.5", 3, {"acc": 0.5}),
        ("Epoch 3/10 - loss: 0.5 - acc: 0.4 - val/acc: 0.3", 3, {"acc": 0.4, "val/acc": 0.3}),
        ("Epoch [3/10], Step [10/600], acc: 0.4", None, {"acc": 0.4}),
        ("epoch=1 acc=0.5 val/acc=0.25", 1, {"acc": 0.5, "val/acc": 0.25}),
        ("epoch=1 acc=0.5 optimizer=adam", 1, {"acc": 0.5}),
        ("100%|####| 5/5 [00:01<00:00, acc=0.5]", None, {"acc": 0.5}),
        ('{"acc": 0.5, "epoch": 3, "note": "x=1"}', 3, {"acc": 0.5}),
        ("{'acc': 0.5, 'loss': 1e-3, 'epoch': 0.33}", None, {"acc": 0.5, "loss": 0.001, "epoch": 0.33}),
        ("test acc@5=0.5", None, {"test acc@5": 0.5}),
        ("val acc: 0.5", None, {"val acc": 0.5}),
        ("final acc: 0.5", None, {}),
        ("acc: 0.93.", None, {"acc": 0.93}),
        ("acc: 0,5", None, {}),
        ("acc=0,5", None, {}),
        ("acc: 0.5, loss: 2", None, {"acc": 0.5}),
        ("50%\b\b\bacc=0.5\x00", None, {}),
        ("\b\b\bacc=0.5\x00", None, {"acc": 0.5}),
        ("acc=50%", None, {}),
        ("acc=0.5s", None, {}),
        ("acc: 12:30", None, {}),
        ("acc=0.5 acc=0.6", None, {}),
        ("acc=0.5 acc=0.5", None, {"acc": 0.5}),
        ("my_acc: 0.5", None, {}),
        ("lr=0.1 step=0.5", None, {"lr": 0.1, "step": 0.5}),
        ("loss: 0.5", None, {}),
    ],
)
def test_metrics_that_the_file_names_are_taken_where_they_are_unambiguous(
    line: str, step: int | None, metrics: dict[str, float]
) -> None:
    assert OutputReader(ACC).read(line) == MetricLine(step, metrics)


@pytest.mark.parametrize("line", ["epoch=0.33 acc=0.5", "step=1e20 acc=0.5", "step=nan acc=0.5"])
def test_a_report_of_a_step_that_is_no_whole_number_is_refused_in_words(line: str) -> None:
    with pytest.raises(
        TrialFailed, match=r"^(epoch|step)=\S+: the step of a report must be a whole number up to 2\^53"
    ):
        OutputReader(ACC).read(line)


def test_an_objective_may_be_called_step() -> None:
    reader = OutputReader(WantedMetrics(["step"]))
    assert reader.read("epoch=3 step=5 x=1") == MetricLine(3, {"step": 5.0, "x": 1.0})
    assert reader.read("Epoch 3: step: 0.5") == MetricLine(3, {"step": 0.5})


@given(
    name=st.from_regex(r"[A-Za-z_/.@][A-Za-z0-9_/.@ -]{0,8}[A-Za-z0-9]", fullmatch=True).filter(
        lambda name: name.casefold() not in ("step", "epoch")
    ),
    value=st.floats(allow_nan=False, allow_infinity=False),
    form=st.sampled_from(
        ["{}={}", "{}: {}", "{} = {}", "INFO:root:{}={}", "({}={})", "Epoch 2: {}: {}", "a | {}: {} | b"]
    ),
)
def test_a_named_metric_is_found_in_every_usual_form(name: str, value: float, form: str) -> None:
    assert OutputReader(WantedMetrics([name])).read(form.format(name, repr(value))).metrics == {name: value}


@pytest.mark.parametrize(
    ("patterns", "line", "step", "metrics"),
    [
        (
            [r"([\w|-]+)\s*=\s*([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)"],
            "x acc = 0.5, loss=2 y",
            None,
            {"acc": 0.5, "loss": 2.0},
        ),
        ([r"accuracy is (?P<acc>[\d.]+)%"], "the accuracy is 93.5%", None, {"acc": 93.5}),
        ([r"(?P<value>[\d.]+) (?P<name>\w+)"], "0.5 acc", None, {"acc": 0.5}),
        ([r"round (?P<step>\d+)", r"acc (?P<acc>\S+)"], "round 3: acc 0.5", 3, {"acc": 0.5}),
        ([r"acc (?P<acc>\S+)"], "acc=0.5", None, {}),
        ([r"acc (?P<acc>\S+)"], "acc none", None, {}),
    ],
)
def test_patterns_of_the_file_replace_the_rules(
    patterns: list[str], line: str, step: int | None, metrics: dict[str, float]
) -> None:
    check_patterns(patterns)
    assert OutputReader(ACC, patterns).read(line) == MetricLine(step, metrics)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(", "'(' is no regular expression: missing ), unterminated subpattern at position 0"),
        (r"acc=(\d+)", "must have two groups, the name and the value, or groups with the names of metrics"),
        (r"(?P<name>\w+)", r"must have both groups, (?P<name>...) and (?P<value>...)"),
    ],
)
def test_a_pattern_that_gives_no_metric_is_refused(pattern: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_patterns([pattern])
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("acc=50%", "'50%' is no plain number"),
        ("acc=tensor(0.5)", "'tensor(0.5)' is no plain number"),
        ("final acc: 0.5", "it may be another metric: name 'final acc' in the file, or print acc=0.5"),
        ("Acc=0.4", "it is called 'Acc' there, and upper and lower case differ"),
        ("acc 0.5", "no = or : follows acc"),
        ("val/acc=1", "that is the metric 'val/acc'"),
        ("acc=1 acc=2", "it has several values of acc, or other text around the number"),
    ],
)
def test_a_line_that_came_near_has_a_reason(line: str, reason: str) -> None:
    assert reason_for_no_value(line, "acc") == reason
    reader = OutputReader(WantedMetrics(["acc"]))
    assert "acc" not in reader.read(line).metrics
    assert reader.near_lines("acc") in ([(line, reason)], [])


@given(st.text(max_size=30), st.sampled_from(["a", "acc", "a b", "="]))
def test_any_line_has_a_reason(line: str, name: str) -> None:
    if name.casefold() in line.casefold():
        assert reason_for_no_value(line, name)


def test_a_pattern_that_finds_no_number_is_told() -> None:
    reader = OutputReader(WantedMetrics(["acc"]), [r"(\w+) is (\S+)"])
    assert reader.read("acc is 0,5").metrics == {} and reader.read("acc: 0.5").metrics == {}
    assert reader.near_lines("acc") == [
        ("acc is 0,5", "metrics_regex finds '0,5', which is not one number"),
        ("acc: 0.5", "metrics_regex finds no acc in it"),
    ]
