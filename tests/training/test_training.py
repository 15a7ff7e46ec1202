"""The training loop against a loop written out by hand, against other libraries, and against planted truth."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from sklearn.utils.class_weight import compute_class_weight
from torch.nn.functional import cross_entropy, mse_loss

from mer_repro import training
from mer_repro.errors import ParameterError
from mer_repro.training import (
    Examples,
    StoppingRule,
    TrainingConfig,
    TrainingDiverged,
    class_weights,
    evaluate,
    fit,
    fit_each,
    init_seed,
    levelled_off,
    oversample,
    pad,
    predict,
    seed_everything,
    usable_precision,
)

TRUE_WEIGHTS = torch.tensor([[1.0, -2.0, 0.5]])


def linear_data(n, seed=0, noise=0.0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 3, generator=generator)
    return Examples((x,), x @ TRUE_WEIGHTS.T + noise * torch.randn(n, 1, generator=generator))


def small_network(seed=0):
    seed_everything(seed)
    return torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Dropout(0.2), torch.nn.ReLU(), torch.nn.Linear(8, 1))


def weights_of(network):
    return torch.cat([weight.detach().flatten() for weight in network.parameters()])


@pytest.mark.parametrize("clip", [None, 0.5])
def test_it_is_the_loop_one_would_write_by_hand(clip):
    data = linear_data(50)
    config = TrainingConfig(epochs=3, batch_size=16, learning_rate=0.01, weight_decay=0.1, clip_norm=clip)
    network = small_network()
    curves = fit(network, data, None, config, mse_loss, seed=7).curves

    by_hand = small_network()
    seed_everything(7)
    order = torch.Generator().manual_seed(7)
    optimizer = torch.optim.Adam(by_hand.parameters(), 0.01, weight_decay=0.1)
    losses = []
    for _ in range(3):
        total = 0.0
        for indices in torch.randperm(50, generator=order).split(16):
            loss = mse_loss(by_hand(data.inputs[0][indices]), data.target[indices])
            optimizer.zero_grad()
            loss.backward()
            if clip:
                torch.nn.utils.clip_grad_norm_(by_hand.parameters(), clip)
            optimizer.step()
            total += loss.item() * len(indices)
        losses.append(total / 50)
    assert weights_of(network) == pytest.approx(weights_of(by_hand), abs=1e-5)
    assert curves["train_loss"] == pytest.approx(losses, abs=1e-5)


def test_a_network_over_images_learns_what_plain_pytorch_does():
    seed_everything(0)
    images, target = torch.randn(24, 1, 8, 8), torch.randn(24, 1)

    def network():
        seed_everything(1)
        layers = (
            torch.nn.Conv2d(1, 4, 3, bias=False),
            torch.nn.BatchNorm2d(4),
            torch.nn.ReLU(),
            torch.nn.Conv2d(4, 2, 3),
        )
        return torch.nn.Sequential(*layers, torch.nn.Flatten(), torch.nn.Linear(32, 1))

    ours = network()
    fit(ours, Examples((images,), target), None, TrainingConfig(epochs=2, batch_size=8), mse_loss, seed=3)

    plain, order = network(), torch.Generator().manual_seed(3)
    optimizer = torch.optim.Adam(plain.parameters(), 1e-3)
    for _ in range(2):
        for indices in torch.randperm(24, generator=order).split(8):
            optimizer.zero_grad()
            mse_loss(plain(images[indices]), target[indices]).backward()
            optimizer.step()
    for name, weight in plain.state_dict().items():
        assert torch.allclose(ours.state_dict()[name], weight, atol=1e-6), name


def test_same_seed_same_result_and_other_seed_another():
    def trained(seed):
        network = small_network(seed)
        fit(network, linear_data(40), None, TrainingConfig(epochs=2, batch_size=8), mse_loss, seed=seed)
        return weights_of(network)

    first = trained(1)
    torch.rand(5)  # what ran before must not matter
    assert torch.equal(first, trained(1)) and not torch.equal(first, trained(2))


def test_it_finds_planted_weights():
    network = torch.nn.Linear(3, 1)
    config = TrainingConfig(epochs=60, batch_size=16, learning_rate=0.05, schedule="cosine")
    fit(network, linear_data(200), None, config, mse_loss, seed=0)
    assert network.weight.detach() == pytest.approx(TRUE_WEIGHTS, abs=1e-3)


@pytest.mark.parametrize(("monitor", "mode", "pick"), [("loss", "min", np.argmin), ("r2", "max", np.argmax)])
def test_training_stops_early_and_restores_the_best_epoch(monitor, mode, pick):
    train, validation = linear_data(12, noise=2.0), linear_data(40, seed=1, noise=2.0)
    seed_everything(0)
    network = torch.nn.Sequential(torch.nn.Linear(3, 200), torch.nn.ReLU(), torch.nn.Linear(200, 1))
    config = TrainingConfig(
        epochs=400, batch_size=4, learning_rate=0.02, patience=10, monitor=monitor, monitor_mode=mode
    )

    def r2(true, pred):
        return 1 - np.mean((true - pred) ** 2) / true.var()

    result = fit(network, train, validation, config, mse_loss, seed=0, metrics={"r2": r2})
    curve = result.curves[f"validation_{monitor}"]
    assert result.stopped_early and len(curve) == result.best_epoch + 11 < 400
    assert result.best_epoch == pick(curve)
    scores = evaluate(network, validation, mse_loss, {"r2": r2}, batch_size=7)
    assert scores[monitor] == pytest.approx(curve[result.best_epoch], rel=1e-5)
    # The network is the one whose predictions were scored.
    predicted = predict(network, validation, batch_size=64)
    assert np.mean((predicted - validation.target.numpy()) ** 2) == pytest.approx(scores["loss"], rel=1e-5)


def noisy_training(**rules):
    """A wide network on few noisy examples, whose validation scores move from epoch to epoch."""
    seed_everything(0)
    network = torch.nn.Sequential(torch.nn.Linear(3, 200), torch.nn.ReLU(), torch.nn.Linear(200, 1))
    config = TrainingConfig(epochs=40, batch_size=4, learning_rate=0.02, **rules)
    metrics = {"bias": lambda true, pred: float(np.mean(pred - true))}
    train, validation = linear_data(12, noise=2.0), linear_data(40, seed=1, noise=2.0)
    return network, fit(network, train, validation, config, mse_loss, seed=0, metrics=metrics)


@pytest.mark.parametrize("keep", ["best", "last"])
@pytest.mark.parametrize("patience", [1, 9, None])
def test_a_papers_rule_beside_ours_is_what_it_would_be_alone(patience, keep):
    theirs = {"monitor": "bias", "monitor_mode": "max", "patience": patience}
    ours, both = noisy_training(patience=4, paper_rule=StoppingRule(keep=keep, **theirs))
    alone, mine = noisy_training(patience=4)
    assert torch.equal(weights_of(ours), weights_of(alone))
    assert (both.best_epoch, both.stopped_early, both.epochs) == (mine.best_epoch, mine.stopped_early, mine.epochs)
    assert mine.curves["train_loss"] == both.curves["train_loss"][: mine.epochs] and mine.paper is None

    paper, only = noisy_training(**theirs)
    both.paper.restore(ours)
    if keep == "best":
        assert both.paper.epoch == only.best_epoch and torch.equal(weights_of(ours), weights_of(paper))
    else:
        # The weights after the epoch in which the rule stopped: those of a training of so many epochs.
        assert both.paper.epoch == only.epochs - 1
        seed_everything(0)
        until = torch.nn.Sequential(torch.nn.Linear(3, 200), torch.nn.ReLU(), torch.nn.Linear(200, 1))
        config = TrainingConfig(epochs=only.epochs, batch_size=4, learning_rate=0.02)
        fit(until, linear_data(12, noise=2.0), None, config, mse_loss, seed=0)
        assert torch.equal(weights_of(ours), weights_of(until))
    assert both.paper.stopped_early == only.stopped_early
    assert both.notes["paper_best_epoch"] == both.paper.epoch and both.notes["epochs_run"] == mine.epochs


def falling(n, half_life, floor=0.5):
    return [floor + 2 ** (-epoch / half_life) for epoch in range(n)]


@pytest.mark.parametrize(
    ("curves", "expected"),
    [
        # Validation losses of records that a review calls cut: still falling in the last of 4 and of 5 epochs.
        ({"train_loss": falling(4, 2), "validation_loss": [0.5265, 0.5132, 0.5072, 0.4988]}, False),
        ({"train_loss": falling(5, 2), "validation_loss": [0.548, 0.473, 0.432, 0.309, 0.269]}, False),
        # An exponential: of its fall, 2 ** (-15 / half-life) is left for the last five of twenty epochs.
        ({"train_loss": falling(20, 3)}, True),
        ({"train_loss": falling(20, 9)}, False),
        # Overfitting from the third epoch on, as where patience ends a training.
        ({"train_loss": falling(8, 2), "validation_loss": [1.0, 0.9, 0.8, 0.85, 0.9, 0.95, 1.0, 1.1]}, True),
        # The best value is the last one; what counts is how much of the fall it brings.
        ({"train_loss": falling(12, 2), "validation_loss": [1.0] + 10 * [0.5] + [0.499]}, True),
        ({"train_loss": falling(12, 2), "validation_loss": [1.0] + 10 * [0.5] + [0.4]}, False),
        # It never started; twenty epochs say that there is nothing to learn.
        ({"train_loss": 8 * [0.693]}, False),
        ({"train_loss": 25 * [0.693]}, True),
        ({"train_loss": [1.0, 0.5, 0.5]}, False),
    ],
)
def test_when_a_curve_has_levelled_off(curves, expected):
    assert levelled_off(curves) is expected


def test_every_fit_says_how_it_was_trained():
    _, short = noisy_training(patience=None)
    assert short.notes == {
        "epochs_run": 40,
        "best_epoch": int(np.argmin(short.curves["validation_loss"])),
        "stopped_early": False,
        "levelled_off": levelled_off(short.curves),
        "precision": "fp32",
    }


def test_precision_is_what_the_device_has_and_never_guessed(monkeypatch):
    monkeypatch.setattr(training, "_has_bf16", lambda device: True)
    assert usable_precision("auto", "cpu") == "fp32" and usable_precision("auto", "cuda:0") == "bf16"
    assert usable_precision("auto", "cpu", family="bf16") == "bf16"
    assert usable_precision("auto", "cuda:0", family="fp32") == "fp32"
    assert usable_precision("bf16", "cpu", family="fp32") == "bf16"
    monkeypatch.setattr(training, "_has_bf16", lambda device: False)
    assert usable_precision("auto", "cpu", family="bf16") == usable_precision("fp32", "cpu") == "fp32"
    with pytest.raises(ParameterError, match=r"cpu has no bfloat16 arithmetic .*; expected 'fp32', or 'auto'"):
        fit(small_network(), linear_data(8), None, TrainingConfig(precision="bf16"), mse_loss, seed=0)


def test_bfloat16_is_the_forward_pass_alone(monkeypatch):
    # Linear layers in bfloat16 are right on any processor, only slow on most.
    monkeypatch.setattr(training, "_has_bf16", lambda device: True)
    seen = []

    class Seen(torch.nn.Linear):
        def forward(self, x):
            y = super().forward(x)
            seen.append((self.weight.dtype, y.dtype))
            return y

    def trained(precision):
        seed_everything(0)
        network = Seen(3, 1)
        config = TrainingConfig(epochs=30, batch_size=16, learning_rate=0.05, precision=precision)
        return network, fit(network, linear_data(100), linear_data(20, 1), config, mse_loss, seed=0)

    half, fitted = trained("bf16")
    assert set(seen) == {(torch.float32, torch.bfloat16)} and fitted.notes["precision"] == "bf16"
    assert half.weight.grad.dtype == torch.float32
    whole, _ = trained("fp32")
    assert half.weight.detach() == pytest.approx(whole.weight.detach(), abs=0.02)
    assert not torch.equal(half.weight, whole.weight)
    exact = predict(half, linear_data(20), batch_size=8, precision="fp32")
    assert exact == pytest.approx((linear_data(20).inputs[0] @ half.weight.T + half.bias).detach().numpy())


def test_what_older_records_do_not_know_is_in_a_dump_only_where_it_is_set():
    assert not {"precision", "paper_rule"} & TrainingConfig(patience=3).model_dump().keys()
    given = {"precision": "bf16", "paper_rule": {"monitor": "macro_f1", "monitor_mode": "max", "patience": 5}}
    dumped = TrainingConfig(**given).model_dump()
    assert dumped["precision"] == "bf16" and dumped["paper_rule"]["monitor"] == "macro_f1"
    assert TrainingConfig(**dumped) == TrainingConfig(**given)


def test_several_initialisations_share_the_data_and_each_is_a_training_of_its_own():
    seeds = [init_seed(7, number) for number in range(3)]
    assert seeds[0] == 7 and len(set(seeds)) == 3 and seeds == [init_seed(7, number) for number in range(3)]
    assert init_seed(8, 1) != seeds[1]
    config = TrainingConfig(epochs=2, batch_size=8)

    def build():
        return torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Dropout(0.2), torch.nn.Linear(8, 1))

    together = list(fit_each(build, linear_data(40), linear_data(10, 1), config, mse_loss, init_seeds=seeds))
    for seed, (network, fitted) in zip(seeds, together, strict=True):
        seed_everything(seed)
        alone = build()
        curves = fit(alone, linear_data(40), linear_data(10, 1), config, mse_loss, seed=seed).curves
        assert torch.equal(weights_of(network), weights_of(alone)) and fitted.curves == curves
    assert len({tuple(weights_of(network).tolist()) for network, _ in together}) == 3


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"schedule": "constant"}, [0.1] * 6),
        ({"schedule": "step", "step_epochs": 2, "decay": 0.5}, [0.1, 0.1, 0.05, 0.05, 0.025, 0.025]),
        ({"schedule": "cosine"}, [0.05 * (1 + np.cos(np.pi * epoch / 6)) for epoch in range(6)]),
        # Nothing ever improves: one bad epoch is forgiven, the next one decays.
        ({"schedule": "plateau", "decay": 0.5, "plateau_patience": 1}, [0.1, 0.1, 0.1, 0.05, 0.05, 0.025]),
    ],
)
def test_schedules(given, expected):
    network = torch.nn.Linear(3, 1)
    config = TrainingConfig(epochs=6, learning_rate=0.1, monitor="constant", **given)
    metrics = {"constant": lambda true, pred: 1.0}
    curves = fit(network, linear_data(8), linear_data(8), config, mse_loss, seed=0, metrics=metrics).curves
    assert curves["learning_rate"] == pytest.approx(expected)


class LastRealStep(torch.nn.Module):
    """A recurrent network that answers at every step."""

    def __init__(self):
        super().__init__()
        self.gru, self.head = torch.nn.GRU(3, 4, batch_first=True), torch.nn.Linear(4, 1)

    def forward(self, x, mask):
        return self.head(self.gru(x)[0]).squeeze(-1)


def test_padding_changes_nothing():
    generator = torch.Generator().manual_seed(0)
    sequences = [torch.randn(length, 3, generator=generator) for length in (5, 2, 4, 3)]
    targets = [sequence.sum(1) for sequence in sequences]
    (x, mask), (y, _) = pad(sequences), pad(targets)
    assert x.shape == (4, 5, 3) and mask.sum(1).tolist() == [5, 2, 4, 3]

    def trained(x, y):
        seed_everything(0)
        network = LastRealStep()
        config = TrainingConfig(epochs=2, batch_size=2, learning_rate=0.1)
        data = Examples((x,), y, mask)
        curves = fit(network, data, data, config, mse_loss, seed=0).curves
        return weights_of(network), curves, network

    clean, curves, network = trained(x, y)
    dirty_x, dirty_y = x.clone(), y.clone()
    dirty_x[~mask], dirty_y[~mask] = 99.0, -99.0
    dirty, dirty_curves, _ = trained(dirty_x, dirty_y)
    assert torch.equal(clean, dirty) and curves == dirty_curves
    # The validation loss is the mean over real steps, each sequence run by itself.
    with torch.no_grad():
        errors = torch.cat([network(s[None], None)[0] - t for s, t in zip(sequences, targets, strict=True)])
    best = min(curves["validation_loss"])
    assert (errors**2).mean().item() == pytest.approx(best, rel=1e-5)


def test_frozen_weights_stay_and_batches_of_one_do_not_break_batch_norm():
    network = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 1))
    network[0].requires_grad_(False)
    before = network[0].weight.clone()
    fit(network, linear_data(9), None, TrainingConfig(epochs=2, batch_size=4), mse_loss, seed=0)
    assert torch.equal(network[0].weight, before)


def test_a_diverging_training_says_so():
    config = TrainingConfig(epochs=20, learning_rate=1e30)
    with pytest.raises(TrainingDiverged, match="learning rate 1e"):
        fit(small_network(), linear_data(8), None, config, mse_loss, seed=0)


def test_wrong_settings_are_named():
    with pytest.raises(ValidationError, match="schedule"):
        TrainingConfig(schedule="linear")
    with pytest.raises(ParameterError, match="Did you mean 'loss'"):
        fit(small_network(), linear_data(8), None, TrainingConfig(monitor="los"), mse_loss, seed=0)
    with pytest.raises(ParameterError, match="Unknown monitor 'f1'"):
        config = TrainingConfig(paper_rule={"monitor": "f1"})
        fit(small_network(), linear_data(8), None, config, mse_loss, seed=0)
    with pytest.raises(ValueError, match="equally many"):
        Examples((torch.zeros(3, 2),), torch.zeros(4))


def test_class_weights_and_oversampling():
    labels = np.array([0] * 10 + [1] * 3 + [3] * 7)
    present = compute_class_weight("balanced", classes=np.array([0, 1, 3]), y=labels) * 3 / 4
    assert class_weights(labels, 4).numpy() == pytest.approx([present[0], present[1], 0, present[2]])
    logits = torch.zeros(20, 4)
    # With these weights every class that occurs has the same say.
    assert cross_entropy(logits, torch.tensor(labels), class_weights(labels, 4)).item() == pytest.approx(np.log(4))
    indices = oversample(labels, seed=0)
    assert sorted(np.bincount(labels[indices])) == [0, 10, 10, 10] and set(range(20)) <= set(indices)


@pytest.mark.slow
def test_a_compiled_network_learns_the_same():
    networks = []
    for compiled in (False, True):
        seed_everything(0)
        networks.append(torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1)))
        config = TrainingConfig(epochs=3, batch_size=16, compile=compiled)
        fit(networks[-1], linear_data(50), linear_data(20), config, mse_loss, seed=0)
    assert weights_of(networks[0]) == pytest.approx(weights_of(networks[1]), abs=1e-5)
