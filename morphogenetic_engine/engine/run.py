"""One run of the engine, epoch by epoch: warm-up of the whole network, then adaptation by germinated seeds."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, astuple, dataclass

import torch
from torch import Tensor
from torch.nn import functional

from morphogenetic_engine.engine.checkpoints.checkpoint import Identity, RunState
from morphogenetic_engine.engine.data.dataset import Dataset, shuffled_batches
from morphogenetic_engine.engine.evaluation import block_variances, drifts, score
from morphogenetic_engine.engine.network.germination import GerminationController, weakest
from morphogenetic_engine.engine.network.growth import Growth
from morphogenetic_engine.engine.network.network import Network, Shape
from morphogenetic_engine.engine.network.optimiser import Adam
from morphogenetic_engine.engine.randomness import Stream, torch_generator
from morphogenetic_engine.engine.settings import TrainingSettings

CHANGEABLE = frozenset({"lr", "shadow_lr"})
"""The settings that may change where a run goes on from the checkpoint of another one."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reading:
    """The measurements of the network after one epoch."""

    train_loss: float
    val_loss: float
    val_acc: float


class Run:
    """The state of a training run, and the two kinds of epoch that change it."""

    def __init__(self, settings: TrainingSettings, seed: int, data: Dataset) -> None:
        self.settings = settings
        self.seed = seed
        self.data = data
        self.network = make_network(settings, seed, data)
        self.optimiser = Adam(self.network.parameters(), lr=settings.lr, fused=True)
        self.growth = Growth(self.network, settings, seed)
        self.controller = GerminationController(settings.patience, settings.delta, settings.acc_threshold)
        self.order = torch_generator(seed, Stream.ORDER)
        self.epoch = 0
        self.reading: Reading | None = None
        self.val_acc: list[float] = []
        self.germinations: list[int] = []

    @property
    def latest(self) -> Reading:
        """The measurements of the last epoch.

        Raises:
            ValueError: no epoch has been trained yet.
        """
        if self.reading is None:
            raise ValueError("a run has no measurements before its first epoch")
        return self.reading

    def next_epoch(self) -> None:
        """Trains one epoch of the warm-up or of the adaptation."""
        self.finish_epoch(self._warm_up() if self.epoch < self.settings.warm_up_epochs else self._adapt())

    def finish_epoch(self, reading: Reading) -> None:
        """Records the measurements of an epoch that has been trained."""
        self.reading = reading
        self.val_acc.append(reading.val_acc)
        self.epoch += 1

    def _warm_up(self) -> Reading:
        total = warm_up_epoch(self.network, self.optimiser, self._batches())
        return Reading(*self._scores(total / len(self.data.train)).tolist())

    def _adapt(self) -> Reading:
        self.network.freeze_trunk()
        return self._after_growth(self._train_seeds())

    def _after_growth(self, measured: Reading | None, fetch: Callable[[], None] | None = None) -> Reading:
        """Returns the measurements of an epoch of the adaptation, and germinates a seed if one is due."""
        # The measurements stay valid if the epoch did not change the network.
        reading = measured or self.reading or self._read_untrained()
        if self.controller.is_due(reading.val_loss, reading.val_acc):
            if fetch is not None:
                fetch()
            self._germinate()
        return reading

    def finish_growing(
        self,
        measured: Reading | None,
        *,
        progress: Sequence[float],
        drift: Sequence[float],
        fetch: Callable[[], None],
    ) -> None:
        """Records an epoch in which the germinated seeds were trained elsewhere; `fetch` brings their weights here.

        See `Growth.note` for the measurements.
        """
        self.network.freeze_trunk()
        self.growth.note(progress=progress, drift=drift)
        self.finish_epoch(self._after_growth(measured, fetch))

    def _train_seeds(self) -> Reading | None:
        """Trains the germinated seeds; returns None if the network's output did not change."""
        trained, landed = len(self.growth.training()), len(self.growth.landed())
        if not trained and not landed:
            return None
        total, progress = self.growth.train(self._batches())
        parts = [progress]
        if landed:
            parts += [drifts(self.network, self.data.validation), self._scores(total / len(self.data.train))]
        numbers: list[float] = torch.cat(parts).tolist()
        self.growth.note(progress=numbers[:trained], drift=numbers[trained : trained + landed])
        return Reading(*numbers[trained + landed :]) if landed else None

    def _read_untrained(self) -> Reading:
        train_loss = score(self.network, self.data.train)[0]
        return Reading(*self._scores(train_loss).tolist())

    def _scores(self, train_loss: Tensor) -> Tensor:
        """Returns the numbers of a `Reading` on the device, so that each epoch synchronises only once."""
        return torch.cat((train_loss[None], score(self.network, self.data.validation)))

    def _germinate(self) -> None:
        position = weakest(self.network.seeds, block_variances(self.network, self.data.validation))
        if position is None:
            return
        self.growth.germinate(position)
        self.germinations.append(self.epoch)
        self.controller.restart()
        _log.info("epoch %d: seed %d germinates in block %d", self.epoch, position, self.network.seeds[position].block)

    def _batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        return shuffled_batches(self.data.train, self.settings.batch_size, self.order)

    @property
    def identity(self) -> Identity:
        """The identity of the run; only a checkpoint with the same identity is resumed."""
        indifferent = ("save_model", "checkpoint_every")
        told = {name: value for name, value in asdict(self.settings).items() if name not in indifferent}
        return {**told, "run_seed": self.seed, "device": self.network.device.type}

    def state(self, elapsed: float) -> RunState:
        """Returns the state for `restore`; `elapsed` is the run's training time so far in seconds.

        Raises:
            ValueError: no epoch has been trained yet.
        """
        return RunState(
            epoch=self.epoch,
            elapsed=elapsed,
            network=self.network.state_dict(),
            optimiser=self.optimiser.state_dict(),
            growth=self.growth.state(),
            controller=self.controller.state(),
            order=self.order.get_state(),
            reading=astuple(self.latest),
            val_acc=self.val_acc,
            germinations=self.germinations,
        )

    def restore(self, state: RunState) -> None:
        """Restores the state of another run; training then continues bit for bit as that run would have."""
        self.growth.restore(state["growth"])
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.lr  # it may differ from that of the run which saved the state
        self.controller.restore(state["controller"])
        self.order.set_state(state["order"])
        self.epoch = state["epoch"]
        self.reading = Reading(*state["reading"])
        self.val_acc = state["val_acc"]
        self.germinations = state["germinations"]


def make_network(settings: TrainingSettings, seed: int, data: Dataset) -> Network:
    """Builds the untrained network for this data set; the seed determines its weights."""
    shape = Shape(
        features=data.features,
        classes=data.classes,
        hidden_dim=settings.hidden_dim,
        num_layers=settings.num_layers,
        seeds_per_layer=settings.seeds_per_layer,
        blend_steps=settings.blend_steps,
    )
    return Network(shape, torch_generator(seed, Stream.WEIGHTS), data.train.x_NF.device)


def warm_up_epoch(network: Network, optimiser: Adam, batches: Iterable[tuple[Tensor, Tensor]]) -> Tensor:
    """Trains the whole network for one epoch; returns the loss summed over the samples, on the device."""
    total = torch.zeros((), dtype=torch.float64, device=network.device)
    for x_BF, y_B in batches:
        optimiser.zero_grad()
        loss = functional.cross_entropy(network(x_BF), y_B)
        torch.autograd.backward(loss)
        optimiser.step()
        total.add_(loss.detach(), alpha=len(y_B))
    return total
