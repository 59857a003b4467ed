"""The plots of docs/quality.md."""
import matplotlib
import numpy

matplotlib.use("Agg")

from matplotlib import pyplot  # noqa: E402

import echo  # noqa: E402
import judge  # noqa: E402
import peers  # noqa: E402

COLOURS = {"Kakehashi": "#1f77b4", "NetEQ": "#d62728", "baresip": "#2ca02c", "Asterisk": "#9467bd", "speexdsp": "#d62728", "ceiling": "#888888"}


def save(figure, path):
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    pyplot.close(figure)


def live_figures(parts, key):
    """Condition to (MOS, half interval, delay) of the shared samples, by gatewayd or by baresip."""
    cells = {}
    for cell in ((parts["live"] or {}).get(key) or {}).get("cells", []):
        if cell.get("group", "shared") == "shared" and cell["seed"] < 100:
            cells.setdefault(cell["condition"], []).append(cell)
    return {name: (*judge.mean_interval([value for cell in mine for _, value in cell["mos"]]), float(numpy.mean([cell["delay"] for cell in mine])))
            for name, mine in cells.items()}


def virtual_figures(parts):
    table = ((parts["jitter"] or {}).get("shared") or {}).get("table", {})
    return {name: (row["mos"], row["half"], row["delay"]) for name, row in table.items()}


def systems(parts):
    ours = live_figures(parts, "shared") or virtual_figures(parts)
    others = {name: (mos, 0.0, peers.neteq_delay(name)) for name, (mos, _) in peers.NETEQ.items()}
    asterisk = {name: (mos, 0.0, delay - 60 - peers.MEANS.get(name, 0)) for name, (mos, delay) in peers.ASTERISK.items()}
    return {"Kakehashi": ours, "NetEQ": others, "baresip": live_figures(parts, "baresip"), "Asterisk": asterisk}


def loss(parts, path):
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.6), sharey=True, width_ratios=(2, 1))
    for name, found in systems(parts).items():
        points = [(percent, found[key]) for percent, key in ((0, "clean"), (1, "loss1"), (3, "loss3"), (5, "loss5"), (10, "loss10")) if key in found]
        if points:
            left.errorbar([x for x, _ in points], [y[0] for _, y in points], [y[1] for _, y in points], marker="o", label=name, color=COLOURS[name], capsize=3)
        points = [(percent, found[key]) for percent, key in ((3, "burst3"), (5, "burst5")) if key in found]
        if points:
            right.errorbar([x for x, _ in points], [y[0] for _, y in points], [y[1] for _, y in points], marker="o", label=name, color=COLOURS[name], capsize=3)
    left.set(xlabel="random loss, %", ylabel="MOS-LQO", title="Random loss")
    right.set(xlabel="burst loss, %", title="Bursts of 3 and 4", xticks=[3, 5])
    left.legend()
    for axes in (left, right):
        axes.grid(alpha=0.3)
    save(figure, path)


def jitter(parts, path):
    figure, (top, bottom) = pyplot.subplots(2, 1, figsize=(9, 5.4), sharex=True)
    names = ["clean", "jit20", "jit40", "jit80", "gamma40", "step120", "drift200"]
    everyone = {name: found for name, found in systems(parts).items() if found}
    width = 0.8 / len(everyone)
    for index, (name, found) in enumerate(everyone.items()):
        places = [place + (index - (len(everyone) - 1) / 2) * width for place, key in enumerate(names) if key in found]
        values = [found[key] for key in names if key in found]
        top.bar(places, [value[0] for value in values], width, yerr=[value[1] for value in values], label=name, color=COLOURS[name], capsize=2)
        bottom.bar(places, [value[2] for value in values], width, color=COLOURS[name])
    top.set(ylabel="MOS-LQO", ylim=(1, 4.7), title="Jitter, delay step, drift")
    top.legend(ncols=4, loc="lower left")
    bottom.set(ylabel="delay without the\nnetwork's mean, ms", xticks=range(len(names)), xticklabels=names)
    for axes in (top, bottom):
        axes.grid(alpha=0.3, axis="y")
    save(figure, path)


def delay(parts, path):
    live = parts["live"] or {}
    cells = (live.get("shared") or live.get("further") or {}).get("cells", [])
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.2))
    for axes, condition, title in ((left, "step120", "Delay step +120 ms and back"), (right, "drift200", "Drift +200 ppm")):
        for cell in cells:
            if cell["condition"] == condition and cell.get("fine"):
                axes.plot([at / 1000 for at, _ in cell["fine"]], [value for _, value in cell["fine"]], ".-", markersize=3, linewidth=0.8, label=f"seed {cell['seed']}")
                for at in cell.get("step") or []:
                    axes.axvline(at / 1000, color="#cccccc", linewidth=0.8)
        axes.set(xlabel="s", ylabel="delay, ms", title=title)
        axes.grid(alpha=0.3)
    right.set_ylim(0, 60)
    if left.lines:
        left.legend()
    save(figure, path)


def erle(parts, test, path):
    runs = parts["echo"]["runs"]
    figure, grid = pyplot.subplots(2, 4, figsize=(12, 5), sharex=True, sharey=True)
    for number, axes in zip(range(2, 10), grid.ravel()):
        for canceller, name in (("kakehashi", "Kakehashi"), ("speexdsp", "speexdsp")):
            times, found, ceiling = echo.curve(runs, canceller, test, number)
            if canceller == "kakehashi":
                axes.plot(times, ceiling, color=COLOURS["ceiling"], linewidth=0.8, label="ceiling")
            axes.plot(times, found, color=COLOURS[name], linewidth=1.2, label=name)
        axes.set_title(f"D.{number}", fontsize=9)
        axes.grid(alpha=0.3)
        axes.set_ylim(-5, 45)
    grid[0, 0].legend(fontsize=8)
    figure.supxlabel("s")
    figure.supylabel("ERLE, dB")
    figure.suptitle(test)
    save(figure, path)


def draw(parts, folder):
    if parts["live"] or parts["jitter"]:
        loss(parts, folder / "loss.png")
        jitter(parts, folder / "jitter.png")
        delay(parts, folder / "delay.png")
    if parts["echo"]:
        for test, name in (("noise, path change at 4 s", "echo-noise"), ("speech, path change at 4 s", "echo-speech"), ("double talk from 4 to 7 s", "echo-double")):
            erle(parts, test, folder / f"{name}.png")
