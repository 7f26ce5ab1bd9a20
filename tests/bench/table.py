"""The bench's result as a table that people read, in Markdown that README can quote."""
import statistics
from dataclasses import dataclass

HEAD = ("measure", "ours", "other", "ratio", "reach", "")


def seconds(value):
    if value is None:
        return ""
    return f"{value * 1000:.1f} ms" if value < 0.1 else f"{value:.3f} s" if value < 10 else f"{value:.1f} s"


@dataclass
class Row:
    """One line of the table; `ratio` is None where something was not measured, `reach` where the issue asks for nothing."""
    measure: str
    ours: str = ""
    other: str = ""
    ratio: "float | None" = None
    least: "float | None" = None
    most: "float | None" = None
    unit: str = ""
    met: "bool | None" = None  # where it does not follow from the ratio alone

    def reach(self):
        if self.least is not None:
            return f">= {self.least:g}{self.unit}"
        return f"<= {self.most:g}{self.unit}" if self.most is not None else ""

    def verdict(self):
        if self.ratio is None:
            return "not measured"
        if self.least is None and self.most is None:
            return ""
        reached = self.ratio >= self.least if self.least is not None else self.ratio <= self.most
        return "met" if (reached if self.met is None else self.met) else "missed"

    def value(self):
        if self.ratio is None:
            return ""
        return (f"{self.ratio:.2f}" if self.ratio < 100 else f"{self.ratio:.0f}") + self.unit

    def cells(self):
        return (self.measure, self.ours, self.other, self.value(), self.reach(), self.verdict())

    def document(self):
        return {"measure": self.measure, "ratio": self.ratio, "unit": self.unit.strip(), "least": self.least, "most": self.most,
                "verdict": self.verdict()}


def median(values):
    return statistics.median(values) if values else None


def ratio_row(measure, over, under, ours=None, other=None, **reach):
    """over / under, both in seconds; `ours` and `other` are what stands in the columns."""
    ratio = over / under if over is not None and under is not None else None
    return Row(measure, seconds(ours), seconds(other), ratio, **reach)


def markdown(head, lines):
    """An aligned table; all columns but the first to the right."""
    widths = [max(len(line[column]) for line in [head, *lines]) for column in range(len(head))]

    def line(cells):
        return "| " + " | ".join(cell.rjust(width) if column else cell.ljust(width)
                                 for column, (cell, width) in enumerate(zip(cells, widths))) + " |"

    rule = "|" + "|".join("-" * (width + 1) + (":" if column else "-") for column, width in enumerate(widths)) + "|"
    return "\n".join([line(head), rule, *map(line, lines)])


def runs_table(contenders):
    """All that was timed: how often, the median, the best and the worst."""
    lines = [(one.name, str(len(one.seconds)), *(seconds(how(one.seconds)) for how in (statistics.median, min, max)))
             for one in contenders if one.seconds]
    return markdown(("timed", "runs", "median", "best", "worst"), lines)
