"""The curves as small pictures above each other, in one SVG."""
import math

WIDTH, LEFT, RIGHT, HEIGHT, GAP, TOP = 960, 74, 170, 92, 34, 40
INK, FAINT, COLOURS = "#222", "#ddd", ("#1f5fa8", "#c4581b", "#3a7d34", "#8a4a9e")
BUCKETS = 400


def text(x, y, words, anchor="start", size=11, colour=INK, weight="normal"):
    words = words.replace("&", "&amp;").replace("<", "&lt;")
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}" '
            f'font-weight="{weight}">{words}</text>')


def line(x1, y1, x2, y2, colour, more=""):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" {more}/>'


def round_up(value):
    """The next 1, 2 or 5 times a power of ten."""
    if value <= 0:
        return 1
    power = 10 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 3, 5, 8, 10) if step * power >= value * 0.999)


def number(value):
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"


class Picture:
    def __init__(self, title, seconds, kills, stills):
        self.seconds, self.kills, self.stills, self.y = seconds, kills, stills, TOP
        self.parts = [text(LEFT, 22, title, size=14, weight="bold")]

    def x(self, at):
        return LEFT + (WIDTH - LEFT - RIGHT) * at / self.seconds

    def frame(self, title, height):
        top, bottom = self.y + 16, self.y + 16 + height
        self.parts.append(text(LEFT, self.y + 10, title, weight="bold"))
        for begin, end in self.stills:
            self.parts.append(f'<rect x="{self.x(begin):.1f}" y="{top}" width="{max(1, self.x(end) - self.x(begin)):.1f}" '
                              f'height="{height}" fill="{FAINT}"/>')
        for minute in self.minutes():
            self.parts.append(line(self.x(minute * 60), top, self.x(minute * 60), bottom, FAINT))
        for at in self.kills:
            self.parts.append(line(self.x(at), top, self.x(at), bottom, INK, 'stroke-dasharray="3 3"'))
        self.y = bottom + GAP - 16
        return top, bottom

    def minutes(self):
        whole = self.seconds / 60
        step = next(step for step in (0.5, 1, 2, 5, 10, 20, 60, 120, 600) if whole / step <= 12)
        return [step * index for index in range(int(whole / step) + 1)]

    def axis(self):
        for minute in self.minutes():
            self.parts.append(text(self.x(minute * 60), self.y, f"{minute:g}", "middle", 10))
        self.parts.append(text(WIDTH - RIGHT + 24, self.y, "minutes", size=10))
        self.y += GAP

    def curves(self, title, curves, logarithmic=False):
        """`curves`: (name, points). A line through the medians of short times, a band from least to most."""
        top, bottom = self.frame(title, HEIGHT)
        values = [value for _, points in curves for _, value in points]
        most = round_up(max(values, default=1))
        least = 10 ** math.floor(math.log10(max(min(values, default=1), 0.1))) if logarithmic else 0
        if logarithmic:
            most = 10 ** math.ceil(math.log10(max(most, least * 10)))

        def y(value):
            share = math.log(max(value, least) / least) / math.log(most / least) if logarithmic else value / most
            return bottom - (bottom - top) * share
        marks = [10 ** power for power in range(round(math.log10(least)), round(math.log10(most)) + 1)] if logarithmic else [
            0, most / 2, most]
        for mark in marks:
            self.parts += [line(LEFT, y(mark), WIDTH - RIGHT, y(mark), FAINT), text(LEFT - 6, y(mark) + 4, number(mark), "end", 10)]
        for index, (name, points) in enumerate(curves):
            colour = COLOURS[index % len(COLOURS)]
            for stretch in self.stretches(points):
                low = " ".join(f"{x:.1f},{y(least_value):.1f}" for x, least_value, _, _ in stretch)
                high = " ".join(f"{x:.1f},{y(most_value):.1f}" for x, _, _, most_value in reversed(stretch))
                middle = " ".join(f"{x:.1f},{y(median):.1f}" for x, _, median, _ in stretch)
                self.parts.append(f'<polygon points="{low} {high}" fill="{colour}" fill-opacity="0.22"/>')
                self.parts.append(f'<polyline points="{middle}" fill="none" stroke="{colour}" stroke-width="1.3"/>')
            self.parts.append(text(WIDTH - RIGHT + 8, top + 12 + 15 * index, name, colour=colour))

    def stretches(self, points):
        """(x, least, median, most) of short times, cut where the process was killed."""
        buckets = {}
        for at, value in points:
            life = sum(1 for kill in self.kills if kill <= at)
            buckets.setdefault((life, int(at / self.seconds * BUCKETS)), []).append((at, value))
        lives = {}
        for (life, _), found in sorted(buckets.items()):
            values = sorted(value for _, value in found)
            middle = sum(at for at, _ in found) / len(found)
            lives.setdefault(life, []).append((self.x(middle), values[0], values[len(values) // 2], values[-1]))
        return lives.values()

    def faults(self, names, log):
        """A row of marks for each kind."""
        top, _ = self.frame("faults, one every ten seconds", 13 * len(names))
        for index, name in enumerate(names):
            y = top + 13 * index + 7
            self.parts.append(text(WIDTH - RIGHT + 8, y + 4, name, size=10))
            for begin, end, struck in log:
                if struck == name:
                    width = max(2, self.x(end) - self.x(begin))
                    self.parts.append(f'<rect x="{self.x(begin):.1f}" y="{y - 4:.1f}" width="{width:.1f}" height="8" fill="#b3261e"/>')

    def svg(self):
        body = "\n".join(self.parts)
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.y}" width="{WIDTH}" height="{self.y}" '
                f'font-family="DejaVu Sans, sans-serif">\n<rect width="{WIDTH}" height="{self.y}" fill="white"/>\n{body}\n</svg>\n')
