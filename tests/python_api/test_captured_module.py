"""Functions of scripts as modules: the captured source, and the refusals with advice."""

from __future__ import annotations

import runpy
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morphogenetic_engine.errors import WorkloadError
from morphogenetic_engine.python_api.captured_module import literal
from morphogenetic_engine.python_api.used_names import used_names
from morphogenetic_engine.python_api.workload_of import workload_of
from morphogenetic_engine.workload.loading import load_workload

Script = Callable[[str], Mapping[str, object]]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Runs a text as a script and returns its globals."""

    def run(text: str) -> Mapping[str, object]:
        path = tmp_path / f"script_{len(list(tmp_path.iterdir()))}.py"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return runpy.run_path(str(path), run_name="__main__")

    return run


def source_of(function: object) -> str:
    written = workload_of(function)
    assert written["workload"] == "sweep_source:train"
    return str(written["workload_source"])


def result_of(function: object, params: Mapping[str, object] | None = None) -> object:
    """Runs the captured module's function, as a worker would."""
    return load_workload("sweep_source:train", source_of(function))(params or {}, None)  # type: ignore[arg-type]


def refusal(function: object) -> str:
    with pytest.raises(WorkloadError) as refused:
        workload_of(function)
    return str(refused.value)


def test_imports_constants_helpers_and_classes_come_along(script: Script) -> None:
    known = script("""
        import math
        import xml.etree.ElementTree
        from collections import Counter as Tally
        from dataclasses import dataclass

        double = lambda value: 2 * value
        FACTOR, NAMES = 3, {"a": [1, 2.5, None], "b": (True,)}
        UNUSED = object()

        @dataclass
        class Model:
            rate: float = 0.5

            def score(self):
                return self.rate * FACTOR

        def helper(value):
            return Model(value).score() + len(NAMES) + Tally("aab")["a"]

        def train(params, trial):
            xml.etree.ElementTree.fromstring("<a/>")
            return {"val_acc": helper(double(1.0)) + math.floor(1.5)}
        """)
    assert result_of(known["train"]) == {"val_acc": 2.0 * 3 + 2 + 2 + 1}
    assert "UNUSED" not in source_of(known["train"])


def test_a_value_that_is_no_literal_is_made_again_by_its_assignment(script: Script) -> None:
    known = script("""
        import random

        rng = random.Random(7)
        first, second = [rng.Random for rng in (random,)], random.Random(3)

        def train(params, trial):
            return {"val_acc": second.random()}
        """)
    import random  # pylint: disable=import-outside-toplevel

    assert result_of(known["train"]) == {"val_acc": random.Random(3).random()}


def test_the_value_at_the_time_of_the_call_counts_for_plain_data(script: Script) -> None:
    known = script("""
        sizes = [1]
        sizes.append(2)

        def train(params, trial):
            return {"val_acc": sum(sizes)}
        """)
    assert result_of(known["train"]) == {"val_acc": 3}


def test_functions_that_call_each_other_are_written_once(script: Script) -> None:
    known = script("""
        def even(n):
            return True if n == 0 else odd(n - 1)

        def odd(n):
            return False if n == 0 else even(n - 1)

        def train(params, trial):
            return {"val_acc": float(even(10))}
        """)
    assert result_of(known["train"]) == {"val_acc": 1.0}
    assert source_of(known["train"]).count("def even") == 1


def test_decorators_defaults_and_inner_functions_come_along(script: Script) -> None:
    known = script('''
        import functools

        RATE = 4.0

        def twice(function):
            @functools.wraps(function)
            def wrapped(*args):
                return {name: 2 * value for name, value in function(*args).items()}
            return wrapped

        @twice
        def train(params, trial, rate=RATE):
            text = """
        not indented"""
            def inner():
                return rate + len(text.splitlines())
            return {"val_acc": inner()}
        ''')
    assert result_of(known["train"]) == {"val_acc": 12.0}


def test_a_function_inside_a_function_is_captured_where_it_uses_nothing_of_it(script: Script) -> None:
    known = script("""
        def make():
            def train(params, trial):
                return {"val_acc": 1.0}
            return train

        train = make()
        """)
    assert result_of(known["train"]) == {"val_acc": 1.0}


def test_annotations_that_only_type_checkers_see_are_no_obstacle(script: Script) -> None:
    known = script("""
        from __future__ import annotations
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            from nowhere import Params

        def train(params: Params, trial: object) -> dict[str, float]:
            found: Missing = 1.0
            return {"val_acc": found}
        """)
    assert result_of(known["train"]) == {"val_acc": 1.0}


def test_the_same_function_gives_the_same_source(script: Script) -> None:
    text = """
        import math, os
        NAMES = {"b", "a", "c"}
        def train(params, trial):
            return {"val_acc": math.pi + len(NAMES) + len(os.sep)}
        """
    assert source_of(script(text)["train"]) == source_of(script(text)["train"])


def test_a_function_of_an_importable_module_is_used_by_its_name() -> None:
    from morphogenetic_engine.engine.training import train  # pylint: disable=import-outside-toplevel

    assert workload_of(train) == {"workload": "morphogenetic_engine.engine.training:train"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("train = lambda params, trial: {}", "a lambda cannot be written down; write it as a function with def"),
        (
            """
            def make(data):
                def train(params, trial):
                    return {"val_acc": data}
                return train
            train = make(3)
            """,
            "train uses data of the function around it; give data as a parameter (experiment={...}), or define both",
        ),
        (
            """
            class Trainer:
                def fit(self, params, trial):
                    return {}
            train = Trainer().fit
            """,
            "Trainer.fit is a method of an object; write a function train(params, trial) with def",
        ),
        (
            """
            class Trainer:
                def __call__(self, params, trial):
                    return {}
            train = Trainer()
            """,
            "a callable Trainer cannot be written down; write a function",
        ),
        (
            """
            import functools
            def fit(params, trial, rate):
                return {}
            train = functools.partial(fit, rate=2)
            """,
            "a partial function cannot be written down; write a function",
        ),
        (
            """
            def train(lr, layers, width):
                return {}
            """,
            "train(lr, layers, width) cannot be called as train(params, trial); take the two",
        ),
        (
            """
            def train(params, trial):
                return {"val_acc": missing}
            """,
            "missing is not defined; define it at the level of the module, before the sweep",
        ),
        (
            """
            import threading
            lock = threading.Lock()
            lock = (lock,)
            def train(params, trial):
                return {"val_acc": lock}
            """,
            "lock is a tuple, which cannot be written down; make it inside train, in a module, or in one assignment",
        ),
        (
            """
            model = type("Model", (), {})()
            model.rate = 3
            def train(params, trial):
                return {"val_acc": model.rate}
            """,
            "model is a Model, which cannot be written down",
        ),
        ("async def train(params, trial): return {}", "train is async; write a plain function"),
        (
            """
            def train(params, trial):
                yield 1
            """,
            "train is a generator; write a plain function that returns its metrics",
        ),
        ("train = 7", "a workload must be a function, module:function, a sweep file or a command, but got 7"),
    ],
)
def test_what_cannot_be_written_down_is_refused_with_advice(script: Script, body: str, message: str) -> None:
    said = refusal(script(body)["train"])
    assert said.startswith("sweep(): ")
    assert message in said


def test_a_function_without_source_is_refused() -> None:
    known: dict[str, object] = {"__name__": "__main__"}
    exec("def train(params, trial): return {}", known)  # pylint: disable=exec-used  # as an old interactive session
    assert "the source of train is not to be had; write it to a file or a notebook" in refusal(known["train"])


data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(data)
def test_a_literal_gives_an_equal_value_of_the_same_type(value: object) -> None:
    written = literal(value)
    assert written is not None
    again = eval(written)  # pylint: disable=eval-used  # of our own text
    assert again == value and type(again) is type(value)


def test_objects_have_no_literal() -> None:
    assert literal(object()) is None and literal([1, object()]) is None and literal({"a": object()}) is None


def test_used_names_are_those_of_the_module_alone() -> None:
    found = used_names("def f(x: T, y=D):\n    z = x\n    global g\n    g = [k for k in w]\n    return z + h(y)\n")
    assert found.needed == ("D", "h", "w")
    assert found.annotations == ("T",)
