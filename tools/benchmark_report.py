"""Turns the benchmark's figures into docs/benchmarks.md and docs/images/benchmark.svg."""

import html

STATES = ("unchanged", "one line changed", "dependency changed")
AGENT_STATES = STATES[:2]
# Measured once, on 2026-11-27: the test holds what it rests on.
MEMBER = (
    "A member of a workspace costs what it costs alone: of the repository around it no file is read (`MemberCostTest`). `web` as one"
    " of 200 members of a repository of 335 MB took 1.03 (cold) and 1.00 (nothing changed) of the CPU time of the same project alone."
)
FIRST_ON_AGENT = (
    "What Jenkins adds to this: the first deployment on an agent that has just been connected and has run an `sh` takes 26 requests"
    " between controller and agent, each a round trip, and later ones 17; of both, 10 are Jenkins's own way to start npm and its"
    " probe. The plugin's jar is sent ahead, once per connection: where each class was fetched when it was first needed, there were"
    " 84 and 21. On a quiet machine the first step took 0.46 s beside npm and packaging, and 1.1 s with a round trip of 40 ms."
    " `make overhead` measures it, with an emulated AWS that applies a change at once."
)
WARM, PROCESS = "this tool, warm JVM", "this tool, whole process"
COLD, SAME, CHANGED = "cold", "nothing changed", "one file changed"
BASE = "zip -r"
MIB = 1024 * 1024


def write(root, results):
    picture = root / "docs/images/benchmark.svg"
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_text(svg(results))
    (root / "docs/benchmarks.md").write_text(page(results))


# The page


def page(results):
    runs = results["runs"]
    web = results["packaging"]["web"]
    parts = [
        "# Benchmarks",
        "What packaging and deploying cost, beside what people use. `make bench` measures it all again and writes this page and"
        " its picture.",
        "![Bars: seconds to package and to deploy the project web, for each tool](images/benchmark.svg)",
        "## What was asked, and what came out",
        table(("", "asked", "measured", ""), targets(results), "lrrl"),
        f"Ratios are wall time over that of `zip -r` in the same run. {medians(runs)} `zip -r` keeps user ids and"
        " times, 52 bytes for each file or folder; `zip -X` does not, and neither does this tool.",
        "## Packaging",
        "Every program makes the whole package, at deflate level 6. *Cold*: no package index. *Nothing changed*, *one file"
        " changed*: the second and the third package, with `--cache`; the other programs have no such thing and start over each"
        " time. *Whole process* is `lambda-node-deploy package`, with the start of the JVM; *warm JVM* is the same"
        " code in a JVM that has made the package three times cold and three times with nothing changed, as on an agent. No npm"
        " in these figures.",
    ]
    for name, project in results["packaging"].items():
        parts += [
            f"### {name}: {project['files']:,} files, {project['bytes'] / 1e6:.1f} MB",
            table(("", "wall s", f"of `{BASE}`", "CPU s", "peak MB", "package MB"), costs(project, results["floor"]), "lrrrrr"),
        ]
    parts += [
        "*Peak* is the largest resident memory of the process (`ru_maxrss`), for the warm JVM the peak of its heap with the"
        " JVM's own limit, garbage that nobody had to collect included.",
        MEMBER,
        "## Memory",
        "The same with a small heap: the JVM stops with an error where that is not enough.",
        table(("", "heap allowed", "", "peak of the heap"), heaps(results), "lrlr"),
    ]
    parts += end_to_end(results)
    parts += agents(results)
    parts += ["## The machine", table(("", ""), machine(results), "ll")]
    parts += [
        "The three projects are `tools/bench/*/package.json` with their lock files. `seed` is aws-xray-sdk alone; `web` is a"
        " backend with Express, two generations of the AWS SDK and the usual libraries; `large` has a browser and an image"
        f" library in it, already compressed for the most part ({web['files']:,} files in `web`, three large ones in `large`)."
        " Files are in the page cache for all alike."
    ]
    return "\n\n".join(parts) + "\n"


def medians(runs):
    if runs < 5:
        return f"**A quick try: {'one run' if runs == 1 else f'medians of {runs} runs'}, not a measurement.**"
    return f"All figures are medians of {runs} runs, taken in turn."


def table(head, rows, alignment):
    marks = {"l": "---", "r": "---:"}
    lines = [head, [marks[letter] for letter in alignment], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def ratio(project, label):
    return project["costs"][label]["wall"] / project["costs"][BASE]["wall"]


def targets(results):
    """Rows of the table of targets: what, asked, measured, met or not."""
    web = results["packaging"]["web"]
    rows = []

    def target(what, limit, value, text="{:.2f}"):
        rows.append((what, "≤ " + text.format(limit) if limit else "none", text.format(value), verdict(value <= limit)))

    for label, short, cold, same in ((WARM, "warm JVM", 0.60, 0.15), (PROCESS, "whole process", 0.80, 0.30)):
        target(f"`web` cold, {short}", cold, ratio(web, f"{label}, {COLD}"))
        target(f"`web`, nothing changed, {short}", same, ratio(web, f"{label}, {SAME}"))
        target(f"`web`, one file changed, {short}", same + 0.02, ratio(web, f"{label}, {CHANGED}"))
        target(f"what one changed file adds, {short}", 0.02, ratio(web, f"{label}, {CHANGED}") - ratio(web, f"{label}, {SAME}"), "{:.3f}")
    for name, project in results["packaging"].items():
        size = project["costs"][f"{WARM}, {COLD}"]["size"]
        difference, bare = size / project["costs"][BASE]["size"] - 1, size / project["bare_size"] - 1
        rows.append((
            f"`{name}`: size beside `{BASE}`", "within 2 %", f"{difference:+.2%}; beside `zip -X` {bare:+.2%}",
            verdict(abs(difference) <= 0.02) if abs(difference) <= 0.02 or abs(bare) > 0.02 else "met beside `zip -X`"))
    for name, heap in results["heap"].items():
        rows.append((f"{quoted(name)}: heap", f"{heap['limit'] // MIB} MB suffice",
                     "too little" if heap["peak"] is None else f"peak {heap['peak'] / MIB:.0f} MB", verdict(heap["peak"] is not None)))
    deployed = results["end_to_end"]
    unchanged = deployed["tools"]["this tool"]["unchanged"]
    target("deploy unchanged: API calls", 3, unchanged["calls"], "{:.0f}")
    target("deploy unchanged: bytes of the package sent", 0, unchanged["package_sent"], "{:.0f}")
    layered = deployed["tools"]["this tool, dependencies in a layer"]["one line changed"]
    target("one line changed, dependencies in a layer: % of the package sent", 1,
           100 * layered["sent"] / deployed["package_bytes"], "{:.3f}")
    return rows


def verdict(met):
    return "met" if met else "**not met**"


def quoted(name):
    return name if " " in name else f"`{name}`"


def costs(project, floor):
    rows = []
    for label, cost in project["costs"].items():
        least = floor if cost["memory"] <= floor * 1.02 and not label.startswith(WARM) else 0
        memory = f"under {least / MIB:.0f}" if least else f"{cost['memory'] / MIB:.0f}" + (" heap" if label.startswith(WARM) else "")
        rows.append((f"`{label}`" if label == BASE else label, f"{cost['wall']:.2f}", f"{ratio(project, label):.2f}",
                     f"{cost['cpu']:.2f}", memory, f"{cost['size'] / 1e6:.2f}"))
    return rows


def heaps(results):
    return [
        (quoted(name), f"{heap['limit'] // MIB} MB", "suffices" if heap["peak"] is not None else "**does not suffice**",
         "" if heap["peak"] is None else f"{heap['peak'] / MIB:.0f} MB")
        for name, heap in results["heap"].items()
    ]


CALLS = [
    ("unchanged", "1", "none"),
    ("straight to Lambda", "3", "the package"),
    ("through S3", "6", "the package"),
    ("through S3 in parts, 20 MB", "10", "the package"),
    ("unchanged, version and alias", "4", "none"),
    ("straight to Lambda, version and alias", "7", "the package"),
]


def end_to_end(results):
    deployed = results["end_to_end"]
    rows = []
    for state in STATES:
        for label, states in deployed["tools"].items():
            cost = states[state]
            rows.append((state, label, f"{cost['wall']:.2f}", f"{cost['cpu']:.2f}", f"{cost['calls']:.0f}", f"{cost['sent']:,.0f}"))
    requests = "\n".join(deployed["tools"]["this tool"]["unchanged"]["requests"])
    return [
        "## From end to end",
        f"Deploying `{deployed['project']}` to MiniStack, an AWS emulated on the same machine, through S3. This tool:"
        " `lambda-node-deploy deploy --s3-bucket ... --publish --cache ...`. Beside it: `zip -r`, `aws s3 cp`,"
        " `aws lambda update-function-code --publish`, `aws lambda wait function-updated-v2`. A proxy in front of MiniStack, not"
        " the tools, counts requests and the bytes of their bodies. The package has"
        f" {deployed['package_bytes']:,} bytes. There is no network in these seconds: at 100 Mbit/s, 10 MB more take 0.8 s"
        " more.",
        table(("", "", "wall s", "CPU s", "API calls", "bytes sent"), rows, "llrrrr"),
        "The calls by mode, where an update is in force at once. `CallsTest` holds this table to what a proxy"
        " counts.",
        table(("mode", "API calls", "bytes sent"), CALLS, "lrl"),
        f"What this tool asks where nothing changed:\n\n```\n{requests}\n```",
    ]


def agents(results):
    rows = []
    for state in AGENT_STATES:
        fresh = results["agents"]["fresh agent"][state]["wall"]
        for label, states in results["agents"].items():
            cost = states[state]
            rows.append((
                state, label, f"{cost['wall']:.2f}", f"{cost['wall'] / fresh:.2f}", f"{cost['cpu']:.2f}", f"{cost['calls']:.0f}",
                f"{cost['sent']:,.0f}"))
    return [
        "## With the install, on agents that are kept and that start empty",
        f"The same project with `--install auto`. *Kept workspace*: node_modules and the package index are there. *Fresh agent*: the"
        " checkout alone, and npm's own cache. *Layer known*: with `--dependencies layer`, where a version has what the lock file asks"
        " for. The ratio is wall time over that of a fresh agent that installs and packages, in the same run.",
        table(("", "", "wall s", "of fresh agent", "CPU s", "API calls", "bytes sent"), rows, "llrrrrr"),
        FIRST_ON_AGENT,
    ]


def machine(results):
    return [
        *results["machine"].items(),
        ("Date", results["date"]),
        ("Load before the run", f"{results['load']:.1f}"),
    ]


# The picture

WIDTH, LEFT, ROW, BAR = 860, 300, 24, 16
BARS_WIDTH = WIDTH - LEFT - 150
OURS, THEIRS = "#1f6feb", "#8c959f"


def svg(results):
    web = results["packaging"]["web"]
    packaging = [(label, cost["wall"], f"{cost['wall']:.2f} s") for label, cost in web["costs"].items()]
    panels = [(f"Package web: {web['files']:,} files, {web['bytes'] / 1e6:.0f} MB, wall time", packaging)]
    tools = results["end_to_end"]["tools"]
    for state in STATES:
        bars = [
            (label, states[state]["wall"], f"{states[state]['wall']:.1f} s, {amount(states[state]['sent'])} sent")
            for label, states in reversed(tools.items())
        ]
        panels.append((f"Deploy web, {state}", bars))
    shapes, top = [], 16
    for title, bars in panels:
        shapes.append(f'<text x="16" y="{top + 14}" font-weight="600">{html.escape(title)}</text>')
        top += 26
        longest = max(value for _, value, _ in bars)
        for label, value, text in bars:
            length = max(1, BARS_WIDTH * value / longest)
            colour = OURS if label.startswith("this tool") else THEIRS
            middle = top + BAR / 2 + 4.5
            shapes.append(f'<text x="{LEFT - 8}" y="{middle}" text-anchor="end">{html.escape(label)}</text>')
            shapes.append(f'<rect x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR}" rx="2" fill="{colour}"/>')
            shapes.append(f'<text x="{LEFT + length + 8:.1f}" y="{middle}">{html.escape(text)}</text>')
            top += ROW
        top += 18
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" viewBox="0 0 {WIDTH} {top}" role="img"'
        ' font-family="system-ui, sans-serif" font-size="13" fill="#1f2328">',
        f'<rect width="{WIDTH}" height="{top}" fill="#ffffff"/>',
        *shapes,
        "</svg>\n",
    ])


def amount(sent):
    return f"{sent / 1e6:.1f} MB" if sent >= 1e6 else f"{sent / 1e3:.1f} kB" if sent >= 1000 else f"{sent:.0f} bytes"
